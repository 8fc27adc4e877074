"""SMS through a modem: gammu-smsd with its backend of files, for when the Internet itself is down."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from supervisor.alerts.keys import digest
from supervisor.alerts.sms_gateway import GatewayAnswer, Said, Sms
from supervisor.config.gateways import Gammu

_LOOK_EVERY_S = 0.2
_HOW = "vérifier gammu-smsd et le modem"


class GammuGateway:
    """One modem.

    The name of a message's file comes from its key alone: a repeat finds the first one, waiting or sent.
    """

    name = "modem (gammu-smsd)"

    def __init__(self, gateway: Gammu, *, monotonic: Callable[[], float]) -> None:
        spool = Path(gateway.spool)
        self._outbox, self._sent, self._error = spool / "outbox", spool / "sent", spool / "error"
        self._patience_s = gateway.timeout
        self._monotonic = monotonic

    async def hand(self, sms: Sms) -> GatewayAnswer:
        """1 lay it in the outbox, 2 wait until gammu-smsd took it away, 3 look where it went.

        Interrupted after 1, it leaves by itself and the next try finds it in `sent`. What the modem has not taken in
        time is withdrawn: hours later it would tell of a trouble that is over.
        """
        stamp = datetime.fromtimestamp(sms.at, UTC).strftime("%Y%m%d_%H%M%S")
        name = f"OUTA{stamp}_000_{sms.to}_{digest(sms.key)}.txt"  # A: before whatever else waits
        try:
            if (self._sent / name).exists():
                return GatewayAnswer(Said.TAKEN, "déjà émis", name)
            self._lay(name, sms.text)
            return await self._follow(name)
        except OSError as error:
            where = error.filename or self._outbox
            return GatewayAnswer(Said.ANOTHER, f"répertoire de gammu-smsd inutilisable : {where} ({error.strerror})")

    def _lay(self, name: str, text: str) -> None:
        (self._error / name).unlink(missing_ok=True)  # of an earlier try
        # UTF-16 with its mark: the only spelling that does not depend on the locale gammu-smsd was started in. Under
        # a name that it does not read until all of it is there.
        draft = self._outbox / f"vigie-{name}"
        draft.write_bytes(b"\xfe\xff" + text.encode("utf-16-be"))
        draft.chmod(0o644)  # gammu-smsd is another user; the directory keeps the others out
        draft.rename(self._outbox / name)

    async def _follow(self, name: str) -> GatewayAnswer:
        waiting, until = self._outbox / name, self._monotonic() + self._patience_s
        while waiting.exists():
            if self._monotonic() >= until:
                with contextlib.suppress(FileNotFoundError):
                    waiting.unlink()
                    return GatewayAnswer(Said.ANOTHER, f"pas émis en {self._patience_s:g} s ; {_HOW}")
            await asyncio.sleep(_LOOK_EVERY_S)
        if (self._error / name).exists():
            return GatewayAnswer(Said.ANOTHER, f"le modem n'a pas pu l'émettre ; {_HOW}")
        # Where SentSMSPath is not set, what was sent is deleted.
        return GatewayAnswer(Said.TAKEN, "émis", name)
