"""What the tests of acts share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.acts.stage import Stage, stage


@pytest.fixture
def desk() -> Iterator[Stage]:
    with stage() as made:
        yield made
