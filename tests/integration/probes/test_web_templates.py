"""The templates of web services: each with a server that works, then with one that answers and does not."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from probes.base import Status
from tests.integration.probes import authority
from tests.integration.probes.hostile import Handler, listening, response
from tests.integration.probes.running import shared
from tests.integration.probes.templates import RunAll, run_all

__all__ = ["run_all", "shared"]


class Answer(NamedTuple):
    """What a server says at one path."""

    body: str = ""
    kind: str = "text/html; charset=utf-8"
    status: str = "200 OK"
    location: str = ""


def serving(answers: dict[str, Answer], login: str = "") -> Handler:
    """A server of these answers, by path; with `login`, the others are refused."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        answer = answers.get(path, Answer("Introuvable", status="404 Not Found"))
        if login and f"Basic {base64.b64encode(login.encode()).decode()}" not in head:
            answer = Answer("Qui êtes-vous ?", status="401 Unauthorized")
        elif method == "POST":
            length = next(line for line in head.split("\r\n") if line.lower().startswith("content-length:"))
            said = json.loads(await reader.readexactly(int(length.split(":")[1])))
            assert "query" in said
        headers = {"Content_Type": answer.kind, **({"Location": answer.location} if answer.location else {})}
        whole = response(answer.body.encode(), answer.status, **headers)
        writer.write(whole if method != "HEAD" else whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        await writer.drain()
        writer.write_eof()
        await reader.read()

    return handler


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate whose authority is one of the system's."""
    trusted = authority.root()
    (tmp_path / "ca.pem").write_bytes(trusted.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.leaf(trusted, "127.0.0.1").write(tmp_path, "serveur"))
    return context


TITLE = "Service en ligne du Val d'Essai"


def page(text: str, title: str = TITLE) -> str:
    return f"<!doctype html><html lang=fr><meta charset=utf-8><title>{title}</title><form>{text}</form></html>"


GOOD = page("Bienvenue")
MAINTENANCE = page("Le site est en cours de maintenance, merci de revenir plus tard.")
PAGES = (
    "application-web",
    "page-internet",
    "marches-publics",
    "controle-de-legalite",
    "pes-v2",
    "parapheur",
    "convocation",
    "archivage",
    "demarches-simplifiees",
    "enquetes-publiques",
    "democratie-participative",
    "transfert-de-secrets",
    "echange-de-fichiers",
    "saisine",
    "gestion-de-parc",
)
BROKEN_PAGES = {
    "maintenance, with status 200 and the usual title": Answer(MAINTENANCE),
    "maintenance, at the head of a sentence": Answer(page("Maintenance en cours, merci de revenir plus tard.")),
    "maintenance, in entities": Answer(page("Service <i>momentan&eacute;ment&nbsp;indisponible</i>")),
    "another's login page": Answer(page("Identifiez-vous", title="Portail d'authentification")),
    "a redirection to another's login page": Answer(status="302 Found", location="/connexion"),
    "the server's own page": Answer("<h1>It works!</h1>"),
    "an error of the program in a page of status 200": Answer("<b>Fatal error</b>: Uncaught PDOException"),
    "nothing": Answer(""),
    "an error": Answer(GOOD, status="500 Internal Server Error"),
}


@pytest.mark.parametrize("template", PAGES)
async def test_pages(template: str, run_all: RunAll, tls: ssl.SSLContext) -> None:
    answers = {"/accueil": Answer(GOOD), "/connexion": BROKEN_PAGES["another's login page"]}
    async with listening(serving(answers), tls) as server:
        given: dict[str, Any] = {"domaine": "127.0.0.1", "port": server.port, "texte": TITLE, "chemin": "/accueil"}
        results = await run_all(template, "page", "certificat", **given)
        assert {result.status for result in results.values()} == {Status.OK}, results
        for name, broken in BROKEN_PAGES.items():
            answers["/accueil"] = broken
            result = (await run_all(template, "page", **given))["page"]
            assert result.status is Status.CRITICAL, name


@pytest.mark.parametrize("template", ["saisine", "transfert-de-secrets"])
async def test_a_form_that_lost_its_form(template: str, run_all: RunAll, tls: ssl.SSLContext) -> None:
    async with listening(serving({"/": Answer(f"<title>{TITLE}</title>Bienvenue")}), tls) as server:
        result = (await run_all(template, "page", domaine="127.0.0.1", port=server.port, texte=TITLE))["page"]
    assert (result.status, result.message) == (Status.CRITICAL, "texte attendu absent : « <form »")


async def test_words_of_trouble_are_a_matter_of_taste(run_all: RunAll, tls: ssl.SSLContext) -> None:
    async with listening(serving({"/": Answer(MAINTENANCE)}), tls) as server:
        given = {"domaine": "127.0.0.1", "port": server.port, "texte": TITLE, "interdits": ["en panne"]}
        assert (await run_all("application-web", "page", **given))["page"].status is Status.OK


JSON = "application/json"
BBB = "<response><returncode>{}</returncode><version>{}</version><apiVersion>2.0</apiVersion></response>"
NEXTCLOUD = {"installed": True, "maintenance": False, "needsDbUpgrade": False, "version": "31.0.4.1"}
FALLEN = (Answer(MAINTENANCE), Answer(GOOD), Answer(""), Answer(status="302 Found", location="/connexion"))


class Case(NamedTuple):
    """A sonde of a template beside its page."""

    template: str
    sonde: str
    path: str
    given: dict[str, Any]
    works: Answer
    broken: tuple[Answer, ...]


def transmission(template: str) -> Case:
    path = "/api/test-connexion.php"
    broken = (Answer("KO\nCertificat inconnu", "text/plain"), Answer("Base injoignable : OK ?", "text/plain"), *FALLEN)
    return Case(template, "essai", path, {"essai": path}, Answer("OK\n", "text/plain"), broken)


def interface(template: str) -> Case:
    path = "/api/v2/version"
    broken = (Answer("{}", JSON), Answer("[ ]", JSON), Answer("null", JSON), *FALLEN)
    return Case(template, "essai", path, {"essai": path}, Answer('{"version": "4.0.2"}', JSON), broken)


def document(template: str) -> Case:
    path = "/dossier/24.zip"
    return Case(template, "document", path, {"document": path}, Answer("PK", "application/zip"), FALLEN)


CASES = (
    transmission("controle-de-legalite"),
    transmission("pes-v2"),
    interface("parapheur"),
    interface("convocation"),
    interface("archivage"),
    document("marches-publics"),
    document("enquetes-publiques"),
    Case(
        "demarches-simplifiees",
        "etat",
        "/ping",
        {"etat": "/ping"},
        Answer("", JSON),
        (Answer("", JSON, "500 Internal Server Error"), FALLEN[-1]),
    ),
    Case(
        "democratie-participative",
        "api",
        "/api",
        {"api": "/api"},
        Answer('{"data": {"decidim": {"version": "0.30.5"}}}', JSON),
        (
            Answer('{"errors": [{"message": "no version"}]}', JSON),
            Answer('{"data": {"decidim": {"version": null}}}', JSON),
            Answer("{}", JSON),
            *FALLEN,
        ),
    ),
    Case(
        "transfert-de-secrets",
        "etat",
        "/api/v1/status",
        {"etat": "/api/v1/status"},
        Answer('{"status": "nominal", "locale": "fr"}', JSON),
        (Answer('{"status": "offline"}', JSON), Answer("{}", JSON), *FALLEN),
    ),
    Case(
        "gestion-de-parc",
        "etat",
        "/status.php",
        {"etat": "/status.php"},
        Answer("GLPI_DB_OK\nGLPI_SESSION_DIR_OK\n\nGLPI_OK", "text/plain"),
        (Answer("GLPI_DB_PROBLEM\n\nGLPI_PROBLEM", "text/plain"), *FALLEN),
    ),
    Case(
        "visioconference",
        "api",
        "/bigbluebutton/api",
        {},
        Answer(BBB.format("SUCCESS", "2.0"), "text/xml"),
        (
            Answer(BBB.format("FAILED", "2.0"), "text/xml"),
            Answer(BBB.format("SUCCESS", ""), "text/xml"),
            Answer("<response><returncode>SUCCESS</returncode></response>", "text/xml"),
            *FALLEN,
        ),
    ),
    Case(
        "partage-de-fichiers",
        "etat",
        "/status.php",
        {},
        Answer(json.dumps(NEXTCLOUD), JSON),
        (
            *(
                Answer(json.dumps({**NEXTCLOUD, **worse}), JSON)
                for worse in ({"maintenance": True}, {"needsDbUpgrade": True}, {"installed": False})
            ),
            Answer("{}", JSON),
            Answer("[]", JSON),
            *FALLEN,
        ),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.template}-{case.sonde}")
async def test_what_is_behind_the_page(case: Case, run_all: RunAll, tls: ssl.SSLContext) -> None:
    """The page is fine all the while."""
    answers = {"/": Answer(GOOD), case.path: case.works, "/connexion": Answer(GOOD)}
    async with listening(serving(answers), tls) as server:
        given: dict[str, Any] = {"domaine": "127.0.0.1", "port": server.port, **case.given}
        if case.template not in ("visioconference", "partage-de-fichiers"):
            given["texte"] = TITLE
        result = (await run_all(case.template, case.sonde, **given))[case.sonde]
        assert result.status is Status.OK, result.message
        for broken in case.broken:
            answers[case.path] = broken
            result = (await run_all(case.template, case.sonde, **given))[case.sonde]
            assert result.status is Status.CRITICAL, broken


async def test_a_meeting_server_that_says_its_version_and_takes_no_request(
    run_all: RunAll, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    (tmp_path / "cle").write_text("somme", encoding="utf-8")
    path = "/bigbluebutton/api/getMeetings?checksum=somme"
    none = "<response><returncode>SUCCESS</returncode><meetings/><messageKey>noMeetings</messageKey></response>"
    answers = {"/bigbluebutton/api": Answer(BBB.format("SUCCESS", "2.0"), "text/xml"), path: Answer(none, "text/xml")}
    async with listening(serving(answers), tls) as server:
        given: dict[str, Any] = {"domaine": "127.0.0.1", "port": server.port, "cle": {"file": str(tmp_path / "cle")}}
        found = await run_all("visioconference", "api", "reunions", **given)
        assert {result.status for result in found.values()} == {Status.OK}, found
        refused = "<response><returncode>FAILED</returncode><messageKey>checksumError</messageKey></response>"
        for broken in (Answer(refused, "text/xml"), *FALLEN):
            answers[path] = broken
            found = await run_all("visioconference", "api", "reunions", **given)
            assert [result.status for result in found.values()] == [Status.OK, Status.CRITICAL]
            assert "somme" not in found["reunions"].message


@pytest.mark.parametrize(
    ("profile", "template"),
    [("moselle-fibre", "partage-de-fichiers"), ("mairie-connectee", "partage-de-fichiers-5-go")],
)
async def test_a_share_whose_status_is_fine_and_whose_users_cannot_log_in(
    profile: str, template: str, run_all: RunAll, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("essai", encoding="utf-8")
    path = "/ocs/v2.php/cloud/user?format=json"
    answers = {path: Answer('{"ocs": {"meta": {"status": "ok", "statuscode": 200}, "data": {"id": "essai"}}}', JSON)}
    async with listening(serving(answers, login="vigie:essai"), tls) as server:
        given = {
            "profile": profile,
            "domaine": "127.0.0.1",
            "port": server.port,
            "compte": {"user": "vigie", "password": {"file": str(secret)}},
        }
        result = (await run_all(template, "session", **given))["session"]
        assert result.status is Status.OK, result.message
        answers[path] = Answer('{"ocs": {"meta": {"status": "failure", "statuscode": 996}}}', JSON)
        assert (await run_all(template, "session", **given))["session"].status is Status.CRITICAL
        secret.write_text("perdu", encoding="utf-8")
        assert (await run_all(template, "session", **given))["session"].status is Status.CRITICAL


async def test_a_supervisor_of_heating(run_all: RunAll) -> None:
    answers = {"/": Answer(page("Chaudière 1 : 62 °C"))}
    async with listening(serving(answers)) as server:
        given = {"console": f"http://127.0.0.1:{server.port}/", "texte": "Chaudière 1", "interdits": ["hors ligne"]}
        assert (await run_all("gtc", "console", **given))["console"].status is Status.OK
        answers["/"] = Answer(page("Chaudière 1 : automate hors ligne"))
        assert (await run_all("gtc", "console", **given))["console"].status is Status.CRITICAL
