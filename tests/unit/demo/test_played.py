"""Faults that overlap on one server, and a port that closes and opens."""

from __future__ import annotations

from supervisor.demo.played import Mode, Place, Played


class Port:
    """An open port, as far as the demo cares."""

    def __init__(self) -> None:
        self.open = True

    def close(self) -> None:
        self.open = False


async def test_a_port_closes_and_opens_with_its_faults() -> None:
    ports: list[Port] = []

    async def open_port(_: Played) -> Port:
        ports.append(Port())
        return ports[-1]

    played = Played(Place(name="a/b/ssh", owner="A", kind="ssh", address="127.77.0.1"), 1, open_port)
    await played.settle()
    await played.strike("cut", Mode.CLOSED)
    await played.strike("slow", Mode.SLOW)
    assert (played.mode, [port.open for port in ports]) == (Mode.CLOSED, [False])
    await played.heal("cut")
    assert (played.mode, [port.open for port in ports]) == (Mode.SLOW, [False, True])
    await played.heal("slow")
    await played.heal("never struck")
    assert (played.mode, [port.open for port in ports]) == (Mode.WELL, [False, True])
    played.close()
    assert not ports[-1].open
