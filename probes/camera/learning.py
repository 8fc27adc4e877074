"""What a picture changes in what is known of its camera.

Only a picture that is well teaches its light; an alarm teaches nothing, or a cover that lasts would become the scene.
Two ways out for alarms and doubts that no longer say anything: a doubtful view that stays the same becomes a new light,
and a new view that was sharp and the same for days becomes the scene.
"""

from __future__ import annotations

import math
from dataclasses import replace

from probes.base import Status
from probes.camera.features import Features
from probes.camera.reference import MAX_REGIMES, Previous, Reference, Regime, Trail, grain, learnt, regime, trace
from probes.camera.verdict import OTHER_LIGHT, Evidence, State, Verdict

_SLOWEST = 1 / 16  # weight of a new picture in what is known
_SAME_LIGHT = 0.65  # correlation from which a picture is of a known regime
_NEW_LIGHT = 0.4  # and from which it may open another
_SAME_TRAIL = 0.65
_MISSING, _SHOWN = 0.12, 0.6  # see Comparison.gone and .echo
_RICH, _MISSING_PIECE = 150, 0.2  # see Place.textured and .solid
_LIT_SO = 0.15  # part of the zones that are darker or brighter, from which the light may explain another look
_SOFTER = 0.25  # loss of sharpness
_DOUBTS, _DOUBT_S = 4, 3600.0  # as many doubtful pictures, for so long, make a new light
_DAY_S = 30 * 3600.0  # and those of a first night: the day, if there is one, tells whether they were blurred
_ALARMS, _ALARM_S = 200, 3 * 86400.0  # as many pictures of a new view, for so long, make it the scene


def _lit(reference: Reference, level: float, at: float) -> Reference:
    """The reference with one more light seen."""
    return replace(
        reference,
        begun=min(reference.begun, at),
        darkest=min(reference.darkest, level),
        brightest=max(reference.brightest, level),
    )


def after(reference: Reference, features: Features, seen: Evidence, verdict: Verdict, at: float) -> Reference:
    """The reference after this picture."""
    kept = replace(reference, previous=_previous(reference, features, at))
    new = regime(features, seen.level)
    if verdict.state is State.CLEAR and verdict.status is Status.OK:
        if not reference.regimes and math.isnan(seen.level):
            return kept  # a scene is not begun with a picture that nothing is known of
        if seen.best is not None and seen.best.gone >= _MISSING and seen.best.echo < _SHOWN:
            return kept  # too much is hidden to be the scene, too little to be a cover
        if seen.place is not None and seen.place.textured >= _RICH and seen.place.solid >= _MISSING_PIECE:
            return kept
        if unexplained(seen):
            return kept
        trail = Trail(good=True, since=at, view=new)
        kept = _lit(kept, features.level, at)
        return replace(kept, regimes=_taught(reference, seen, new), trail=trail)
    doubtful = verdict.state is State.CLEAR
    if doubtful and not (seen.novel or seen.first_night or seen.relit(OTHER_LIGHT)):
        return kept  # a doubt that the light does not explain is not taught
    if not doubtful and verdict.state is not State.MOVED:
        return kept
    return _followed(kept, features, seen, new, at, doubtful=doubtful)


def unexplained(seen: Evidence) -> bool:
    """Whether the picture is softer than the regime nearest to it, which it hardly resembles though the light is the
    same: it may be well, and it may be a blur that was missed, which would then be the scene."""
    if (near := seen.best) is None:
        return False
    return near.same < _SAME_LIGHT and near.relit < _LIT_SO and near.blunt >= _SOFTER


def _taught(reference: Reference, seen: Evidence, new: Regime) -> tuple[Regime, ...]:
    if (near := seen.best) is None:
        return (new,)
    if near.same >= _SAME_LIGHT or (near.same >= _NEW_LIGHT and len(reference.regimes) == MAX_REGIMES):
        more = learnt(near.regime, new, _SLOWEST)
        return tuple(more if one is near.regime else one for one in reference.regimes)
    return _with_regime(reference, new)


def _with_regime(reference: Reference, new: Regime) -> tuple[Regime, ...]:
    """The regimes and one more; the one least seen gives way."""
    known = sorted(reference.regimes, key=lambda one: -one.seen)
    return (*known[: MAX_REGIMES - 1], new)


def _followed(
    kept: Reference, features: Features, seen: Evidence, new: Regime, at: float, *, doubtful: bool
) -> Reference:
    """The reference while a view is doubtful or another one: the trail follows it."""
    trail = kept.trail
    if trail is None or trail.good or seen.trail is None or seen.trail.same < _SAME_TRAIL:
        return replace(kept, trail=Trail(good=False, since=at, view=new))
    trail = replace(trail, view=learnt(trail.view, new, _SLOWEST))
    lasted = at - trail.since
    if doubtful and trail.view.seen >= _DOUBTS and lasted >= (_DAY_S if seen.colourless else _DOUBT_S):
        kept = _lit(kept, features.level, at)
        return replace(kept, regimes=_with_regime(kept, trail.view), trail=None)
    if trail.view.seen >= _ALARMS and lasted >= _ALARM_S:
        return replace(kept, regimes=(trail.view,), trail=None)
    return replace(kept, trail=trail)


def _previous(reference: Reference, features: Features, at: float) -> Previous:
    unsteady = 0.0
    if (before := reference.previous) is not None:
        changed = float(before.tables != features.tables)
        unsteady = before.unsteady + (changed - before.unsteady) * 0.1
    return Previous(
        at=at,
        step=features.step,
        tables=features.tables,
        unsteady=unsteady,
        trace=trace(features),
        grain=grain(features),
    )
