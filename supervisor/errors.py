"""What Vigie refuses, said to a person: the command line prints it on standard error and exits with status 2."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class VigieError(Exception):
    """A refusal or a failure that a person can do something about; its text says what."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Mistake:
    """One thing wrong in the config: where, what, and what would be right."""

    file: str  # relative to the working directory when below it
    line: int  # from 1
    field: str  # readable path, "equipment[routeur].sondes[lien].interval"; "" for the file as a whole
    what: str  # "what is wrong, what would be right"

    def __str__(self) -> str:
        field = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}: {field}{self.what}"


class ConfigError(VigieError):
    """The config is refused; `mistakes` holds everything wrong in all of its files, by file and line."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes: tuple[Mistake, ...] = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(map(str, self.mistakes)))
