"""One RTSP session: asked what it can do, what it gives, and, if need be, for video until one picture is whole.

1. OPTIONS: something answers, and speaks RTSP.
2. DESCRIBE: the stream exists, the login holds, there is video. Redirections are followed on the same host alone.
3. SETUP, PLAY: packets come. Without `picture` the first one ends the session, unread.
4. With `picture`: packets are put together until a picture is whole that depends on no other.
5. TEARDOWN, whatever was found: cameras give few sessions, and forget one they were not told of only minutes later.

Media come on the same connection (interleaved): nothing to open in a firewall, and nothing is lost on the way. libav
could do all this; it would print addresses with their passwords, follow redirections anywhere, and hang a thread.
"""

from __future__ import annotations

import asyncio
import re
from time import perf_counter
from typing import NamedTuple
from urllib.parse import SplitResult, urljoin

from probes.base import Measurement, Run, Status
from probes.camera import sdp
from probes.camera.challenge import Credentials, stale
from probes.camera.held import Held
from probes.camera.rtp import Assembler, is_video
from probes.camera.rtsp import Answer, Dialogue
from probes.camera.settings import CameraSettings, port_of, split
from probes.channel import Channel, ChannelError, open_channel
from probes.names import NameFailureError
from probes.trust import TlsContexts, Trust, TrustError, refusal
from probes.units import say_duration

_MOVED = frozenset({301, 302, 303, 305, 307, 308})
_MOST_MOVES = 3
_FAREWELL_S = 1.0
_SHARE = 0.85  # of the run's time within which media must come; the rest is for the farewell and the picture
_ALIVE = 3  # whole pictures that depend on others: the stream is as it should be, and its key pictures far apart
_CODEC = "codec non pris en charge (H.264, H.265 ou image fixe)"
_MEANINGS = {
    400: "requête refusée (400) : vérifier le chemin",
    403: "accès interdit (403) : vérifier les droits de l'utilisateur",
    404: "flux introuvable (404) : vérifier le chemin ou le canal",
    453: "caméra saturée (453) : trop de lecteurs du flux",
    454: "session perdue par la caméra (454)",
    461: "vidéo par TCP refusée par la caméra (461)",
    503: "caméra saturée ou en panne (503)",
}


class Seen(NamedTuple):
    """What a session gave."""

    codec: str
    picture: Held | None
    lacking: str  # why there is no picture although one was asked for, in French
    measurements: tuple[Measurement, ...]
    answer_s: float


class _Moved(Exception):
    def __init__(self, url: SplitResult) -> None:
        super().__init__()
        self.url = url


async def look(settings: CameraSettings, url: SplitResult, run: Run) -> Seen:
    """The whole session; raises ChannelError when the camera does not do what it should."""
    for _ in range(_MOST_MOVES + 1):
        try:
            return await _Session(settings, url, run).look()
        except _Moved as moved:
            if moved.url.hostname != url.hostname or moved.url.scheme not in ("rtsp", url.scheme):
                raise ChannelError(Status.CRITICAL, "redirection vers un autre serveur, non suivie") from None
            url = moved.url
        except NameFailureError as failure:
            raise ChannelError(failure.status, failure.message) from None
        except TrustError as failure:
            raise ChannelError(Status.UNKNOWN, failure.message) from None
    raise ChannelError(Status.CRITICAL, f"plus de {_MOST_MOVES} redirections")


class _Session:
    def __init__(self, settings: CameraSettings, url: SplitResult, run: Run) -> None:
        self._settings = settings
        self._url = url
        self._run = run
        self._uri = _text(url)
        login = settings.login
        clear = settings.basic_in_clear or url.scheme == "rtsps"
        self._credentials = Credentials(login, clear=clear) if login is not None else None
        self._session = ""
        self._started = perf_counter()

    async def look(self) -> Seen:
        channel = await open_channel(self._url.hostname or "", port_of(self._url), self._settings.family, self._run)
        try:
            if self._url.scheme == "rtsps":
                await self._secure(channel)
            dialogue = Dialogue(channel, self._run)
            await dialogue.ask("OPTIONS", self._uri, {})
            answer_s = perf_counter() - self._started
            measured = [Measurement("answer_seconds", answer_s)]
            described = await self._ask(dialogue, "DESCRIBE", self._uri, {"Accept": "application/sdp"})
            description = sdp.read(described.body)
            if description.video is None:
                raise ChannelError(Status.CRITICAL, "flux sans vidéo : vérifier le chemin")
            picture, lacking = None, ""
            if self._settings.media or self._settings.picture.on:
                base = _base(described, self._uri)
                picture, lacking = await self._watch(dialogue, description, description.video, base)
                measured.append(Measurement("picture_seconds", perf_counter() - self._started))
            return Seen(description.video.codec, picture, lacking, tuple(measured), answer_s)
        finally:
            channel.leave()

    async def _secure(self, channel: Channel) -> None:
        name = self._url.hostname or ""
        context = self._run.shared.use(TlsContexts).context(Trust(self._settings.verify, self._settings.ca))
        shown = await channel.handshake(context, name)
        if shown.error is not None:
            raise ChannelError(Status.CRITICAL, refusal(shown.error, name))

    async def _ask(self, dialogue: Dialogue, method: str, uri: str, headers: dict[str, str]) -> Answer:
        """An answer that is a success; the login is shown once it is asked for."""
        credentials = self._credentials
        shown = self._shown(method, uri)
        answer = await dialogue.ask(method, uri, {**headers, **shown})
        for _ in range(2):  # with the login, and with a newer nonce
            offered = answer.headers.get("www-authenticate", [])
            if answer.status != 401 or credentials is None or ("Authorization" in shown and not stale(offered)):
                break
            if not credentials.choose(offered):
                raise no_way_in(credentials)
            shown = self._shown(method, uri)
            answer = await dialogue.ask(method, uri, {**headers, **shown})
        if answer.status in _MOVED and method == "DESCRIBE":
            raise _Moved(_destination(self._uri, answer.header("location")))
        if not 200 <= answer.status <= 299:
            raise _refused(answer.status, method, login=credentials is not None)
        return answer

    def _shown(self, method: str, uri: str) -> dict[str, str]:
        """The headers that say who asks."""
        headers = {"Session": self._session} if self._session else {}
        said = self._credentials.header(method, uri) if self._credentials is not None else None
        return headers if said is None else {**headers, "Authorization": said}

    async def _watch(
        self, dialogue: Dialogue, description: sdp.Description, track: sdp.Track, base: str
    ) -> tuple[Held | None, str]:
        transport = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"}
        answer = await self._ask(dialogue, "SETUP", _control(base, track.control), transport)
        self._session = answer.header("session").partition(";")[0].strip()
        given = re.search(r"interleaved=([0-9]{1,3})", answer.header("transport"))
        number = int(given[1]) if given else 0
        whole = _control(base, description.control)
        try:
            await self._ask(dialogue, "PLAY", whole, {"Range": "npt=0.000-"})
            received = await self._receive(dialogue, number, track)
        except BaseException:  # cancelled too: out of time to wait for an answer, not to say it
            dialogue.tell("TEARDOWN", whole, self._shown("TEARDOWN", whole))
            raise
        await self._farewell(dialogue, whole)
        return received

    async def _receive(self, dialogue: Dialogue, number: int, track: sdp.Track) -> tuple[Held | None, str]:
        """A picture if one is wanted; one packet otherwise."""
        self._run.stage = "attente de la vidéo"
        assembler = Assembler(track.kind, track.payload, track.sets) if track.kind is not None else None
        wanted = assembler if self._settings.picture.on else None
        started = perf_counter()
        try:
            async with asyncio.timeout(self._run.timeout_s * _SHARE - (started - self._started)):
                while True:
                    packet = await dialogue.media()
                    if packet.channel != number:
                        continue
                    if wanted is None and is_video(packet.data, track.payload):
                        return None, _CODEC if self._settings.picture.on else ""
                    if wanted is not None and (picture := wanted.feed(packet.data)) is not None:
                        self._run.note(f"{len(picture)} bytes of a key picture after {wanted.packets} packets")
                        return picture, ""
        except TimeoutError:
            within = say_duration(perf_counter() - started)
            if wanted is not None and wanted.dependent >= _ALIVE:
                return None, f"pas d'image clé en {within} (allonger timeout, ou rapprocher les images clés)"
            seen = "" if wanted is None or not wanted.packets else "paquets reçus, mais "
            raise ChannelError(Status.CRITICAL, f"flux sans image : {seen}aucune vidéo lisible en {within}") from None

    async def _farewell(self, dialogue: Dialogue, uri: str) -> None:
        """Awaited a moment: with an answer unread the connection would end in a reset, and the word be lost."""
        try:
            async with asyncio.timeout(_FAREWELL_S):
                await dialogue.ask("TEARDOWN", uri, self._shown("TEARDOWN", uri))
        except (TimeoutError, ChannelError):
            pass


def no_way_in(credentials: Credentials) -> ChannelError:
    """What is found when nothing that a camera offers may be taken."""
    if credentials.only_basic:
        return ChannelError(
            Status.UNKNOWN,
            "mot de passe non envoyé : la caméra ne propose que l'authentification basic, en clair "
            "(l'accepter par basic_in_clear, ou activer digest)",
        )
    return ChannelError(Status.CRITICAL, "authentification demandée d'une manière inconnue")


def _refused(status: int, method: str, *, login: bool) -> ChannelError:
    if status == 401:
        return refused_login(login=login)
    said = _MEANINGS.get(status)
    if said is None:
        whose = "erreur de la caméra" if status >= 500 else "réponse inattendue"
        said = f"{whose} ({status} à {method})"
    return ChannelError(Status.CRITICAL, said)


def refused_login(*, login: bool) -> ChannelError:
    """What a camera that wants other credentials than it was given says."""
    if login:
        return ChannelError(Status.CRITICAL, "identifiants refusés : vérifier l'utilisateur et le mot de passe")
    return ChannelError(Status.CRITICAL, "identifiants demandés par la caméra : il en faut dans login")


def _text(url: SplitResult) -> str:
    """The URL as it is asked for; an empty path is one too."""
    return url._replace(fragment="", path=url.path or "/").geturl()


def _destination(uri: str, location: str) -> SplitResult:
    try:
        return split(urljoin(uri, location)) if location and len(location) <= 2048 else split("")
    except ValueError:
        raise ChannelError(Status.CRITICAL, "redirection vers une adresse invalide") from None


def _base(answer: Answer, uri: str) -> str:
    """What relative controls are relative to."""
    for name in ("content-base", "content-location"):
        said = answer.header(name)
        if said.startswith(("rtsp://", "rtsps://")) and said.isascii() and said.isprintable() and " " not in said:
            return said
    return uri


def _control(base: str, control: str) -> str:
    if control in ("", "*"):
        return base
    if control.startswith(("rtsp://", "rtsps://")):
        return control
    # Put behind, not joined as the URLs of pages are: the base of many cameras ends with a query.
    return f"{base.removesuffix('/')}/{control.removeprefix('/')}"
