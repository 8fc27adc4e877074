"""YAML as Vigie reads it: the plain reading, no trap silently taken, no file that can hurt."""

from __future__ import annotations

import os
import string
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from supervisor.config import document
from supervisor.config.document import Document
from supervisor.config.reader import MAX_DEPTH, Reader, Words, lines_of
from supervisor.config.scalars import EMPTY, Trap, Word, plain

WORDS = st.text(string.ascii_letters + string.digits + "-_:.,/ éèçœ'\"#{}[]&*!|>%@`~<", max_size=12)
VALUES = st.recursive(
    st.one_of(st.integers(-(10**17), 10**17), st.booleans(), WORDS, st.floats(-1e6, 1e6), st.dates(), st.none()),
    lambda below: (
        st.lists(below, max_size=4) | st.dictionaries(WORDS.filter(lambda word: word != "<<"), below, max_size=4)
    ),
    max_leaves=12,
)


def read(text: str) -> Any:
    return Reader(text, Words()).document()


@given(VALUES)
def test_what_a_yaml_writer_writes_is_read_back(value: Any) -> None:
    # PyYAML quotes whatever would not be read back as the same text: so nothing of it may become a trap.
    text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False)
    assert read(text) == value


@given(st.sampled_from(["yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"]))
def test_words_of_agreement_are_flags_and_never_texts(word: str) -> None:
    value = plain(word)
    assert isinstance(value, Word)
    assert value.as_bool is (word.lower() in ("yes", "on"))
    assert f'"{word}"' in value.why


@given(st.integers(0, 10**15), st.integers(1, 4))
def test_no_number_with_a_leading_zero_is_taken(number: int, zeros: int) -> None:
    assert isinstance(plain("0" * zeros + str(number)), Trap)


@given(st.integers(0, 99), st.integers(0, 59))
def test_a_time_of_day_stays_a_text(hours: int, minutes: int) -> None:
    assert plain(f"{hours:02d}:{minutes:02d}") == f"{hours:02d}:{minutes:02d}"


@given(st.dates())
def test_a_date_is_a_date(day: date) -> None:
    assert plain(day.isoformat()) == day


@given(st.text(max_size=30))
def test_any_word_has_a_reading(word: str) -> None:
    value = plain(word)
    assert isinstance(value, str | int | float | bool | date | Trap | None)
    if isinstance(value, str):
        assert value == word


@pytest.mark.parametrize(
    "word",
    [
        "0x1F",
        "0b101",
        "0o17",
        "1_000",
        "123456789012345678901",
        ".inf",
        "-.INF",
        ".nan",
        "1.0e999",
        "2026-02-30",
        "00",
        "-07",
    ],
)
def test_words_that_look_like_something_else_are_traps(word: str) -> None:
    value = plain(word)
    assert isinstance(value, Trap)
    assert value.why


@pytest.mark.parametrize(
    ("word", "value"),
    [("true", True), ("False", False), ("~", None), ("null", None), ("0", 0), ("-3", -3), ("1.5", 1.5), (".5", 0.5),
     ("2.", 2.0), ("1.5e3", 1500.0), ("+33600000001", "+33600000001"), ("1e5", "1e5"), ("2A004", "2A004"),
     ("127.0.0.1", "127.0.0.1"), ("=", "="), ("tRue", "tRue"), ("-", "-"), ("nO", "nO"), ("y", "y")],
)  # fmt: skip
def test_words_that_are_what_they_look_like(word: str, value: Any) -> None:
    assert plain(word) == value
    assert type(plain(word)) is type(value)


def test_nothing_after_a_colon_is_a_trap_and_null_is_not() -> None:
    assert read("{a: , b: null}") == {"a": EMPTY, "b": None}


def test_quotes_make_a_text_of_anything() -> None:
    assert read("""{a: "no", b: '0123', c: "2026-01-01", "2026": "on"}""") == {
        "a": "no",
        "b": "0123",
        "c": "2026-01-01",
        "2026": "on",
    }


def test_keys_are_always_texts() -> None:
    assert read("{2026: a, no: b, 012: c}") == {"2026": "a", "no": "b", "012": "c"}


def test_equal_words_are_one_object() -> None:
    words = Words()
    first, second = (Reader("{interval: 60 s, other: [60 s]}", words).document() for _ in range(2))
    assert first["interval"] is second["interval"] is second["other"][0]
    assert next(iter(first)) is next(iter(second))


@pytest.mark.parametrize("brackets", [MAX_DEPTH + 1, 200_000])
def test_brackets_without_end_cost_nothing(brackets: int, tmp_path: Path) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text("[" * brackets, encoding="utf-8")
    found = Document(path, tmp_path)
    assert found.value is None
    assert "levels of nesting" in found.mistakes[0].what


def test_what_is_no_config_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 1 << 20)
    large, pipe = tmp_path / "large.yaml", tmp_path / "pipe.yaml"
    large.write_bytes(b"#" * ((1 << 20) + 1))
    os.mkfifo(pipe)
    for path in (large, pipe, tmp_path, Path("/dev/zero")):
        found = Document(path, tmp_path)
        assert [mistake.what for mistake in found.mistakes] == [
            "this is no file of at most 1 MiB, write one file per collectivité"
        ]


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    (mistake,) = Document(tmp_path / "absent.yaml", tmp_path).mistakes
    assert mistake.line == 1
    assert "No such file or directory" in mistake.what


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "windows.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: Mairie\r\nlist:\r\n  - 1\r\n")
    assert Document(path, tmp_path).value == {"name": "Mairie", "list": [1]}


def test_files_are_named_from_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "etc" / "vigie.yaml"
    path.parent.mkdir()
    path.write_text("a: [", encoding="utf-8")
    assert Document(path, tmp_path).mistakes[0].file == str(path)
    monkeypatch.chdir(tmp_path)
    assert Document(path, tmp_path).mistakes[0].file == "etc/vigie.yaml"


def test_every_value_has_its_line() -> None:
    lines = lines_of("a: 1\nb:\n  - x\n  - c: 2\n    d: [3,\n        4]\n")
    b = lines.find("b")
    assert b is not None
    assert b.line == 2
    second = b.find(1)
    assert second is not None
    assert second.line == 4
    d = second.find("d")
    assert d is not None
    assert (d.line, [entry.line for _, entry in d.entries]) == (5, [5, 6])
    assert second.find("absent") is None


@given(st.lists(st.sampled_from("abc"), max_size=8))
def test_every_repeated_key_is_told_with_its_first_line(keys: list[str]) -> None:
    text = "".join(f"{key}: 1\n" for key in keys) or "{}\n"
    expected = [(key, keys.index(key) + 1, n + 1) for n, key in enumerate(keys) if keys.index(key) < n]
    assert lines_of(text).duplicates() == expected


def test_values_are_dropped_and_found_again(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\nb: [x, y]\n", encoding="utf-8")
    found = Document(path, tmp_path)
    found.release()
    path.unlink()  # what was read counts, whatever became of the file
    assert found.value is None
    assert found.again() == {"a": 1, "b": ["x", "y"]}
    assert found.line(("b", 1)) == 2
