"""The table that `weighing` reads: numbers that were fitted, none of them chosen.

A line for each sign: its typical value, that a picture without it is given; the least and the most that count; the two
values where the curve bends; then for each of `floutée`, `masquée` and `déplacée`, against `nette`, its slope and what
each bend adds to it. They say what faults look like in these signs, and nothing of any picture.
"""

from __future__ import annotations

import numpy as np

_TABLE = """
lost       0.0653       0  0.887  0.0297  0.448  -1.47   -4.6    1.83   6.84    4.2   6.31    5.47   2.48   12.3
contrast    0.733 -0.0282   1.35    0.39  0.905   12.9  -6.63   -1.57   2.16  -3.01  -3.66    1.12  -2.46  -2.39
gap      -0.00423 -0.0992  0.361 -0.0421 0.0796   1.88   23.5   -26.4   1.36   28.9  -30.2    10.6   10.1  -28.4
crisp       -1.36   -2.43 0.0118   -1.76 -0.984   -4.8  -1.82 -0.0993  -2.75   2.97  -1.05   -2.13  -2.01   1.37
softer      0.166  -0.398   1.99  -0.031  0.666  0.425   7.82   -6.18 -0.192   1.46   -2.1  -0.886   2.51   -2.9
new        0.0112       0  0.704  -0.033  0.199 -0.672 -0.708   -2.32  -2.68  -4.37  -6.15    3.61   1.69  0.493
high        0.923   0.167  0.986    0.61  0.971  -5.14  -7.42  -0.105  -4.91   3.64 -0.611   -6.08  -2.63  0.252
fine       0.0343   -4.42   2.08   -1.04  0.609  0.724  -1.65    1.22    1.2  0.607  -1.36    1.84   0.68  -1.88
worst     -0.0759   -5.66   1.77   -1.99  0.337  0.017  -1.12   0.601 -0.551 -0.474  0.301 -0.0478 -0.627 -0.744
relit           0       0      1 -0.0647  0.229  0.247  0.219   -1.01   3.14    1.8  -8.13    1.82  0.304  -8.12
spread       2.51    0.79    3.4    2.04   2.83  0.794  -3.19   -2.64   3.23  -1.91  -3.34 -0.0963   2.45   -3.5
level        4.58    3.61   4.94    4.27   4.73  0.217   2.76   -6.72  -3.68    4.3  0.384   -1.79   2.63  -1.55
"""
SIGNS = tuple(line.split()[0] for line in _TABLE.split("\n")[1:-1])
CURVES = np.array([[float(word) for word in line.split()[1:]] for line in _TABLE.split("\n")[1:-1]])
CURVES.flags.writeable = False
BIAS = (-13.5, 0.482, 3.7)
