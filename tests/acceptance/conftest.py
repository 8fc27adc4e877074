"""What the acceptance tests share: an installation, and targets for it to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.daemon import Figures, Installation, installation
from tests.acceptance.targets import Targets, targets


@pytest.fixture
def place() -> Iterator[Installation]:
    with installation() as made:
        yield made


@pytest.fixture
def world() -> Iterator[Targets]:
    with targets() as made:
        yield made


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Figures:
    """They are told at the end: the process that a test runs in may have no terminal."""

    def tell(line: str) -> None:
        record_property("figures", line)

    return tell
