"""What snmpd asks for values that a test decides (`pass_persist`): `python3 snmp_table.py FILE`.

The file has a line a value: OID, type, value. A test may put another in its place: it is looked at for each question.
"""

from __future__ import annotations

import bisect
import sys
from pathlib import Path

Oid = tuple[int, ...]


class Table:
    """The values by OID, read again once they are those of another file: a walk asks for each cell by itself."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self.values: dict[Oid, tuple[str, str]] = {}
        self.known: list[Oid] = []

    def look(self) -> None:
        """Be up to date."""
        found = self._path.stat()
        if self._seen == (found.st_ino, found.st_mtime_ns):
            return
        self.values.clear()
        for line in self._path.read_text(encoding="utf-8").splitlines():
            oid, kind, value = line.split(" ", 2)
            self.values[number(oid)] = (kind, value)
        self.known = sorted(self.values)
        self._seen = (found.st_ino, found.st_mtime_ns)


def number(text: str) -> Oid:
    """The OID of its text."""
    return tuple(int(part) for part in text.strip().strip(".").split("."))


def answer(table: Table, command: str, asked: Oid) -> list[str]:
    """The lines that snmpd expects."""
    table.look()
    if command == "getnext":
        after = bisect.bisect_right(table.known, asked)
        if after == len(table.known):
            return ["NONE"]
        asked = table.known[after]
    if asked not in table.values:
        return ["NONE"]
    return ["." + ".".join(map(str, asked)), *table.values[asked]]


def main() -> None:
    """Answer until snmpd leaves."""
    table = Table(Path(sys.argv[1]))
    while command := sys.stdin.readline().strip():
        lines = ["PONG"] if command == "PING" else answer(table, command, number(sys.stdin.readline()))
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
