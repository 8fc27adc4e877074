"""Secrets: by reference only, and never shown."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from probes.secret import MAX_BYTES, Secret


def test_a_file_an_environment_variable_and_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("de fichier\n", encoding="utf-8")
    monkeypatch.setenv("VIGIE_TEST_SECRET", "d'environnement")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert Secret.read({"file": "a"}, tmp_path).reveal() == "de fichier"
    assert Secret.read({"file": str(tmp_path / "a")}, Path("/nowhere")).reveal() == "de fichier"
    assert Secret.read({"env": "VIGIE_TEST_SECRET"}, tmp_path).reveal() == "d'environnement"
    assert Secret.read({"credential": "a"}, Path("/nowhere")).reveal() == "de fichier"


def test_it_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("s3cr3t", encoding="utf-8")
    secret = Secret.read({"file": "a"}, tmp_path)
    assert "s3cr3t" not in f"{secret} {secret!r} {[secret]}"


def test_only_the_last_newline_is_dropped(tmp_path: Path) -> None:
    for content, value in (("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a "), ("a", "a")):
        (tmp_path / "a").write_text(content, encoding="utf-8", newline="")
        assert Secret.read({"file": "a"}, tmp_path).reveal() == value


def test_equal_by_value_so_that_a_reload_sees_a_change() -> None:
    assert Secret("a", "file: x") == Secret("a", "env: Y")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("é") != Secret("e")
    assert Secret("a") != "a"


def test_it_travels_to_a_worker_process() -> None:
    assert pickle.loads(pickle.dumps(Secret("a"))) == Secret("a")  # noqa: S301


@pytest.mark.parametrize(
    "written", ["s3cr3t", 3, None, {}, {"file": ""}, {"file": "a", "env": "B"}, {"vault": "a"}, {"env": 3}]
)
def test_anything_but_one_reference_is_refused_without_being_repeated(written: object, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"write \{file: PATH\}") as error:
        Secret.read(written, tmp_path)
    assert "s3cr3t" not in str(error.value)


def test_what_cannot_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setenv("VIGIE_TEST_EMPTY", "")
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    (tmp_path / "large").write_bytes(b"a" * (MAX_BYTES + 1))
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for written, reason in (
        ({"file": "absent"}, "cannot be read"),
        ({"file": "."}, "cannot be read"),
        ({"file": "empty"}, "is empty"),
        ({"file": "large"}, "larger than 64 KiB"),
        ({"file": "binary"}, "not UTF-8"),
        ({"env": "VIGIE_TEST_ABSENT"}, "not set"),
        ({"env": "VIGIE_TEST_EMPTY"}, "is empty"),
        ({"credential": "a"}, "LoadCredential=a:PATH"),
        ({"credential": "../a"}, "not the name of a systemd credential"),
    ):
        with pytest.raises(ValueError, match=re.escape(reason)):
            Secret.read(written, tmp_path)


def test_as_a_setting(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("secret", encoding="utf-8")
    adapter = TypeAdapter(Secret)
    assert adapter.validate_python({"file": "a"}, context={"base": tmp_path}).reveal() == "secret"
    with pytest.raises(ValidationError):
        adapter.validate_python("secret")
    assert set(adapter.json_schema()["properties"]) == {"file", "env", "credential"}
