"""`snmp`: anything that has an OID, a number or a text: supplies of a printer, charge of a UPS, temperature."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.excerpt import excerpt
from probes.names import Family, NameFailureError
from probes.pattern import Patience, SearchTooLongError
from probes.settings import Flag, settings
from probes.snmp.access import SnmpAccess
from probes.snmp.walks import Walks, find_peer
from probes.snmp.words import Oid, SnmpFailureError, Value, read_oid, say_oid
from probes.threshold import Above, Below, Verdict
from probes.units import ratio, say_ratio

_MOST = 100  # rows measured and told of
_SAID = 5  # of them that a message names
_QUOTED = 60  # characters of a text that a message shows


def _number(value: Any) -> Any:
    return ratio(value) if isinstance(value, str) else value


Number = Annotated[
    float,
    BeforeValidator(_number),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[0-9.]+ ?%$"}]}),
]


@settings
class States:
    """What the numbers of an enumeration mean; any other is critical."""

    ok: Annotated[tuple[int, ...], Field(min_length=1)]
    """Numbers that are well."""
    warning: tuple[int, ...] = ()
    """Numbers that deserve a warning."""

    @model_validator(mode="after")
    def _apart(self) -> States:
        if both := set(self.ok) & set(self.warning):
            raise ValueError(f"the state {min(both)} cannot be both ok and a warning; keep it in one list")
        return self


@settings
class SnmpSettings:
    """Settings of `snmp`."""

    oid: str
    """OID of the value, with its last number (.0 for a single value); with `rows`, OID of the column."""
    access: SnmpAccess = SnmpAccess()
    """How the agent lets itself be read."""
    family: Family = "any"
    """Which addresses of a name to use: any, ipv4 or ipv6."""
    name: str = "valeur"
    """What it is, in French, for the messages: `charge`, `température`."""
    unit: str = ""
    """Unit shown in the messages: `°C`, `min`."""
    rows: Flag = False
    """Read every row of the column."""
    labels: str = ""
    """Column that names the rows. Needs `rows`."""
    of: str = ""
    """OID, or column, of the greatest value: thresholds are then on the ratio, like 10 %."""
    scale: Annotated[float, Field(gt=0)] = 1.0
    """What the number is multiplied by: 0.1 for tenths."""
    ignore: tuple[int, ...] = ()
    """Numbers that mean "not known", neither measured nor judged."""
    above: Above[Number] | None = None
    """Thresholds that the number reaches from below."""
    below: Below[Number] | None = None
    """Thresholds that the number falls to."""
    states: States | None = None
    """What the numbers of an enumeration mean."""
    expect: re.Pattern[str] | None = None
    """Regular expression to be found in the text of the value."""
    hex: Flag = False
    """Read octets as hexadecimal digits rather than text: for bits."""

    @model_validator(mode="after")
    def _coherent(self) -> SnmpSettings:
        for oid in (self.oid, self.labels, self.of):
            if oid:
                read_oid(oid)
        if self.labels and not self.rows:
            raise ValueError("'labels' needs 'rows': a single value has no rows to name")
        if self.hex and self.numeric:
            raise ValueError("'hex' is for texts, keep it apart from thresholds, states and 'of'")
        return self

    @property
    def numeric(self) -> bool:
        """Whether the value has to be a number."""
        return bool(self.above or self.below or self.states or self.of)


class _Line(NamedTuple):
    """One value to judge."""

    label: str  # "" for a single value
    value: Value
    of: Value


async def check(target: Target, settings: SnmpSettings, run: Run) -> Result:
    """The value, or the rows, and what they are worth."""
    oid = read_oid(settings.oid)
    try:
        peer = await find_peer(target, settings.access, settings.family, run)
        walks = run.shared.use(Walks)
        if settings.rows:
            wanted = tuple(read_oid(text) for text in (settings.oid, settings.of, settings.labels) if text)
            table = await walks.table(peer, wanted, run, target.sonde)
            lines = _lines(table.rows, settings)
        else:
            oids = (oid, read_oid(settings.of)) if settings.of else (oid,)
            values = await walks.values(peer, oids, run.timeout_s)
            lines = [_Line("", values[0], values[-1])]
    except (NameFailureError, SnmpFailureError) as failure:
        return Result(failure.status, failure.message)
    verdict = Verdict(run)
    if not lines:
        verdict.find(Status.CRITICAL, f"{settings.name} : aucune ligne {say_oid(oid)} chez cet agent")
    if len(lines) > _MOST:
        verdict.find(Status.WARNING, f"{len(lines)} lignes, dont seules {_MOST} sont suivies")
    return _Judgement(settings, run, verdict).of(lines[:_MOST])


def _lines(rows: dict[Oid, tuple[Value, ...]], settings: SnmpSettings) -> list[_Line]:
    lines: dict[str, _Line] = {}
    for index, row in rows.items():
        if row[0] is None:
            continue
        label = excerpt(_text(row[-1], hexadecimal=False).strip("\0 "), _QUOTED) if settings.labels else ""
        if not label or label in lines:
            label = f"{label} {say_oid(index)}".strip()
        lines[label] = _Line(label, row[0], row[1] if settings.of else None)
    return list(lines.values())


class _Judgement:
    """Judges lines one by one, and tells of the worst."""

    def __init__(self, settings: SnmpSettings, run: Run, verdict: Verdict) -> None:
        self._settings = settings
        self._run = run
        self._verdict = verdict
        self._patience = Patience()
        self._good: list[tuple[float, str]] = []  # numbers that are well, and how they are told
        self._found: list[tuple[Status, str]] = []

    def of(self, lines: list[_Line]) -> Result:
        """The result of these lines."""
        for line in lines:
            result = self._line(line)
            if result.status is not Status.OK:
                self._found.append((result.status, result.message))
        # Known trouble first; what could not be judged counts only when nothing could.
        worst_first = [Status.CRITICAL, Status.WARNING, Status.UNKNOWN]
        self._found.sort(key=lambda finding: worst_first.index(finding[0]))
        if self._good:
            self._found = [finding for finding in self._found if finding[0] is not Status.UNKNOWN]
        for status, message in self._found[:_SAID]:
            self._verdict.find(status, message)
        if others := self._found[_SAID:]:
            self._verdict.find(others[0][0], f"et {len(others)} autres")
        return self._verdict.result(self._fine(len(lines)))

    def _line(self, line: _Line) -> Result:
        settings, own = self._settings, Verdict(self._run)
        what = f"{settings.name} {line.label}".strip()
        number = None if settings.hex else _as_number(line.value)
        if line.value is None:
            own.find(Status.CRITICAL, f"{what} : {settings.oid} absent chez cet agent")
        elif number is not None and number in settings.ignore:
            own.find(Status.UNKNOWN, f"{what} : non communiqué par l'équipement")
        elif number is None and settings.numeric:
            own.find(Status.CRITICAL, f"{what} : nombre attendu, reçu « {self._quote(line.value)} »")
        elif settings.of:
            self._ratio(number or 0.0, line, what, own)
        else:
            self._plain(number, line, what, own)
        return own.result("")

    def _ratio(self, number: float, line: _Line, what: str, own: Verdict) -> None:
        most = _as_number(line.of)
        if most is None or most <= 0 or number < 0:
            own.find(Status.UNKNOWN, f"{what} : non communiqué par l'équipement")
            return
        self._measure("ratio", number / most, line, what, own, say_ratio)

    def _plain(self, number: float | None, line: _Line, what: str, own: Verdict) -> None:
        settings = self._settings
        try:
            text = _text(line.value, hexadecimal=settings.hex)
            if settings.expect is not None and not self._patience.found(settings.expect, text):
                own.find(Status.CRITICAL, f"{what} inattendu : « {self._quote(line.value)} »")
        except SearchTooLongError as error:
            own.find(Status.UNKNOWN, f"{what} : {error.message}")
            return
        if number is None:
            self._good.append((0.0, f"{what} : {self._quote(line.value)}"))
            return
        if settings.states is not None and number not in settings.states.ok:
            status = Status.WARNING if number in settings.states.warning else Status.CRITICAL
            own.find(status, f"{what} : état {number:g}")
        self._measure("value", number * settings.scale, line, what, own, self._say)

    def _measure(self, name: str, value: float, line: _Line, what: str, own: Verdict, say: Any) -> None:
        labels = (("row", line.label),) if line.label else ()
        self._verdict.measurements.append(Measurement(name, value, labels))
        self._good.append((value, f"{what} : {say(value)}"))
        own.judge(self._settings.above, value, what, say)
        own.judge(self._settings.below, value, what, say)

    def _say(self, value: float) -> str:
        return f"{value:.6g} {self._settings.unit}".strip().replace(".", ",")

    def _quote(self, value: Value) -> str:
        return excerpt(_text(value, hexadecimal=self._settings.hex), _QUOTED)

    def _fine(self, count: int) -> str:
        if not self._good:
            return f"{self._settings.name} : rien à juger"
        lowest = min(self._good)[1] if self._settings.above is None else max(self._good)[1]
        return lowest if count == 1 else f"{count} lignes, {lowest}"


def _as_number(value: Value) -> float | None:
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        try:
            number = float(value.decode("ascii").strip("\0 "))
        except ValueError:  # an agent may write its numbers as text, or may not
            return None
        return number if math.isfinite(number) else None
    return None


def _text(value: Value, *, hexadecimal: bool) -> str:
    if isinstance(value, bytes):
        return value.hex() if hexadecimal else value.decode("utf-8", "replace")
    if isinstance(value, tuple):
        return say_oid(value)
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


PROBE = Probe(type="snmp", settings=SnmpSettings, check=check, measures=("value", "ratio"), on_timeout=Status.CRITICAL)
