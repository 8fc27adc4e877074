"""A brute-force oracle of SPEC section 3, "From results to states": one cell a second, batch, final view.

It was written from the text of the SPEC alone, without reading the state machine it is there to check.
Parents are painted before their children, canaries before everybody: a result is judged against the *final*
seconds of its ancestors and of the canaries, which is what "over the ancestor's dated interval" means.

Ambiguities met in SPEC 3, and the choice made here (A to T):

A. "While an ancestor is critical": the second t itself is looked at, [start, end): a result at the second the
   ancestor's critical starts is unreachable, one at the second it ends counts. With hindsight: what a child
   confirmed live between the ancestor's first bad result and its confirmation is not a confirmation any more.
B. An ancestor critical, then in a gap or holding an `unknown` result, is not critical there, although its
   incident is still open: results below it count again in that hole.
C. "Results below it count as unknown" means every result of a descendant, `ok` included (it gives no recovery
   and no first state), and it is the *result* that is changed, not the second: what a child's earlier result
   holds goes on holding after its parent fell, and an unreachable result goes on holding after it rose.
D. Same reading for isolation: "everything becomes unknown" is applied to the results that arrive meanwhile.
E. Several causes for one result: isolated, then unreachable, then "check failed" (an `unknown` result that
   arrives below a critical ancestor is "unreachable").
F. No canary at all: never isolated. A canary in a gap or unknown is not failing: not isolated.
G. A canary has no ancestors even if it names a parent, and the chain of a sonde below it stops at it; the
   sondes below it are unreachable while it is critical, as with any other ancestor.
H. Results that count as unknown (unreachable, isolated) are `unknown` results in every other clause: they
   hold [t, t + stale_after), bridge what would have been a gap, neither advance nor break a count, are never
   repainted, and are "the sonde's last one" for the skipping rule.
I. A count not broken by unknowns may be finished long after it began (a whole outage of the parent between
   its first result and its second): it is still dated from its first result, the unknown time being left out.
J. Results of one sonde at one instant: the first in the file wins, the others are skipped and have no effect.
K. "The two counts are separate": a `critical` result advances both; enough of them confirm `warning` and
   `critical` at one instant. Both are returned by confirmations(), warning first.
L. A confirmed level survives a gap: a result at least that, after the gap, is no new confirmation, shows the
   level from its own instant on, and nothing is dated back into the gap, which stays "no data".
M. A gap starts when stale_after is over *and* the next result is later than that very second, t > last +
   stale. The gap after an `unknown` result is a gap like another ("no data", counts not confirmed start
   again).
N. "Until confirmation the sonde keeps its previous state": after a gap or an `unknown` result, an unconfirmed
   bad result shows the level kept from before (`ok` e.g.), not unknown.
O. "Until the first result below it": after critical, a `warning` result leaves `warning`, since the warning
   count is already confirmed (every critical result advanced it) and it is not a new confirmation.
P. A first `ok` is not dated back: "unconfirmed" time before it stays unknown. A confirmation repaints it,
   from the first result of its count only (time unconfirmed before a gap stays unknown, "unconfirmed").
Q. A gap of a sonde that never had a state is "no data", as is the time before its first result.
R. Dating critical back repaints confirmed `warning` time too, since critical counts from its own first.
S. horizon only cuts what is returned: lines at or after it are still replayed (they may date back before it).
T. Out of reach of the interface: `when_unreachable: down`, flapping, maintenance, re-checks (they are only more
   results), when an alert leaves live (here only the final view exists).
U. A line "removed" ends the sonde's life: nothing that it held goes beyond, and its next result, at that very second
   at the earliest, begins a new one, with no state and no count. Whoever calls leaves out the results that come while
   the sonde is absent. Every life of an ancestor hides what is below it, in every life of that; a life that is over is
   judged like another.
"""

from dataclasses import dataclass

NO_DATA = ("unknown", "no data")
CHECK_FAILED = ("unknown", "check failed")
UNREACHABLE = ("unknown", "unreachable")
ISOLATED = ("unknown", "supervisor isolated")
UNCONFIRMED = ("unknown", "unconfirmed")
HELD_BY_AN_UNKNOWN_RESULT = (CHECK_FAILED, UNREACHABLE, ISOLATED)

RANK = {"ok": 0, "warning": 1, "critical": 2}

Cell = tuple[str, str]
Confirmation = tuple[str, str, int, int]


@dataclass(frozen=True)
class SondeSpec:
    id: str
    attempts: int
    stale_after: int
    parent: str | None


@dataclass(frozen=True)
class Line:
    t: int
    sonde: str
    status: str  # ok | warning | critical | unknown | removed


def timelines(
    sondes: list[SondeSpec], lines: list[Line], horizon: int, canaries: tuple[str, ...] = ()
) -> dict[str, list[Cell]]:
    """For every sonde, one (status, cause) per second from 0 to horizon-1."""
    painted, _ = _replay(sondes, lines, horizon, canaries)
    return {spec.id: painted[spec.id][:horizon] for spec in sondes}


def confirmations(
    sondes: list[SondeSpec], lines: list[Line], horizon: int, canaries: tuple[str, ...] = ()
) -> list[Confirmation]:
    """Every confirmation (sonde, level 'warning'|'critical', dated first instant, confirming instant).

    Final view, ordered by confirming instant, then sonde, then warning before critical.
    """
    _, confirmed = _replay(sondes, lines, horizon, canaries)
    return sorted(confirmed, key=lambda c: (c[3], c[0], RANK[c[1]]))


def _replay(
    sondes: list[SondeSpec], lines: list[Line], horizon: int, canaries: tuple[str, ...]
) -> tuple[dict[str, list[Cell]], list[Confirmation]]:
    _refuse_nonsense(sondes, lines, canaries)
    specs = {spec.id: spec for spec in sondes}
    # Long enough for every line and all that it holds; timelines() cuts it at the horizon (ambiguity S).
    length = max([horizon, *(line.t + specs[line.sonde].stale_after for line in lines)])
    painted: dict[str, list[Cell]] = {}
    confirmed: list[Confirmation] = []

    # Topological order: the canaries first, then whoever has all its ancestors painted.
    chain = {spec.id: _ancestors(spec.id, specs, canaries) for spec in sondes}
    waiting = sorted(specs, key=lambda sonde: (sonde not in canaries, len(chain[sonde])))
    for sonde in waiting:
        painted[sonde] = [NO_DATA] * length
        for start, end, of_this_life in _lives([line for line in lines if line.sonde == sonde], length):
            results = [(line.t, _what_it_counts_as(line, chain[sonde], canaries, painted)) for line in of_this_life]
            cells, confirmations_of_it = _paint(specs[sonde], results, length)
            painted[sonde][start:end] = cells[start:end]
            confirmed += confirmations_of_it
    return painted, confirmed


def _lives(lines: list[Line], length: int) -> list[tuple[int, int, list[Line]]]:
    """The lives of one sonde: the first second of each, the one after its last, and its results."""
    lives: list[tuple[int, int, list[Line]]] = []
    results: list[Line] = []
    start = 0
    for line in lines:
        if line.status == "removed":
            lives.append((start, line.t, results))
            results, start = [], line.t
        # "A result at or before its sonde's last one is skipped."
        elif not results or line.t > results[-1].t:
            results.append(line)
    return [*lives, (start, length, results)]


def _what_it_counts_as(
    line: Line, ancestors: list[str], canaries: tuple[str, ...], painted: dict[str, list[Cell]]
) -> Cell:
    """The (status, cause) that the result is worth once the canaries and its ancestors were looked at."""
    # "If the supervisor's own reference targets (canaries) all fail, it is Vigie that is cut off: everything
    # becomes `unknown`, cause "supervisor isolated"."
    if canaries and line.sonde not in canaries:
        failing = [canary for canary in canaries if painted[canary][line.t][0] == "critical"]
        if len(failing) == len(canaries):
            return ISOLATED
    # "While an ancestor is `critical` (over the ancestor's *dated* interval), results below it count as
    # `unknown`, cause "unreachable"."
    for ancestor in ancestors:
        if painted[ancestor][line.t][0] == "critical":
            return UNREACHABLE
    if line.status == "unknown":
        return CHECK_FAILED
    return (line.status, "")


def _paint(spec: SondeSpec, results: list[tuple[int, Cell]], length: int) -> tuple[list[Cell], list[Confirmation]]:
    cells = [NO_DATA] * length
    confirmed: list[Confirmation] = []
    state = UNCONFIRMED  # "A sonde that never had a state is `unknown` until an `ok` or a confirmation ..."
    # "The two counts are separate": for each level, the instants of the consecutive results at least that.
    count: dict[str, list[int]] = {"warning": [], "critical": []}
    last: int | None = None

    for t, (status, cause) in results:
        # The SPEC: "After that comes a *gap*: ... counts not yet confirmed start again, the level itself is
        # kept"; "a next result at exactly the end leaves no gap".
        if last is not None and t > last + spec.stale_after:
            for level in count:
                if len(count[level]) < spec.attempts:
                    count[level] = []
        last = t

        # "An `unknown` result makes the sonde unknown until its next result and neither advances nor breaks
        # a count."
        if status == "unknown":
            _hold(cells, t, spec, (status, cause))
            continue

        # Lowest first: when both are confirmed at once, critical is painted over warning.
        for level in ("warning", "critical"):
            # "... until the first result below it"; "recovery is immediate".
            if RANK[status] < RANK[level]:
                count[level] = []
                continue
            count[level].append(t)
            # "At least `warning` (resp. `critical`) once `attempts` consecutive results were at least that,
            # counted from the *first* of them."
            if len(count[level]) == spec.attempts:
                first = count[level][0]
                confirmed.append((spec.id, level, first, t))
                _date_back(cells, first, t, level)

        # "Until confirmation the sonde keeps its previous state."
        state = _state(spec, status, count, state)
        _hold(cells, t, spec, state)
    return cells, confirmed


def _state(spec: SondeSpec, status: str, count: dict[str, list[int]], previous: Cell) -> Cell:
    if len(count["critical"]) >= spec.attempts:
        return ("critical", "")
    if len(count["warning"]) >= spec.attempts:
        return ("warning", "")
    if status == "ok":
        return ("ok", "")
    # No count is confirmed and the result is bad: what came before was `ok`, or no state at all.
    assert previous in (("ok", ""), UNCONFIRMED), previous
    return previous


def _hold(cells: list[Cell], t: int, spec: SondeSpec, cell: Cell) -> None:
    """ "A result, `unknown` included, holds on [t, t + stale_after)."

    The sonde's next result paints over the rest ("holds until the sonde's next result"): it holds as long.
    """
    for second in range(t, t + spec.stale_after):
        cells[second] = cell


def _date_back(cells: list[Cell], first: int, confirming: int, level: str) -> None:
    """ "Dating back never repaints time that an `unknown` result held." """
    for second in range(first, confirming):
        assert cells[second] != NO_DATA, "a gap would have reset the count"
        if cells[second] not in HELD_BY_AN_UNKNOWN_RESULT:
            cells[second] = (level, "")


def _ancestors(sonde: str, specs: dict[str, SondeSpec], canaries: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    while sonde not in canaries:  # a canary has no ancestors (ambiguity G)
        parent = specs[sonde].parent
        if parent is None:
            break
        if parent in found:
            raise ValueError(f"{parent} is its own ancestor")
        found.append(parent)
        sonde = parent
    return found


def _refuse_nonsense(sondes: list[SondeSpec], lines: list[Line], canaries: tuple[str, ...]) -> None:
    ids = [spec.id for spec in sondes]
    named = [*(line.sonde for line in lines), *(s.parent for s in sondes if s.parent is not None), *canaries]
    if len(set(ids)) < len(ids) or not set(named) <= set(ids):
        raise ValueError("a sonde given twice, or one that is named and not given")
    if any(spec.attempts < 1 or spec.stale_after < 1 for spec in sondes):
        raise ValueError("attempts and stale_after are at least 1")
    if any(line.status not in (*RANK, "unknown", "removed") or line.t < 0 for line in lines):
        raise ValueError("a bad status or instant")
    # The SPEC, section 11: "A file with one bad line (..., out of order, ...) is refused whole".
    if [line.t for line in lines] != sorted(line.t for line in lines):
        raise ValueError("lines out of order")
