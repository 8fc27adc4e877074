"""What a picture's numbers say: one of the seven states, or that nothing can be said.

The order matters: a black or burnt picture has no structure to judge; a covered one may be still; a still one shows nothing of
now. Then what blur leaves (the cells' grey levels, and edges in the same places) and what a turned camera leaves (nothing).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from probes.base import Status
from probes.camera.comparing import Comparison, compare, shape_of, sharpness, stillness
from probes.camera.features import INNER, Features
from probes.camera.reference import Reference


class State(StrEnum):
    """What the picture shows. The strings are stored and read by people."""

    CLEAR = "nette"
    BLURRED = "floutée"
    COVERED = "masquée"
    BLACK = "noire"
    BURNT = "surexposée"
    FROZEN = "figée"
    MOVED = "déplacée"
    UNKNOWN = "non évaluable"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What the analysis of one picture found."""

    state: State  # the best guess
    status: Status
    reason: str  # in French, one line
    scores: tuple[tuple[str, float], ...] = ()  # what it was judged by, for measurements


class Evidence(NamedTuple):
    """All that a picture is judged by."""

    features: Features
    signal: int  # cells that show structure, overlays left out
    level: float  # sharpness; NaN if there is nothing to tell it from
    still: float  # see `stillness`; infinite if there is no picture before
    stir: float  # how much changes at least between two pictures of this camera
    known: tuple[Comparison, ...]  # with each regime, in their order
    trail: Comparison | None  # with the trail, good or not
    trail_good: bool

    @property
    def best(self) -> Comparison | None:
        """The regime that resembles most."""
        return max(self.known, key=lambda one: one.same, default=None)


class Verdict(NamedTuple):
    """State, status and reason, before they are told."""

    state: State
    status: Status
    reason: str


_FEW_CELLS = 12
_SOME_CELLS = 30
_SAME, _OTHER = 0.5, 0.35  # correlation of structure: above, the same view; below, another
_LIVE = 1.0  # stillness under which nothing changed
_BLURRED_ALONE, _DOUBTFUL_ALONE = -2.1, -1.95  # sharpness without anything to compare with
_CLEARLY_BLUNT, _BLUNT = 0.75, 0.45  # loss of sharpness


def gather(features: Features, reference: Reference, at: float) -> Evidence:
    """The evidence of one picture, given what is known of its camera."""
    shape = shape_of(features.energy, features.lean_x, features.lean_y, 2.0 + features.noise / 2)
    previous = reference.previous
    trail = reference.trail
    later = previous is not None and at > previous.at
    return Evidence(
        features=features,
        signal=int((features.sure_x | features.sure_y)[INNER].sum()),
        level=sharpness(features),
        still=stillness(features, previous) if previous is not None and later else math.inf,
        stir=previous.stir if previous is not None else math.inf,
        known=tuple(compare(features, shape, one) for one in reference.regimes),
        trail=None if trail is None else compare(features, shape, trail.view),
        trail_good=trail is not None and trail.good,
    )


def decide(seen: Evidence) -> Verdict:
    """The first of these that holds; each says why."""
    for rule in (_light, _cover, _freeze, _flat, _blur, _move):
        verdict = rule(seen)
        if verdict is not None:
            return verdict
    return Verdict(State.CLEAR, Status.OK, "l’image est nette")


def finding(verdict: Verdict, seen: Evidence) -> Finding:
    """The verdict with the numbers behind it."""
    scores = [("sharpness", seen.level), ("noise", math.sqrt(max(seen.features.noise, 0.0)))]
    if (best := seen.best) is not None:
        scores += [("structure_correlation", best.same), ("lost_ratio", best.lost)]
    told = tuple((name, round(value, 4)) for name, value in scores if math.isfinite(value))
    return Finding(state=verdict.state, status=verdict.status, reason=verdict.reason, scores=told)


def _light(seen: Evidence) -> Verdict | None:
    features = seen.features
    if features.dark >= 0.97 and (features.peak < 45 or seen.signal <= 3):
        return Verdict(State.BLACK, Status.CRITICAL, f"{features.dark:.0%} de l’image est noire")
    burnt = features.bright >= 0.6 and seen.signal < 110
    if burnt or (features.bright >= 0.4 and seen.known and min(one.lost for one in seen.known) >= 0.3):
        return Verdict(State.BURNT, Status.CRITICAL, f"{features.bright:.0%} de l’image est saturée")
    return None


def _cover(seen: Evidence) -> Verdict | None:
    if (best := seen.best) is None:
        return None
    told = [one for one in seen.known if one.strong >= _FEW_CELLS]
    if not told:
        return None
    if seen.signal < _FEW_CELLS or max(one.kept for one in told) < _FEW_CELLS:
        lost = min(one.lost for one in told)
    else:
        lost = best.lost
        if best.strong < _FEW_CELLS or (best.match < _OTHER and seen.signal >= _SOME_CELLS):
            return None  # what is seen is something else
        if best.blunt >= 0.6 and best.likeness >= 0.5:
            return None  # what is left is blurred, and where it was
    if lost < 0.3:
        return None
    if best.faded >= 0.35:
        return None  # contrast falls everywhere, more with distance: fog
    reason = f"{lost:.0%} de la scène connue a disparu derrière une surface unie"
    return Verdict(State.COVERED, Status.CRITICAL, reason)


def _freeze(seen: Evidence) -> Verdict | None:
    limit = min(_LIVE, 0.6 * seen.stir)
    if seen.still >= limit:
        return None
    return Verdict(State.FROZEN, Status.CRITICAL, "rien n’a changé depuis l’image précédente, pas même le bruit")


def _flat(seen: Evidence) -> Verdict | None:
    if seen.signal >= _FEW_CELLS:
        return None
    return Verdict(State.UNKNOWN, Status.UNKNOWN, "trop peu de détails pour juger de l’image")


def _blur(seen: Evidence) -> Verdict | None:
    best = seen.best
    if math.isnan(seen.level):
        return None
    if best is None:
        return _blurred_alone(seen.level)
    if math.isnan(best.blunt):
        return None
    reason = f"netteté {seen.level:.2f}, {best.blunt:.2f} de moins que d’habitude"
    if (best.blunt >= _CLEARLY_BLUNT and seen.level <= -1.7) or (best.blunt >= _BLUNT and seen.level <= -2.1):
        return Verdict(State.BLURRED, Status.CRITICAL, reason)
    if best.blunt >= _BLUNT and seen.level <= -1.7:
        return Verdict(State.CLEAR, Status.WARNING, reason)
    return None


def _blurred_alone(level: float) -> Verdict | None:
    if level <= _BLURRED_ALONE:
        return Verdict(State.BLURRED, Status.CRITICAL, f"netteté {level:.2f} : aucun contour n’est net")
    if level <= _DOUBTFUL_ALONE:
        return Verdict(State.CLEAR, Status.WARNING, f"netteté {level:.2f} : faible, sans habitude à quoi la comparer")
    return None


def _move(seen: Evidence) -> Verdict | None:
    if (best := seen.best) is None or best.same >= _SAME:
        return None
    if seen.trail_good and seen.trail is not None and seen.trail.same >= 0.6:
        return None
    same = f"structure commune avec la scène connue : {best.same:.2f}"
    relit = all(one.relit >= 0.8 for one in seen.known)
    if best.same >= _OTHER or relit or seen.signal < _SOME_CELLS:
        return Verdict(State.CLEAR, Status.WARNING, f"{same}, trop peu pour être sûr du cadrage")
    return Verdict(State.MOVED, Status.CRITICAL, same)
