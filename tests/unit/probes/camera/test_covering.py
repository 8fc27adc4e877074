"""Dense fog and total covers: when nothing is left to see, what trace of the scene decides."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import pytest

from probes.camera.covering import nothing_shown


class Traces(NamedTuple):
    """As much of a comparison and of a place as is asked."""

    likeness: float
    contrast: float = 0.03
    textured: int = 150
    shown: int = 1


@pytest.mark.parametrize(
    ("traces", "fog"),
    [
        (Traces(0.15), True),
        (Traces(0.02), False),  # a total cover: not even that
        (Traces(0.15, textured=400), False),  # a rich scene would show more through fog
        (Traces(0.3, textured=400), True),
        (Traces(0.3, shown=60), False),  # something is seen: other rules tell
        (Traces(0.3, contrast=0.5), False),
    ],
)
def test_a_faint_trace_of_the_scene_is_no_cover(traces: Traces, *, fog: bool) -> None:
    asked = cast("Any", traces)
    assert nothing_shown(asked, asked) is fog
