"""How the tests of this directory are run."""

from __future__ import annotations

from tests.patient_loop import PatientLoop


def pytest_asyncio_loop_factories() -> dict[str, type[PatientLoop]]:
    """What comes together is what comes before the loop has waited, however long a busy machine takes for it."""
    return {"patient": PatientLoop}
