"""docs/configuration.md says what the models say."""

from __future__ import annotations

from pathlib import Path

from probes import registry
from supervisor.config.reference import reference

DOC = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_the_page_is_up_to_date() -> None:
    """`make docs` writes it."""
    assert DOC.read_text() == reference(registry.load())


def test_every_type_has_its_keys_and_its_page() -> None:
    page = reference(registry.load())
    for probe in registry.load().values():
        assert f"### `{probe.type}`" in page
        assert (DOC.parent / "sondes" / f"{probe.type}.md").exists()


def test_every_key_is_explained() -> None:
    """No empty cell, but for the two ends of a threshold or of a period, which their parent explains."""
    rows = [row.split("|") for row in reference(registry.load()).splitlines() if row.startswith("| `")]
    empty = {row[1].strip(" `").rpartition(".")[2] for row in rows if not row[3].strip()}
    assert empty <= {"warning", "critical", "from", "to", "count", "at_least"}
