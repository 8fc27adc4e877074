"""A second opinion: all the evidence weighed at once.

The rules of `deciding` and `covering` each ask few questions, and give an alarm only where weather never answers so.
What they leave in doubt, a web, dirt on half of the glass, a smear or a hand by night, is told by many small signs
together. Each sign counts by a curve of three straight pieces; the sums say how likely each of four states is
(multinomial logistic regression). The table was fitted on simulated faults over photographs of 50 places, and judged
on places that it had not seen: ADR 10.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from probes.base import Status
from probes.camera.surroundings import Anywhere, Around, Beside
from probes.camera.verdict import FEW_CELLS, KNOWN_BY, OTHER_LIGHT, Evidence, State, Verdict
from probes.camera.weights import BIAS, CURVES

_STATES = (State.CLEAR, State.BLURRED, State.COVERED, State.MOVED)
_FAULTS = _STATES[1:]
_SURE = 0.9  # likelihood from which a picture that is well to the rules is not
_CERTAIN = 0.98  # and from which there is no doubt
_KEPT = 5.0  # how much more the fault that the rules say counts than another
_HAZY, _VEILED, _IN_ORDER = 0.6, 0.5, 0.5  # contrasts in haze, and likeness of the shades
_STILL, _FADED = 0.1, -0.8  # part of the scene that is in its place, and the logarithm of its energy: a cover spares it
_SCARCELY, _SOFTER, _BLUNTED = 0.08, 0.03, 0.2  # parts of the scene lost, and softer; and a loss of sharpness
_REASONS = {
    State.BLURRED: "contours adoucis sur une partie de l’image au moins, les grandes formes à leur place",
    State.COVERED: "une partie de la scène connue est voilée ou cachée",
    State.MOVED: "une autre vue que la scène connue",
}


class Signs(NamedTuple):
    """What is weighed, in the order of the table; NaN where it cannot be told."""

    gap: float  # how much better what is seen fits than the whole
    hidden: float  # see Place
    drop: float  # of the picture's own sharpness, from that of the regime
    gain: float  # see Found; 0 where the scene is in its place, and is not looked for
    crisp: float  # see Around
    softer: float  # see Beside, against the regime that resembles most
    new: float
    contrast: float
    worst: float  # and against the last good picture
    duller: float
    faded: float  # the contrast; not what Place calls so
    relit: float
    quarter: float  # see Anywhere
    half: float
    firm: float
    weakest: float


def signs(seen: Evidence) -> Signs | None:
    """The signs of a picture; None when there is nothing to compare it with."""
    best, place = seen.best, seen.place
    if best is None or place is None:
        return None
    around = Around(seen.features)
    scene = Beside(around, best)
    last = seen.trail if seen.trail is not None and seen.trail_good else best
    lately = scene if last is best else Beside(around, last)
    anywhere = Anywhere(best, seen.known if last is best else (*seen.known, last))
    return Signs(
        gap=best.match - best.whole,
        hidden=place.hidden,
        drop=seen.drop,
        gain=0.0 if seen.found is None else seen.found.gain,
        crisp=around.crispness,
        softer=scene.softer,
        new=scene.new,
        contrast=scene.contrast,
        worst=lately.worst,
        duller=lately.duller,
        faded=lately.contrast,
        relit=last.relit,
        quarter=anywhere.quarter,
        half=anywhere.half,
        firm=anywhere.firm,
        weakest=anywhere.weakest,
    )


def weigh(told: Signs) -> dict[State, float]:
    """How likely each state is, by those signs."""
    values = np.array(told)
    values = np.clip(np.where(np.isnan(values), CURVES[:, 0], values), CURVES[:, 1], CURVES[:, 2])
    pieces = np.stack((values, *np.maximum(values[:, None] - CURVES[:, 3:5], 0).T), axis=1)
    sums = np.concatenate(
        ((0.0,), np.array(BIAS) + np.einsum("sp,sfp->f", pieces, CURVES[:, 5:].reshape(len(values), 3, 3)))
    )
    odds = np.exp(sums - sums.max())
    return dict(zip(_STATES, (odds / odds.sum()).tolist(), strict=True))


def reconsidered(verdict: Verdict, seen: Evidence) -> Verdict:
    """The rules' verdict, or what the signs together say where they are surer than the rules.

    A picture that is well to the rules becomes a fault only if the signs leave little doubt; of two faults, the rules'
    counts for more. What the rules say of light or of a frozen picture is not asked again.
    """
    if verdict.state not in _STATES and verdict.state is not State.UNKNOWN:
        return verdict
    alarm = verdict.state in _FAULTS
    if not alarm and (_as_ever(verdict, seen) or not _known(seen)):
        return verdict
    if (told := signs(seen)) is None:
        return verdict
    likely = weigh(told)
    alone = likely.get(verdict.state, 0.0)
    if alarm:
        likely[verdict.state] *= _KEPT
    state = max(_FAULTS, key=lambda one: likely[one])
    if state is verdict.state and _haze(state, told, alone, seen):
        return Verdict(State.CLEAR, Status.WARNING, f"{verdict.reason}, mais les contrastes sont ceux d’une brume")
    if state is verdict.state or (not alarm and likely[state] < _SURE):
        return verdict
    certain = likely[state] >= _CERTAIN * sum(likely.values())
    return Verdict(state, Status.CRITICAL if certain else Status.WARNING, _REASONS[state])


def _haze(state: State, told: Signs, likely: float, seen: Evidence) -> bool:
    """Whether what the rules call a fault is more likely haze: large shades are faint but in their order, and fine
    detail is no fainter than they are, or what is not hidden is faint as well."""
    best, place = seen.best, seen.place
    if best is None or place is None:
        return False
    if state is State.BLURRED:
        return best.contrast < _HAZY and told.duller > 0 and likely < _SURE
    if state is State.COVERED:
        return best.contrast < _VEILED and best.likeness >= _IN_ORDER and place.kept >= _STILL and place.faded < _FADED
    return False


def _known(seen: Evidence) -> bool:
    """Whether there is enough to weigh: a camera seen in more than one weather, a light it was seen in, and something
    to see, as there is not in dense fog."""
    other_light = seen.drowned or (seen.novel and seen.relit(OTHER_LIGHT))
    return seen.pictures >= KNOWN_BY and seen.signal >= FEW_CELLS and not other_light


def _as_ever(verdict: Verdict, seen: Evidence) -> bool:
    """Whether nothing is lost and nothing softer, as in more than half of all pictures: no signs need be worked out."""
    best, place = seen.best, seen.place
    if verdict.status is not Status.OK or best is None or place is None:
        return False
    return place.lost < _SCARCELY and best.soft < _SOFTER and not best.blunt >= _BLUNTED
