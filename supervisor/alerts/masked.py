"""A channel whose words are safe to show: a relay or a gateway may repeat what it was sent, or say anything."""

from __future__ import annotations

from collections.abc import Collection

from probes.excerpt import excerpt
from supervisor.alerts.transport import Attempt, Letter, Transport
from supervisor.redaction import Redactor

_MOST = 1000  # characters of a detail; several relays may each have something to say


class Masked:
    """The transport behind it, without its secrets, on one line."""

    def __init__(self, transport: Transport, secrets: Collection[str]) -> None:
        self._transport = transport
        self._redactor = Redactor(lambda: secrets)

    async def send(self, letter: Letter) -> Attempt:
        """Send, and mask what came back."""
        attempt = await self._transport.send(letter)
        return attempt._replace(detail=self._shown(attempt.detail, _MOST), receipt=self._shown(attempt.receipt, 100))

    def _shown(self, text: str, most: int) -> str:
        return excerpt(self._redactor.clean(text, most), most)

    async def close(self) -> None:
        """Close it."""
        await self._transport.close()
