"""The log as an interface: its two forms, and what never appears in them."""

from __future__ import annotations

import gc
import io
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor import logs
from supervisor.redaction import Redactor

SECRET = 'p@ss "wörd"/é'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Log:
    """A logger of its own, and what it wrote."""

    def __init__(self, stream: io.StringIO, *secrets: str) -> None:
        self.stream = stream
        self.logger = logging.Logger("probes.http")
        self.logger.addHandler(logs.build(stream, lambda: secrets))

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().split("\n")[:-1]

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture
def structured() -> Log:
    return Log(io.StringIO(), SECRET)


@pytest.fixture
def text() -> Log:
    return Log(Terminal(), SECRET)


def fail_with(text: str) -> None:
    raise ValueError(text)


def test_a_json_line_has_time_level_logger_message_and_extra_fields(structured: Log) -> None:
    structured.logger.warning("sonde %s is late", "a/b/c", extra={"sonde": "a/b/c", "lag_s": 1.5, "ok": None})
    (told,) = structured.told
    assert list(told) == ["time", "level", "logger", "message", "sonde", "lag_s", "ok"]
    time = datetime.fromisoformat(told.pop("time"))
    assert time.utcoffset() == timedelta(0)
    assert told == {
        "level": "warning",
        "logger": "probes.http",
        "message": "sonde a/b/c is late",
        "sonde": "a/b/c",
        "lag_s": 1.5,
        "ok": None,
    }


def test_an_extra_field_never_hides_one_of_the_log(structured: Log) -> None:
    structured.logger.error("x", extra={"level": "mine", "time": "never", "ratio": float("nan")})
    (told,) = structured.told
    assert told["level"] == "error"
    assert (told["level_"], told["time_"], told["ratio"]) == ("mine", "never", "nan")


def test_a_text_line_is_for_people(text: Log) -> None:
    text.logger.warning("sonde %s is late : 12 s", "a/b/c", extra={"lag_s": 1.5})
    (line,) = text.lines
    datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007  local time, as the person's watch
    assert line[19:] == " WARNING probes.http: sonde a/b/c is late : 12 s lag_s=1.5"


def test_exceptions_are_included(structured: Log, text: Log) -> None:
    for log in (structured, text):
        try:
            fail_with("no route")
        except ValueError:
            log.logger.exception("failed")
    exception = structured.told[0]["exception"]
    assert exception.startswith("Traceback")
    assert exception.endswith("ValueError: no route")
    assert text.lines[0].endswith("probes.http: failed")
    assert text.lines[-1] == "    ValueError: no route"
    assert all(line.startswith("    ") for line in text.lines[1:])


@pytest.mark.parametrize("form", [SECRET, repr(SECRET), json.dumps(SECRET), quote(SECRET, safe="")])
@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_a_secret_appears_nowhere(stream: type[io.StringIO], form: str) -> None:
    log = Log(stream(), SECRET)
    try:
        fail_with(f"login refused: {form}")
    except ValueError:
        log.logger.exception("as %s", form, extra={"password": form, "settings": {"in": [form]}})
    log.logger.error(f"in the message itself {form}")
    log.logger.error("its arguments do not fit %d", form)
    log.logger.error("with a stack", stack_info=True, extra={"secret": ValueError(form)})
    whole = log.stream.getvalue()
    assert "***" in whole
    for trace in ("p@ss", "p%40ss", "wörd", "w\\u00f6rd", "w%C3%B6rd"):
        assert trace not in whole
    assert "its arguments do not fit" in whole


def test_a_key_is_masked_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----"
    log = Log(io.StringIO(), key)
    log.logger.error("read hkiG9w0BAQEFAASC of -----BEGIN KEY-----")
    assert log.told[0]["message"] == "read *** of -----BEGIN KEY-----"


def test_secrets_are_asked_for_at_every_record() -> None:
    secrets = ["first-secret"]
    log = Log(io.StringIO())
    log.logger.handlers = [logs.build(log.stream, lambda: secrets)]
    log.logger.error("first-secret second-secret")
    secrets.append("second-secret")
    log.logger.error("first-secret second-secret")
    assert [told["message"] for told in log.told] == ["*** second-secret", "*** ***"]


def test_a_short_secret_is_masked_as_a_word() -> None:
    redactor = Redactor(lambda: ["ab", ""])
    assert redactor.clean("ab, cabbage (ab)", 100) == "***, cabbage (***)"


def test_a_secret_inside_another_leaves_nothing_of_either() -> None:
    assert Redactor(lambda: ["pass", "password1"]).clean("password1 pass", 100) == "*** ***"


@given(st.text(min_size=4), st.text(), st.text(), st.integers(10, 200))
def test_no_cut_lets_a_secret_out(secret: str, before: str, after: str, limit: int) -> None:
    redactor = Redactor(lambda: [secret])
    text = before + secret + after
    for cut in (redactor.clean(text, limit), redactor.clean_ends(text * 3, limit)):
        assert len(cut) <= limit
        assert secret not in cut.replace("***", "\0").replace("…", "\0") or secret in "***…\n"


def test_the_end_of_a_long_traceback_is_kept(structured: Log) -> None:
    try:
        fail_with("x" * 1_000_000 + SECRET + " the end")
    except ValueError:
        structured.logger.exception("failed")
    exception = structured.told[0]["exception"]
    assert exception.startswith("Traceback")
    assert exception.endswith("*** the end")
    assert len(exception) <= 16_000


@pytest.mark.parametrize(
    "hostile", ["\n", "\r\n", "\x1b[2J", "\x9b31m", "\u202e", "\u2028", "\x00", "\ud800", "\U000e0001"]
)
def test_a_target_cannot_forge_lines(structured: Log, text: Log, hostile: str) -> None:
    forged = f"ok{hostile}2026-01-01 00:00:00 ERROR   probes: all is lost"
    for log in (structured, text):
        log.logger.info("x")  # below nothing: a Logger of its own has no level
        log.logger.warning("answer: %s", forged, extra={"banner": forged})
        assert len(log.lines) == 2
        assert log.stream.getvalue().replace("\n", "").isprintable()
    assert structured.told[1]["message"] == f"answer: {forged}"
    assert structured.told[1]["banner"] == forged


def test_a_target_cannot_forge_lines_through_a_traceback(text: Log) -> None:
    try:
        fail_with("no\n2026-01-01 00:00:00 ERROR   probes: \x1b[2Jall is lost")
    except ValueError:
        text.logger.exception("failed")
    assert text.lines[-1] == "    2026-01-01 00:00:00 ERROR   probes: \\x1b[2Jall is lost"


def test_french_spaces_are_left_alone(structured: Log, text: Log) -> None:
    for log in (structured, text):
        log.logger.error("perte\u00a0: 12\u202f%")
        assert "perte\u00a0: 12\u202f%" in log.stream.getvalue()


@pytest.mark.parametrize("filling", ["x", "é", "\x01", "\U0001f600"])
def test_no_line_is_longer_than_the_journal_keeps(structured: Log, filling: str) -> None:
    try:
        fail_with(filling * 1_000_000)
    except ValueError:
        structured.logger.exception(filling * 1_000_000, extra={f"k{n}": filling * 10_000 for n in range(100)})
    (line,) = structured.lines
    assert len(line.encode()) < 48 * 1024
    assert structured.told[0]["message"].startswith(filling * 900)


def test_under_systemd_the_journal_knows_the_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "journal").open("w+") as stream:
        told = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{told.st_dev}:{told.st_ino}")
        log = logging.Logger("supervisor")
        log.addHandler(logs.build(stream))
        log.error("lost")
        log.warning("late")
        stream.seek(0)
        first, second = stream.read().splitlines()
    assert first.startswith('<3>{"time"')
    assert second.startswith('<4>{"time"')
    assert json.loads(first[3:])["message"] == "lost"


def test_a_file_is_not_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "1:1")
    with (tmp_path / "file").open("w+") as stream:
        log = logging.Logger("supervisor")
        log.addHandler(logs.build(stream))
        log.error("lost")
        stream.seek(0)
        assert json.loads(stream.read())["message"] == "lost"


def test_a_full_disk_under_the_log_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.Logger("supervisor")
    with Path("/dev/full").open("wb", buffering=0) as raw:
        log.addHandler(logs.build(io.TextIOWrapper(raw, write_through=True)))
        log.error("lost %s", SECRET)
    assert capsys.readouterr().err == ""


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The process's log sent to memory, everything put back afterwards."""
    before, level = logging.root.handlers[:], logging.root.level
    for module, hook in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, hook, getattr(module, hook))
    logging.root.handlers = []
    stream = io.StringIO()
    logs.configure("info", secrets=lambda: [SECRET], stream=stream)
    yield stream
    logging.captureWarnings(False)
    logging.root.handlers = before
    logging.root.setLevel(level)


def test_the_level_is_kept(root: io.StringIO) -> None:
    logging.getLogger("supervisor.engine").debug("too much")
    logging.getLogger("supervisor.engine").info("enough")
    (line,) = root.getvalue().splitlines()
    assert json.loads(line)["message"] == "enough"


def test_what_nobody_catches_goes_through_the_log(root: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    class Bad:
        def __del__(self) -> None:
            raise ValueError(SECRET)

    try:
        fail_with(SECRET)
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=fail_with, args=(SECRET,))
    thread.start()
    thread.join()
    Bad()
    gc.collect()
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    told = [json.loads(line) for line in root.getvalue().splitlines()]
    assert [one["level"] for one in told] == ["critical"] * 3
    assert all("ValueError: ***" in one["exception"] for one in told)
    assert capsys.readouterr().err == ""
