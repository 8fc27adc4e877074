"""What a picture changes in what is known of its camera.

Only a picture that is well teaches its light; an alarm teaches nothing, or a cover that lasts would become the scene. Two ways out for
alarms and doubts that no longer say anything: a doubtful view that stays the same becomes a new light, and a new view that was sharp and
the same for days becomes the scene.
"""

from __future__ import annotations

import math
from dataclasses import replace

from probes.base import Status
from probes.camera.deciding import Evidence, State, Verdict
from probes.camera.features import Features
from probes.camera.reference import MAX_REGIMES, Previous, Reference, Regime, Trail, learnt, regime

_SLOWEST = 1 / 16  # weight of a new picture in what is known
_SAME_LIGHT = 0.65  # correlation from which a picture is of a known regime
_NEW_LIGHT = 0.4  # and from which it may open another
_SAME_TRAIL = 0.65
_DOUBTS, _DOUBT_S = 4, 3600.0  # as many doubtful pictures, for so long, make a new light
_ALARMS, _ALARM_S = 200, 3 * 86400.0  # as many pictures of a new view, for so long, make it the scene


def after(reference: Reference, features: Features, seen: Evidence, verdict: Verdict, at: float) -> Reference:
    """The reference after this picture."""
    kept = replace(reference, previous=_previous(reference, features, seen, verdict, at))
    new = regime(features, seen.level)
    if verdict.state is State.CLEAR and verdict.status is Status.OK:
        trail = Trail(good=True, since=at, view=new)
        return replace(kept, regimes=_taught(reference, seen, new), trail=trail)
    doubtful = verdict.state is State.CLEAR
    if not doubtful and verdict.state not in (State.MOVED, State.BLURRED):
        return kept
    return _followed(kept, seen, new, at, doubtful=doubtful)


def _taught(reference: Reference, seen: Evidence, new: Regime) -> tuple[Regime, ...]:
    known = list(reference.regimes)
    if not known:
        return (new,)
    nearest = max(range(len(known)), key=lambda index: seen.known[index].same)
    same = seen.known[nearest].same
    if same >= _SAME_LIGHT or (same >= _NEW_LIGHT and len(known) == MAX_REGIMES):
        known[nearest] = learnt(known[nearest], new, _SLOWEST)
        return tuple(known)
    return _with_regime(reference, new)


def _with_regime(reference: Reference, new: Regime) -> tuple[Regime, ...]:
    """The regimes and one more; the one least seen gives way."""
    known = sorted(reference.regimes, key=lambda one: -one.seen)
    return (*known[: MAX_REGIMES - 1], new)


def _followed(kept: Reference, seen: Evidence, new: Regime, at: float, *, doubtful: bool) -> Reference:
    """The reference while a view is doubtful or another one: the trail follows it."""
    trail = kept.trail
    if trail is None or trail.good or seen.trail is None or seen.trail.same < _SAME_TRAIL:
        if trail is not None and trail.good and not doubtful:
            return replace(kept, trail=Trail(good=False, since=at, view=new))
        return replace(kept, trail=Trail(good=False, since=at, view=new))
    trail = replace(trail, view=learnt(trail.view, new, _SLOWEST))
    lasted = at - trail.since
    if doubtful and trail.view.seen >= _DOUBTS and lasted >= _DOUBT_S:
        return replace(kept, regimes=_with_regime(kept, trail.view), trail=None)
    if trail.view.seen >= _ALARMS and lasted >= _ALARM_S:
        return replace(kept, regimes=(trail.view,), trail=None)
    return replace(kept, trail=trail)


def _previous(reference: Reference, features: Features, seen: Evidence, verdict: Verdict, at: float) -> Previous:
    stir = seen.stir
    if math.isfinite(seen.still) and verdict.state is State.CLEAR:
        if math.isinf(stir):
            stir = seen.still
        else:
            stir += (seen.still - stir) * (0.3 if seen.still < stir else 0.03)
    return Previous(at=at, step=features.step, stir=stir, mean=features.mean, detail=features.detail)
