"""Which type a client accepts: RFC 9110, 12.5.1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.web.negotiation import chosen

JSON, CSV = "application/json", "text/csv"
NAMES = st.sampled_from([JSON, CSV, "text/*", "application/*", "*/*", "text/html", "", "*"])
WEIGHTS = st.sampled_from(["", ";q=0", ";q=0.5", "; Q=1", ";q=x", ";header=present", ";header=present;q=0.2"])


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("TEXT/CSV ; header=present", CSV),
        ("text/*", CSV),
        ("application/json, text/csv", JSON),
        ("application/json;q=0.5, text/csv;q=0.6", CSV),
        ("text/csv, */*;q=0.1", CSV),
        ("*/*, application/json;q=0", CSV),
        ("text/*;q=0, */*", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
        ("text/html", None),
        ("text/csv;q=0", None),
        ("text/csv;q=nan, application/json;q=0.1", JSON),
        ("text/csv;q=2, application/json;q=0.1", JSON),
        ("text/csv;q=x", None),
        (",;,", None),
    ],
)
def test_the_type_liked_best(accept: str, expected: str | None) -> None:
    assert chosen(accept, (JSON, CSV)) == expected


def test_what_is_offered_once_only() -> None:
    assert chosen("text/csv, application/json;q=0.1", (JSON,)) == JSON
    assert chosen("text/csv", (JSON,)) is None


@given(st.lists(st.tuples(NAMES, WEIGHTS).map("".join), min_size=1, max_size=4).map(",".join).filter(len))
def test_what_is_chosen_was_offered_and_is_not_refused(accept: str) -> None:
    found = chosen(accept, (JSON, CSV))
    assert found in (JSON, CSV, None)
    if found is not None:
        family = found.split("/")[0]
        named = [part.split(";") for part in accept.replace(" ", "").lower().split(",")]
        assert any(name in (found, f"{family}/*", "*/*") for name, *_ in named)
        assert named[-1] != [found, "q=0"]
