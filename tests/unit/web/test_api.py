"""The API over HTTP: who may read, what may be asked, in which form, and what a client may keep. SPEC 8, 10, 11."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from supervisor.errors import VigieError
from supervisor.web import api
from supervisor.web.api import Backing, Question, Refusal
from supervisor.web.openapi import document
from supervisor.web.resources import RESOURCES, ROOT
from tests.json_schema import resolved

TOKEN = "vigie_AbCd-_0123456789"
COUNTS = f"{ROOT}/billing/counts"
MARCH = {"month": "2026-03"}
Client = TestClient[web.Request, web.Application]


class Desk:
    """What stands behind the API: one token, and an answer."""

    def __init__(self) -> None:
        self.tokens = {TOKEN.encode()}
        self.answer: bytes | Exception = b'{"month": "2026-03", "counts": []}\n'
        self.asked: list[Question] = []

    async def admits(self, token: bytes) -> bool:
        return token in self.tokens

    async def tell(self, question: Question) -> bytes:
        self.asked.append(question)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_subapp(ROOT, api.application(Backing(admits=desk.admits, answer=desk.tell)))
    async with TestClient(TestServer(app)) as made:
        yield made


class Said:
    """An answer, read."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def error(self) -> str:
        """Why it was refused; a refusal says nothing else."""
        told = json.loads(self.body)
        assert list(told) == ["error"]
        assert self.headers["Content-Type"] == "application/json"
        return str(told["error"])


async def ask(
    client: Client,
    path: str = COUNTS,
    asked: Mapping[str, str] | list[tuple[str, str]] = MARCH,
    *,
    method: str = "GET",
    token: str | None = TOKEN,
    headers: Mapping[str, str] | None = None,
) -> Said:
    """One request, with the token unless another or none is given."""
    sent = dict(headers or {})
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    async with client.request(method, path, params=asked, headers=sent) as response:
        return Said(response.status, response.headers, await response.read())


# --- who may read


async def test_without_a_token_that_holds_nothing_is_told(client: Client, desk: Desk) -> None:
    """SPEC 10: missing, wrong, revoked, elsewhere than in the header: one and the same answer, from loopback too."""
    wrong = [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN.lower()}"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer clé"},
        {"Cookie": f"token={TOKEN}"},
    ]
    said = [await ask(client, token=None, headers=headers) for headers in wrong]
    said += [await ask(client, asked={**MARCH, name: TOKEN}, token=None) for name in ("token", "access_token")]
    desk.tokens.clear()  # it is revoked
    said.append(await ask(client))
    assert {(each.status, each.body, each.headers["WWW-Authenticate"]) for each in said} == {
        (401, said[0].body, "Bearer")
    }
    assert "vigie token create --role billing" in said[0].error
    assert desk.asked == []


async def test_bytes_that_are_no_text_are_a_wrong_token(client: Client) -> None:
    """Compared as text they were a fault of the server."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(f"GET {COUNTS} HTTP/1.0\r\nAuthorization: Bearer ".encode() + b"\xff\xfe\r\n\r\n")
    assert b" 401 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_two_tokens_are_none(client: Client, desk: Desk) -> None:
    """A proxy and the server might each believe another one."""
    headers = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {TOKEN}")]
    async with client.get(COUNTS, params=MARCH, headers=headers) as response:
        assert response.status == 401
    assert desk.asked == []


async def test_the_name_of_the_scheme_is_written_in_any_case(client: Client) -> None:
    assert (await ask(client, token=None, headers={"Authorization": f"bearer {TOKEN}"})).status == 200


async def test_what_is_asked_is_looked_at_after_who_asks(client: Client) -> None:
    assert (await ask(client, asked={"nonsense": "1"}, token=None)).status == 401
    assert (await ask(client, token=None, headers={"Accept": "text/html"})).status == 401


# --- what may be asked


@pytest.mark.parametrize(
    ("path", "asked", "why"),
    [
        ("counts", [], "month: it is missing; write month=2026-03"),
        ("counts", [("collectivite", "a")], "month: it is missing"),
        ("contributions", [("month", "2026-03")], "month: no such parameter here; known: year, collectivite, format"),
        ("amendments", [], "year: it is missing; write year=2026"),
        ("counts", [("month", "2026-03"), ("month", "2026-04")], "month: given twice"),
        ("counts", [("month", "2026-03"), ("x\x1b" * 99, "")], "x·x·"),
        ("counts", [("month", "2026-03"), ("format", "xml")], "format: 'xml' is not one of json, csv, csv-machine"),
        ("counts", [("month", "2026-03"), ("format", "")], "format: '' is not one of"),
        ("amendments", [("year", "2026"), ("format", "csv")], "format: 'csv' is not one of json"),
    ],
)
async def test_a_question_that_is_wrong(
    client: Client, desk: Desk, path: str, asked: list[tuple[str, str]], why: str
) -> None:
    said = await ask(client, f"{ROOT}/billing/{path}", asked)
    assert said.status == 400
    assert said.error.startswith(why)
    assert len(said.error) < 200
    assert desk.asked == []


async def test_what_the_books_refuse(client: Client, desk: Desk) -> None:
    for answer, status in [
        (VigieError("month: 'mars' is not a month; write 2026-03"), 400),
        (Refusal(404, "there is none"), 404),
        (Refusal(409, "a price is missing"), 409),
        (Refusal(503, "later"), 503),
    ]:
        desk.answer = answer
        said = await ask(client)
        assert (said.status, said.error) == (status, str(answer))
        assert (said.headers.get("ETag"), said.headers.get("WWW-Authenticate")) == (None, None)


async def test_bytes_that_are_no_text_are_repeated_harmlessly(client: Client, desk: Desk) -> None:
    desk.answer = VigieError("month: '\udcff' is not a month")
    assert (await ask(client)).error == "month: '?' is not a month"


async def test_a_bug_tells_the_client_nothing_and_the_log_no_token(
    client: Client, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.answer = RuntimeError("secret detail")
    said = await ask(client)
    assert (said.status, said.error) == (500, "Vigie failed to answer; its log says why")
    assert "secret detail" in caplog.text
    assert TOKEN not in caplog.text


async def test_other_addresses_and_methods(client: Client) -> None:
    for path in ("", "/", "/billing", "/billing/counts/", "/billing/secrets"):
        said = await ask(client, f"{ROOT}{path}", {})
        assert said.status == 404, path
        assert "openapi.json" in said.error
    said = await ask(client, method="POST")
    assert (said.status, said.headers["Allow"]) == (405, "GET, HEAD")
    assert said.error == "this address is read; use GET, HEAD"


# --- in which form


@pytest.mark.parametrize(
    ("accept", "form", "expected"),
    [
        (None, None, "json"),
        ("*/*", None, "json"),
        ("text/csv", None, "csv"),
        ("text/csv;q=0.5, application/json", None, "json"),
        ("text/html", "csv", "csv"),
        ("text/csv", "json", "json"),
        ("application/json", "csv-machine", "csv-machine"),
    ],
)
async def test_the_form_is_that_of_the_address_else_that_accepted(
    client: Client, desk: Desk, accept: str | None, form: str | None, expected: str
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    said = await ask(client, asked=MARCH if form is None else {**MARCH, "format": form}, headers=headers)
    assert (said.status, said.body) == (200, desk.answer)
    assert desk.asked == [Question(resource="counts", form=expected, arguments=MARCH)]
    kind = "application/json" if expected == "json" else "text/csv; charset=utf-8"
    assert said.headers["Content-Type"] == kind


async def test_a_type_that_there_is_not(client: Client, desk: Desk) -> None:
    said = await ask(client, headers={"Accept": "text/html"})
    assert (said.status, said.error) == (
        406,
        "Accept: this is answered as application/json or text/csv; accept one of them",
    )
    said = await ask(client, f"{ROOT}/billing/amendments", {"year": "2026"}, headers={"Accept": "text/csv"})
    assert (said.status, said.error) == (406, "Accept: this is answered as application/json; accept one of them")
    assert desk.asked == []


async def test_a_csv_has_the_name_it_is_saved_as(client: Client) -> None:
    for path, asked, name in [
        ("counts", {"format": "csv", **MARCH}, "sondes-2026-03.csv"),
        ("counts", {"collectivite": "exemple", "format": "csv-machine", **MARCH}, "sondes-2026-03-exemple.csv"),
        ("contributions", {"year": "2026", "format": "csv"}, "appels-2026.csv"),
    ]:
        said = await ask(client, f"{ROOT}/billing/{path}", asked)
        assert said.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "Content-Disposition" not in (await ask(client)).headers


# --- what may be kept


async def test_what_did_not_change_is_not_sent_again(client: Client, desk: Desk) -> None:
    first = await ask(client)
    tag = first.headers["ETag"]
    assert re.fullmatch('"[0-9a-f]{32}"', tag), "strong"
    for known in (tag, "*", f"W/{tag}", f'"other", {tag}', f'W/"a,b",{tag}'):
        again = await ask(client, headers={"If-None-Match": known})
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag), known
        assert (again.headers["Cache-Control"], again.headers["Vary"]) == (
            "private, no-cache",
            "Accept, Authorization",
        )
    for other in ('"other"', tag.strip('"'), "nonsense"):
        assert (await ask(client, headers={"If-None-Match": other})).status == 200, other
    desk.answer = b"{}\n"
    after = await ask(client, headers={"If-None-Match": tag})
    assert (after.status, after.body) == (200, b"{}\n")
    assert after.headers["ETag"] != tag


async def test_a_known_tag_opens_nothing(client: Client) -> None:
    tag = (await ask(client)).headers["ETag"]
    assert (await ask(client, token=None, headers={"If-None-Match": tag})).status == 401
    assert (await ask(client, asked={}, headers={"If-None-Match": "*"})).status == 400


async def test_head_is_get_without_the_body(client: Client) -> None:
    read, head = await ask(client), await ask(client, method="HEAD")
    kept = ("Content-Type", "Content-Length", "ETag", "Cache-Control", "Vary")
    assert (head.status, head.body) == (200, b"")
    assert [head.headers[name] for name in kept] == [read.headers[name] for name in kept]
    assert (await ask(client, method="HEAD", token=None)).status == 401


# --- the description


async def test_the_description_is_public_and_complete(client: Client) -> None:
    said = await ask(client, f"{ROOT}/openapi.json", {}, token=None)
    assert (said.status, said.headers["Content-Type"]) == (200, "application/json")
    described = json.loads(said.body)
    assert described == document(RESOURCES)
    assert described["openapi"] == "3.1.0"
    tag = said.headers["ETag"]
    assert (await ask(client, f"{ROOT}/openapi.json", {}, token=None, headers={"If-None-Match": tag})).status == 304
    assert client.app is not None
    served = {route.resource.canonical for route in client.app.router.routes() if route.resource is not None}
    assert served == set(described["paths"])


def test_the_description_holds_together() -> None:
    described = document(RESOURCES)
    used = set(_references(described))
    assert used == {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    assert all(resolved(reference, described) for reference in used)
    operations = [path["get"] for path in described["paths"].values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations[1:]:
        assert operation["security"] == [{"token": []}]
        assert set(operation["responses"]) >= {"200", "304", "400", "401", "406", "409", "503"}
        for parameter in operation["parameters"]:
            assert re.fullmatch(parameter["schema"].get("pattern", ""), parameter.get("example", "")) is not None


def _references(value: Any) -> list[str]:
    """Every `$ref` below."""
    if isinstance(value, list):
        return [found for each in value for found in _references(each)]
    if not isinstance(value, dict):
        return []
    return [found for key, each in value.items() for found in ([each] if key == "$ref" else _references(each))]
