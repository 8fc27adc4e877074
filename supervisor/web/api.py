"""The API that programs of billing read: `/api/v1/billing/…`, in the words of `vigie billing … --json`.

A request is judged in this order, so that nothing is told to whoever may not read: the address, the token, what is
asked, the form of the answer. Every refusal is `{"error": "…"}`.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Handler

from probes.excerpt import excerpt
from supervisor.errors import VigieError
from supervisor.web.auth import bearer
from supervisor.web.negotiation import chosen
from supervisor.web.openapi import document
from supervisor.web.resources import CSV, JSON, RESOURCES, ROOT, TYPES, Resource

_SHOWN = 60  # characters of what is wrong that a refusal repeats
# Figures may be kept by whoever asked, and are asked for again each time: a closing, or a revoked token, holds at once.
_KEPT = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}

log = logging.getLogger(__name__)


class Refusal(VigieError):
    """What was asked cannot be answered; `status` says of which kind that is."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What a program asks."""

    resource: str  # name of one of RESOURCES
    form: str  # one of its forms
    arguments: Mapping[str, str]  # as they were given


@dataclass(frozen=True, kw_only=True, slots=True)
class Backing:
    """What the API stands on, handed over by the application."""

    admits: Callable[[bytes], Awaitable[bool]]  # does this token open the figures of billing, now?
    answer: Callable[[Question], Awaitable[bytes]]  # a VigieError says what is wrong with the question


BACKING = web.AppKey("backing", Backing)


def application(backing: Backing) -> web.Application:
    """All below the root, to be mounted there."""
    app = web.Application(middlewares=[_refusals])
    app[BACKING] = backing
    described = (json.dumps(document(RESOURCES), ensure_ascii=False, indent=1) + "\n").encode()
    app.router.add_get("/openapi.json", partial(_describe, described))
    for resource in RESOURCES:
        app.router.add_get(resource.path, partial(_serve, resource))
    return app


async def _describe(described: bytes, request: web.Request) -> web.Response:
    return _told(request, described, TYPES[JSON], {"Cache-Control": "no-cache"})


async def _serve(resource: Resource, request: web.Request) -> web.Response:
    backing = request.app[BACKING]
    await _admit(request, backing)
    arguments = _arguments(resource, request)
    form = _form(resource, request, arguments.pop("format", None))
    answer = await backing.answer(Question(resource=resource.name, form=form, arguments=arguments))
    headers = dict(_KEPT)
    if form != JSON:
        said = [arguments[each.name] for each in resource.parameters if each.name in arguments]
        headers["Content-Disposition"] = f'attachment; filename="{"-".join((resource.file, *said))}.csv"'
    return _told(request, answer, TYPES[form], headers)


async def _admit(request: web.Request, backing: Backing) -> None:
    """One answer, whether the token is missing, wrong or revoked: it tells nothing of those that exist."""
    token = bearer(request)
    if token is None or not await backing.admits(token):
        raise Refusal(401, "a token is needed: Authorization: Bearer …; `vigie token create --role billing` makes one")


def _arguments(resource: Resource, request: web.Request) -> dict[str, str]:
    """What is asked, each word once."""
    known = [*(parameter.name for parameter in resource.parameters), "format"]
    found: dict[str, str] = {}
    for name, value in request.query.items():
        if name not in known:
            raise Refusal(400, f"{excerpt(name, _SHOWN)}: no such parameter here; known: {', '.join(known)}")
        if name in found:
            raise Refusal(400, f"{name}: given twice; once is enough")
        found[name] = value
    for parameter in resource.parameters:
        if parameter.required and parameter.name not in found:
            raise Refusal(400, f"{parameter.name}: it is missing; write {parameter.name}={parameter.example}")
    return found


def _form(resource: Resource, request: web.Request, asked: str | None) -> str:
    """`format` goes before `Accept`: a person who types an address has no say in the header."""
    if asked is not None:
        if asked not in resource.forms:
            raise Refusal(400, f"format: {excerpt(repr(asked), _SHOWN)} is not one of {', '.join(resource.forms)}")
        return asked
    accepted = chosen(",".join(request.headers.getall("Accept", [])), resource.types)
    if accepted is None:
        raise Refusal(406, f"Accept: this is answered as {' or '.join(resource.types)}; accept one of them")
    return JSON if accepted == TYPES[JSON] else CSV


def _told(request: web.Request, body: bytes, kind: str, headers: Mapping[str, str]) -> web.Response:
    """The answer, or that it is still what the client has."""
    tag = hashlib.sha256(body).hexdigest()[:32]
    if any(given.value in (tag, "*") for given in request.if_none_match or ()):
        response = web.Response(status=304, headers=headers)
    else:
        charset = "utf-8" if kind != TYPES[JSON] else None  # JSON has no other
        response = web.Response(body=body, content_type=kind, charset=charset, headers=headers)
    response.etag = tag
    return response


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong is told in JSON."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return _refused(refusal.status, str(refusal))
    except VigieError as error:
        return _refused(400, str(error))
    except web.HTTPNotFound:
        return _refused(404, f"there is nothing at this address; {ROOT}/openapi.json tells what there is")
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        return _refused(405, f"this address is read; use {allowed}", Allow=allowed)
    except Exception:
        log.exception("a request for %s failed", request.path)
        return _refused(500, "Vigie failed to answer; its log says why")


def _refused(status: int, why: str, **headers: str) -> web.Response:
    # What is repeated of the request may hold bytes that are no text.
    body = json.dumps({"error": why}, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    response = web.Response(body=body, status=status, content_type=TYPES[JSON], headers=headers)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
