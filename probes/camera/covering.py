"""Whether something hides the scene, or the camera looks elsewhere: what is not in its place, cell by cell."""

from __future__ import annotations

import math

from probes.base import Status
from probes.camera.comparing import Comparison
from probes.camera.placing import Place
from probes.camera.verdict import (
    ECHO,
    FEW_CELLS,
    KNOWN_BY,
    OTHER,
    PLAIN,
    RICH,
    SOFT,
    SOME_CELLS,
    VEILED,
    Evidence,
    State,
    Verdict,
)
from probes.units import say_ratio

_FOUND, _FOUND_GAIN = 0.45, 0.25  # correlation there, and how much more than where it should be
# Part of the scene that is gone, and how much better what is still seen fits than the whole: each makes up for the
# other.
_COVERS = ((0.28, -1.0), (0.18, 0.05), (0.12, 0.09), (0.06, 0.15))
_CUT_GAP = 0.13
_LOST, _SOLID = 0.47, 0.3  # parts of the scene out of place, and out of place in one piece: ordinary ones are below
_LOST_PLAIN = 0.66  # the same in a plainer scene
_PART = 0.55  # see `_in_part`: ordinary ones are under 0.5
_EITHER = 0.3  # of `_turned`: either may be
_TRACE = 0.08  # correlation of large shades that no cover of a plain scene has by chance
_FOGGED = 0.2  # contrast of large shades in fog
_ECHO_UNVEILED = 0.55  # the same as ECHO in clear air


def found_elsewhere(seen: Evidence) -> bool:
    """Whether the known scene is in the picture, but not where it was: nothing but a turned camera does that."""
    found = seen.found
    return found is not None and found.best >= _FOUND and found.gain >= _FOUND_GAIN


def elsewhere(seen: Evidence) -> Verdict | None:
    """Much of the scene is not in its place, whatever the light: something hides it, or the camera was turned."""
    best, place = seen.best, seen.place
    if best is None or place is None or place.textured < SOME_CELLS:
        return None
    if seen.drowned:
        return Verdict(State.UNKNOWN, Status.UNKNOWN, "image trop sombre : le bruit couvre la scène connue")
    if best.contrast < _FOGGED and best.echo >= ECHO and best.likeness >= 0.2:
        return None  # fog
    if _out(place):
        return _out_of_place(seen, best, place)
    if not seen.settled or place.textured < RICH or place.shown < SOME_CELLS or _in_part(best, place) < _PART:
        return None
    if (best.likeness >= 0.5 and best.blunt >= 0.5) or (best.likeness >= 0.7 and best.echo >= 0.7):
        return None  # all of it is where it was, and soft
    return _covered(place)


def _out_of_place(seen: Evidence, best: Comparison, place: Place) -> Verdict | None:
    if best.likeness >= 0.5 and best.blunt >= 0.5 and place.strange < 0.25:
        return None  # all is where it was, and soft
    if _soft_in_place(seen, best, place):
        reason = "contours adoucis, les grandes formes à leur place"
        return Verdict(State.BLURRED, Status.CRITICAL, reason)
    if place.textured < RICH and best.strong < FEW_CELLS:
        return too_plain()
    if nothing_shown(best, place):
        return Verdict(State.UNKNOWN, Status.UNKNOWN, "trop peu de détails pour juger de l’image")
    if seen.novel and place.firm < 0.12 and place.shown >= 0.4 * place.textured:
        return Verdict(State.CLEAR, Status.WARNING, "lumière jamais vue, où la scène connue ne se retrouve pas")
    turned = _turned(best, place)
    if abs(turned) < _EITHER:
        state = State.COVERED if turned < 0 else State.MOVED
        return Verdict(
            state,
            Status.WARNING,
            f"{say_ratio(round(place.lost, 2))} de la scène connue a disparu : masquée ou déplacée",
        )
    if turned < 0:
        return _covered(place)
    return Verdict(
        State.MOVED, Status.CRITICAL, f"{say_ratio(round(place.lost, 2))} de la scène connue n’est plus à sa place"
    )


def _soft_in_place(seen: Evidence, best: Comparison, place: Place) -> bool:
    fell = seen.drop >= 0.35 and seen.level <= -1.6
    return fell and best.likeness >= 0.5 and place.hidden < 0.25 and place.strange < 0.55


def _covered(place: Place) -> Verdict:
    return Verdict(
        State.COVERED, Status.CRITICAL, f"{say_ratio(round(place.lost, 2))} de la scène connue ne se voit plus"
    )


def _turned(best: Comparison, place: Place) -> float:
    """Over 0 the camera was turned: what is not in its place is sharp and new. Under 0 something hides the scene: what
    is left is in its place to a hair and fits better than the whole, the rest is smooth, or too near to be in focus."""
    blunt = 0.0 if math.isnan(best.blunt) else min(max(best.blunt, 0.0), 1.5)
    gap = max(best.match - best.whole, 0.0)
    near = 1.4 * blunt + 2 * best.soft
    return 5 * place.strange - 7 * place.hidden - 13 * place.firm - 3 * gap - near + 1.4


def _out(place: Place) -> bool:
    """Whether more of the scene is out of place than any weather does."""
    if place.textured < RICH:
        return place.lost >= _LOST_PLAIN
    return place.lost >= _LOST or place.solid >= _SOLID


def _in_part(best: Comparison, place: Place) -> float:
    """How much speaks for a cover over a part: cells lost, in one piece, while what is left fits as ever."""
    return place.lost + place.solid + 3.5 * (best.match - best.whole) - 0.3 * max(best.echo, 0.0) - 0.25 * best.likeness


def cover(seen: Evidence) -> Verdict | None:
    told = [one for one in seen.known if one.strong >= FEW_CELLS]
    best = max(told, key=lambda one: one.nearness, default=None)
    if best is None or not (_hidden(best, seen.signal) or _cut_off(best)):
        return None
    if seen.place is not None and seen.place.lost < 0.2:
        return None
    if seen.place is not None and nothing_shown(best, seen.place):
        return Verdict(State.UNKNOWN, Status.UNKNOWN, "trop peu de détails pour juger de l’image")
    if best.relit >= 0.6 and best.relit > best.gone + 0.3 and best.same >= OTHER and not _cut_off(best):
        return Verdict(
            State.CLEAR,
            Status.WARNING,
            f"{say_ratio(round(best.gone, 2))} de la scène invisible dans une lumière nouvelle",
        )
    if best.strong < PLAIN and best.gone < 0.5:
        return too_plain()
    reason = f"{say_ratio(round(best.gone, 2))} de la scène connue a disparu derrière une surface unie"
    if best.gone < 0.1:
        reason = "une partie de la scène connue est remplacée par autre chose, le reste est à sa place"
    return Verdict(State.COVERED, Status.CRITICAL, reason)


def _hidden(best: Comparison, signal: int) -> bool:
    """Whether what is gone is hidden: its shades are not the scene's, and what is still seen is in its place."""
    shown = ECHO if best.contrast < VEILED else _ECHO_UNVEILED
    if best.echo >= shown or (best.likeness >= 0.5 and best.blunt >= 0.6):
        return False
    if best.likeness >= 0.85 and best.gone < 0.5:
        return False  # shades are where they were: nothing large is in front of them
    gap = best.match - best.whole
    if not any(best.gone >= gone and gap >= least for gone, least in _COVERS):
        return False
    other = best.match < OTHER or (best.match < 0.45 and best.likeness < 0.25)
    elsewhere = other and signal >= SOME_CELLS and best.soft < SOFT
    return not (elsewhere and (best.gone < 0.3 or signal >= 0.5 * best.strong))


def _cut_off(best: Comparison) -> bool:
    """Whether what is still seen fits far better than the whole, in full contrast: weather does not do that."""
    if best.strong < PLAIN or best.kept < SOME_CELLS or best.blunt >= 0.6:
        return False
    apart = best.match - best.whole >= _CUT_GAP and best.match >= 0.45
    return apart and best.likeness < 0.75 and best.contrast >= VEILED


def nothing_shown(best: Comparison, place: Place) -> bool:
    """Whether there is nothing left to see but a trace of the large shades: dense fog, or a cover that lets light
    through. A plain scene leaves a fainter trace."""
    if place.shown >= SOME_CELLS or best.contrast >= 0.1:
        return False
    return best.likeness >= (0.2 if place.textured >= RICH else _TRACE)


def too_plain() -> Verdict:
    return Verdict(State.UNKNOWN, Status.UNKNOWN, "la scène connue a trop peu de détails pour juger du cadrage")


def first_fog(seen: Evidence) -> bool:
    """Whether what looks hidden may be behind the first fog of a camera that is hardly known: the large shades are
    faint, and in their order."""
    best, place = seen.best, seen.place
    if best is None or place is None or seen.pictures >= KNOWN_BY:
        return False
    faint = best.contrast < VEILED and best.likeness >= 0.4 and best.match >= 0.65
    return faint and place.strange < 0.2 and place.lost < _LOST_PLAIN
