"""One still picture over HTTP: asked for as a visitor would, with digest or basic, and held against what a JPEG is."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult

from yarl import URL

from probes.base import Measurement, Run, Status, Target
from probes.camera.challenge import Credentials, stale
from probes.camera.held import Held, Kind
from probes.camera.settings import CameraSettings
from probes.camera.stream import no_way_in, refused_login
from probes.channel import ChannelError
from probes.http_settings import HttpSettings
from probes.secret import Secret
from probes.units import say_size
from probes.visiting import VisitError, visit

if TYPE_CHECKING:
    from probes.http_visit import Page

MOST_BYTES = 8 * 1024 * 1024
_BEGINS, _ENDS = b"\xff\xd8\xff", b"\xff\xd9"
_AFTER = 65536  # bytes after the end of the picture that are let pass: remarks of the maker
_MEANINGS = {
    400: "requête refusée (400) : vérifier le chemin",
    403: "accès interdit (403) : vérifier les droits de l'utilisateur",
    404: "image introuvable (404) : vérifier le chemin ou le canal",
    503: "caméra saturée ou en panne (503)",
}


class Shot(NamedTuple):
    """What the camera gave."""

    picture: Held
    measurements: tuple[Measurement, ...]
    answer_s: float
    age_s: float | None  # None: the camera does not say


async def look(target: Target, settings: CameraSettings, url: SplitResult, run: Run) -> Shot:
    """Ask for the picture; raises ChannelError when there is none."""
    started = perf_counter()
    page = await _page(target, settings, url, run)
    total_s = perf_counter() - started
    status = page.response.status
    if status == 401:
        raise refused_login(login=settings.login is not None)
    if not 200 <= status <= 299:
        whose = "erreur de la caméra" if status >= 500 else "réponse inattendue"
        raise ChannelError(Status.CRITICAL, _MEANINGS.get(status) or f"{whose} ({status})")
    if (fault := _fault(page)) is not None:
        raise ChannelError(Status.CRITICAL, fault)
    measured = [Measurement("answer_seconds", page.first_byte_s), Measurement("picture_seconds", total_s)]
    age_s = _age(page.response.headers)
    if age_s is not None:
        measured.append(Measurement("age_seconds", age_s))
    return Shot(Held(Kind.JPEG, page.body.data), tuple(measured), page.first_byte_s, age_s)


async def _page(target: Target, settings: CameraSettings, url: SplitResult, run: Run) -> Page:
    asked = HttpSettings(
        url=url.geturl(),
        family=settings.family,
        verify=settings.verify,
        ca=settings.ca,
        redirect="refuse",
        max_body=MOST_BYTES,
    )
    path = URL(url.geturl()).raw_path_qs
    try:
        page = await visit(target, asked, run)
        if page.response.status == 401 and settings.login is not None:
            credentials = Credentials(settings.login, clear=settings.basic_in_clear or url.scheme == "https")
            for _ in range(2):
                offered = page.response.headers.getall("WWW-Authenticate", [])
                if not credentials.choose(offered):
                    raise no_way_in(credentials)
                said = credentials.header("GET", path) or ""
                page = await visit(target, asked, run, authorization=Secret(said))
                if page.response.status != 401 or not stale(page.response.headers.getall("WWW-Authenticate", [])):
                    break
    except VisitError as failure:
        raise ChannelError(failure.status, failure.message) from None
    return page


def _fault(page: Page) -> str | None:
    """Why the answer is no picture."""
    kind = page.response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        return "page web au lieu d'une image (page de connexion ?) : vérifier le chemin"
    if kind.startswith("multipart/"):
        return "flux continu au lieu d'une image : vérifier le chemin"
    if not page.body.complete:
        return f"image de plus de {say_size(MOST_BYTES)}"
    data = page.body.data
    if not data:
        return "réponse vide au lieu d'une image"
    if not data.startswith(_BEGINS):
        return "réponse qui n'est pas une image JPEG"
    return None if data.rfind(_ENDS, -_AFTER) > 0 else "image incomplète"


def _age(headers: Mapping[str, str]) -> float | None:
    """By the camera's own clock, whatever that shows; a picture dated at its answer says nothing of its age."""
    try:
        taken = parsedate_to_datetime(headers["Last-Modified"]).timestamp()
        now = parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError, OverflowError, IndexError):
        return None
    return max(0.0, now - taken)
