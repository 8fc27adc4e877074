"""The table that `weighing` reads: numbers that were fitted, none of them chosen.

A line for each sign: its typical value, that a picture without it is given; the least and the most that count; the two
values where the curve bends; then for each of `floutée`, `masquée` and `déplacée`, against `nette`, its slope and what
each bend adds to it. They say what faults look like in these signs, and nothing of any picture.
"""

from __future__ import annotations

import numpy as np

_TABLE = """
gap      -0.00391  -0.189 0.424 -0.0409 0.0653   4.83   12.3   -9.26     6.31     11  -15.7    11.3   1.79   -22.9
hidden     0.0025       0 0.756 -0.0246  0.182  -3.16  -4.42    4.18     2.91   2.34  -3.07   0.471 -0.394   -6.54
drop       0.0323   -1.13  3.11  -0.211  0.654 -0.548   1.81  -0.668   -0.889  -1.35  0.745 -0.0987 -0.357   0.321
gain            0       0 0.924 -0.0576  0.203   1.27  0.273  0.0709     8.44   7.99   1.26    14.4   13.7  -0.792
crisp       -1.28   -3.08 0.669   -1.75 -0.715  -4.34 -0.872   0.457    -1.36  0.157  0.354   -2.23 -0.755    1.04
softer      0.125   -0.89  3.28 -0.0883   0.86   1.31   2.93   -3.96    0.104   1.55 -0.362  0.0411  0.915   -1.49
new        0.0067       0 0.913 -0.0434   0.21  -3.88  -4.91   0.437    -2.54     -3  -6.11    1.79   1.09    1.54
contrast   -0.206   -3.51 0.182   -1.27 0.0197   1.72   1.17  -0.398    0.729 -0.859  -0.69   0.788  -1.03  -0.421
worst     -0.0742   -8.05   3.4   -2.15  0.423 0.0625 -0.835   0.981   -0.442  -0.44  0.252 -0.0208 -0.817   0.126
duller      0.155   -4.86  8.14  -0.809   1.98 -0.978  0.293   0.292 -0.00117   0.52  0.054 -0.0241  0.486   0.302
faded      -0.132   -3.51 0.182   -1.28 0.0515  0.665 -0.756 -0.0725     1.93 -0.205  -0.29    2.32  -0.99 -0.0658
relit           0       0     1  -0.063  0.208  0.816 -0.143   -3.77     3.29   2.86  -7.94  -0.856  -1.51 -0.0264
quarter     0.837  -0.272 0.988   0.362  0.893  0.764 -0.475  -0.829    -3.87 -0.229   1.73      -3   1.73   0.852
half        0.901 -0.0873  0.99   0.492  0.948  -4.35   -1.9  -0.612    -5.22   1.32  0.766   -7.33  0.961   0.441
firm        0.629       0     1   0.316  0.805  -4.09 -0.933   0.559    0.166   1.01   2.12   -4.73 -0.975   0.493
weakest     0.723   -0.43 0.983   0.281  0.825  0.739 -0.667   -0.78    -3.25   1.31   2.79  -0.311   3.07   0.975
"""
SIGNS = tuple(line.split()[0] for line in _TABLE.split("\n")[1:-1])
CURVES = np.array([[float(word) for word in line.split()[1:]] for line in _TABLE.split("\n")[1:-1]])
CURVES.flags.writeable = False
BIAS = (-4.26, 2.73, 3.58)
