"""Pure parts of the HTTP body: paths, JSON values, text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.base import Run, Shared, Status
from probes.excerpt import excerpt
from probes.http_body import judge_json, judge_text, steps
from probes.threshold import Verdict


def verdict() -> Verdict:
    return Verdict(Run(shared=Shared(), at=0.0, timeout_s=1.0))


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("status", ("status",)),
        ("a.b.c", ("a", "b", "c")),
        ("nodes[0].state", ("nodes", 0, "state")),
        ("[2][3]", (2, 3)),
        ("$.a", ("a",)),
        ("a b.c-d", ("a b", "c-d")),
    ],
)
def test_paths(path: str, read: tuple[str | int, ...]) -> None:
    assert steps(path) == read


@pytest.mark.parametrize("path", ["", "$", ".", "a.", "a..b", "a[", "a[]", "a[-1]", "a[1", "a]"])
def test_what_is_not_a_path(path: str) -> None:
    with pytest.raises(ValueError, match="is not a path"):
        steps(path)


_Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcdef", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


def _leaves(document: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(document, dict):
        return [leaf for key, value in document.items() for leaf in _leaves(value, f"{path}.{key}" if path else key)]
    if isinstance(document, list):
        return [leaf for index, value in enumerate(document) for leaf in _leaves(value, f"{path}[{index}]")]
    return [(path, document)] if path else []


@given(_Json)
def test_every_value_is_found_at_its_path(document: Any) -> None:
    held = verdict()
    judge_json(held, json.dumps(document), tuple(_leaves(document)))
    assert held.result("").status is Status.OK


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        ("1", 1, True),
        ("1.0", 1, True),
        ("true", True, True),
        ("null", None, True),
        ("1", True, False),
        ("true", 1, False),
        ("0", False, False),
        ("0", None, False),
        ('"1"', 1, False),
    ],
)
def test_values_are_compared_as_json_has_them(found: str, wanted: Any, same: bool) -> None:
    held = verdict()
    judge_json(held, f'{{"a": {found}}}', (("a", wanted),))
    assert (held.result("").status is Status.OK) is same


@given(st.text(max_size=200))
def test_whatever_the_text_the_verdict_stands(text: str) -> None:
    held = verdict()
    judge_json(held, text, (("a.b[0]", 1),))
    judge_text(held, text, ("\0absent",), (), None)
    assert held.result("").status is Status.CRITICAL


@given(st.text() | st.binary())
def test_an_excerpt_is_short_and_prints(text: str | bytes) -> None:
    shown = excerpt(text, 20)
    assert len(shown) <= 21
    assert shown.isprintable()
