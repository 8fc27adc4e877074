"""What a picture is judged by, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from probes.base import Status
from probes.camera.comparing import Comparison
from probes.camera.features import Features
from probes.camera.placing import Place
from probes.camera.searching import Found
from probes.camera.stillness import Stillness

FEW_CELLS, SOME_CELLS = 12, 30  # with structure: under these nothing is said, or little
PLAIN = 110  # cells with structure under which a scene is too plain to tell a cover or a move from weather
RICH = 200  # cells with structure from which a scene is rich
KNOWN_BY = 24  # pictures that a scene has to be known by, to have been seen in more than one weather
SETTLED = 6  # pictures from which a regime can say that something is missing
OTHER_LIGHT = 0.6  # part of the cells that are much darker or much brighter
OTHER = 0.38  # correlation of structure under which it is another view
ECHO = 0.4  # how far what is gone still shows: below, it is hidden
VEILED = 0.45  # contrast between large shades that blur leaves and fog does not
SOFT = 0.35  # part of what is seen that has lost its edges
_ASIDE, _STILL_THERE = 0.4, 0.6  # part of the scene out of place, and likeness of shades: it may be elsewhere
_TELLING = 100  # cells with structure, on both sides, for it to be found by
# Part of the zones that are darker or brighter, and likeness of the shades, from where the light comes from elsewhere.
_OTHER_LAMPS, _OTHER_SHADES = 0.15, 0.85
_REVERSED = 0.7  # likeness of the shades, under which what was light is dark: leaves and cloth in infra-red


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
    still: Stillness | None  # against the picture before
    best: Comparison | None  # with the regime that resembles most
    place: Place | None  # in that regime
    unsteady: bool  # the camera changes its compression by itself, so that quiet pictures look encoded again
    glare: float  # logarithm of its light to the brightest picture that was learnt
    pictures: int  # that what is known was learnt from
    known: tuple[Comparison, ...]  # with each regime, in their order
    colourless: bool  # and nothing is known: infra-red, most likely
    first_day: bool  # of what is known of the camera: not all of its lights have been seen
    novel: bool  # darker or brighter than the camera was ever seen, in the days when it may be
    nightfall: bool  # the last good picture was already very dark
    trail: Comparison | None  # with the trail, good or not
    trail_good: bool

    @property
    def found(self) -> Found | None:
        """Where the scene is, in a picture that shows much and little of it in its place; None for any other."""
        best, place = self.best, self.place
        if best is None or place is None or place.lost < _ASIDE or best.likeness >= _STILL_THERE:
            return None
        return best.found if min(place.textured, place.shown) >= _TELLING else None

    @property
    def drowned(self) -> bool:
        """Whether it is so dark that nothing of the known scene could be told from noise."""
        best = self.best
        return best is not None and best.darkened >= 0.6 and best.strong < SOME_CELLS

    @property
    def first_night(self) -> bool:
        """Whether this may be a light that the camera has not been seen in: many lamps, and infra-red, are soft."""
        best = self.best
        if not self.first_day or best is None:
            return False
        lit = best.relit >= _OTHER_LAMPS and best.likeness < _OTHER_SHADES
        infrared = lit or (best.likeness < _REVERSED and self.pictures < KNOWN_BY)
        return infrared or (self.novel and best.relit >= OTHER_LIGHT)

    @property
    def settled(self) -> bool:
        """Whether the regime was seen often enough to say that something is missing."""
        return self.best is not None and self.best.regime.seen >= SETTLED

    @property
    def drop(self) -> float:
        """How much less sharp the picture is than its regime."""
        return self.best.regime.level - self.level if self.best is not None else 0.0

    def relit(self, part: float) -> bool:
        """Whether at least this part of the cells is much darker, or much brighter, than in any light that is known."""
        return all(one.relit >= part for one in self.known)


class Verdict(NamedTuple):
    """State, status and reason, before they are told."""

    state: State
    status: Status
    reason: str
