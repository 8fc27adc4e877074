"""Alerts by SMS: several gateways in order, until one takes the message."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from supervisor.alerts.gsm7 import fit
from supervisor.alerts.phone import PhoneError, e164
from supervisor.alerts.sms_gateway import GatewayAnswer, Said, Sms, SmsGateway
from supervisor.alerts.transport import Attempt, Letter, later, refused, sent
from supervisor.alerts.ways import Ways


class SmsTransport:
    """A letter's text as an SMS: spelt in its alphabet, cut to so many parts."""

    def __init__(
        self, gateways: Sequence[SmsGateway], *, country: str | None, segments: int, monotonic: Callable[[], float]
    ) -> None:
        self._country = country
        self._segments = segments
        self._ways = Ways(gateways, monotonic)

    async def send(self, letter: Letter) -> Attempt:
        """Try each gateway once, in order, those that just failed last.

        1. A number that no gateway can know is refused before any is asked.
        2. After a break once the message was handed over, it may have been taken: later, and by another gateway.
        3. A gateway that refuses, for now or this number for ever, hands over to the next: what one operator bars a
           modem may reach. Refused for ever is what every one of them refused for ever.
        """
        try:
            to = e164(letter.to, self._country)
        except PhoneError as error:
            return refused(error.message)
        sms = Sms(to=to, text=fit(letter.text, self._segments), key=letter.key, at=letter.at)
        if not sms.text:
            return refused("le message est vide une fois écrit dans l'alphabet des SMS")
        answers: list[tuple[SmsGateway, GatewayAnswer]] = []
        for gateway in self._ways.order():
            answer = await gateway.hand(sms)
            answers.append((gateway, answer))
            if answer.said in (Said.TAKEN, Said.NOBODY):
                self._ways.worked(gateway)
            else:
                self._ways.failed(gateway)
            if answer.said is Said.TAKEN:
                return sent(f"{gateway.name} : {answer.detail}", answer.receipt)
            if answer.said is Said.UNSURE:
                break
        told = " ; ".join(f"{gateway.name} : {answer.detail}" for gateway, answer in answers)
        return refused(told) if all(answer.said is Said.NOBODY for _, answer in answers) else later(told)

    async def close(self) -> None:
        """Nothing is kept open."""
