"""Incidents of the real daemon: opened with the state that causes them, told by maintenance and time, never lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.acceptance.daemon import Daemon, Installation, integrity, until
from tests.acceptance.targets import Targets, tcp

ALWAYS = {"timezone": "Europe/Paris", "holidays": None, "slots": {"mon-sun": ["00:00-24:00"]}}


def promised(place: Installation, sondes: list[dict[str, Any]], gti: str = "8h") -> None:
    """A commune with one service, promised day and night."""
    place.main |= {"calendars": {"always": ALWAYS}, "sla": {"gti": gti}}
    place.config.write_text(json.dumps(place.main))
    content = {
        "collectivite": "a",
        "name": "Commune a",
        "calendar": "always",
        "services": [{"id": "web", "name": "Web"}],
        "equipment": [{"id": "e", "address": "127.0.0.1", "service": "web", "sondes": sondes}],
    }
    (place.root / "collectivites" / "a.yaml").write_text(json.dumps(content))


def incidents(place: Installation) -> list[dict[str, Any]]:
    """What `vigie incident list` shows of all of them."""
    done = place.vigie("incident", "list", "--all", "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["incidents"]
    return found


def notes(place: Installation) -> list[str]:
    """The journal of all incidents."""
    return [kind for (kind,) in place.rows("select kind from journal order by t, id")]


def sla(place: Installation) -> dict[str, Any]:
    """The statement of this year."""
    done = place.vigie("sla", "--period", str(datetime.now(UTC).year), "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def act(place: Installation, *words: str) -> str:
    """A command that must succeed."""
    done = place.vigie(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_whole_life_of_an_incident(place: Installation, world: Targets) -> None:
    port = world.refusing()
    promised(place, [tcp("site", port)])
    with place.running() as daemon:
        until(lambda: notes(place) == ["opened"], "an incident is opened")
        (opened,) = incidents(place)
        number = opened["incident"]
        assert number == f"INC-{datetime.now(UTC).year}-000001"
        left = until(lambda: remaining(daemon), "the clock runs in the metrics")
        assert 8 * 3600 - 60 < left <= 8 * 3600
        act(place, "incident", "ack", number, "--author", "Astreinte")
        refused = place.vigie("incident", "close", number, "--author", "Astreinte")
        assert refused.returncode == 2
        assert "critical" in refused.stderr
        act(place, "incident", "intervene", number, "--author", "Astreinte")
        until(lambda: remaining(daemon) is None, "the clock is stopped")
        promised(place, [tcp("site", world.answering())])
        act(place, "reload")
        until(lambda: "recovered" in notes(place), "it recovers")
        act(place, "incident", "close", number, "--author", "Astreinte")
        assert notes(place) == ["opened", "acknowledge", "intervention", "recovered", "close"]
        assert daemon.stop() == 0
    (line,) = sla(place)["gti"]
    assert (line["incident"], line["met"], line["suspended_s"]) == (number, True, 0)
    integrity(place)


def remaining(daemon: Daemon) -> float | None:
    """`vigie_gti_remaining_seconds` of the only clock, None while none runs."""
    series = daemon.metrics().series("vigie_gti_remaining_seconds")
    return series[0][1] if series else None


def test_the_breach_is_noted_when_it_happens_and_once(place: Installation, world: Targets) -> None:
    promised(place, [tcp("site", world.refusing())], gti="3s")
    with place.running() as daemon:
        until(lambda: "gti-100" in notes(place), "the GTI is exceeded")
        assert notes(place) == ["opened", "gti-50", "gti-75", "gti-90", "gti-100"]
        daemon.kill()
    with place.running() as daemon:
        daemon.wait_checks(3)
        assert daemon.stop() == 0
    assert [note for note in notes(place) if note.startswith("gti")] == ["gti-50", "gti-75", "gti-90", "gti-100"]
    (line,) = sla(place)["gti"]
    assert line["met"] is None  # it runs on
    start, deadline = (datetime.fromisoformat(line[key]) for key in ("start", "deadline"))
    assert deadline - start == timedelta(seconds=3)


def announced(place: Installation, ahead_s: float = 6) -> datetime:
    """Plan an hour of maintenance of the commune that begins soon; gives when. On a slow machine soon is later."""
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=ahead_s)
    window = ("--start", start.isoformat(), "--end", (start + timedelta(hours=1)).isoformat())
    words = ("--collectivite", "a", *window, "--nature", "Mise à jour", "--author", "Op")
    act(place, "maintenance", "plan", *words)
    in_time = place.rows("select announced_at < start from maintenance order by id desc limit 1")
    return start if in_time == [(1,)] else announced(place, 2 * ahead_s)


def test_announced_maintenance_opens_nothing_until_it_is_over(place: Installation, world: Targets) -> None:
    promised(place, [tcp("site", world.answering())])
    with place.running() as daemon:
        daemon.wait_statuses({"a/e/site": 0})
        start = announced(place)
        until(lambda: datetime.now(UTC) > start, "it has begun")
        promised(place, [tcp("site", world.refusing())])
        act(place, "reload")
        until(lambda: place.rows("select count(*) from spell where end is null") == [(1,)], "the trouble is confirmed")
        daemon.wait_checks(2)
        assert notes(place) == []
        (number,) = place.rows("select max(id) from maintenance")[0]
        act(place, "maintenance", "cancel", str(number), "--reason", "Terminé plus tôt", "--author", "Op")
        until(lambda: notes(place) == ["opened"], "an incident is opened once it is over")
        assert daemon.stop() == 0
    (line,) = sla(place)["gti"]
    ((cancelled,),) = place.rows("select cancelled_at from maintenance where id = ?", number)
    assert datetime.fromisoformat(line["start"]).timestamp() == cancelled
    (service,) = sla(place)["services"]
    assert service["kinds"]["maintenance"] == cancelled - start.timestamp()


def test_a_removed_sonde_restores_its_incident(place: Installation, world: Targets) -> None:
    promised(place, [tcp("site", world.refusing())])
    with place.running() as daemon:
        until(lambda: notes(place) == ["opened"], "an incident is opened")
        ((opened_at,),) = place.rows("select opened_at from incident")
        until(lambda: datetime.now(UTC).timestamp() > opened_at + 1, "it has lasted a second")
        promised(place, [tcp("autre", world.answering())])
        act(place, "reload")
        until(lambda: notes(place) == ["opened", "recovered"], "it is restored")
        assert daemon.stop() == 0


def test_no_trouble_without_its_incident_whenever_it_is_killed(place: Installation, world: Targets) -> None:
    """The spell and its incident are one transaction: a kill leaves both or neither."""
    sondes = [tcp(f"s{index}", world.refusing()) for index in range(40)]
    for sonde in sondes:
        sonde["attempts"] = 1
    promised(place, sondes)
    for _ in range(4):
        with place.start() as daemon:
            until(lambda: daemon.status(), "it listens")
            daemon.kill()
        lonely = place.rows(
            "select s.id from spell p join sonde s on s.key = p.sonde "
            "where not exists (select 1 from incident i where i.sonde = s.id)"
        )
        assert lonely == []
    with place.running() as daemon:
        until(lambda: place.rows("select count(*) from incident") == [(40,)], "every sonde has its incident")
        assert daemon.stop() == 0
    assert place.rows("select count(*), count(distinct number) from incident") == [(40, 40)]
    integrity(place)
