"""The table that `weighing` reads: numbers that were fitted, none of them chosen.

A line for each sign: its typical value, that a picture without it is given; the least and the most that count; the two
values where the curve bends; then for each of `floutée`, `masquée` and `déplacée`, against `nette`, its slope and what
each bend adds to it. They say what faults look like in these signs, and nothing of any picture.
"""

from __future__ import annotations

import numpy as np

_TABLE = """
gap      -0.00391  -0.189 0.424 -0.0409 0.0653   4.06   12.4  -12.5   5.24   11.8   -18.6    8.03   2.28     -21
hidden     0.0025       0 0.756 -0.0246  0.182     -3  -4.09   6.73   3.17   2.75    0.48    1.39  0.659   -1.71
drop       0.0323   -1.13  3.11  -0.211  0.654  -0.56   1.82 -0.668 -0.925  -1.36   0.493  0.0213 -0.555    0.28
gain            0       0  0.35 -0.0331  0.124 -0.638  -2.07 -0.363   9.89   9.34   -2.89    12.8   11.8    6.52
crisp       -1.28   -3.08 0.669   -1.75 -0.715   -4.3 -0.881  0.316  -1.38  0.214   0.231   -1.97 -0.941   0.744
softer      0.125   -0.89  3.28 -0.0883   0.86   1.27   2.95  -3.95  0.113    1.5   -0.34  -0.183  0.667   -1.55
new        0.0067       0 0.913 -0.0434   0.21  -4.51   -5.4 -0.219  -2.98  -3.32   -7.73    1.72   1.12  0.0686
contrast   -0.206   -3.51 0.182   -1.27 0.0197   1.68   1.23 -0.456  0.566  -0.78  -0.806   0.536 -0.688  -0.409
worst     -0.0742   -8.05   3.4   -2.15  0.423  0.102 -0.877  0.998 -0.372  -0.51   0.286   0.108  -1.01   0.107
duller      0.155   -4.86  8.14  -0.809   1.98 -0.973  0.303  0.277 0.0272   0.54 -0.0399 0.00844  0.499   0.406
faded      -0.132   -3.51 0.182   -1.28 0.0515  0.747 -0.792 -0.103   1.83 0.0508  -0.364    2.42  -0.63  -0.051
relit           0       0     1  -0.063  0.208  0.846 0.0178  -4.12   3.35   3.03   -8.24  -0.798  -1.36 0.00564
quarter     0.837  -0.272 0.988   0.362  0.893  0.887 -0.472 -0.828  -3.68 -0.407    1.86   -3.53   1.99   0.931
half        0.901 -0.0873  0.99   0.492  0.948  -5.19  -1.48 -0.615  -5.92   1.62   0.834   -8.41   1.39   0.491
firm        0.629       0     1   0.316  0.805  -4.27 -0.799  0.562  0.439  0.808    2.08   -4.95 -0.884   0.452
weakest     0.723   -0.43 0.983   0.281  0.825  0.806 -0.725 -0.766  -3.29   1.22    2.97   -0.73   3.57    1.06
"""
SIGNS = tuple(line.split()[0] for line in _TABLE.split("\n")[1:-1])
CURVES = np.array([[float(word) for word in line.split()[1:]] for line in _TABLE.split("\n")[1:-1]])
CURVES.flags.writeable = False
BIAS = (-3.48, 2.91, 5.41)
