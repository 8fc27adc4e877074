"""What the tests of closed months share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.acts.stage import Stage
from tests.unit.proof.march import march


@pytest.fixture
def desk() -> Iterator[Stage]:
    with march() as made:
        yield made
