"""Keys as other systems take them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from supervisor.alerts.keys import digest, token


@given(st.text(max_size=120))
def test_a_token_is_a_word_for_any_system(key: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,46}[A-Za-z0-9_-])?", token(key))
    assert ".." not in token(key)
    assert token(key) == token(key)


def test_a_plain_key_stays_readable_and_others_stay_apart() -> None:
    assert token("incident-45.ouvert-7") == "incident-45.ouvert-7"
    assert len({token(key) for key in ("a/b", "a b", "a..b", "a.", "é", "x" * 48, "x" * 49)}) == 7
    assert digest("a") != digest("b")
