"""What the acceptance tests share: an installation, and targets for it to look at."""

from __future__ import annotations

import sys
from collections.abc import Iterator

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
def figures(capsys: pytest.CaptureFixture[str]) -> Figures:
    def tell(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return tell
