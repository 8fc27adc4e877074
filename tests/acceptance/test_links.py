"""From a failure to "j'interviens": the mail arrives, its link is opened and pressed through a proxy. SPEC 6, 7, 10."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

from click.testing import CliRunner

from supervisor.cli import main
from tests.acceptance.daemon import PATIENCE_S, Daemon, Installation, until
from tests.acceptance.mail_sink import MailSink, Taken
from tests.acceptance.targets import Targets, tcp
from tests.integration.probes import nginx
from tests.unit.config.places import ROOT

SERVICE = {"id": "internet", "name": "Accès Internet", "rule": "all"}
SONDE = tcp("s", 0, expect="up", service="internet", interval="5s")  # no alarm but that of the test
OTHER = "127.0.0.9"  # somebody who is not of the operators' network


def documented(port: int, daemon: int) -> str:
    """The proxy of docs/alerts.md, in front of this daemon; loopback is the operators' network."""
    page = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```nginx\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for written, here in (
        ("server {", f"server {{\n    listen 127.0.0.1:{port};"),
        ("127.0.0.1:8080", f"127.0.0.1:{daemon}"),
        ("192.0.2.0/24", "127.0.0.1"),
        ("rate=5r/s", "rate=500r/s"),
    ):
        assert written in block
        block = block.replace(written, here)
    return str(block)


class Page(NamedTuple):
    """An answer."""

    status: int
    headers: Mapping[str, str]
    text: str


def ask(url: str, method: str = "GET", form: Mapping[str, str] | None = None, by: str = "127.0.0.1") -> Page:
    """One request, as a browser makes it; no redirection is followed."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_S, source_address=(by, 0))) as connection:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body=urlencode(form) if form else None, headers=headers)
        response = connection.getresponse()
        return Page(response.status, response.headers, response.read().decode())


def press(url: str, word: str) -> Page:
    """Open the page, and send its form by one of its buttons; gives where that leads, opened."""
    page = ask(url)
    opening = re.search(r'name="opening" value="(\d+)"', page.text)
    assert opening is not None, page.text
    assert f'name="step" value="{word}"' in page.text
    answer = ask(url, "POST", {"opening": opening[1], "step": word})
    assert answer.status == 303
    return ask(urljoin(url, answer.headers["Location"]))


@contextmanager
def failing(place: Installation, world: Targets, tmp_path: Path) -> Iterator[tuple[Daemon, MailSink, str]]:
    """A commune whose only machine fails, and who is told; the server is reached through nginx, below a path."""
    sink, socket = MailSink(world), nginx.reserve()
    port = socket.getsockname()[1]
    public = f"http://127.0.0.1:{port}/vigie"
    place.main["alerts"] = {
        "from": "vigie@syndicat.test",
        "public_url": f"{public}/",
        "mail": {"relays": [{"host": "127.0.0.1", "port": sink.port, "security": "none"}]},
    }
    place.write()
    place.write_collectivite(
        "exemple",
        [{"id": "e", "address": "127.0.0.1", "sondes": [SONDE | {"port": world.changing()}]}],
        services=[SERVICE],
        contacts=[{"name": "Mairie", "email": "mairie@exemple.test", "alerts": {"mail": "critical"}}],
    )
    place.write_collectivite(
        "syndicat",
        [],
        operator=True,
        contacts=[{"name": "Jeanne", "email": "jeanne@syndicat.test", "alerts": {"mail": "critical"}}],
    )
    with place.running() as daemon:
        daemon.wait_statuses({"exemple/e/s": 0})
        world.says = b"down\n"
        with nginx.serving(tmp_path, [socket], documented(port, daemon.port)):
            yield daemon, sink, public


def told(sink: MailSink) -> dict[str, Taken]:
    """The first mail of each."""
    mails = until(lambda: sink.mails if len(sink.mails) >= 2 else None, "both are told")
    return {mail.to: mail for mail in mails[:2]}


def link_of(mail: Taken, public: str) -> str:
    """The one link of a mail, as its text and its page have it."""
    (link,) = set(re.findall(r"http\S+", mail.text))
    assert link.startswith(f"{public}/i/")
    assert len(link) <= len(public) + 50
    assert {found.partition("#")[0] for found in re.findall(r'href="([^"]+)"', mail.html)} == {link}
    return str(link)


def run(place: Installation, *words: str) -> Any:
    """What a command answers."""
    done = CliRunner().invoke(main, [*words, "--json", "--config", str(place.config)])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_told_looked_at_and_taken_up_by_the_link(place: Installation, world: Targets, tmp_path: Path) -> None:
    with failing(place, world, tmp_path) as (daemon, sink, public):
        mails = told(sink)
        operator, commune = (link_of(mails[to], public) for to in ("jeanne@syndicat.test", "mairie@exemple.test"))
        assert re.findall(r"/i/\w+#(\w+)\"", mails["jeanne@syndicat.test"].html) == ["vu", "interviens"]
        assert operator != commune

        ((incident,),) = place.rows("select number from incident")

        # What scanners of mail do changes nothing.
        for link in (operator, commune):
            for method in ("GET", "HEAD", "GET"):
                page = ask(link, method)
                assert page.status == 200
        people = "select kind, author from journal where author <> ''"
        assert place.rows(people) == []
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert "Accès Internet" in page.text
        assert "exemple/e/s" not in page.text
        assert "exemple/e/s" in ask(operator).text

        assert "C’est noté\N{NO-BREAK SPACE}: vous avez vu" in press(operator, "vu").text
        assert place.rows(people) == [("acknowledge", "Jeanne")]
        assert "C’est noté\N{NO-BREAK SPACE}: vous intervenez" in press(operator, "interviens").text
        assert place.rows(people) == [("acknowledge", "Jeanne"), ("intervention", "Jeanne")]
        story = run(place, "incident", "show", incident)
        assert (story["gti"], story["state"]) == ("stopped", "open")
        assert story["acknowledged"]
        assert story["intervened"]
        assert "commencée" in ask(commune).text

        # Nothing else has become reachable, and the commune only looks.
        assert ask(commune, "POST", {"opening": "1", "step": "interviens"}).status == 404
        for path in ("/vigie/metrics", "/vigie/api/v1/openapi.json", "/metrics", "/vigie/i/", "/vigie/i/../metrics"):
            assert ask(urljoin(public, path)).status == 404
        # The first page, where operators' other mails lead, is for their own network; links of incidents for all.
        assert "Commune exemple" in ask(f"{public}/").text
        assert (ask(f"{public}/", by=OTHER).status, ask(commune, by=OTHER).status) == (403, 200)
        assert daemon.get("/metrics")[0] == 200

        # What the preview prints opens nothing.
        preview = json.dumps(run(place, "alert", "preview", incident))
        printed = set(re.findall(rf"{public}/i/[^\s\\]+", preview))
        assert {len(link) for link in printed} == {len(operator)}
        assert printed & {operator, commune} == set()
        assert {ask(link).status for link in printed} == {404}

        # Over: the page says so, and takes nothing more.
        world.says = b"up\n"
        until(lambda: place.rows("select 1 from incident where restored_at is not null"), "it is over")
        assert "Retour à la normale" in ask(operator).text
        late = ask(operator, "POST", {"opening": "1", "step": "vu"})
        assert "Rien n’a été enregistré" in ask(urljoin(operator, late.headers["Location"])).text
        assert len(place.rows(people)) == 2

        # Who was erased opens nothing any more.
        (number,) = [row[0] for row in place.rows("select id from contact where name = 'Mairie'")]
        run(place, "contact", "erase", str(number))
        assert ask(commune).status == 404
