"""What pydantic found, said to the person who wrote the file: what is wrong, what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from typing import Any

from supervisor.config.scalars import Trap

_WANTED = {
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "dict": "a mapping (key: value)",
    "dataclass": "a mapping (key: value)",
    "date": "a date like 2026-01-31",
    "none_required": "nothing (null)",
}
_MISSING = {"missing": "missing, add it", "union_tag_not_found": "'type' is missing, add it"}
_LIMITS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def near(word: str, known: Iterable[str]) -> str:
    """`did you mean 'interval'?`, or what there is to choose from."""
    choices = list(known)
    close = get_close_matches(word, choices, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    if not choices:
        return "there is none to choose from"
    listed = ", ".join(sorted(choices)[:20])
    return f"choose among {listed}" + (", …" if len(choices) > 20 else "")


def explain(error: Any, known: Iterable[str]) -> str:
    """The sentence for one pydantic error; `known` are the keys that were possible at an unknown one."""
    kind, value = error["type"], error["input"]
    context = error.get("ctx", {})
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"unknown key, {near(str(error['loc'][-1]), known)}"
    if kind in _MISSING:
        return _MISSING[kind]
    if kind == "union_tag_invalid":
        return f"there is no type '{context['tag']}', choose among {context['expected_tags']}"
    if isinstance(value, Trap):
        return value.why
    if kind == "value_error":
        return str(context["error"])
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return f"{say(value)} is out of bounds, write {words} {context[name]}"
    if kind in ("literal_error", "enum"):
        return f"{say(value)} is not possible here, write {context['expected']}"
    if kind in ("too_short", "too_long"):
        bound = context.get("min_length", context.get("max_length"))
        return f"{context['actual_length']} items, write {'at least' if kind == 'too_short' else 'at most'} {bound}"
    wanted = _WANTED.get(kind.removesuffix("_type").removesuffix("_exact"))
    if wanted is None:
        return f"{error['msg'][:1].lower()}{error['msg'][1:]}, found {say(value)}"
    quoted = _quotable(kind, value)
    return f"expected {wanted}, found {say(value)}" + (f'; write it between quotes: "{quoted}"' if quoted else "")


def _quotable(kind: str, value: Any) -> str:
    if kind == "string_type" and isinstance(value, int | float | date):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return ""


def say(value: Any) -> str:
    """A value as its kind and, when it is short, itself."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return f"the flag {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, date):
        return f"the date {value}"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else f"'{value[:60]}…'"
    if isinstance(value, Trap):
        return f"'{value.text}'"
    return "a mapping" if isinstance(value, dict) else "a list"
