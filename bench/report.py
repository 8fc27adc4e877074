"""The figures as people and programs read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import TypeAdapter

from bench.kinds import COMPARED_WITH, KINDS, Goal
from bench.measure import Row
from supervisor.engine.lag import BOUNDS

MIX_GOALS = {"mix-5000": Goal(0.7, 3)}
RSS_GOALS_MIB = {5000: 80, 20000: 200}
LAG_GOAL_S = {20000: 0.25}
SCRAPE_GOAL_S = {20000: 0.3}
_LAST_FIGURES = "## Last figures\n"
_FIRST_BUCKET_S = BOUNDS[0]


def write(directory: Path, rows: Sequence[Row], about: dict[str, object]) -> None:
    """`latest.md` for people, `latest.json` with everything that was measured."""
    directory.mkdir(parents=True, exist_ok=True)
    content = {"about": about, "rows": [asdict(row) for row in rows]}
    (directory / "latest.json").write_text(json.dumps(content, indent=1) + "\n")
    (directory / "latest.md").write_text(markdown(rows, about))


def beside_others(directory: Path, rows: Sequence[Row], order: Sequence[str]) -> list[Row]:
    """These rows in the place of those of their scenarios in the last results, in the order of a complete run."""
    known = TypeAdapter(list[Row]).validate_python(json.loads((directory / "latest.json").read_text())["rows"])
    fresh = {row.scenario for row in rows}
    kept = [row for row in known if row.scenario not in fresh and row.scenario in order]
    return sorted([*rows, *kept], key=lambda row: order.index(row.scenario))  # stable: Vigie before Prometheus


def publish(readme: Path, rows: Sequence[Row], about: dict[str, object]) -> None:
    """Put the figures of a complete run at the end of the README, in the place of the last ones."""
    explained, heading, _ = readme.read_text().partition(_LAST_FIGURES)
    readme.write_text(f"{explained}{heading}\n{markdown(rows, about)}")


def markdown(rows: Sequence[Row], about: dict[str, object]) -> str:
    """Every table that there are figures for."""
    parts = [_cost(rows), _size(rows), _scrapes(rows), _detection(rows), _conditions(rows, about)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    drawn = [" | ".join(line) for line in (header, ["---"] * len(header), *lines)]
    return "\n".join(f"| {line} |" for line in drawn)


def _cost(rows: Sequence[Row]) -> str:
    theirs = {row.scenario: row for row in rows if row.system == "prometheus"}
    lines = []
    for row in rows:
        if row.system == "vigie":
            other = theirs.get(COMPARED_WITH.get(row.scenario, row.scenario))
            lines.append(_cost_line(row, other, _goal(row)))
    cost = ("check", "checks/s", "Vigie, CPU ms per check", "slices ±", "goal")
    compared = ("Prometheus + exporter", "ratio", "goal", "not ok")
    return "### CPU per completed check\n\n" + _table(cost + compared, lines)


def _cost_line(row: Row, other: Row | None, goal: Goal | None) -> list[str]:
    ratios = _ratios(row, other) if other else []
    ratio = median(ratios) if ratios else None
    return [
        label(row),
        f"{row.checks_per_s:.0f}",
        f"**{row.cpu_ms:.3f}**{_range(row.runs, 3)}",
        f"{row.window.spread / 2:.0%}",
        f"{goal.cpu_ms:.2f} {_met(row.cpu_ms <= goal.cpu_ms)}" if goal else "",
        f"{other.cpu_ms:.2f}{_range(other.runs, 2)} at {other.checks_per_s:.0f}/s" if other else "",
        f"{ratio:.1f}×{_range(ratios, 1)}" if ratio else "",
        f"≥ {goal.ratio:g}× {_met(ratio >= goal.ratio)}" if ratio and goal and goal.ratio else "",
        f"{row.failed}" + (f", {other.failed}" if other else ""),
    ]


def _ratios(row: Row, other: Row) -> list[float]:
    """How many times cheaper, run by run where both were repeated as often."""
    if row.runs and len(row.runs) == len(other.runs):
        return [theirs / ours for ours, theirs in zip(row.runs, other.runs, strict=True)]
    return [other.cpu_ms / row.cpu_ms]


def _range(figures: Sequence[float], digits: int) -> str:
    return f" ({min(figures):.{digits}f}–{max(figures):.{digits}f})" if len(figures) > 1 else ""


def label(row: Row) -> str:
    """How people call a row."""
    kind = KINDS.get(row.scenario)
    return kind.label if kind is not None else f"mix of {row.sondes:,} every {row.interval_s} s"


def _goal(row: Row) -> Goal | None:
    kind = KINDS.get(row.scenario)
    return kind.goal if kind is not None else MIX_GOALS.get(row.scenario)


def _met(yes: bool) -> str:
    return "✓" if yes else "✗"


def _size(rows: Sequence[Row]) -> str:
    lines = [_size_line(row) for row in rows if row.scenario not in KINDS]
    header = ("sondes", "system", "RSS MiB", "PSS", "peak", "goal", "lag p50 / p99 / max ms", "goal p99", "processors")
    return "### Memory and lag\n\n" + _table(header, lines) if lines else ""


def _size_line(row: Row) -> list[str]:
    ours = row.system == "vigie"
    rss_goal = RSS_GOALS_MIB.get(row.sondes) if ours else None
    lag_goal = LAG_GOAL_S.get(row.sondes) if ours else None
    lag = row.lag
    return [
        f"{row.sondes:,}",
        "Vigie" if ours else "Prometheus + blackbox",
        f"**{row.memory.rss:.0f}**",
        f"{row.memory.pss:.0f}",
        f"{row.memory.peak:.0f}",
        f"≤ {rss_goal} {_met(row.memory.rss <= rss_goal)}" if rss_goal else "",
        f"{_lag_ms(lag.p50)} / {_lag_ms(lag.p99)} / {lag.worst * 1000:.0f}" if lag else "",
        f"≤ {lag_goal * 1000:.0f} {_met(lag.p99 <= lag_goal)}" if lag_goal and lag else "",
        f"{row.window.cpu_s / row.window.seconds:.2f}",
    ]


def _lag_ms(lag_s: float) -> str:
    # Within the first bucket of the histogram nothing is known but its bound.
    return f"{lag_s * 1000:.0f}" if lag_s > _FIRST_BUCKET_S else f"≤ {_FIRST_BUCKET_S * 1000:.0f}"


def _scrapes(rows: Sequence[Row]) -> str:
    lines = []
    for row in rows:
        if row.scrapes and row.scenario not in KINDS:
            seconds = [scrape.seconds for scrape in row.scrapes]
            goal = SCRAPE_GOAL_S.get(row.sondes)
            lines.append(
                [
                    f"{row.sondes:,}",
                    f"**{median(seconds):.2f}**",
                    f"{max(seconds):.2f}",
                    f"≤ {goal} {_met(median(seconds) <= goal)}" if goal else "",
                    f"{row.scrapes[0].series:,}",
                    f"{row.scrapes[0].size_bytes / 2**20:.1f}",
                ]
            )
    header = ("sondes", "scrape s, median", "max", "goal", "series", "MiB")
    return "### A scrape of `/metrics` while checks run\n\n" + _table(header, lines) if lines else ""


def _detection(rows: Sequence[Row]) -> str:
    lines = [
        [
            label(row),
            f"{found.sondes}",
            f"{found.p50_s:.1f} / {found.max_s:.1f}",
            f"{found.theory_p50_s:.1f} / {found.theory_max_s:.1f}",
            f"**{found.added_p50_s:.1f}** / {found.added_max_s:.1f}",
        ]
        for row in rows
        if (found := row.detection) is not None
    ]
    header = ("while running", "sondes of the broken target", "seen s, p50 / max", "theory", "added")
    return "### From the failure to the confirmed state\n\n" + _table(header, lines) if lines else ""


def _conditions(rows: Sequence[Row], about: dict[str, Any]) -> str:
    facts = [f"- {key.replace('_', ' ')}: {value}" for key, value in about.items()]
    order = ", ".join(f"{row.scenario} ({row.system}, {row.at[:16]})" for row in sorted(rows, key=lambda row: row.at))
    others = max((row.window.others for row in rows), default=0.0)
    stolen = max((row.window.stolen for row in rows), default=0.0)
    facts.append(f"- rows in the order in which they were measured: {order}")
    facts.append(f"- processors busy with targets, bench and neighbours: at most {others:.2f}; stolen {stolen:.2f}")
    return "### Conditions\n\n" + "\n".join(facts)
