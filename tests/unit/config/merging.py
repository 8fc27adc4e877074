"""Two of the bad files of tests/config/bad as one: what each has wrong stands in the same file, side by side."""

from __future__ import annotations

import re
from itertools import pairwise

_KEY = re.compile(r"( *)([^\s#:-][^:]*):(.*)")
_ID = re.compile(r"\b(?:id|name): ([^,}\n]+)")
_LINE = re.compile(r"^(?:[^\s:]+:)?[0-9]+: |\bline [0-9]+")
_INDEX = re.compile(r"\[[0-9]+\]")
_OFFER = re.compile(r"(did you mean|choose among|there is none to choose|name one of its sondes).*")


class Unmergeable(Exception):
    """They say different things in the same place."""


def merged(one: str, other: str, base: str) -> str:
    """Both as one file; where only one of them differs from `base`, it is the one that is kept."""
    return _merge(_body(one), _body(other), _blocks(_body(base), 0), 0)


def same(message: str) -> str:
    """A message but for what another mistake of its file may change: lines, positions, what there is to choose from."""
    return _OFFER.sub(r"\1", _INDEX.sub("[]", _LINE.sub("", message)))


def _body(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def _merge(one: str, other: str, base: dict[str, str], indent: int) -> str:
    first, second = _blocks(one, indent), _blocks(other, indent)
    for key, block in second.items():
        mine = first.get(key, block)
        if block in (mine, base.get(key)):
            block = mine
        elif mine != base.get(key):
            block = _together(mine, block, indent)
        first[key] = block
    return "".join(first.values())


def _together(one: str, other: str, indent: int) -> str:
    (head, _, below), (other_head, _, other_below) = one.partition("\n"), other.partition("\n")
    if head != other_head or not head.endswith(":"):
        raise Unmergeable
    listed = [text.lstrip().startswith("- ") for text in (below, other_below)]
    if all(listed) and not set(_ID.findall(below)) & set(_ID.findall(other_below)):
        return one + other_below
    if any(listed):
        raise Unmergeable
    return f"{head}\n{_merge(below, other_below, {}, indent + 2)}"


def _blocks(text: str, indent: int) -> dict[str, str]:
    """The text of each key at that indentation."""
    lines = text.splitlines(keepends=True)
    keys = [_KEY.fullmatch(line.rstrip("\n")) for line in lines]
    starts = [(at, key[2]) for at, key in enumerate(keys) if key is not None and len(key[1]) == indent]
    if not starts or starts[0][0] != 0 or len({name for _, name in starts}) < len(starts):
        raise Unmergeable
    ends = [*(later for _, (later, _) in pairwise(starts)), len(lines)]
    return {name: "".join(lines[at:end]) for (at, name), end in zip(starts, ends, strict=True)}
