"""What a picture's numbers say: one of the seven states, or that nothing can be said.

The order matters: a black or burnt picture has no structure to judge; a covered one may be still; a still one shows
nothing of now. Then what blur leaves (the cells' grey levels, and edges in the same places) and what a turned camera
leaves (nothing).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from probes.base import Status
from probes.camera.comparing import Comparison, compare, sharpness, stillness, view_of
from probes.camera.decoding import CELLS_X, CELLS_Y
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
    unsteady: bool  # the camera changes its compression by itself, so that quiet pictures look encoded again
    known: tuple[Comparison, ...]  # with each regime, in their order
    trail: Comparison | None  # with the trail, good or not
    trail_good: bool

    @property
    def best(self) -> Comparison | None:
        """The regime that resembles most."""
        return max(self.known, key=lambda one: one.nearness, default=None)


class Verdict(NamedTuple):
    """State, status and reason, before they are told."""

    state: State
    status: Status
    reason: str


_INNER_CELLS = (CELLS_Y - 4) * CELLS_X  # the rows of overlays left out
_FEW_CELLS = 12
_SOME_CELLS = 30
_SAME, _OTHER = 0.6, 0.38  # correlation of structure: above, the same view; below, another
_ECHO, _ECHO_UNVEILED = 0.4, 0.55  # how far what is gone still shows: below, it is hidden; in fog, in clear air
# Part of the scene that is gone, and how much better what is still seen fits than the whole: each makes up for the
# other.
_COVERS = ((0.28, -1.0), (0.18, 0.05), (0.12, 0.09), (0.06, 0.15))
_PLAIN = 110  # cells with structure under which a scene is too plain to tell a cover or a move from weather
_CUT_GAP = 0.13
_LIVE, _LIVE_UNSTEADY = 1.0, 0.57  # stillness under which nothing changed
_UNSTEADY = 0.4
_BLURRED_ALONE, _DOUBTFUL_ALONE = -1.87, -1.72  # sharpness without anything to compare with
# Loss of sharpness, and the sharpness it leads to.
_CLEARLY_BLUNT = ((0.28, -1.85), (0.5, -1.75))
_BLUNT = 0.28
_VEILED = 0.45  # contrast between large shades that blur leaves and fog does not
_SOFT = 0.35  # part of what is seen that has lost its edges


def gather(features: Features, reference: Reference, at: float) -> Evidence:
    """The evidence of one picture, given what is known of its camera."""
    view = view_of(features)
    previous = reference.previous
    trail = reference.trail
    later = previous is not None and at > previous.at
    return Evidence(
        features=features,
        signal=int((features.sure_x | features.sure_y)[INNER].sum()),
        level=sharpness(features),
        still=stillness(features, previous) if previous is not None and later else math.inf,
        stir=previous.stir if previous is not None else math.inf,
        unsteady=previous is not None and previous.unsteady >= _UNSTEADY and previous.tables != features.tables,
        known=tuple(compare(features, view, one) for one in reference.regimes),
        trail=None if trail is None else compare(features, view, trail.view),
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
        scores += [("structure_correlation", best.same), ("lost_ratio", best.gone)]
    told = tuple((name, round(value, 4)) for name, value in scores if math.isfinite(value))
    return Finding(state=verdict.state, status=verdict.status, reason=verdict.reason, scores=told)


def _light(seen: Evidence) -> Verdict | None:
    features = seen.features
    if features.dark >= 0.97 and (features.peak < 45 or seen.signal <= 3):
        return Verdict(State.BLACK, Status.CRITICAL, f"{features.dark:.0%} de l’image est noire")
    burnt = features.bright >= 0.6 and seen.signal < 110
    if seen.known:
        brighter = features.mean.mean() >= 180 and min(one.relit for one in seen.known) >= 0.6
        missing = min(one.gone for one in seen.known)
        burnt |= brighter and missing >= 0.15 and features.bright >= 0.25
        burnt |= missing >= 0.3 and features.bright >= 0.4
    if not burnt:
        return None
    return Verdict(State.BURNT, Status.CRITICAL, f"{features.bright:.0%} de l’image est saturée")


def _cover(seen: Evidence) -> Verdict | None:
    told = [one for one in seen.known if one.strong >= _FEW_CELLS]
    best = max(told, key=lambda one: one.nearness, default=None)
    if best is None or not (_hidden(best, seen.signal) or _cut_off(best)):
        return None
    if best.relit >= 0.6 and best.relit > best.gone + 0.3 and best.same >= _OTHER and not _cut_off(best):
        return Verdict(State.CLEAR, Status.WARNING, f"{best.gone:.0%} de la scène invisible dans une lumière nouvelle")
    if best.strong < _PLAIN and best.gone < 0.5:
        return _too_plain()
    reason = f"{best.gone:.0%} de la scène connue a disparu derrière une surface unie"
    if best.gone < 0.1:
        reason = "une partie de la scène connue est remplacée par autre chose, le reste est à sa place"
    return Verdict(State.COVERED, Status.CRITICAL, reason)


def _hidden(best: Comparison, signal: int) -> bool:
    """Whether what is gone is hidden: its shades are not the scene's, and what is still seen is in its place."""
    shown = _ECHO if best.contrast < _VEILED else _ECHO_UNVEILED
    if best.echo >= shown or (best.likeness >= 0.5 and best.blunt >= 0.6):
        return False
    if best.likeness >= 0.85 and best.gone < 0.5:
        return False  # shades are where they were: nothing large is in front of them
    gap = best.match - best.whole
    if not any(best.gone >= gone and gap >= least for gone, least in _COVERS):
        return False
    other = best.match < _OTHER or (best.match < 0.45 and best.likeness < 0.25)
    elsewhere = other and signal >= _SOME_CELLS and best.soft < _SOFT
    return not (elsewhere and (best.gone < 0.3 or signal >= 0.5 * best.strong))


def _cut_off(best: Comparison) -> bool:
    """Whether what is still seen fits far better than the whole, in full contrast: weather does not do that."""
    if best.strong < _PLAIN or best.kept < _SOME_CELLS or best.blunt >= 0.6:
        return False
    apart = best.match - best.whole >= _CUT_GAP and best.match >= 0.45
    return apart and best.likeness < 0.75 and best.contrast >= _VEILED


def _freeze(seen: Evidence) -> Verdict | None:
    limit = min(_LIVE_UNSTEADY if seen.unsteady else _LIVE, 0.6 * seen.stir)
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
    if best.contrast < _VEILED and best.soft < _SOFT:
        return None  # large shades have faded too: fog, which softens what it leaves
    if best.strong < _PLAIN and best.same < _SAME:
        return None  # too little in common to say which cells should be sharp: perhaps a light not seen before
    reason = f"netteté {seen.level:.2f}, {best.blunt:.2f} de moins que d’habitude"
    if best.likeness >= 0.3:
        clearly = any(best.blunt >= loss and seen.level <= level for loss, level in _CLEARLY_BLUNT)
        partly = best.soft >= _SOFT or (best.soft >= 0.2 and best.echo >= 0.8 and best.likeness >= 0.8)
        if clearly or partly:
            return Verdict(State.BLURRED, Status.CRITICAL, reason)
    if best.blunt >= _BLUNT and seen.level <= -1.75 and best.likeness >= 0.3:
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
    expected = best.kept / max(best.strong, 1)
    if best.strong >= _SOME_CELLS and expected >= 0.7 and expected - seen.signal / _INNER_CELLS >= 0.35:
        return None  # all that is known is there, among much that is new: rain or snow before a plain scene
    if best.gone >= 0.4 and best.echo >= _ECHO:
        return None  # most of it is hidden and yet shows: fog
    same = f"structure commune avec la scène connue : {best.same:.2f}"
    relit = all(one.relit >= 0.7 for one in seen.known)
    if relit or seen.signal < _SOME_CELLS or (best.same >= _OTHER and best.likeness >= 0.25):
        return Verdict(State.CLEAR, Status.WARNING, f"{same}, trop peu pour être sûr du cadrage")
    if best.strong < _PLAIN and best.same >= 0.25:
        return _too_plain()
    return Verdict(State.MOVED, Status.CRITICAL, same)


def _too_plain() -> Verdict:
    return Verdict(State.UNKNOWN, Status.UNKNOWN, "la scène connue a trop peu de détails pour juger du cadrage")
