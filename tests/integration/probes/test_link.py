"""`link` against real kernels: loopback, and namespaces whose networks lose, refuse and forbid."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes.base import Result, Shared, Status
from probes.icmp import Icmp4, Icmp6, IcmpSocket, Ping
from probes.icmp_wire import PERMISSION, Echo4
from probes.link import PROBE
from probes.names import literal
from tests.integration.probes.namespace import Namespace
from tests.integration.probes.one_run import measured, one_run

RTTS = ("rtt_min_seconds", "rtt_seconds", "rtt_max_seconds")


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    made = Namespace()
    yield made
    made.close()


@pytest.fixture
def network(namespace: Namespace) -> Iterator[tuple[Namespace, Namespace]]:
    """Two machines on a wire: 10.9.0.1 checks, 10.9.0.2 is the target; 10.9.0.9 does not exist."""
    far = Namespace()
    namespace.run(
        # Of two ends with the same index, the kernel thinks that they are no pair, and takes a second to see the wire.
        f"ip link add near index 7 type veth peer name far index 8 netns {far.id}",
        "ip address add 10.9.0.1/24 dev near",
        "ip address add fd09::1/64 dev near nodad",
        "ip link set near up",
    )
    far.run("ip address add 10.9.0.2/24 dev far", "ip address add fd09::2/64 dev far nodad", "ip link set far up")
    for family in ("ipv4", "ipv6"):
        namespace.set(f"{family}.neigh.near.retrans_time_ms", "20")  # a host that is not there is known in 60 ms
    namespace.play(both_answer)
    yield namespace, far
    far.close()


async def both_answer() -> None:
    """A new wire takes a moment to carry anything."""
    for address in ("10.9.0.2", "fd09::2"):
        answered = False
        while not answered:
            answered = (await one_run(PROBE, address, packets=1, wait="50ms")).status is Status.OK


@pytest.mark.parametrize("address", ["127.0.0.1", "127.45.6.7", "::1", "localhost"])
async def test_loopback_answers(address: str) -> None:
    result = await one_run(PROBE, address)
    assert result.status is Status.OK, result
    assert result.message.startswith("3 réponses sur 3, ")
    values = measured(result)
    assert set(values) == set(PROBE.measures)
    assert 0 < values[RTTS[0]] <= values[RTTS[1]] <= values[RTTS[2]] <= result.duration_s
    assert values["loss_ratio"] == 0


async def test_one_packet_has_no_jitter() -> None:
    result = await one_run(PROBE, "127.0.0.1", packets=1)
    assert result.message.startswith("1 réponse sur 1, ")
    assert "jitter_seconds" not in measured(result)


async def test_packets_are_spaced() -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    result = await one_run(PROBE, "127.0.0.1", packets=4, spacing="10ms")
    assert result.status is Status.OK
    # By the clock of the loop, whose timers it is that space them: it stands still while the loop computes.
    assert loop.time() - begun >= 0.03 - 1e-6


@pytest.mark.parametrize("size", [0, 1, 1472, 65000])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_any_size(address: str, size: int) -> None:
    result = await one_run(PROBE, address, size=size)
    assert result.status is Status.OK, result


async def test_thresholds() -> None:
    result = await one_run(PROBE, "127.0.0.1", rtt={"warning": 1e-9}, jitter={"critical": 1e-12})
    assert result.status is Status.CRITICAL
    assert result.message.startswith("gigue ")
    assert "temps de réponse" in result.message


async def test_two_thousand_in_flight_on_one_socket() -> None:
    shared = Shared()
    results = await asyncio.gather(
        *(one_run(PROBE, f"127.1.{n // 250}.{n % 250 + 1}", shared, packets=1) for n in range(2000))
    )
    # The kernel may refuse replies beyond its receive queue; then the run cannot tell, and does not blame the target.
    assert {result.status for result in results} <= {Status.OK, Status.UNKNOWN}
    assert sum(result.status is Status.OK for result in results) > 200
    assert not shared.use(Icmp4)._sent
    await shared.close()


async def test_anchors_are_down_only_together() -> None:
    result = await one_run(PROBE, "", anchors=["nom-qui-n-existe.invalid", "127.0.0.1", "::1"])
    assert result.status is Status.OK
    assert result.message.endswith(" en moyenne, 2 repères sur 3")


async def test_a_family_that_the_address_does_not_have() -> None:
    result = await one_run(PROBE, "127.0.0.1", family="ipv6")
    assert (result.status, result.message) == (Status.UNKNOWN, "127.0.0.1 n'est pas une adresse IPv6")


def both(namespace: Namespace, address: str, **settings: Any) -> Iterator[Result]:
    """The same run with a raw socket, then with a datagram one."""
    yield namespace.play(lambda: one_run(PROBE, address, **settings))
    namespace.set("ipv4.ping_group_range", "0 0")
    yield namespace.play(lambda: one_run(PROBE, address, **settings))


@pytest.mark.parametrize("address", ["10.9.0.2", "fd09::2"])
def test_a_machine_that_answers(network: tuple[Namespace, Namespace], address: str) -> None:
    for result in both(network[0], address, wait="30s"):
        assert result.status is Status.OK, result


@pytest.mark.parametrize("address", ["10.9.0.9", "fd09::9"])
def test_a_machine_that_is_not_there(network: tuple[Namespace, Namespace], address: str) -> None:
    for result in both(network[0], address, wait="30s"):
        assert result.status is Status.CRITICAL
        assert result.message.startswith(f"{address} : hôte injoignable")
        assert measured(result) == {"loss_ratio": 1}


@pytest.mark.parametrize("address", ["10.10.0.1", "fd10::1"])
def test_a_router_that_gives_up(network: tuple[Namespace, Namespace], address: str) -> None:
    near, far = network
    near.run("ip route add 10.10.0.0/16 via 10.9.0.2", "ip -6 route add fd10::/16 via fd09::2")
    far.set("ipv4.conf.all.forwarding", "1")
    far.set("ipv6.conf.all.forwarding", "1")
    far.set("ipv4.icmp_ratelimit", "0")  # by default a router reports one loss a second
    far.set("ipv6.icmp.ratelimit", "0")
    far.run("ip link add nowhere type veth peer name empty", "ip link set empty up")
    far.set("ipv6.conf.nowhere.accept_dad", "0")
    for family in ("ipv4", "ipv6"):
        far.set(f"{family}.neigh.nowhere.retrans_time_ms", "20")
    far.run("ip link set nowhere up", "ip route add 10.10.0.0/16 dev nowhere", "ip -6 route add fd10::/16 dev nowhere")
    router = "fd09::2" if ":" in address else "10.9.0.2"
    for result in both(near, address, wait="30s"):
        assert result.status is Status.CRITICAL
        assert result.message == f"{address} : hôte injoignable (signalé par {router})"


@pytest.mark.parametrize(("packets", "said"), [(1, "1 requête ICMP"), (3, "3 requêtes ICMP")])
def test_silence(network: tuple[Namespace, Namespace], packets: int, said: str) -> None:
    near, far = network
    far.set("ipv4.icmp_echo_ignore_all", "1")
    for result in both(near, "10.9.0.2", wait="50ms", packets=packets):
        assert result.status is Status.CRITICAL
        assert result.message == f"10.9.0.2 ne répond pas ({said})"
        assert measured(result) == {"loss_ratio": 1}


def test_silence_is_told_before_the_deadline(network: tuple[Namespace, Namespace]) -> None:
    near, far = network
    far.set("ipv4.icmp_echo_ignore_all", "1")
    result = near.play(lambda: one_run(PROBE, "10.9.0.2", wait="30s", timeout_s=0.3))
    assert result.message == "10.9.0.2 ne répond pas (3 requêtes ICMP)"


def test_no_route(namespace: Namespace) -> None:
    for result in both(namespace, "10.11.0.1"):
        assert result.status is Status.UNKNOWN
        assert result.message == "réseau de 10.11.0.1 injoignable depuis le superviseur"


def test_all_anchors_down(network: tuple[Namespace, Namespace]) -> None:
    near, far = network
    far.set("ipv4.icmp_echo_ignore_all", "1")
    result = near.play(lambda: one_run(PROBE, "", anchors=["10.9.0.2", "10.11.0.1"], wait="50ms"))
    assert result.status is Status.CRITICAL
    assert result.message.startswith("aucun repère ne répond : 10.9.0.2 ne répond pas")


@pytest.mark.parametrize(
    ("route", "status", "message"),
    [
        ("prohibit", Status.UNKNOWN, "envoi ICMP vers 10.12.0.1 interdit (adresse de diffusion ou route interdite)"),
        ("unreachable", Status.CRITICAL, "10.12.0.1 injoignable"),
        ("blackhole", Status.UNKNOWN, "envoi impossible vers 10.12.0.1 (EINVAL)"),
    ],
)
def test_refused_by_our_own_system(namespace: Namespace, route: str, status: Status, message: str) -> None:
    namespace.run(f"ip route add {route} 10.12.0.0/16")
    for result in both(namespace, "10.12.0.1"):
        assert (result.status, result.message) == (status, message)
        assert not result.measurements


def test_a_send_queue_that_is_full(network: tuple[Namespace, Namespace]) -> None:
    near, _ = network
    near.set("ipv4.neigh.near.retrans_time_ms", "10000")  # what waits for the address of a host stays in the queue

    async def scenario() -> Result:
        shared = Shared()
        await one_run(PROBE, "127.0.0.1", shared)
        shared.use(Icmp4)._echo.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 0)
        await one_run(PROBE, "10.9.0.9", shared, size=1400, packets=20, wait="1ms")
        result = await one_run(PROBE, "10.9.0.9", shared, size=1400, wait="1ms")
        await shared.close()
        return result

    result = near.play(scenario)
    assert (result.status, result.message) == (Status.UNKNOWN, "file d'envoi ICMP du superviseur pleine")


def test_unprivileged(namespace: Namespace) -> None:
    namespace.set("ipv4.ping_group_range", "0 0")

    async def scenario() -> tuple[Result, Result, bool]:
        shared = Shared()
        over4 = await one_run(PROBE, "127.0.0.1", shared)
        over6 = await one_run(PROBE, "::1", shared)
        raw = shared.use(Icmp4).raw or shared.use(Icmp6).raw
        await shared.close()
        return over4, over6, raw

    over4, over6, raw = namespace.play(scenario, privileged=False)
    assert (over4.status, over6.status) == (Status.OK, Status.OK)
    assert not raw


def test_neither_privilege_nor_permission(namespace: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    create = Echo4._create_socket

    def count(echo: Echo4, kind: int) -> socket.socket:
        tried.append(kind)
        made: socket.socket = create(echo, kind)
        return made

    monkeypatch.setattr(Echo4, "_create_socket", count)

    async def scenario() -> list[Result]:
        shared = Shared()
        results = [await one_run(PROBE, "127.0.0.1", shared) for _ in range(3)]
        await shared.close()
        return results

    for result in namespace.play(scenario, privileged=False):
        assert (result.status, result.message) == (Status.UNKNOWN, PERMISSION)
    assert tried == [socket.SOCK_DGRAM, socket.SOCK_RAW]  # and not again for a while


def test_the_remedy_is_found_without_a_restart(namespace: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("probes.icmp._RETRY_S", 0.0)
    permit = Path("/proc/sys/net/ipv4/ping_group_range")

    async def scenario() -> list[Status]:
        shared = Shared()
        before = await one_run(PROBE, "127.0.0.1", shared)
        os.write(opened, b"0 0")
        after = await one_run(PROBE, "127.0.0.1", shared)
        await shared.close()
        return [before.status, after.status]

    # Opened while the thread may still write it.
    opened = namespace.call(os.open, permit, os.O_WRONLY)
    assert namespace.play(scenario, privileged=False) == [Status.UNKNOWN, Status.OK]
    os.close(opened)


class Forger:
    """A machine that never answers echo requests, and a hand that writes the replies."""

    def __init__(self) -> None:
        self.shared = Shared()
        self.owner: IcmpSocket = self.shared.use(Icmp4)
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self.sender.bind(("127.0.0.5", 0))

    def ping(self, address: str, packets: int = 1) -> Ping:
        """Requests to which nothing replies but `reply`."""
        found = literal(address)
        assert found
        return self.owner.ping(found, packets=packets, spacing_s=0.0, wait_s=20.0, size=8)

    def reply(self, sequence: int, identifier: int | None = None, kind: int = 0) -> None:
        """A reply from 127.0.0.5."""
        packet = Echo4(privileged=True)
        number = self.owner._id if identifier is None else identifier
        data = packet._create_packet(number, sequence, b"12345678")
        # icmplib builds requests (type 8): the type and the checksum that goes with it are changed.
        _, code, checksum, *_ = struct.unpack("!BBHHH", data[:8])
        total = (~checksum & 0xFFFF) - (8 << 8) + (kind << 8)
        packet.close()
        self.sender.sendto(struct.pack("!BBH", kind, code, ~total & 0xFFFF) + data[4:], ("127.0.0.1", 0))

    async def close(self) -> None:
        self.sender.close()
        await self.shared.close()


async def until_read(forger: Forger) -> None:
    """Come back once everything sent so far was read: what is sent last is the last to be read."""
    marker = forger.ping("127.0.0.5")
    forger.reply(marker.sequences[0])
    await marker.done
    assert marker.rtts


def test_only_the_right_reply_counts(namespace: Namespace) -> None:
    namespace.set("ipv4.icmp_echo_ignore_all", "1")

    async def scenario() -> None:
        forger = Forger()
        other_host, right = forger.ping("127.0.0.6"), forger.ping("127.0.0.5", packets=2)
        forger.reply(other_host.sequences[0])  # from 127.0.0.5: not the host that was asked
        forger.reply(right.sequences[0], identifier=forger.owner._id ^ 1)  # another process's ping
        forger.reply(right.sequences[0], kind=13)  # neither a reply nor an error
        await until_read(forger)
        assert not other_host.rtts
        assert not right.rtts
        forger.reply(right.sequences[1])
        forger.reply(right.sequences[1])  # a duplicate
        await until_read(forger)
        assert [packet for packet, _ in right.rtts] == [1]
        forger.reply(right.sequences[0])
        await right.done
        assert sorted(packet for packet, _ in right.rtts) == [0, 1]
        assert right.loss == 0
        other_host.stop()
        forger.reply(other_host.sequences[0])  # too late
        await until_read(forger)
        assert not forger.owner._sent
        await forger.close()

    namespace.play(scenario)


def test_partial_loss(namespace: Namespace) -> None:
    namespace.set("ipv4.icmp_echo_ignore_all", "1")
    settings: dict[str, Any] = {"packets": 12, "wait": "100ms", "loss": {"warning": "20 %", "critical": "60 %"}}

    async def scenario() -> Result:
        forger = Forger()
        run = asyncio.create_task(one_run(PROBE, "127.0.0.5", forger.shared, **settings))
        await asyncio.sleep(0)  # the requests leave in the first step of the run
        for sequence in sorted(forger.owner._sent)[::2]:
            forger.reply(sequence)
        result = await run
        await forger.close()
        return result

    result = namespace.play(scenario)
    assert (result.status, result.message) == (Status.WARNING, "perte 50 % (seuil 20 %)")
    assert measured(result)["loss_ratio"] == 0.5


def test_sequence_numbers_wrap_and_skip_those_in_flight(namespace: Namespace) -> None:
    namespace.set("ipv4.icmp_echo_ignore_all", "1")

    async def scenario() -> None:
        forger = Forger()
        forger.ping("127.0.0.5").stop()
        forger.owner._sequence = 0xFFFD
        first = forger.ping("127.0.0.5", packets=4)
        assert first.sequences == [0xFFFE, 0xFFFF, 0, 1]
        forger.owner._sequence = 0xFFFD
        assert forger.ping("127.0.0.5", packets=2).sequences == [2, 3]
        await forger.close()
        assert first.done.done()

    namespace.play(scenario)


def test_a_full_table_and_a_closed_socket_refuse(namespace: Namespace) -> None:
    namespace.set("ipv4.icmp_echo_ignore_all", "1")

    async def scenario() -> None:
        forger = Forger()
        waiting = forger.ping("127.0.0.5")
        (sent,) = forger.owner._sent.values()
        forger.owner._sent = dict.fromkeys(range(0x10000), sent)
        refused = forger.ping("127.0.0.5")
        assert (refused.refusal, refused.sent) == (errno.ENOBUFS, 0)
        assert refused.done.done()
        forger.owner._sent = {}
        waiting.stop()
        await forger.shared.close()
        result = await one_run(PROBE, "127.0.0.1", forger.shared, wait="50ms")
        assert result.status is Status.CRITICAL  # a new socket, opened by the new use: nobody answers here
        await forger.close()

    namespace.play(scenario)


def test_replies_that_our_own_queue_dropped_are_not_the_targets_loss(namespace: Namespace) -> None:
    async def scenario() -> Result:
        shared = Shared()
        await one_run(PROBE, "127.0.0.1", shared)
        shared.use(Icmp4)._echo.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
        result = await one_run(PROBE, "127.0.0.1", shared, packets=100, wait="50ms", loss={"critical": "10 %"})
        await shared.close()
        return result

    result = namespace.play(scenario)
    assert result.status is Status.UNKNOWN
    assert "file de réception pleine" in result.message
    assert "loss_ratio" not in measured(result)
