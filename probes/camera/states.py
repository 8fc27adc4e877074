"""The words for what a picture shows, apart from the code that looks at it: the daemon itself never loads that code."""

from __future__ import annotations

# As `analyse` says them, and as config and metrics write them. The strings are stored: they never change.
NOT_EVALUABLE = "non évaluable"
LABELS = {
    "nette": "nette",
    "floutée": "floutee",
    "masquée": "masquee",
    "noire": "noire",
    "surexposée": "surexposee",
    "figée": "figee",
    "déplacée": "deplacee",
    NOT_EVALUABLE: "non_evaluable",
}
FAULTS = tuple(state for state in LABELS if state not in ("nette", NOT_EVALUABLE))
