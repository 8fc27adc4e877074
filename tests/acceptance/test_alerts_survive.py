"""Alerts of the real daemon while its disk is full, and when its clock jumps; and a second Vigie that watches it."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path

from probes.heartbeat import token
from tests.acceptance.daemon import Daemon, Installation, installation, integrity, until
from tests.acceptance.mail_sink import MailSink
from tests.acceptance.stepped import SteppedInstallation
from tests.acceptance.targets import Targets
from tests.acceptance.test_alerts_killed import COMMUNES, PATIENT, READERS, Communes
from tests.acceptance.test_disk import fill, filled, inside, on_a_small_disk, rows

DAY_S = 86_400
HOUR_S = 3600
FEW = set(COMMUNES[:5])
CALLED, FAILED = {"watchdog": 1.0, "mort": 1.0}, {"watchdog": 0.0, "mort": 1.0}
READER = [f"l{n}@{name}.test" for name in sorted(FEW) for n in range(READERS)]


def arrived(sink: MailSink) -> Counter[str]:
    """How many mails each has got; never two of one key."""
    keys = Counter(mail.key for mail in sink.mails)
    assert set(keys.values()) <= {1}
    return Counter(mail.to for mail in sink.mails)


def sent(daemon: Daemon, place: Installation) -> bool:
    """Is there something, and has all of it left?"""
    return rows(daemon, place, "select distinct state from message") == [["sent"]]


def test_what_happens_while_the_disk_is_full_is_told_once_it_has_room(place: Installation, world: Targets) -> None:
    prefix = on_a_small_disk(place, "size=4m")
    communes = Communes(place, world, sink := MailSink(world), every=PATIENT)
    with place.start(prefix=prefix) as daemon:
        daemon.wait_ready()
        daemon.wait_statuses({f"{name}/e/s": 0 for name in COMMUNES})
        with filled(inside(daemon, place)):
            communes.failing = FEW
            until(lambda: daemon.metrics().value("vigie_store_failing") == 1, "it cannot write")
            daemon.wait_statuses({f"{name}/e/s": 2 for name in FEW})
            assert daemon.metrics().value("vigie_well") == 0
            assert sink.mails == []
        until(lambda: len(sink.mails) == len(READER), "each has been told", 60)
        until(lambda: sent(daemon, place), "and it is noted")
        assert arrived(sink) == Counter(READER)
        # The disk fills while a mail is on its way: what became of it is noted when there is room, and it leaves once.
        fillers: list[Path] = []
        sink.when("taken", lambda: fillers.append(fill(inside(daemon, place))))
        communes.failing = set(COMMUNES[5:6])
        until(lambda: fillers, "the disk is full")
        until(lambda: daemon.metrics().value("vigie_store_failing") == 1, "it cannot write")
        with suppress(FileNotFoundError):
            fillers[0].unlink()
        until(lambda: daemon.metrics().value("vigie_store_failing") == 0, "it writes again", 60)
        until(lambda: sink.reached and sent(daemon, place), "all of it is noted", 60)
        more = Counter(f"l{n}@{COMMUNES[5]}.test" for n in range(READERS))
        assert arrived(sink) >= Counter(READER) + more
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log()


def test_a_clock_that_jumps_doubles_nothing_and_holds_nothing_up(world: Targets) -> None:
    with installation(SteppedInstallation) as place:
        place.offset.write_text("0")
        communes = Communes(place, world, sink := MailSink(world), every=PATIENT)
        with place.running() as daemon:
            daemon.wait_statuses({f"{name}/e/s": 0 for name in COMMUNES})
            sink.down = True
            communes.failing = FEW
            failing = f"select count(*) = {len(READER)} from message where state = 'waiting' and failure <> ''"
            until(lambda: place.rows(failing) == [(1,)], "each message was tried")
            place.step(DAY_S)
            until(lambda: daemon.metrics().value("vigie_time_breaks_total") >= 1, "it noticed")
            sink.down = False
            communes.failing = FEW | {COMMUNES[7]}  # whatever happens, the outbox is looked at
            until(lambda: len(sink.mails) == len(READER) + READERS and communes.pending() == 0, "all has left", 60)
            communes.failing = set()
            until(lambda: len(sink.mails) >= 2 * len(READER), "and that it is over", 60)
            until(
                lambda: {mail.to for mail in sink.mails[len(READER) + READERS :]} >= set(READER), "to each of them", 60
            )
            sink.down = True
            communes.failing = set(COMMUNES[5:6])
            until(
                lambda: place.rows("select 1 from message where state = 'waiting' and failure <> ''"), "it fails again"
            )
            place.step(-HOUR_S)
            sink.down = False
            communes.failing |= set(COMMUNES[6:7])  # what comes now is told now, and so is what waits
            told = {f"l{n}@{name}.test" for name in COMMUNES[5:7] for n in range(READERS)}
            until(lambda: told <= {mail.to for mail in sink.mails} and communes.pending() == 0, "all has left", 60)
            assert daemon.stop() == 0
        integrity(place)
        # That it was over is told once, though the clock has written that hour of history again.
        assert {to: count for to, count in arrived(sink).items() if to in READER} == dict.fromkeys(READER, 2)


def test_another_vigie_watches_it(place: Installation, world: Targets) -> None:
    place.write(a=[{"id": "vigie", "type": "heartbeat", "every": "24h", "interval": "10m", "attempts": 1}])
    with place.running() as watching, installation() as watched:
        ((key,),) = place.rows("select value from meta where key = 'heartbeat_key'")
        secret = token(bytes.fromhex(key), "a/e/vigie", 1)
        (watched.root / "url").write_text(f"http://127.0.0.1:{watching.port}/beat/{secret}\n")
        (watched.root / "dead").write_text(f"http://127.0.0.1:{world.refusing()}/beat/{secret}\n")
        dogs = [{"url": {"file": "url"}}, {"name": "mort", "url": {"file": "dead"}}]
        watched.main["alerts"] = {"watchdogs": dogs}
        watched.write(b=[])
        assert watching.statuses() == {"a/e/vigie": 3}
        with watched.running() as daemon:
            watching.wait_statuses({"a/e/vigie": 0})
            # One that cannot be reached is told once, without its address, and stops nothing.
            calls = "vigie_watchdog_calls_total"
            until(
                lambda: {dog["watchdog"]: n for dog, n in daemon.metrics().series(calls)} == CALLED, "both are called"
            )
            calls = "vigie_watchdog_failed_calls_total"
            until(
                lambda: {dog["watchdog"]: n for dog, n in daemon.metrics().series(calls)} == FAILED, "one is answered"
            )
            assert daemon.metrics().value("vigie_well") == 1
            assert daemon.get("/readyz") == (200, "ok\n")
            assert daemon.stop() == 0
            assert "the watchdog mort does not hear that all is well: connexion refusée" in daemon.log()
            assert secret not in daemon.log() + watching.log()
