"""`http` against a real nginx: status, redirections, content, logins, TLS."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from probes import http
from probes.base import Shared, Status
from tests.integration.probes.authority import DAY, NOW, Identity, intermediate, leaf, root
from tests.integration.probes.nginx import reserve, serving
from tests.integration.probes.running import Runner, measured, shared

__all__ = ["shared"]

PAGE = "<html><h1>Bienvenue à Exemple-lès-Metz</h1>" + "<p>mairie</p>" * 500 + "</html>"


class Site:
    """Where nginx listens, and whom to trust."""

    def __init__(self, directory: Path, plain: int, tls: dict[str, int]) -> None:
        self.directory = directory
        self.plain = plain
        self.tls = tls
        self.ca = str(directory / "ca.pem")
        self.ca_pem = (directory / "ca.pem").read_bytes()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.plain}{path}"

    def secure(self, which: str = "good", path: str = "/") -> str:
        return f"https://127.0.0.1:{self.tls[which]}{path}"


def _certificates(directory: Path) -> dict[str, Identity]:
    authority = root()
    between = intermediate(authority)
    (directory / "ca.pem").write_bytes(authority.pem)
    client = leaf(authority, "vigie")
    client.write(directory, "client")
    return {
        "good": leaf(between, "127.0.0.1", "localhost", "www.exemple.fr"),
        "soon": leaf(between, "127.0.0.1", end=NOW + 10 * DAY),
        "expired": leaf(between, "127.0.0.1", end=NOW - 1 * DAY, start=NOW - 30 * DAY),
        "early": leaf(between, "127.0.0.1", start=NOW + 1 * DAY),
        "other": leaf(between, "autre.exemple.fr"),
        "selfsigned": leaf(None, "127.0.0.1"),
        "stranger": leaf(root("Racine inconnue"), "127.0.0.1"),
        "mutual": leaf(between, "127.0.0.1"),
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("nginx")
    web = directory / "web"
    web.mkdir()
    (web / "index.html").write_text(PAGE)
    (web / "health.json").write_text('{"status": "UP", "nodes": [{"ready": true, "load": 0.5}, {"ready": false}]}')
    (directory / "users").write_text("mairie:{PLAIN}s3cret\n")
    plain = reserve()
    port = plain.getsockname()[1]
    sockets = [plain]
    servers = [_plain_server(directory, port)]
    ports: dict[str, int] = {}
    for name, identity in _certificates(directory).items():
        certificate, key = identity.write(directory, name)
        sock = reserve()
        sockets.append(sock)
        ports[name] = sock.getsockname()[1]
        client = f"ssl_client_certificate {directory}/ca.pem; ssl_verify_client on;" if name == "mutual" else ""
        servers.append(
            f"server {{ listen 127.0.0.1:{ports[name]} ssl; root {web}; {client}"
            f" ssl_certificate {certificate}; ssl_certificate_key {key}; }}"
        )
    with serving(directory, sockets, "\n".join(servers)):
        yield Site(directory, port, ports)


def _plain_server(directory: Path, port: int) -> str:
    return f"""
    server {{ listen 127.0.0.1:{port}; root {directory}/web; charset utf-8; etag off;
        add_header X-Frame-Options DENY;
        gzip on; gzip_min_length 1; gzip_types *;
        location = /missing {{ return 404; }}
        location = /moved {{ return 301 /; }}
        location = /loop {{ return 302 /loop; }}
        location = /ping {{ return 302 /pong; }}
        location = /pong {{ return 302 /ping; }}
        location ~ ^/far(?<n>[0-9]*)$ {{ return 302 /far1$n; }}
        location = /away {{ return 302 http://localhost:{port}/?session=secret; }}
        location = /file {{ return 302 file:///etc/passwd; }}
        location = /host {{ return 200 "host=$http_host agent=$http_user_agent"; }}
        location = /private {{ auth_basic x; auth_basic_user_file {directory}/users; try_files /index.html =404; }}
        location = /leak {{ return 302 http://localhost:{port}/echo; }}
        location = /query {{ return 200 "args=$args;"; }}
        location = /away-with-it {{ return 302 http://localhost:{port}/query?seen=1; }}
        location = /reflect {{ return 302 "http://localhost:{port}/query?$args"; }}
        location = /echo {{ return 200 "auth=$http_authorization cookie=$http_cookie key=$http_x_api_key"; }}
        location = /cookie {{ if ($http_cookie ~ "seen=1") {{ return 200 "welcome back"; }}
                              add_header Set-Cookie "seen=1; Path=/" always; return 302 /cookie; }}
    }}
    server {{ listen 127.0.0.1:{port}; server_name www.exemple.fr; return 200 "le bon site"; }}
    """


@pytest.fixture
def run(shared: Shared) -> Runner:
    return Runner(http.PROBE, shared)


async def test_a_page_that_answers(run: Runner, site: Site) -> None:
    result = await run(url=site.url())
    assert result.status is Status.OK
    assert result.message.startswith("HTTP 200 en ")
    values = measured(result)
    assert values["status_code"] == 200
    assert values["body_bytes"] == len(PAGE.encode())  # decompressed
    assert 0 < values["first_byte_seconds"] <= values["total_seconds"] <= result.duration_s
    assert "certificate_expiry_seconds" not in values
    assert any("Content-Encoding: gzip" in line for line in run.trace)


async def test_the_default_url_is_the_equipments_address(run: Runner) -> None:
    result = await run(address="127.0.0.1", url="http://{address}:1/")
    assert result.status is Status.CRITICAL
    assert result.message == "connexion refusée (port 1)"


@pytest.mark.parametrize(
    ("wanted", "status"),
    [(404, Status.OK), ("400-499", Status.OK), ([200, "404-410"], Status.OK), (200, Status.CRITICAL)],
)
async def test_expected_statuses(run: Runner, site: Site, wanted: object, status: Status) -> None:
    result = await run(url=site.url("/missing"), status=wanted)
    assert result.status is status
    assert measured(result)["status_code"] == 404
    if status is Status.CRITICAL:
        assert result.message == "réponse HTTP 404 (attendu 200)"


async def test_redirections_are_followed_refused_or_ignored(run: Runner, site: Site) -> None:
    followed = await run(url=site.url("/moved"), contains="Bienvenue")
    assert (followed.status, measured(followed)["status_code"]) == (Status.OK, 200)
    assert "redirigé" not in followed.message  # the same site: nothing to tell
    refused = await run(url=site.url("/moved"), redirect="refuse")
    assert refused.status is Status.CRITICAL
    assert refused.message == f"redirection 301 vers {site.url('/')}"
    ignored = await run(url=site.url("/moved"), redirect="ignore")
    assert (ignored.status, measured(ignored)["status_code"]) == (Status.OK, 301)


async def test_a_redirection_elsewhere_is_shown_without_its_query(run: Runner, site: Site) -> None:
    result = await run(url=site.url("/away"))
    assert result.status is Status.OK
    assert result.message.endswith(f"(redirigé vers http://localhost:{site.plain}/)")
    assert "secret" not in "".join(run.trace[:1]) + result.message


@pytest.mark.parametrize("path", ["/loop", "/ping"])
async def test_a_redirection_loop_is_told(run: Runner, site: Site, path: str) -> None:
    result = await run(url=site.url(path))
    assert result.status is Status.CRITICAL
    assert result.message == f"boucle de redirection sur {site.url(path)}"


async def test_too_many_redirections(run: Runner, site: Site) -> None:
    result = await run(url=site.url("/far1"), max_redirects=3)
    assert result.status is Status.CRITICAL
    assert result.message == f"plus de 3 redirections (dernière vers {site.url('/far11111')})"


async def test_a_redirection_that_is_not_http(run: Runner, site: Site) -> None:
    result = await run(url=site.url("/file"))
    assert result.status is Status.CRITICAL
    assert result.message == "redirection vers une adresse invalide : file:///etc/passwd"


async def test_a_cookie_set_on_the_way_is_sent_back(run: Runner, site: Site) -> None:
    result = await run(url=site.url("/cookie"), contains="welcome back")
    assert result.status is Status.OK


async def test_secrets_do_not_follow_a_redirection_elsewhere(
    run: Runner, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "jeton-secret")
    secrets: dict[str, Any] = {"bearer": {"env": "TOKEN"}, "headers": {"X-Api-Key": {"env": "TOKEN"}}}
    at_home = await run(url=site.url("/echo"), contains=["auth=Bearer jeton-secret", "key=jeton-secret"], **secrets)
    assert at_home.status is Status.OK
    away = await run(url=site.url("/leak"), contains="auth= cookie= key=", excludes="jeton-secret", **secrets)
    assert away.status is Status.OK
    assert "jeton-secret" not in "".join(run.trace)


async def test_what_the_body_must_hold(run: Runner, site: Site) -> None:
    assert (await run(url=site.url(), contains="Exemple-lès-Metz", excludes="Fatal error")).status is Status.OK
    assert (await run(url=site.url(), regex="<h1>.+Metz</h1>")).status is Status.OK
    result = await run(url=site.url(), contains=["Bienvenue", "absent"], excludes="mairie", regex="^rien$")
    assert result.status is Status.CRITICAL
    assert result.message == (
        "texte attendu absent : « absent » ; texte interdit présent : « mairie » ; motif attendu absent : « ^rien$ »"
    )


async def test_a_page_that_is_nearly_empty(run: Runner, site: Site) -> None:
    size = len(PAGE.encode())
    assert (await run(url=site.url(), body_size={"warning": size - 1})).status is Status.OK
    warned = await run(url=site.url(), body_size={"warning": "1 MiB", "critical": size - 1})
    assert (warned.status, warned.message) == (Status.WARNING, "réponse de 6,4 Kio (seuil 1 Mio)")
    assert (await run(url=site.url(), body_size={"critical": size})).status is Status.CRITICAL


async def test_what_the_json_must_hold(run: Runner, site: Site) -> None:
    url = site.url("/health.json")
    good = {"status": "UP", "nodes[0].ready": True, "nodes[0].load": 0.5}
    assert (await run(url=url, json=good)).status is Status.OK
    bad = await run(url=url, json={"status": "DOWN", "nodes[1].ready": 0, "nodes[2].ready": True, "nodes": 1})
    assert bad.status is Status.CRITICAL
    assert bad.message == (
        'JSON : « status » vaut "UP" au lieu de "DOWN" ; JSON : « nodes[1].ready » vaut false au lieu de 0 ; '
        "JSON : « nodes[2].ready » absent ; JSON : « nodes » vaut une liste au lieu de 1"
    )
    assert (await run(url=site.url(), json=good)).message == "réponse qui n'est pas du JSON"


@pytest.mark.parametrize(
    ("numbers", "status", "message"),
    [
        ({"nodes[0].load": {"above": {"warning": 0.8}, "below": {"critical": 0.1}}}, Status.OK, None),
        ({"nodes[0].load": {}}, Status.OK, None),  # measured alone
        (
            {"nodes[0].load": {"above": {"warning": 0.4, "critical": 0.9}}},
            Status.WARNING,
            "JSON : « nodes[0].load » 0,5 (seuil 0,4)",
        ),
        ({"nodes[0].load": {"below": {"critical": 1}}}, Status.CRITICAL, "JSON : « nodes[0].load » 0,5 (seuil 1)"),
        ({"load": {}}, Status.CRITICAL, "JSON : « load » absent"),
        ({"status": {}}, Status.CRITICAL, 'JSON : « status » vaut "UP" au lieu d\'un nombre'),
        ({"nodes[0].ready": {}}, Status.CRITICAL, "JSON : « nodes[0].ready » vaut true au lieu d'un nombre"),
        ({"nodes": {}}, Status.CRITICAL, "JSON : « nodes » vaut une liste au lieu d'un nombre"),
    ],
)
async def test_numbers_of_the_json(
    run: Runner, site: Site, numbers: dict[str, Any], status: Status, message: str | None
) -> None:
    result = await run(url=site.url("/health.json"), json_numbers=numbers)
    assert result.status is status
    assert message is None or result.message == message
    if status is Status.OK:
        (value,) = (found for found in result.measurements if found.name == "json_value")
        assert (value.value, value.labels) == (0.5, (("path", "nodes[0].load"),))


async def test_response_headers(run: Runner, site: Site) -> None:
    assert (await run(url=site.url(), response_headers={"x-frame-options": "^DENY$"})).status is Status.OK
    result = await run(url=site.url(), response_headers={"X-Frame-Options": "SAMEORIGIN", "X-Absent": "."})
    assert result.message == "en-tête X-Frame-Options inattendu : « DENY » ; en-tête X-Absent absent"


async def test_basic_login(run: Runner, site: Site, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\n")
    login = {"user": "mairie", "password": {"file": str(tmp_path / "password")}}
    assert (await run(url=site.url("/private"), basic=login)).status is Status.OK
    (tmp_path / "password").write_text("wrong\n")
    wrong = await run(url=site.url("/private"), basic=login)
    assert wrong.message == "réponse HTTP 401 (attendu 200-299)"


async def test_parameters_of_the_url(run: Runner, site: Site, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("clé&k3y=1")
    query = {"clef": {"file": str(tmp_path / "key")}, "format": "json"}
    result = await run(url=site.url("/query?a=1"), query=query, contains="clef=cl%C3%A9%26k3y%3D1")
    assert result.status is Status.OK
    assert (await run(url=site.url("/query?a=1"), query=query, contains="a=1&clef=")).status is Status.OK
    assert "k3y" not in "".join(run.trace)
    away = await run(url=site.url("/away-with-it"), query=query, contains="args=seen=1;")
    assert (away.status, away.message.partition(" (")[0][:8]) == (Status.OK, "HTTP 200")
    for path in ("/reflect", "/missing", "/loop"):
        refused = await run(url=site.url(path), query=query, redirect="refuse", regex="^rien$")
        assert refused.status is Status.CRITICAL
        assert "k3y" not in refused.message + "".join(run.trace)


async def test_head_and_host(run: Runner, site: Site) -> None:
    head = await run(url=site.url(), method="HEAD")
    assert (head.status, measured(head)["body_bytes"]) == (Status.OK, 0)
    assert (await run(url=site.url(), host="www.exemple.fr", contains="le bon site")).status is Status.OK
    port = site.plain
    assert (await run(url=site.url("/host"), contains=f"host=127.0.0.1:{port} agent=Vigie")).status is Status.OK


async def test_names_and_families(run: Runner, site: Site) -> None:
    assert (await run(url=f"http://localhost:{site.plain}/", family="ipv4")).status is Status.OK
    six = await run(url=site.url(), family="ipv6")
    assert (six.status, six.message) == (Status.UNKNOWN, "127.0.0.1 n'est pas une adresse IPv6")
    nowhere = await run(url="http://absent.invalid/")
    assert nowhere.status in (Status.CRITICAL, Status.UNKNOWN)  # as the machine's resolver has it, see `names`
    assert "absent.invalid" in nowhere.message


async def test_times_above_their_thresholds(run: Runner, site: Site) -> None:
    result = await run(url=site.url(), first_byte={"warning": "0.0001 ms"}, total={"critical": "0.0001 ms"})
    assert result.status is Status.CRITICAL
    assert result.message.startswith("réponse complète en ")
    assert " ; premier octet en " in result.message


async def test_tls_verified(run: Runner, site: Site) -> None:
    result = await run(url=site.secure(), ca=site.ca)
    assert result.status is Status.OK
    assert measured(result)["certificate_expiry_seconds"] == pytest.approx(90 * 86400, abs=3600)


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("expired", "certificat expiré"),
        ("early", "certificat pas encore valable"),
        ("other", "le certificat n'est pas au nom de 127.0.0.1"),
        ("selfsigned", "certificat auto-signé"),
        ("stranger", "autorité inconnue ou certificat intermédiaire manquant"),
    ],
)
async def test_certificates_that_are_refused(run: Runner, site: Site, which: str, message: str) -> None:
    result = await run(url=site.secure(which), ca=site.ca)
    assert (result.status, result.message) == (Status.CRITICAL, message)
    unverified = await run(url=site.secure(which), verify=False)
    assert unverified.status is (Status.WARNING if which == "expired" else Status.OK)
    assert measured(unverified)["status_code"] == 200


async def test_without_the_authority_nothing_is_trusted(run: Runner, site: Site) -> None:
    result = await run(url=site.secure())
    assert result.status is Status.CRITICAL
    assert result.message.startswith("autorité inconnue")


async def test_a_certificate_near_its_end_is_a_warning(run: Runner, site: Site) -> None:
    result = await run(url=site.secure("soon"), ca=site.ca)
    assert result.status is Status.WARNING
    assert result.message == "expiration du certificat dans 10 j (seuil 21 j)"
    assert (await run(url=site.secure("soon"), ca=site.ca, certificate_expiry={"warning": "5d"})).status is Status.OK


async def test_the_name_asked_for_is_the_one_verified(run: Runner, site: Site) -> None:
    result = await run(url=site.secure("good"), ca=site.ca, host="www.exemple.fr")
    assert result.status is Status.OK
    wrong = await run(url=site.secure("good"), ca=site.ca, host="autre.exemple.fr")
    assert wrong.status is Status.CRITICAL


async def test_a_client_certificate(run: Runner, site: Site) -> None:
    without = await run(url=site.secure("mutual"), ca=site.ca)
    assert without.message == "réponse HTTP 400 (attendu 200-299)"
    shown = {"certificate": f"{site.directory}/client.pem", "key": f"{site.directory}/client.key"}
    assert (await run(url=site.secure("mutual"), ca=site.ca, client_certificate=shown)).status is Status.OK
    broken = await run(url=site.secure("mutual"), ca=site.ca, client_certificate={"certificate": site.ca})
    assert broken.status is Status.UNKNOWN
    assert broken.message.startswith("certificat client inutilisable")


async def test_tls_files_that_are_missing(run: Runner, site: Site) -> None:
    result = await run(url=site.secure(), ca="/nonexistent/ca.pem")
    assert result.status is Status.UNKNOWN
    assert result.message.startswith("fichier de certificat inaccessible : /nonexistent/ca.pem")


async def test_a_renewed_authority_file_takes_effect(run: Runner, site: Site, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(root("Une autre").pem)
    assert (await run(url=site.secure(), ca=str(ca))).status is Status.CRITICAL
    ca.write_bytes(site.ca_pem)
    os.utime(ca, (time.time() + 10, time.time() + 10))
    assert (await run(url=site.secure(), ca=str(ca))).status is Status.OK


async def test_tls_where_there_is_none_and_none_where_there_is(run: Runner, site: Site) -> None:
    result = await run(url=f"https://127.0.0.1:{site.plain}/")
    assert (result.status, result.message) == (Status.CRITICAL, "réponse qui n'est pas du TLS")
    plain = await run(url=f"http://127.0.0.1:{site.tls['good']}/")
    assert plain.message == "réponse HTTP 400 (attendu 200-299)"
