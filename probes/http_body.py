"""What is expected in the body of an HTTP answer, and how a body is held against it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from probes.base import Measurement, Status
from probes.excerpt import excerpt
from probes.page_text import PageText
from probes.pattern import SearchTooLongError, found
from probes.settings import settings
from probes.threshold import Above, Below, Verdict

_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d{1,9})\]")
_ABSENT = object()

Scalar = str | int | float | bool | None
Steps = tuple[str | int, ...]


def _expectations(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if not all(isinstance(path, str) for path in value):
        raise ValueError("write {path: expected}, like {status: UP, 'nodes[0].ok': true}")
    return tuple((path, expected) for path, expected in value.items())


def _path(value: Any) -> Any:
    if isinstance(value, str):
        steps(value)
    return value


JsonPath = Annotated[str, BeforeValidator(_path)]
Expectations = Annotated[
    tuple[tuple[JsonPath, Scalar], ...], BeforeValidator(_expectations), WithJsonSchema({"type": "object"})
]


@settings
class Limits:
    """What a number of the document may be."""

    above: Above[float] | None = None
    """Thresholds that the number reaches from below."""
    below: Below[float] | None = None
    """Thresholds that the number falls to."""


Numbers = Annotated[
    tuple[tuple[JsonPath, Limits], ...], BeforeValidator(_expectations), WithJsonSchema({"type": "object"})
]


def steps(path: str) -> Steps:
    """`nodes[0].state` as ("nodes", 0, "state"); ValueError when it is not a path."""
    text = path.removeprefix("$")
    found: list[str | int] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            break
        name, index = match.groups()
        found.append(int(index) if index is not None else name)
        position = match.end()
    if not found or position < len(text):
        raise ValueError(f"'{path}' is not a path; write it like status, nodes[0].state or [2].name")
    return tuple(found)


def judge_text(
    verdict: Verdict, text: str, contains: tuple[str, ...], excludes: tuple[str, ...], regex: re.Pattern[str] | None
) -> None:
    """Hold the text against what it must and must not hold."""
    page = PageText(text)
    for wanted in contains:
        if not page.holds(wanted):
            verdict.find(Status.CRITICAL, f"texte attendu absent : « {excerpt(wanted)} »")
    for unwanted in excludes:
        if page.holds(unwanted):
            verdict.find(Status.CRITICAL, f"texte interdit présent : « {excerpt(unwanted)} »")
    try:
        if regex is not None and not found(regex, text):
            verdict.find(Status.CRITICAL, f"motif attendu absent : « {excerpt(regex.pattern)} »")
    except SearchTooLongError as error:
        verdict.find(Status.UNKNOWN, error.message)


def judge_json(
    verdict: Verdict,
    text: str,
    expected: tuple[tuple[str, Scalar], ...],
    numbers: tuple[tuple[str, Limits], ...] = (),
    quote: Callable[[str], str] = excerpt,
) -> None:
    """Hold the document against what is expected in it; `quote` makes what was found fit for a message."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):  # RecursionError: a hundred thousand opening brackets
        verdict.find(Status.CRITICAL, "réponse qui n'est pas du JSON")
        return
    for path, limits in numbers:
        _judge_number(verdict, path, _walk(document, steps(path)), limits, quote)
    for path, value in expected:
        found = _walk(document, steps(path))
        if found is _ABSENT:
            verdict.find(Status.CRITICAL, f"JSON : « {excerpt(path)} » absent")
        elif not _same(found, value):
            verdict.find(
                Status.CRITICAL,
                f"JSON : « {excerpt(path)} » vaut {_say(found, quote)} au lieu de {_say(value, excerpt)}",
            )


def _judge_number(verdict: Verdict, path: str, found: Any, limits: Limits, quote: Callable[[str], str]) -> None:
    what = f"JSON : « {excerpt(path)} »"
    number = _number(found)
    if found is _ABSENT:
        verdict.find(Status.CRITICAL, f"{what} absent")
    elif number is None:
        verdict.find(Status.CRITICAL, f"{what} vaut {_say(found, quote)} au lieu d'un nombre")
    else:
        verdict.measurements.append(Measurement("json_value", number, (("path", path),)))
        for threshold in (limits.above, limits.below):
            verdict.judge(threshold, number, what, lambda value: f"{value:.6g}".replace(".", ","))


def _number(found: Any) -> float | None:
    """A finite number, or a text that is one. JSON as programs write it has NaN, and integers of any length."""
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        number = float(found)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _walk(document: Any, path: Steps) -> Any:
    for step in path:
        inside = (
            step < len(document)
            if isinstance(step, int) and isinstance(document, list)
            else (isinstance(step, str) and isinstance(document, dict) and step in document)
        )
        if not inside:
            return _ABSENT
        document = document[step]
    return document


def _same(found: Any, value: Scalar) -> bool:
    # 1 == True in Python, not in JSON.
    return isinstance(found, bool) == isinstance(value, bool) and bool(found == value)


def _say(value: Any, quote: Callable[[str], str]) -> str:
    if isinstance(value, dict | list):
        return "un objet" if isinstance(value, dict) else "une liste"
    return quote(json.dumps(value, ensure_ascii=False))
