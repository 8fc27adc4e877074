"""`python -m bench.availability`: what a year's availability costs, service by service, beside counting seconds.

The services are made and measured one after the other, as a report does, so the memory is that of one service (and
the peer's 32 MiB of bytes). Only `runs` and `measure` are timed, in CPU time of this process: neither reading the
intervals from the database, nor making the opening time of a calendar, which all services of a calendar share.

The peer is the plain way to the same figures: a byte for every second of the year, painted piece by piece, then
counted within the opening time. It is honest (painting and counting are memset and memchr, no loop in Python), must
give the very same figures, and is run on a sample of the services because it takes minutes for all of them.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import click

from bench.processes import BenchError
from probes.base import Status
from supervisor.domain.availability import Figures, measure
from supervisor.domain.interval import Spans, normalise
from supervisor.domain.rule import Member, Piece, Rule, Truth, runs

_DAY_S = 86_400
_START = 1_767_225_600  # 2026-01-01T00:00:00Z, a Thursday
_END = _START + 365 * _DAY_S
_EXCLUDE = ("force_majeure", "collectivite")
_RULES = (Rule.ALL, Rule.ALL, Rule.ANY, Rule.at_least(2))
_ALWAYS = [(_START, _END)]
_OFFICE = [
    (_START + day * _DAY_S + 9 * 3600, _START + day * _DAY_S + 17 * 3600 + 1800)
    for day in range(365)
    if (3 + day) % 7 < 5
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """One of the services of the bench."""

    opening: Spans
    rule: Rule
    members: Sequence[Member]
    windows: Mapping[str, Spans]


def services(count: int, intervals: int) -> Iterator[Service]:
    """So many services, with so many intervals between them; the same ones every time."""
    chance = random.Random(1)
    for number in range(count):
        sondes = 1 + number % 3
        pieces = (number + 1) * intervals // count - number * intervals // count
        shares = [pieces // sondes + (rank < pieces % sondes) for rank in range(sondes)]
        windows: dict[str, Spans] = {"maintenance": _windows(chance, 6)} if number % 2 else {}
        if number % 4 == 0:
            windows["force_majeure"] = _windows(chance, 2)
        yield Service(
            opening=_OFFICE if number % 5 else _ALWAYS,
            rule=_RULES[number % len(_RULES)],
            members=[_member(chance, f"commune/{number}/{rank}", share) for rank, share in enumerate(shares)],
            windows=windows,
        )


def _member(chance: random.Random, name: str, pieces: int) -> Member:
    """A year of ok, cut by outages, warnings and unknowns of minutes to a day, and a gap here and there."""
    edges = sorted(chance.sample(range(_START, _END), pieces // 2))
    shown = [Piece(_START, edges[0] if edges else _END, Status.OK)] if pieces % 2 else []
    for since, until in pairwise([*edges, _END]):
        trouble = min(until, since + chance.randint(60, _DAY_S))
        status = chance.choice((Status.CRITICAL, Status.CRITICAL, Status.WARNING, Status.UNKNOWN))
        shown.append(Piece(since, trouble, status, "check failed" if status is Status.UNKNOWN else ""))
        if trouble + 150 < until:
            shown.append(Piece(trouble + chance.choice((0, 0, 150)), until, Status.OK))
    return Member(sonde=name, spans=[(_START + chance.randrange(30 * _DAY_S), _END)], pieces=shown)


def _windows(chance: random.Random, count: int) -> Spans:
    starts = [chance.randrange(_START, _END - _DAY_S) for _ in range(count)]
    return normalise((start, start + chance.randint(600, 14_400)) for start in starts)


def ours(service: Service) -> Figures:
    """What is measured."""
    found = runs(service.rule, service.members, _START, _END, unreachable_is_down=False)
    return measure(service.opening, found, service.windows, _EXCLUDE)


def peer(service: Service) -> tuple[int, int, int, int]:
    """(open, excluded, down, unknown) seconds by one byte a second. It takes the truths from `runs`: the rule, which
    would be the dearest of all to count second by second, is given to it for nothing."""
    cells = bytearray(_END - _START)  # 0: unknown
    for start, end, truth in runs(service.rule, service.members, _START, _END, unreachable_is_down=False):
        if truth is not Truth.UNKNOWN:
            cells[start - _START : end - _START] = (b"\1" if truth is Truth.UP else b"\2") * (end - start)
    for kind in _EXCLUDE:
        for start, end in service.windows.get(kind, ()):
            cells[start - _START : end - _START] = b"\3" * (end - start)
    counts = [0, 0, 0, 0]
    for start, end in service.opening:
        for value in range(4):
            counts[value] += cells.count(value, start - _START, end - _START)
    return sum(counts), counts[3], counts[2], counts[0]


@click.command()
@click.option("--services", "count", default=10_000, show_default=True)
@click.option("--intervals", default=100_000, show_default=True, help="Of all services together.")
@click.option("--sample", default=100, show_default=True, help="Services that the peer counts.")
def main(count: int, intervals: int, sample: int) -> None:
    """One year of many services: CPU per service, beside a byte a second."""
    mine = theirs = 0.0
    every = max(1, count // sample)
    sampled = made = 0
    for number, service in enumerate(services(count, intervals)):
        made += sum(len(member.pieces) for member in service.members)
        started = time.process_time()
        figures = ours(service)
        mine += time.process_time() - started
        if number % every == 0:
            sampled += 1
            started = time.process_time()
            counted = peer(service)
            theirs += time.process_time() - started
            if counted != (figures.open_s, figures.excluded_s, figures.down_s, figures.unknown_s):
                raise BenchError(f"service {number}: {figures} but {counted} by counting")
    click.echo("| one year of | intervals | CPU s | CPU µs a service | a byte a second | ratio | peak RSS MiB |")
    click.echo("| --- | --- | --- | --- | --- | --- | --- |")
    own_us, their_us = mine / count * 1e6, theirs / sampled * 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    click.echo(
        f"| {count:,} services | {made:,} | **{mine:.2f}** | **{own_us:.0f}** | {their_us:,.0f} µs "
        f"| {their_us / own_us:,.0f}× | {peak:.0f} |"
    )


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"bench: {error}")
