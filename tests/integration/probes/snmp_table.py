"""What snmpd asks for values that a test decides (`pass_persist`): `python3 snmp_table.py FILE`.

The file has a line a value: OID, type, value. It is read again at each question, so that a test may change it.
"""

from __future__ import annotations

import bisect
import sys
from pathlib import Path

Oid = tuple[int, ...]


def read(path: Path) -> dict[Oid, tuple[str, str]]:
    """The values by OID."""
    table = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        oid, kind, value = line.split(" ", 2)
        table[number(oid)] = (kind, value)
    return table


def number(text: str) -> Oid:
    """The OID of its text."""
    return tuple(int(part) for part in text.strip().strip(".").split("."))


def answer(path: Path, command: str, asked: Oid) -> list[str]:
    """The lines that snmpd expects."""
    table = read(path)
    if command == "getnext":
        known = sorted(table)
        after = bisect.bisect_right(known, asked)
        if after == len(known):
            return ["NONE"]
        asked = known[after]
    if asked not in table:
        return ["NONE"]
    return ["." + ".".join(map(str, asked)), *table[asked]]


def main() -> None:
    """Answer until snmpd leaves."""
    path = Path(sys.argv[1])
    while command := sys.stdin.readline().strip():
        lines = ["PONG"] if command == "PING" else answer(path, command, number(sys.stdin.readline()))
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
