"""CSV files: for a French spreadsheet (semicolons, decimal commas, byte-order mark), or for a program."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of one
_MONTHS = "jan|f[eé][bv]|mar|a[pv]r|ma[iy]|jui?[nl]|ao[uû]|aug|sep|oct|nov|d[eé]c"
# What would not be the same once opened: numbers that begin with zeros or have more digits than a spreadsheet keeps,
# exponents, dates, times and fractions.
_CHANGED = re.compile(
    rf"0[0-9]+|[0-9]{{16,}}|[0-9]+[,.]?[0-9]*[eE][0-9]+|[0-9]+([-/.:,][0-9]+)+|({_MONTHS})[a-zé.]*[-/ ]?[0-9]+|"
    rf"[0-9]+[-/ ]?({_MONTHS})[a-zé.]*([-/ ]?[0-9]+)?",
    re.IGNORECASE,
)
_PLACES = Decimal("0.000001")


def french(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A file that a French spreadsheet opens as it is."""
    return _lines(header, rows, ";", "\r\n", _BOM)


def machine(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A file for a program: the values as JSON has them, nothing where it has null."""
    return _lines(header, (map(_plain, row) for row in rows), ",", "\n", "")


def text(words: str) -> str:
    """What a person or a machine wrote: a spreadsheet must not take it for a formula."""
    return f"'{words}" if words.startswith(_FORMULA) else words


def identifier(name: str | None) -> str:
    """A name that a spreadsheet must not take for something else and change: 0012 loses its zeros, 12E5 is 1 200 000.

    A tab at the end makes a text of it: LibreOffice drops the tab and keeps the text, Excel does not show it. The other
    ways are worse: ="…" is a formula, which a program has to know and a spreadsheet may be told not to evaluate; an
    apostrophe is read as one more character; quotes change nothing. A SIRET is left as it is: its 14 digits fit a
    number, and whoever looks for one in the file finds it. (Excel shows it as 2,157E+13 until its column is text.)
    """
    if name is None:
        return ""
    safe = text(name)
    return f"{safe}\t" if safe == name and _CHANGED.fullmatch(name) else safe


def number(value: Decimal | Fraction) -> str:
    """To the sixth decimal, without zeros at the end: what is exact is in the JSON."""
    exact = value if isinstance(value, Decimal) else Decimal(value.numerator) / Decimal(value.denominator)
    shown = f"{exact.quantize(_PLACES, ROUND_HALF_UP):f}"
    return shown.rstrip("0").rstrip(".").replace(".", ",")


def _plain(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _lines(header: Sequence[str], rows: Iterable[Iterable[Any]], between: str, end: str, mark: str) -> bytes:
    content = io.StringIO(newline="")
    writer = csv.writer(content, delimiter=between, lineterminator=end)
    writer.writerow(header)
    writer.writerows(rows)
    return (mark + content.getvalue()).encode()
