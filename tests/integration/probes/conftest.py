"""What several modules of this directory start once for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.probes.mail_servers import Platform, platform
from tests.patient_loop import PatientLoop


def pytest_asyncio_loop_factories() -> dict[str, type[PatientLoop]]:
    """A deadline is for what hangs, not for a busy machine."""
    return {"patient": PatientLoop}


@pytest.fixture(scope="session")
def mail() -> Iterator[Platform]:
    """Postfix and Dovecot: three seconds to start."""
    with platform() as servers:
        yield servers
