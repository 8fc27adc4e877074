"""A relay that is down for a day: the real dispatcher and the real mails, over a clock that a test moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from supervisor.alerts.composing import composer
from supervisor.alerts.dispatcher import Dispatcher
from supervisor.alerts.gathering import Gathering
from supervisor.alerts.mail import MailTransport
from supervisor.config.alerting import Mail, Relay
from supervisor.domain.contact import Seed
from supervisor.store import outbox
from supervisor.store.batch import Batch
from tests.acceptance.mail_sink import MailSink
from tests.acceptance.targets import targets
from tests.unit.acts.stage import IMAP, PARIS, SITE, Stage, at, stage
from tests.unit.alerts.wires import Moves, Shelf
from tests.unit.alerts.wordings import plain_spaces

STEP_S = 120
MAYOR = Seed("exemple", "Mairie", "mairie@exemple.test", None, "critical", None)
ON_CALL = Seed("syndicat", "Astreinte", "astreinte@syndicat.test", None, "warning", None)


class Outage:
    """A relay, what it is to be told, and the time that passes."""

    def __init__(self, desk: Stage, sink: MailSink) -> None:
        self.desk = desk
        self.sink = sink
        self.now = at("03-06 09:00")
        relay = Relay(host="127.0.0.1", port=sink.port, security="none", timeout=60.0)
        mail = MailTransport(
            Mail(relays=(relay,)), sender="v@syndicat.test", name="Vigie", wall=self.wall, monotonic=self.wall
        )
        gathering = Gathering(
            promises=desk.promises,
            compose=composer("Moselle Fibre", PARIS, 1),
            channels=frozenset({"mail"}),
            public_url=None,
        )
        shelf = Shelf(desk.connection)
        self.dispatcher = Dispatcher(shelf, Moves(), self.wall, lambda: gathering, {"mail": mail})  # type: ignore[arg-type]

    def wall(self) -> float:
        return float(self.now)

    async def until(self, wall: str) -> None:
        """That time comes, two minutes at once."""
        while self.now < at(wall):
            self.now += STEP_S
            await self.dispatcher.look()
            await self.dispatcher.settle()


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with targets() as world:
        yield MailSink(world)


async def test_all_arrives_once_oldest_first_and_nothing_that_is_over_is_told_as_lasting(sink: MailSink) -> None:
    with stage() as desk:
        outage = Outage(desk, sink)
        desk.database.apply(Batch(at=desk.now, contacts=[MAYOR, ON_CALL]))
        desk.result("03-06 09:00", SITE, "ok")
        desk.result("03-06 09:00", IMAP, "ok")
        sink.down = True
        desk.result("03-06 09:01", SITE, "critical")  # told before anybody knows that the relay is down
        await outage.until("03-06 09:30")
        desk.result("03-06 09:30", IMAP, "critical")
        await outage.until("03-06 10:00")
        desk.result("03-06 10:00", IMAP, "ok")  # begun and over meanwhile
        await outage.until("03-06 11:00")
        desk.result("03-06 11:00", SITE, "ok")
        await outage.until("03-06 20:00")
        desk.result("03-06 20:00", IMAP, "critical")  # and this one lasts
        await outage.until("03-07 09:00")
        assert sink.mails == []
        assert outage.dispatcher.standing["mail"].fails_since is not None
        sink.down = False
        await outage.until("03-07 11:00")
        await outage.dispatcher.close()
        assert {message.state for message in outbox.undelivered_or_since(desk.connection, 0)} == {"sent"}
        assert outage.dispatcher.standing["mail"].fails_since is None
        assert set(Counter(mail.key for mail in sink.mails).values()) == {1}
        began, over, begins = (
            "Panne : internet, Exemple, depuis 9 h 01",
            "Retour à la normale : internet, Exemple, hier à 11 h, après 1 h 59",
            "Panne : messagerie, Exemple, depuis 20 h",
        )
        said = [plain_spaces(mail.subject) for mail in sink.mails if mail.to == MAYOR.email]
        # They left the next day: each says when it was written, but for what was put into words after the outage.
        assert sorted(subject.partition(" – ")[0] for subject in said if " – " in subject) == [
            "Message du vendredi 6 mars à 10 h 02",
            "Message du vendredi 6 mars à 20 h 02",
            "Message du vendredi 6 mars à 9 h 02",
        ]
        told = [subject.rpartition(" – ")[2] for subject in said]
        assert sorted(told) == sorted(
            [began, over, begins, "Retour à la normale : messagerie, Exemple, à 10 h, après 30 min"]
        )
        assert told.index(began) < told.index(over)
        others = [plain_spaces(mail.subject).rpartition(" – ")[2] for mail in sink.mails if mail.to == ON_CALL.email]
        assert others.index(began) < others.index(over)
        assert len(others) == 4
