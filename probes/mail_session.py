"""What a session with a mail server is, whichever protocol it speaks: connected, secured, timed, and given up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from probes.base import Measurement, Run, Status
from probes.channel import Channel, ChannelError, open_channel
from probes.excerpt import excerpt
from probes.http_settings import Login
from probes.mail_access import MailAccess
from probes.names import NameFailureError
from probes.threshold import Above, Below, Verdict
from probes.tls_verdict import judge_chain
from probes.trust import TlsContexts, Trust, TrustError
from probes.units import say_duration

_QUOTED = 80  # characters of the server's words that a message shows
_FAREWELL_S = 1.0  # a server that does not take leave has done its work all the same
_NO_THRESHOLD: Below[float] = Below()


class GivenUpError(Exception):
    """The session cannot go on; the verdict says why."""


class MailSession:
    """One session: what it finds goes to the verdict, what it times to `measurements`."""

    def __init__(
        self, address: str, access: MailAccess, run: Run, verdict: Verdict, *, who: str = "", secret: bool = False
    ) -> None:
        self.access = access
        self.run = run
        self.verdict = verdict
        self.measurements: list[Measurement] = []
        self.said = ""  # what is told of the certificate when all is well
        self._address = address
        self._who = who  # begins each finding where two servers are spoken to
        # A server can send back what it was sent, half of a password included: a sonde that holds one quotes nothing.
        self._hidden = secret or access.login is not None
        self._channel: Channel | None = None
        self._started = self._step = perf_counter()
        self._banner_s = 0.0
        self.total_s = 0.0

    @contextmanager
    def held(self) -> Iterator[None]:
        """Whatever ends the session inside becomes a finding, and the connection is gone in the end."""
        try:
            yield
        except GivenUpError:
            pass
        except (ChannelError, NameFailureError) as error:
            self.find(error.status, error.message)
        except TrustError as error:
            self.find(Status.UNKNOWN, error.message)
        finally:
            if self._channel is not None:
                self._channel.leave()

    @property
    def channel(self) -> Channel:
        """The open connection."""
        assert self._channel is not None  # noqa: S101  `connect` is the first thing a session does
        return self._channel

    @property
    def login(self) -> Login:
        """Who logs in, once it is known that somebody does."""
        assert self.access.login is not None  # noqa: S101
        return self.access.login

    def find(self, status: Status, message: str) -> None:
        """Add a finding."""
        self.verdict.find(status, f"{self._who}{message}")

    def give_up(self, status: Status, message: str) -> GivenUpError:
        """Add a finding that ends the session: `raise session.give_up(…)`."""
        self.find(status, message)
        return GivenUpError()

    def quote(self, text: str | bytes) -> str:
        """What the server said, as a message may repeat it."""
        return "(texte masqué : la sonde a un secret)" if self._hidden else f"« {excerpt(text, _QUOTED)} »"

    def heard(self, line: bytes) -> None:
        """Tell whoever runs `vigie probe`."""
        if self.run.trace is not None:
            self.run.note(f"  {self.quote(line)}")

    def greeted(self) -> None:
        """The server has greeted."""
        self._banner_s = self.timed("banner_seconds")

    def begin(self) -> None:
        """A step begins now."""
        self._step = perf_counter()

    def timed(self, name: str) -> float:
        """What the step took that ends now, measured under this name; the next one begins."""
        now = perf_counter()
        took_s, self._step = now - self._step, now
        self.measurements.append(Measurement(name, took_s))
        return took_s

    def judge_times(self, protocol: str, banner: Above[float] | None, total: Above[float] | None) -> None:
        """Everything is done but the farewell: hold what it took against the thresholds."""
        self.total_s = perf_counter() - self._started
        self.measurements.append(Measurement("total_seconds", self.total_s))
        self.verdict.judge(banner, self._banner_s, f"accueil {protocol} en", say_duration)
        self.verdict.judge(total, self.total_s, f"session {protocol} en", say_duration)

    async def connect(self, port: int, expiry: Below[float] | None) -> None:
        """Connect; under TLS at once if that is how this port begins."""
        self.begin()
        self._channel = await open_channel(self._address, port, self.access.family, self.run)
        self.timed("connect_seconds")
        if self.access.security == "tls":
            await self.secure(expiry)

    async def secure(self, expiry: Below[float] | None) -> None:
        """Go over to TLS; nothing more is said on a connection whose certificate is refused."""
        access, run = self.access, self.run
        context = run.shared.use(TlsContexts).context(Trust(access.verify, access.ca))
        name = access.host or self._address
        self.begin()
        shown = await self.channel.handshake(context, name)
        first = judge_chain(self.verdict, shown, expiry or _NO_THRESHOLD, name, run)
        if first is not None:
            self.measurements.append(Measurement("expiry_seconds", first.not_after - run.at))
        if shown.error is not None:
            raise GivenUpError()
        self.timed("handshake_seconds")
        self.said = f", {shown.version}"

    async def farewell(self, *words: bytes) -> None:
        """Take leave; the answer is awaited a moment, so that the server need not log a lost connection."""
        self.run.stage = "fin de la session"
        for word in words:
            self.channel.say(word)
        try:
            async with asyncio.timeout(_FAREWELL_S):
                await self.channel.line()
        except (TimeoutError, ChannelError):
            pass
