"""The demo's servers, well and ailing, as the real techniques see them."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from probes import dns, domain, http, imap, mail_loop, runner, smtp, tcp
from probes.base import Probe, Result, Run, Shared, Status, Target
from probes.camera import check as camera
from probes.camera.settings import CameraSettings
from probes.dns import DnsSettings
from probes.domain import DomainSettings
from probes.http_settings import HttpSettings
from probes.secret import Secret
from probes.tcp import TcpSettings
from supervisor.demo import cameras, talkers
from supervisor.demo.certificates import Authority
from supervisor.demo.letters import Letters
from supervisor.demo.names import Entry, Zone, open_names
from supervisor.demo.played import Mode, Open, Place, Played
from supervisor.demo.post import Post
from supervisor.demo.web import open_web
from tests.own_address import ADDRESS, kept_port

_ESSAI = "essai@brume.example"

Start = Callable[[str, Open], Awaitable[Played]]


@pytest.fixture
def authority() -> Authority:
    return Authority(datetime.now(UTC))


@pytest.fixture
def ca(authority: Authority, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    path.write_bytes(authority.pem)
    return str(path)


@pytest.fixture
def context(authority: Authority, tmp_path: Path) -> ssl.SSLContext:
    issued = authority.issue("Essai", [ADDRESS], timedelta(days=90))
    path = tmp_path / "server.pem"
    path.write_bytes(issued.certificate + issued.key)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path)
    return made


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Opens a server on a port of its own, closed or not; all close at the end."""
    opened: list[Played] = []
    with ExitStack() as ports:

        async def begin(kind: str, open_: Open) -> Played:
            place = Place(name=f"essai/machine/{kind}", owner="Commune d'Essai", kind=kind, address=ADDRESS)
            played = Played(place, ports.enter_context(kept_port()), open_)
            await played.settle()
            opened.append(played)
            return played

        yield begin
        for played in opened:
            played.close()


def nowhere() -> Letters:
    """Nobody reads them."""
    return Letters(lambda _, __: None, lambda _: None)


async def look(probe: Probe, settings: object, timeout_s: float = 60.0) -> Result:
    shared = Shared()
    try:
        target = Target(sonde="essai/machine/sonde", address=ADDRESS)
        return await runner.run(probe, target, settings, Run(shared, time.time(), timeout_s))
    finally:
        await shared.close()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", {"contains": "Bienvenue – Commune d'Essai"}),
        ("/zimbra/", {"contains": "Zimbra"}),
        ("/status.php", {"json": {"installed": True, "maintenance": False}}),
        ("/bigbluebutton/api", {"contains": "<returncode>SUCCESS</returncode>"}),
        ("/actes/health", {"json": {"status": "UP"}}),
    ],
)
async def test_pages_say_what_the_config_expects(
    start: Start, context: ssl.SSLContext, ca: str, path: str, expected: dict[str, Any]
) -> None:
    played = await start("https", partial(open_web, context=context, letters=nowhere()))
    result = await look(http.PROBE, HttpSettings(url=f"https://{ADDRESS}:{played.port}{path}", ca=ca, **expected))
    assert result.status is Status.OK, result.message


@pytest.mark.parametrize(
    ("mode", "status", "said"),
    [
        (Mode.ERROR, Status.CRITICAL, "réponse HTTP 500"),
        (Mode.WRONG, Status.CRITICAL, "texte attendu absent"),
        (Mode.CLOSED, Status.CRITICAL, "connexion refusée"),
        (Mode.SLOW, Status.CRITICAL, "pas de réponse en"),
        (Mode.ENDLESS, Status.CRITICAL, "pas de réponse en"),
        (Mode.MUTE, Status.CRITICAL, "pas de réponse en"),
    ],
)
async def test_a_site_ails_in_many_ways_and_gets_well(
    start: Start, context: ssl.SSLContext, ca: str, mode: Mode, status: Status, said: str
) -> None:
    played = await start("https", partial(open_web, context=context, letters=nowhere()))
    settings = HttpSettings(url=f"https://{ADDRESS}:{played.port}/", ca=ca, contains=("Bienvenue",))
    await played.strike("fault", mode)
    result = await look(http.PROBE, settings, timeout_s=1.0 if said == "pas de réponse en" else 60.0)
    assert (result.status, said in result.message) == (status, True), result.message
    await played.heal("fault")
    assert (await look(http.PROBE, settings)).status is Status.OK


async def test_mail_is_taken_and_found_again(start: Start, context: ssl.SSLContext, ca: str) -> None:
    post = Post(nowhere())
    relay = await start("smtp", partial(talkers.open_talker, context=context, talk=post.smtp))
    box = await start("imap", partial(talkers.open_talker, context=context, talk=post.imap))
    login = {"user": "essai", "password": Secret("essai")}
    smtp_settings = {"port": relay.port, "ca": ca, "login": login}
    imap_settings = {"port": box.port, "ca": ca, "login": login}
    for probe, written in (
        (smtp.PROBE, {**smtp_settings, "recipient": "accueil@brume.example"}),
        (imap.PROBE, {**imap_settings, "mailbox": "INBOX"}),
        (mail_loop.PROBE, {"sender": _ESSAI, "recipient": _ESSAI, "smtp": smtp_settings, "imap": imap_settings}),
    ):
        settings = TypeAdapter(probe.settings).validate_python(written)
        result = await look(probe, settings)
        assert result.status is Status.OK, result.message
        await box.strike("fault", Mode.MUTE)
        await relay.strike("fault", Mode.MUTE)
        assert (await look(probe, settings, timeout_s=1.0)).status is Status.CRITICAL
        await box.heal("fault")
        await relay.heal("fault")
    assert post._mails == {}  # the test mail was deleted


async def test_a_registration_is_published(start: Start) -> None:
    played = await start("https", partial(open_web, context=None, letters=nowhere()))
    settings = DomainSettings(name="brume.example", server=f"http://{ADDRESS}:{played.port}/rdap")
    result = await look(domain.PROBE, settings)
    assert result.status is Status.OK, result.message
    await played.strike("fault", Mode.ERROR)
    assert (await look(domain.PROBE, settings)).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("talk", "send", "expect"),
    [
        (talkers.ssh, "", "^SSH-2"),
        (talkers.sip, r"OPTIONS sip:x SIP/2.0\r\n\r\n", r"^SIP/2\.0 200"),
        (talkers.pgsql, r"\x00\x00\x00\x09\x00\x03\x00\x00\x00", "^R"),
        (talkers.mariadb, "", r"(?s)^.{3}\x00\n[0-9]+\."),
        (talkers.silent, "", None),
    ],
    ids=["ssh", "sip", "pgsql", "mariadb", "silent"],
)
async def test_every_machine_speaks_its_protocol(
    start: Start, context: ssl.SSLContext, talk: talkers.Talk, send: str, expect: str | None
) -> None:
    played = await start("tcp", partial(talkers.open_talker, context=context, talk=talk))
    settings = TcpSettings(port=played.port, send=send, expect=expect)  # type: ignore[arg-type]
    result = await look(tcp.PROBE, settings)
    assert result.status is Status.OK, result.message
    await played.strike("fault", Mode.CLOSED)
    assert (await look(tcp.PROBE, settings)).message == f"connexion refusée (port {played.port})"


async def test_the_name_server_answers_and_lies(start: Start) -> None:
    zone = Zone()
    zone.fill([Entry("brume.example", "A", ("127.77.1.10",))])
    played = await start("dns", partial(open_names, zone=zone))
    settings = DnsSettings(name="brume.example", resolver=f"{ADDRESS}:{played.port}", expect=("127.77.1.10",))
    assert (await look(dns.PROBE, settings)).status is Status.OK
    await played.strike("fault", Mode.WRONG)
    assert "127.77.1.10 absent" in (await look(dns.PROBE, settings)).message
    await played.strike("fault", Mode.CLOSED)
    assert (await look(dns.PROBE, settings, timeout_s=1.0)).status is Status.CRITICAL


async def test_a_camera_gives_its_video(start: Start, context: ssl.SSLContext) -> None:
    played = await start("camera", partial(talkers.open_talker, context=context, talk=cameras.rtsp))
    settings = CameraSettings(url=f"rtsp://{ADDRESS}:{played.port}/flux")
    result = await look(camera.PROBE, settings)
    assert (result.status, result.message[:21]) == (Status.OK, "en ligne, flux H264, "), result.message
    await played.strike("essai", Mode.MUTE)
    result = await look(camera.PROBE, settings, timeout_s=0.3)
    assert result.status is Status.CRITICAL
