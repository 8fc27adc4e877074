"""One YAML file: its plain values, and the line of any of them when a mistake has to be shown."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import yaml

from supervisor.config.reader import Lines, Reader, Words, explain, lines_of
from supervisor.errors import Mistake

MAX_BYTES = 16 * 1024 * 1024  # 100,000 sondes; what is larger was included by mistake
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Keys = tuple[str | int, ...]  # the way to a value: keys of mappings, indexes of lists


def shown(path: Path) -> str:
    """How a file is named in messages: relative to the working directory when below it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


class Document:
    """A file that was read: `value` holds plain Python values, `mistakes` everything found wrong with it."""

    def __init__(self, path: Path, base: Path, words: Words | None = None) -> None:
        self.name = shown(path)
        self.base = base  # what relative paths in it start from: the directory of the main file
        self.value: Any = None
        self.mistakes: list[Mistake] = []
        self.warnings: list[Mistake] = []  # accepted, but worth a look
        self._text: str | None = None
        self._lines: Lines | None = None
        text = self._read(path)
        if text is not None:
            self._parse(text, words or Words())

    def line(self, keys: Keys) -> int:
        """The line of the key or item at `keys`, or of what is nearest above it."""
        if self._text is None:
            return 1
        if self._lines is None:
            self._lines = lines_of(self._text)
        here = self._lines
        for key in keys:
            below = here.find(key)
            if below is None:
                break
            here = below
        return here.line

    def wrong(self, keys: Keys, field: str, what: str) -> None:
        """Note a mistake made at `keys`."""
        self.mistakes.append(Mistake(file=self.name, line=self.line(keys), field=field, what=what))

    def warn(self, keys: Keys, field: str, what: str) -> None:
        """Note what is accepted at `keys`, but worth a look."""
        self.warnings.append(Mistake(file=self.name, line=self.line(keys), field=field, what=what))

    def release(self) -> None:
        """Drop the values; the text stays, for the lines of mistakes found later."""
        self.value = None
        self._lines = None

    def again(self) -> Any:
        """The values once more, after `release`."""
        return None if self._text is None else Reader(self._text, Words()).document()

    def _read(self, path: Path) -> str | None:
        try:
            about = path.stat()
            # A pipe would be waited for, a device read for ever.
            data = path.read_bytes() if stat.S_ISREG(about.st_mode) and about.st_size <= MAX_BYTES else None
        except OSError as error:
            self._wrong(1, f"the file cannot be read ({error.strerror}), create it or correct its name or rights")
            return None
        if data is None:
            self._wrong(1, f"this is no file of at most {MAX_BYTES >> 20} MiB, write one file per collectivité")
            return None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self._wrong(line, f"byte 0x{data[error.start]:02x} is not UTF-8, save the file in UTF-8")
            return None
        bad = _UNREADABLE.search(text)
        if bad is not None:
            line = text.count("\n", 0, bad.start()) + 1
            self._wrong(line, f"the control character U+{ord(bad[0]):04X} has no place in YAML, remove it")
            return None
        return text

    def _parse(self, text: str, words: Words) -> None:
        reader = Reader(text, words)
        try:
            self.value = reader.document()
        except yaml.MarkedYAMLError as error:
            self._wrong(*explain(error, text))
        else:
            self._text = text
        for line, what in reader.wrong:
            self._wrong(line, what)
        if reader.duplicates and self._text is not None:
            for key, first, again in lines_of(text).duplicates():
                self._wrong(again, f"the key '{key}' is already on line {first}, keep one of the two")
        if reader.wrong:
            # What was refused left holes: judging the values around them would only add noise.
            self.value = None
        if self.value is None and not self.mistakes:
            self._text = None
            self._wrong(1, "the file is empty, write a configuration in it or remove it")

    def _wrong(self, line: int, what: str) -> None:
        self.mistakes.append(Mistake(file=self.name, line=line, field="", what=what))
