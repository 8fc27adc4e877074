"""How the tests of this directory are run."""

from __future__ import annotations

from tests.patient_loop import PatientLoop


def pytest_asyncio_loop_factories() -> dict[str, type[PatientLoop]]:
    """A deadline is for what hangs, not for a busy machine."""
    return {"patient": PatientLoop}
