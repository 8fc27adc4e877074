"""Alerts by mail: several relays in order, until one takes it."""

from __future__ import annotations

from collections.abc import Callable

from probes.trust import TlsContexts
from supervisor.alerts.mail_message import AddressError, address, compose
from supervisor.alerts.mail_relay import Answer, RelayClient, Verdict
from supervisor.alerts.transport import Attempt, Letter, later, refused, sent
from supervisor.alerts.ways import Ways
from supervisor.config.alerting import Mail


class MailTransport:
    """A letter to one person, as one mail with one receiver: no relay can take it in part."""

    def __init__(
        self, mail: Mail, *, sender: str, name: str, wall: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._sender = address(sender)
        self._name = name  # what mailboxes show beside the address
        self._wall = wall
        contexts = TlsContexts.open()
        domain = self._sender.rpartition("@")[2]
        self._relays = [RelayClient(relay, contexts, domain) for relay in mail.relays]
        self._ways = Ways(self._relays, monotonic)

    async def send(self, letter: Letter) -> Attempt:
        """Try each relay once, in order, those that just failed last.

        1. A receiver that one relay refuses for ever is refused: the others would only say the same.
        2. After a break while the mail was handed over, it may have been taken: later, and by another relay; the
           Message-ID lets the mailbox see the repeat.
        3. A relay that refuses us, or for now, hands over to the next.
        """
        try:
            to = address(letter.to)
        except AddressError as error:
            return refused(error.message)
        mail = compose(letter, sender=self._sender, name=self._name, to=to, now=int(self._wall()))
        answers: list[Answer] = []
        for relay in self._ways.order():
            answer = await relay.hand(self._sender, to, mail)
            (self._ways.worked if answer.healthy else self._ways.failed)(relay)
            answers.append(answer)
            if answer.verdict is Verdict.TAKEN:
                return sent(answer.detail, answer.receipt)
            if answer.verdict in (Verdict.NOBODY, Verdict.UNSURE):
                break
        return _untaken(answers)

    async def close(self) -> None:
        """End the idle connections."""
        for relay in self._relays:
            await relay.close()


def _untaken(answers: list[Answer]) -> Attempt:
    said = " ; ".join(answer.detail for answer in answers)
    if answers[-1].verdict is Verdict.NOBODY:
        return refused(answers[-1].detail)
    if all(answer.verdict is Verdict.UNWANTED for answer in answers):
        return refused(said)
    return later(said)._replace(theirs=all(answer.theirs for answer in answers))
