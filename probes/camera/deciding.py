"""What a picture's numbers say: one of the seven states, or that nothing can be said.

The order matters: a black or burnt picture has no structure to judge; a covered one may be still; a still one shows
nothing of now. Then what blur leaves (the cells' grey levels, and edges in the same places) and what a turned camera
leaves (nothing).
"""

from __future__ import annotations

import math

import numpy as np

from probes.base import Status
from probes.camera.comparing import Comparison, placed, sharpest, sharpness, view_of
from probes.camera.covering import cover, elsewhere, first_fog, found_elsewhere, too_plain
from probes.camera.decoding import CELLS_X, CELLS_Y
from probes.camera.features import INNER, Features
from probes.camera.reference import Reference
from probes.camera.stillness import stillness
from probes.camera.verdict import (
    ECHO,
    FEW_CELLS,
    OTHER,
    PLAIN,
    RICH,
    SOFT,
    SOME_CELLS,
    VEILED,
    Evidence,
    Finding,
    State,
    Verdict,
)
from probes.camera.weighing import reconsidered
from probes.units import say_ratio

_INNER_CELLS = (CELLS_Y - 4) * CELLS_X  # the rows of overlays left out
_NIGHTFALL = 32.0  # grey levels
_NOVEL = 0.4  # logarithm of light
_DARK, _DARK_ALONE = 0.7, 0.97  # parts of a picture: where nothing at all is seen, and where something may be
_LIT, _UNLIT = 45, 25  # grey levels of the brightest points: from here there is a lamp, and under it no light at all
_SHADES = 0.4  # correlation of the large shades: black pictures have under 0.3, the darkest nights over 0.5
_SATURATED = 0.25  # part of a picture that is worth naming
_GLARE = 0.4  # logarithm of light over the brightest that was ever learnt
_FIRST_DAY_S = 30 * 3600.0  # after which a camera has been seen in each of its lights
_LIVE, _LIVE_UNSTEADY = 1.0, 0.58  # stillness under which nothing changed
_ALIKE, _LIVE_ALIKE = 0.78, 1.4  # correlation of the grain that no two pictures have by chance
_UNSTEADY = 0.4
_BLURRED_ALONE, _DOUBTFUL_ALONE = -1.87, -1.72  # sharpness without anything to compare with
_BLURRED_GREY = -2.2  # the first in infra-red: three in a hundred have less, and six in seven that are blurred
_SHARP_SOMEWHERE = -1.0  # of the sharpest cells, over which a picture is not out of focus: night and infra-red are soft
# Loss of sharpness, and the sharpness it leads to.
_CLEARLY_BLUNT = ((0.28, -1.85), (0.5, -1.75), (0.62, -1.62))
_BLUNT = 0.28
_MAY_BE_TURNED = (State.CLEAR, State.COVERED, State.UNKNOWN)
_SAME = 0.6  # correlation of structure from which it is the same view


def gather(features: Features, reference: Reference, at: float, *, colourless: bool = False) -> Evidence:
    """The evidence of one picture, given what is known of its camera; `colourless` matters while nothing is."""
    view = view_of(features)
    previous = reference.previous
    trail = reference.trail
    later = previous is not None and at > previous.at
    known = tuple(Comparison(features, view, one) for one in reference.regimes)
    best = max(known, key=lambda one: one.nearness, default=None)
    return Evidence(
        features=features,
        signal=int((features.sure_x | features.sure_y)[INNER].sum()),
        level=sharpness(features),
        still=stillness(features, previous) if previous is not None and later else None,
        best=best,
        place=None if best is None else placed(features, best),
        unsteady=previous is not None and previous.unsteady >= _UNSTEADY and previous.tables != features.tables,
        glare=features.level - reference.brightest,
        pictures=sum(one.seen for one in reference.regimes),
        known=known,
        colourless=colourless,
        first_day=at - reference.begun < _FIRST_DAY_S,
        novel=at - reference.begun < _FIRST_DAY_S
        and not reference.darkest - _NOVEL <= features.level <= reference.brightest + _NOVEL,
        nightfall=trail is not None and trail.good and float(np.exp(trail.view.zones).mean()) < _NIGHTFALL,
        trail=None if trail is None else Comparison(features, view, trail.view),
        trail_good=trail is not None and trail.good,
    )


def decide(seen: Evidence) -> Verdict:
    """What the rules say, or all the evidence together where it is surer."""
    return reconsidered(by_rules(seen), seen)


def by_rules(seen: Evidence) -> Verdict:
    """The first rule that holds; but a scene that is found elsewhere in the picture was not hidden."""
    verdict = _first(seen)
    if verdict.state in _MAY_BE_TURNED and found_elsewhere(seen):
        return Verdict(State.MOVED, Status.CRITICAL, "la scène connue se retrouve ailleurs dans l’image")
    return verdict


def _first(seen: Evidence) -> Verdict:
    """The first of these that holds; each says why."""
    for rule in (_light, elsewhere, cover, _freeze, _flat, _blur, _move):
        verdict = rule(seen)
        if verdict is None:
            continue
        if verdict.state is State.COVERED and first_fog(seen):
            reason = "trop peu d’images connues pour distinguer un cache du brouillard"
            return Verdict(State.UNKNOWN, Status.UNKNOWN, reason)
        if verdict.state is State.UNKNOWN and rule in (elsewhere, cover):
            return _freeze(seen) or verdict  # nothing else can be told of such a picture but that it is the one before
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
    if _black(seen):
        reason = f"{say_ratio(round(features.dark, 2))} de l’image est noire"
        if seen.nightfall:
            return Verdict(State.BLACK, Status.WARNING, f"{reason}, après une image déjà très sombre")
        if not seen.known and features.peak >= _UNLIT:
            return Verdict(State.BLACK, Status.WARNING, f"{reason} : nuit sans lumière ou objectif couvert")
        return Verdict(State.BLACK, Status.CRITICAL, reason)
    if not _burnt(seen):
        return None
    if features.bright >= _SATURATED:
        return Verdict(State.BURNT, Status.CRITICAL, f"{say_ratio(round(features.bright, 2))} de l’image est saturée")
    return Verdict(State.BURNT, Status.CRITICAL, "image bien plus claire que toutes celles connues de cette caméra")


def _black(seen: Evidence) -> bool:
    """Whether there is no light at all: of a known scene, even the darkest night leaves the large shades."""
    features = seen.features
    unlit, empty = features.peak < _LIT, seen.signal <= 3
    if not seen.known:
        return features.dark >= _DARK_ALONE and (unlit or empty)
    if features.dark < (_DARK if unlit and empty else _DARK_ALONE) or not (unlit or empty):
        return False
    return features.peak < _UNLIT or max(one.shades for one in seen.known) < _SHADES


def _burnt(seen: Evidence) -> bool:
    """Whether there is too much light for the sensor: by itself, or more of it than this camera was ever seen in."""
    features = seen.features
    if features.bright >= 0.6 and seen.signal < 110:
        return True
    if not seen.known:
        return False
    missing = min(one.gone for one in seen.known)
    brighter = features.mean.mean() >= 180 and min(one.relit for one in seen.known) >= 0.6
    if brighter and seen.glare >= _GLARE:
        return True
    if features.bright < _SATURATED:
        return False
    return (brighter and missing >= 0.15) or (missing >= 0.3 and features.bright >= 0.4)


def _freeze(seen: Evidence) -> Verdict | None:
    if seen.still is None:
        return None
    limit = _LIVE_ALIKE if seen.still.alike >= _ALIKE else _LIVE_UNSTEADY if seen.unsteady else _LIVE
    if seen.still.same >= limit:
        return None
    return Verdict(State.FROZEN, Status.CRITICAL, "rien n’a changé depuis l’image précédente, pas même le bruit")


def _flat(seen: Evidence) -> Verdict | None:
    if seen.signal >= FEW_CELLS:
        return None
    return Verdict(State.UNKNOWN, Status.UNKNOWN, "trop peu de détails pour juger de l’image")


def _blur(seen: Evidence) -> Verdict | None:
    best = seen.best
    if math.isnan(seen.level):
        return None
    if best is None:
        return _blurred_alone(seen)
    if math.isnan(best.blunt):
        return None
    if best.contrast < VEILED and best.soft < SOFT:
        return None  # large shades have faded too: fog, which softens what it leaves
    if best.strong < PLAIN and best.same < _SAME:
        return None  # too little in common to say which cells should be sharp: perhaps a light not seen before
    reason = "contours nettement plus flous que d’habitude"
    if best.likeness >= 0.3:
        clearly = any(best.blunt >= loss and seen.level <= level for loss, level in _CLEARLY_BLUNT)
        partly = best.soft >= SOFT or (best.soft >= 0.2 and best.echo >= 0.8 and best.likeness >= 0.8)
        if (clearly or partly or _softer(seen, best)) and not seen.first_night:
            return Verdict(State.BLURRED, Status.CRITICAL, reason)
    if best.likeness >= 0.3 and best.blunt >= _BLUNT and (seen.level <= -1.75 or seen.first_night):
        return Verdict(State.CLEAR, Status.WARNING, reason)
    return None


def _softer(seen: Evidence, best: Comparison) -> bool:
    """Whether cells lost their edges while the large shades kept their contrast, as in no weather."""
    if best.contrast < 0.35 or best.kept < SOME_CELLS:
        return False
    if best.contrast >= 0.4 and best.likeness >= 0.5 and best.kept >= 2 * SOME_CELLS:
        if best.soft >= 0.135 or (seen.settled and seen.drop >= 0.65 and seen.level <= -2.0):
            return True
        dissolved = seen.place is not None and seen.place.textured >= RICH and seen.place.firm <= 0.15
        if dissolved and best.likeness >= 0.75 and best.echo >= 0.5:
            return True  # shades are in their place, and nothing finer
    fell = (seen.drop >= 0.6 and seen.level <= -1.65) or best.blunt >= 0.55
    return best.soft >= 0.16 or (best.soft >= 0.1 and fell)


def _blurred_alone(seen: Evidence) -> Verdict | None:
    level = seen.level
    blurred = _BLURRED_GREY if seen.colourless else _BLURRED_ALONE
    if level <= blurred and sharpest(seen.features) <= _SHARP_SOMEWHERE:
        return Verdict(State.BLURRED, Status.CRITICAL, "aucun contour n’est net")
    if level <= _DOUBTFUL_ALONE and seen.colourless:
        return Verdict(State.CLEAR, Status.WARNING, "contours peu nets, comme souvent en infrarouge : à juger de jour")
    if level <= _DOUBTFUL_ALONE:
        return Verdict(State.CLEAR, Status.WARNING, "contours peu nets, sans habitude à quoi les comparer")
    return None


def _move(seen: Evidence) -> Verdict | None:
    if (best := seen.best) is None or best.same >= _SAME:
        return None
    if seen.trail_good and seen.trail is not None and seen.trail.same >= 0.6:
        return None
    expected = best.kept / max(best.strong, 1)
    if best.strong >= SOME_CELLS and expected >= 0.7 and expected - seen.signal / _INNER_CELLS >= 0.35:
        return None  # all that is known is there, among much that is new: rain or snow before a plain scene
    if best.gone >= 0.4 and best.echo >= ECHO:
        return None  # most of it is hidden and yet shows: fog
    if seen.relit(0.7) or seen.signal < SOME_CELLS or (best.same >= OTHER and best.likeness >= 0.25):
        return Verdict(State.CLEAR, Status.WARNING, "la scène connue se retrouve mal : cadrage incertain")
    if best.strong < PLAIN and best.same >= 0.25:
        return too_plain()
    return Verdict(State.MOVED, Status.CRITICAL, "la scène connue ne se retrouve pas")
