"""What techniques share: resources that open once and close together."""

from __future__ import annotations

from typing import Self

from probes.base import Measurement, Result, Run, Shared, Status


class _Resource:
    def __init__(self, journal: list[str] | None = None) -> None:
        self.journal = journal if journal is not None else []

    @classmethod
    def open(cls) -> Self:
        return cls()

    async def close(self) -> None:
        self.journal.append(type(self).__name__)


class _Socket(_Resource):
    pass


class _Session(_Resource):
    pass


async def test_each_kind_is_opened_once() -> None:
    shared = Shared()
    assert shared.use(_Socket) is shared.use(_Socket)
    assert isinstance(shared.use(_Session), _Session)
    await shared.close()


async def test_what_was_provided_is_used() -> None:
    shared, mine = Shared(), _Socket()
    shared.provide(mine)
    assert shared.use(_Socket) is mine


async def test_all_close_in_reverse_order_and_once() -> None:
    journal: list[str] = []
    shared = Shared()
    shared.provide(_Socket(journal))
    shared.provide(_Session(journal))
    await shared.close()
    await shared.close()
    assert journal == ["_Session", "_Socket"]


def test_notes_are_kept_only_when_asked_for() -> None:
    silent, told = Run(shared=Shared(), at=0, timeout_s=1), Run(shared=Shared(), at=0, timeout_s=1, trace=[])
    silent.note("a step")
    told.note("a step")
    assert silent.trace is None
    assert told.trace == ["a step"]


def test_severities_are_the_values_of_the_metric() -> None:
    assert [status.severity for status in Status] == [0, 1, 2, 3]
    assert [str(status) for status in Status] == ["ok", "warning", "critical", "unknown"]


def test_a_result_stands_on_its_own() -> None:
    result = Result(Status.OK, "ok", (Measurement("rtt_seconds", 0.1),))
    assert result.duration_s == 0
    assert result.measurements[0].labels == ()
