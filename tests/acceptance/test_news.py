"""What is announced beside incidents, as it arrives, from a real daemon that is killed between any two of them."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime

from tests.acceptance.daemon import Installation, integrity, until
from tests.acceptance.mail_sink import MailSink
from tests.acceptance.targets import Targets, tcp

MAYOR, NIGHT = "mairie@exemple.test", "astreinte@syndicat.test"


def install(place: Installation, world: Targets) -> MailSink:
    """A site that flaps, a commune where nothing happens, the operator; canaries that answer while the world is up."""
    sink = MailSink(world)
    mail = {"relays": [{"host": "127.0.0.1", "port": sink.port, "security": "none", "timeout": "60s"}]}
    place.main["alerts"] = {"from": "vigie@syndicat.test", "mail": mail}
    place.main["flapping"] = {"changes": 4, "within": "60s"}
    changing = world.changing()
    place.main["canaries"] = [
        {**tcp(name, changing, expect="up", interval="5s"), "address": "127.0.0.1"} for name in ("nord", "sud")
    ]
    place.write()
    for name, email, sondes in (
        ("autre", "mairie@autre.test", [tcp("s", world.flapping(1), expect="up")]),
        ("exemple", MAYOR, []),
        ("syndicat", NIGHT, []),
    ):
        place.write_collectivite(
            name,
            [{"id": "e", "address": "127.0.0.1", "sondes": sondes}],
            operator=name == "syndicat",
            contacts=[{"name": "Accueil", "email": email, "alerts": {"mail": "critical"}}],
        )
    return sink


def iso(at: float) -> str:
    """As a command takes it."""
    return datetime.fromtimestamp(int(at), UTC).isoformat()


def notices(place: Installation, subject: str) -> Counter[str]:
    """To how many each line of a subject was told, or will be."""
    rows = place.rows("select t.word from topic t join notice n on n.topic = t.id where t.subject = ?", subject)
    return Counter(str(word) for (word,) in rows)


def words(place: Installation, subject: str) -> list[str]:
    """The lines of a subject."""
    return [str(word) for (word,) in place.rows("select word from topic where subject = ? order by id", subject)]


def test_each_is_announced_once_whatever_dies_meanwhile(place: Installation, world: Targets) -> None:
    world.says = b"up\n"
    sink = install(place, world)

    def read(reader: str, about: str) -> int:
        return sum(mail.to == reader and about in mail.text for mail in sink.mails)

    with place.running() as daemon:
        now = time.time()
        planned = place.vigie(
            "maintenance", "plan", "--collectivite", "exemple", "--nature", "câblage",
            "--start", iso(now - 60), "--end", iso(now + 30),
        )  # fmt: skip
        assert planned.returncode == 0, planned.stderr
        until(lambda: read(MAYOR, "Une maintenance a commencé"), "the commune reads of it")
        until(lambda: words(place, "flapping") == ["begun"], "the site flaps")
        daemon.kill()
    until(lambda: time.time() > now + 30, "it is over, and nobody was there to see")
    world.says = b"down\n"
    with place.running() as daemon:
        until(lambda: words(place, "maintenance") == ["begun", "ended"], "it took place")
        until(lambda: words(place, "isolation") == ["begun"], "cut off")
        daemon.kill()
    world.says = b"up\n"
    with place.running() as daemon:
        until(lambda: words(place, "isolation") == ["begun", "ended"], "reached again")
        until(lambda: read(NIGHT, "Vigie"), "the operator reads of it")
        assert daemon.stop() == 0
    integrity(place)
    assert words(place, "flapping") == ["begun"]
    assert read(MAYOR, "Vigie") == read("mairie@autre.test", "Vigie") == 0
    assert notices(place, "isolation") == {"begun": 1, "ended": 1}
    assert notices(place, "maintenance") == {"begun": 2, "ended": 2}
    assert notices(place, "flapping") == {"begun": 1}
