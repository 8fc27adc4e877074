"""`dns`: ask one question of one resolver, and hold the answer against what is expected."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import time
from collections.abc import Iterable
from typing import Any, Literal, Self

from pydantic import model_validator

from probes import dns_wire
from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.dns_blocklist import judge_listing, listed_name
from probes.dns_exchange import NoAnswerError, Server, ask
from probes.dns_wire import RCODES, TYPES, Answer, Question, Record, WireError
from probes.excerpt import excerpt
from probes.http_settings import HostName
from probes.names import NameFailureError, Names, literal
from probes.pattern import Patience, SearchTooLongError
from probes.resolvers import SystemResolvers
from probes.settings import Flag, Seconds, settings
from probes.threshold import Above, Verdict
from probes.units import say_duration

_SHOWN = 120  # characters of the answers that a message shows
_KNOWN = 100_000  # questions remembered
_SHARE = 0.9  # of the run's time, split between our own resolvers: their silence is told before the deadline

RecordType = Literal["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"]


@settings
class DnsSettings:
    """Settings of `dns`."""

    name: str = ""
    """Name to ask for, accents allowed; the equipment's address when empty. For PTR, an IP address will do."""
    record: RecordType = "A"
    """Type of record."""
    resolver: str = ""
    """IP address of the resolver, with its port if it is not 53; those of /etc/resolv.conf when empty."""
    expect: tuple[str, ...] = ()
    """Answers that must all be there. For MX, SRV and SOA the host alone will do."""
    exactly: Flag = False
    """No other answer than those of `expect` is accepted."""
    regex: re.Pattern[str] | None = None
    """Regular expression that an answer must hold; of TXT only one, since SPF and DMARC are void when told twice."""
    authenticated: Flag = False
    """The resolver must say that it verified the answer (DNSSEC)."""
    blocklist: HostName | None = None
    """List of senders to look for the address in, like zen.spamhaus.org; being on it is critical."""
    response_time: Above[Seconds] | None = None
    """Thresholds on the time to the answer."""

    @property
    def needs_address(self) -> bool:
        """A name to ask for does without the equipment's address."""
        return not self.name

    @model_validator(mode="after")
    def _coherent(self) -> DnsSettings:
        if self.exactly and not self.expect:
            raise ValueError("'exactly' needs 'expect': the answers that are accepted")
        if self.blocklist is not None and (self.expect or self.regex or self.authenticated or self.record != "A"):
            raise ValueError("a blocklist is asked one thing; write it without record, expect, regex, authenticated")
        if self.resolver:
            Server.read(self.resolver)
        if self.name:
            _question(self.name, self.record)
        # Written once the way answers are read, so that a check only compares texts. The instance is frozen.
        object.__setattr__(self, "expect", tuple(_canonical(item, self.record) for item in self.expect))
        return self


class Prepared:
    """Questions as they are sent and servers as they are reached: worked out once, asked every minute."""

    def __init__(self) -> None:
        self._questions: dict[tuple[str, str], bytes] = {}
        self._servers: dict[str, Server] = {}

    @classmethod
    def open(cls) -> Self:
        """Nothing is known yet."""
        return cls()

    async def close(self) -> None:
        """Nothing is held."""

    def question(self, name: str, record: str) -> bytes:
        """The name as it is sent; WireError says in French why it cannot be."""
        question = self._questions.get((name, record))
        if question is None:
            if record != "PTR" and literal(name) is not None:
                raise WireError(f"aucun nom à demander : {name} est une adresse (réglage « name » absent)")
            try:
                question = _question(name, record)
            except WireError:
                raise WireError(f"ce n'est pas un nom de domaine : {excerpt(name)}") from None
            _make_room(self._questions)
            self._questions[name, record] = question
        return question

    def server(self, text: str) -> Server:
        """The resolver that the settings name."""
        server = self._servers.get(text)
        if server is None:
            _make_room(self._servers)
            server = self._servers[text] = Server.read(text)
        return server


def _make_room(known: dict[Any, Any]) -> None:
    # Years of reloads leave names that nobody asks for any more.
    if len(known) >= _KNOWN:
        known.clear()


async def check(target: Target, settings: DnsSettings, run: Run) -> Result:
    """One question, its answer, and what they are worth."""
    name = settings.name or target.address
    if settings.blocklist is not None:
        return await _look_in(settings.blocklist, name, settings, run)
    prepared = run.shared.use(Prepared)
    try:
        question = prepared.question(name, settings.record)
    except WireError as error:
        return Result(Status.UNKNOWN, str(error))
    started_s = time.perf_counter()
    asked = Question(question, TYPES[settings.record], settings.authenticated)
    try:
        answer = await _ask(asked, settings, run)
    except NoAnswerError as error:
        return Result(error.status, error.message)
    return _judge(answer, name, settings, time.perf_counter() - started_s, Verdict(run))


async def _look_in(zone: str, name: str, settings: DnsSettings, run: Run) -> Result:
    """Is the address on a list? Whatever goes wrong on the way to the list says nothing of it."""
    verdict = Verdict(run)
    started_s = time.perf_counter()
    try:
        async with asyncio.timeout(run.timeout_s * _SHARE):
            host = (await run.shared.use(Names).find(name, "any", run.timeout_s))[0].host
            question = run.shared.use(Prepared).question(listed_name(host, zone), "A")
            answer = await _ask(Question(question, TYPES["A"]), settings, run)
    except TimeoutError:
        return Result(Status.UNKNOWN, f"pas de réponse sur la liste {zone} ({run.stage})")
    except (NameFailureError, NoAnswerError) as failure:
        return Result(Status.UNKNOWN, failure.message)
    except WireError as error:  # the list's name is long, and an address of IPv6 before it too much
        return Result(Status.UNKNOWN, str(error))
    response_s = time.perf_counter() - started_s
    said = judge_listing(answer, host, zone, verdict)
    verdict.measurements.append(Measurement("response_seconds", response_s))
    verdict.judge(settings.response_time, response_s, "délai de réponse", say_duration)
    return verdict.result(said)


async def _ask(question: Question, settings: DnsSettings, run: Run) -> Answer:
    if settings.resolver:
        return await ask(run.shared.use(Prepared).server(settings.resolver), question, run, run.timeout_s)
    return await _ask_ours(question, run)


async def _ask_ours(question: Question, run: Run) -> Answer:
    """The first of the machine's own resolvers that answers. When none does, that says nothing of the target."""
    addresses = await run.shared.use(SystemResolvers).addresses()
    share_s = run.timeout_s * _SHARE / len(addresses)
    for address in addresses:
        try:
            async with asyncio.timeout(share_s):
                return await ask(Server(address), question, run, share_s)
        except TimeoutError:
            run.note(f"resolver {address.host}: no answer in {share_s:.1f} s")
        except NoAnswerError as error:
            run.note(f"resolver {address.host}: {error.message}")
    raise NoAnswerError(Status.UNKNOWN, "aucun résolveur du superviseur ne répond")


def _judge(answer: Answer, name: str, settings: DnsSettings, response_s: float, verdict: Verdict) -> Result:
    records = [record for record in answer.records if record.type == TYPES[settings.record]]
    verdict.measurements += (Measurement("response_seconds", response_s), Measurement("answers_count", len(records)))
    if records:
        verdict.measurements.append(Measurement("ttl_seconds", min(record.ttl for record in records)))
    verdict.judge(settings.response_time, response_s, "délai de réponse", say_duration)
    what = f"{settings.record} de {excerpt(name)}"
    if answer.rcode:
        verdict.find(Status.CRITICAL, _refusal(answer.rcode, name))
    elif not records:
        verdict.find(Status.CRITICAL, f"aucun enregistrement {what}")
    else:
        _compare(records, settings, what, verdict)
        if settings.regex is not None:
            _search(records, settings.regex, what, verdict)
        if settings.authenticated and not answer.authentic:
            verdict.find(Status.CRITICAL, f"{what} : réponse non authentifiée par le résolveur (DNSSEC)")
    return verdict.result(f"{what} : {_list(record.text for record in records)}")


def _compare(records: list[Record], settings: DnsSettings, what: str, verdict: Verdict) -> None:
    seen = {text for record in records for text in (record.text, record.host) if text}
    missing = [text for text in settings.expect if text not in seen]
    if missing:
        verdict.find(
            Status.CRITICAL, f"{what} : {_list(missing)} absent (reçu {_list(record.text for record in records)})"
        )
    if settings.exactly:
        others = [r.text for r in records if r.text not in settings.expect and r.host not in settings.expect]
        if others:
            verdict.find(Status.CRITICAL, f"{what} : {_list(others)} en trop")


def _search(records: list[Record], regex: re.Pattern[str], what: str, verdict: Verdict) -> None:
    patience = Patience()
    try:
        holding = sum(patience.found(regex, record.text) for record in records)
    except SearchTooLongError as error:
        verdict.find(Status.UNKNOWN, f"{what} : {error.message}")
        return
    said = f"« {excerpt(regex.pattern)} »"
    if not holding:
        received = _list(record.text for record in records)
        verdict.find(Status.CRITICAL, f"{what} : motif {said} absent (reçu {received})")
    elif holding > 1 and records[0].type == TYPES["TXT"]:
        verdict.find(Status.CRITICAL, f"{what} : motif {said} présent dans {holding} réponses au lieu d'une")


def _refusal(rcode: int, name: str) -> str:
    code = RCODES.get(rcode, str(rcode))
    if code == "NXDOMAIN":
        return f"nom inconnu du DNS : {excerpt(name)}"
    if code == "REFUSED":
        return "question refusée par le résolveur (REFUSED)"
    return f"le résolveur n'a pas pu répondre ({code})"


def _list(texts: Iterable[str]) -> str:
    return excerpt(", ".join(sorted(texts)), _SHOWN)


def _question(name: str, record: str) -> bytes:
    if record == "PTR" and literal(name) is not None:
        name = ipaddress.ip_address(name).reverse_pointer
    return dns_wire.encode_name(name)


def _canonical(item: str, record: str) -> str:
    """An expected answer in the words of `dns_wire.Record`."""
    if record in ("TXT", "CAA"):
        return item
    if record in ("A", "AAAA"):
        address = literal(item)
        if address is None or (":" in item) != (record == "AAAA"):
            raise ValueError(f"'{item}' is not the address of a record of type {record}")
        return address.host
    return " ".join(dns_wire.canonical(word) for word in item.split())


PROBE = Probe(
    type="dns",
    settings=DnsSettings,
    check=check,
    measures=("response_seconds", "answers_count", "ttl_seconds"),
    on_timeout=Status.CRITICAL,
)
