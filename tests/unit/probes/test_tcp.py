"""The settings of `tcp`, and what is sent."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from probes.tcp import TcpSettings, _unescape


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("", b""),
        (r"HELO vigie\r\n", b"HELO vigie\r\n"),
        (r"\x00\xfF\t\0\\n", b"\x00\xff\t\x00\\n"),
        ("déjà\n", "déjà\n".encode()),
    ],
)
def test_escapes(written: str, sent: bytes) -> None:
    assert _unescape(written) == sent


@pytest.mark.parametrize("written", [r"\q", r"\x1", r"\xgg", "end\\", "\\é"])
def test_what_is_no_escape_is_refused_at_load(written: str) -> None:
    with pytest.raises(ValidationError, match="is not an escape"):
        TcpSettings(port=25, send=written, expect="x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"port": 0},
        {"port": 65536},
        {"port": 25, "expect": "("},
        {"port": 25, "send": "QUIT"},
        {"port": 25, "response_time": {"warning": "1s"}},
        {"port": 25, "expect": "x", "max_bytes": 0},
        {"port": 25, "expect": "x", "max_bytes": "1 MiB"},
        {"port": 25, "family": "ipv5"},
    ],
)
def test_mistakes_are_found_at_load(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TcpSettings(**settings)


def test_equal_settings_are_equal() -> None:
    assert TcpSettings(port=25, expect="^220 ") == TcpSettings(port=25, expect="^220 ")  # type: ignore[arg-type]
