"""How late checks start: a histogram cheap enough for every check."""

from __future__ import annotations

from bisect import bisect_left

BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class LagHistogram:
    """Counts of lags by bound, as Prometheus wants them."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total_s = 0.0
        self.worst_s = 0.0

    def observe(self, lag_s: float) -> None:
        """One check started so late."""
        self.counts[bisect_left(BOUNDS, lag_s)] += 1
        self.total_s += lag_s
        self.worst_s = max(self.worst_s, lag_s)
