"""The first page: what it says, in which order, in which words; and that nothing hostile comes through."""

from __future__ import annotations

import re
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from probes import registry
from probes.base import Result, Status
from supervisor.config.configuration import Configuration
from supervisor.config.loader import load
from supervisor.domain.board import Board
from supervisor.domain.judge import Judge
from supervisor.web.pages import Row, Trouble, View, environment, render, said, typeset
from supervisor.web.view import MOST_TROUBLES, present

NOW = int(datetime(2026, 3, 12, 17, 30, tzinfo=ZoneInfo("Europe/Paris")).timestamp())

MAIN = """
organisation: Syndicat d'essai
profile: moselle-fibre
include: [collectivites/*.yaml]
canaries:
  - {id: repere, type: tcp, address: 127.0.0.9, port: 1, attempts: 1, interval: 1h}
"""
ALPHA = """
collectivite: alpha
name: Alpha
equipment:
  - id: routeur
    name: Routeur de la mairie
    address: 127.0.0.1
    sondes: [{id: lien, type: tcp, port: 1, attempts: 1, interval: 1h}]
  - id: web
    name: Site de la commune
    address: 127.0.0.2
    parent: routeur/lien
    sondes:
      - {id: page, type: tcp, port: 1, attempts: 1, interval: 1h}
      - {id: nom, type: tcp, port: 1, attempts: 2, interval: 1h}
      - {id: vieux, type: tcp, port: 1, paused: true}
"""
BETA = """
collectivite: beta
name: Beta
equipment:
  - id: nas
    address: 127.0.0.3
    sondes: [{id: port, type: tcp, port: 1, attempts: 1, interval: 1h}]
"""


class Seen:
    """A small installation, and what its checks found."""

    def __init__(self, directory: Path, **files: str) -> None:
        (directory / "collectivites").mkdir()
        (directory / "vigie.yaml").write_text(MAIN, encoding="utf-8")
        for name, text in files.items():
            (directory / "collectivites" / f"{name}.yaml").write_text(text, encoding="utf-8")
        self.configuration: Configuration = load(directory / "vigie.yaml", registry.load())
        self.judge = Judge(self.configuration.flapping)
        self.board = Board(self.judge)
        self.judge.configure(self.configuration.sondes, self.configuration.canaries)
        self.board.configure(self.configuration.sondes, self.configuration.canaries)

    def result(self, sonde_id: str, status: Status, message: str = "", at: int = NOW - 60) -> None:
        self.judge.observe(sonde_id, at, status, message)
        everything = {**self.configuration.sondes, **{c.id: c for c in self.configuration.canaries}}
        self.board.saw(everything[sonde_id], at, Result(status, message))

    def view(self, at: int = NOW) -> View:
        return present(self.configuration, self.board, at)

    def row(self, name: str) -> Row:
        return next(row for row in self.view().rows if row.name == name)


@pytest.fixture
def seen(tmp_path: Path) -> Seen:
    return Seen(tmp_path, alpha=ALPHA, beta=BETA)


def test_before_any_check_everything_waits(seen: Seen) -> None:
    row = seen.row("Alpha")
    assert (row.worst, row.counts, row.paused) == (Status.UNKNOWN, {Status.UNKNOWN: 3}, 1)
    assert row.troubles == ()
    assert row.notes == ("3 sondes attendent leur premier contrôle : routeur/lien, web/page, web/nom",)
    assert seen.row("Beta").notes == ("1 sonde attend son premier contrôle : nas/port",)


def test_the_worst_collectivite_comes_first_then_the_order_of_the_config(seen: Seen) -> None:
    seen.result("alpha/routeur/lien", Status.OK)
    seen.result("beta/nas/port", Status.CRITICAL, "connexion refusée (port 1)")
    assert [row.name for row in seen.view().rows] == ["Beta", "Alpha"]
    seen.result("beta/nas/port", Status.OK, at=NOW - 30)
    assert [(row.name, row.worst) for row in seen.view().rows] == [("Alpha", Status.OK), ("Beta", Status.OK)]


def test_inside_a_collectivite_the_worst_comes_first(seen: Seen) -> None:
    seen.result("alpha/routeur/lien", Status.WARNING, "lent")
    seen.result("alpha/web/nom", Status.UNKNOWN, "erreur interne")
    seen.result("alpha/web/page", Status.CRITICAL, "réponse HTTP 500")
    assert [(t.status, t.sonde, t.message) for t in seen.row("Alpha").troubles] == [
        (Status.CRITICAL, "web/page", "réponse HTTP 500"),
        (Status.WARNING, "routeur/lien", "lent"),
        (Status.UNKNOWN, "web/nom", "erreur interne"),
    ]


def test_what_hides_behind_a_dead_router_is_one_line(seen: Seen) -> None:
    seen.result("alpha/routeur/lien", Status.CRITICAL, "connexion refusée", at=NOW - 60)
    seen.result("alpha/web/page", Status.CRITICAL, "pas de réponse", at=NOW - 50)
    seen.result("alpha/web/nom", Status.CRITICAL, "pas de réponse", at=NOW - 50)
    row = seen.row("Alpha")
    assert [(t.sonde, t.name) for t in row.troubles] == [("routeur/lien", "Routeur de la mairie")]
    assert row.notes == ("2 sondes injoignables derrière « Routeur de la mairie » (routeur/lien) : web/page, web/nom",)


def test_a_first_failure_says_that_it_is_to_be_confirmed(seen: Seen) -> None:
    seen.result("alpha/routeur/lien", Status.OK)
    seen.result("alpha/web/nom", Status.CRITICAL, "nom inconnu du DNS")
    trouble = seen.row("Alpha").troubles[0]
    assert (trouble.status, trouble.message) == (Status.UNKNOWN, "à confirmer : nom inconnu du DNS")


def test_a_result_that_is_too_old_is_no_news(seen: Seen) -> None:
    seen.result("beta/nas/port", Status.OK, at=NOW - 9000)
    assert [(t.since, t.message) for t in seen.row("Beta").troubles] == [("depuis 17:30", "aucun résultat récent")]


def test_trouble_of_another_day_is_dated(seen: Seen) -> None:
    evening = NOW - int(18.5 * 3600)
    seen.result("beta/nas/port", Status.CRITICAL, "x", at=evening)
    assert seen.view(evening + 1800).rows[0].troubles[0].since == "depuis 23:00"
    assert seen.view(evening + 5400).rows[0].troubles[0].since == "depuis le 11/03/2026 à 23:00"


def test_a_state_taken_up_from_an_earlier_run_says_so(seen: Seen) -> None:
    seen.judge.observe("beta/nas/port", NOW - 60, Status.CRITICAL)
    assert seen.row("Beta").troubles[0].message == "constaté avant le redémarrage de Vigie"


def test_an_unstable_sonde_is_shown_even_while_it_is_well(seen: Seen) -> None:
    for step in range(8):
        seen.result("beta/nas/port", (Status.OK, Status.CRITICAL)[step % 2], "x", at=NOW - 100 + step * 10)
    assert seen.row("Beta").troubles[0].flapping
    seen.result("beta/nas/port", Status.OK, at=NOW - 10)
    assert seen.row("Beta").notes == ("1 sonde instable, en service à cet instant : nas/port",)


def test_when_vigie_is_cut_off_the_page_says_it_once(seen: Seen) -> None:
    seen.result("beta/nas/port", Status.OK, at=NOW - 120)
    seen.result("vigie/canaries/repere", Status.CRITICAL, at=NOW - 60)
    seen.result("beta/nas/port", Status.CRITICAL, "pas de réponse", at=NOW - 50)
    page = render(seen.view())
    assert page.count("Vigie est coupée du réseau") == 1
    assert "<title>Vigie coupée du réseau – " in page
    assert "pas de réponse" not in page
    assert seen.row("Beta").counts == {Status.UNKNOWN: 1}


def test_a_catastrophe_is_cut_short(tmp_path: Path) -> None:
    ports = "".join(f"      - {{id: p{n}, type: tcp, port: {n}, attempts: 1, interval: 1h}}\n" for n in range(1, 21))
    beta = f"collectivite: beta\nname: Beta\nequipment:\n  - id: nas\n    address: 127.0.0.3\n    sondes:\n{ports}"
    seen = Seen(tmp_path, beta=beta)
    assert seen.row("Beta").notes == (
        "20 sondes attendent leur premier contrôle : nas/p1, nas/p2, nas/p3, nas/p4, nas/p5, nas/p6 et 14 de plus",
    )
    for number in range(1, 21):
        seen.result(f"beta/nas/p{number}", Status.CRITICAL, "x")
    row = seen.row("Beta")
    assert (len(row.troubles), row.more) == (MOST_TROUBLES, 20 - MOST_TROUBLES)
    assert "et 5 autres sondes de même" in render(seen.view())


def view_of(message: str = "m", *, name: str = "Commune", organisation: str = "Syndicat", paused: int = 0) -> View:
    trouble = Trouble(
        sonde="web/page", name=name, status=Status.CRITICAL, since="depuis 17:25", message=message, flapping=False
    )
    row = Row(
        name=name,
        counts={Status.CRITICAL: 1, Status.UNKNOWN: 2},
        paused=paused,
        troubles=(trouble,),
        more=0,
        notes=(message,),
    )
    return View(organisation=organisation, at="12/03/2026 à 17:30:00", isolated=False, rows=(row,))


class Elements(HTMLParser):
    """The tags of a page, and whether each that opens closes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "</p></li></ul><img src=x onerror=alert(1)>",
        '"><svg onload=alert(1)>',
        "{{ 7 * 7 }} {% raw %}",
        "&lt;b&gt;",
    ],
)
def test_nothing_hostile_comes_through(hostile: str) -> None:
    page = render(view_of(hostile, name=hostile, organisation=hostile))
    plain = Elements(render(view_of()))
    attacked = Elements(page)
    assert attacked.open == []
    assert (attacked.seen, attacked.attributes) == (plain.seen, plain.attributes)
    assert "script" not in attacked.seen
    assert "49" not in page


def test_states_are_told_by_shape_and_word_in_french() -> None:
    page = re.sub(r"<[^>]+>", "", render(view_of(paused=1)))
    assert "■ en panne depuis 17:25 – Commune web/page" in page
    assert "1 en panne 2 inconnues" in " ".join(page.split())
    assert "1 en pause" in page


@pytest.mark.parametrize(
    ("count", "word"), [(0, "inconnue"), (1, "inconnue"), (2, "inconnues")], ids=["none", "one", "several"]
)
def test_words_agree_in_number(count: int, word: str) -> None:
    assert said(Status.UNKNOWN, count) == word


def test_lines_do_not_break_inside_quotes_or_before_double_signs() -> None:
    assert typeset("plein dans 21 j, 3 % libres, 12 500 Mo en 2 h 30 min") == (
        "plein dans 21\xa0j, 3\xa0% libres, 12\xa0500\xa0Mo en 2\xa0h 30\xa0min"
    )
    assert typeset("le port 25 refuse, 3 jours") == "le port 25 refuse, 3 jours"
    text = typeset("texte absent : « Bienvenue » ; quota dépassé !")
    assert text == "texte absent\u00a0: «\u00a0Bienvenue\u00a0»\u00a0; quota dépassé\u00a0!"


def test_the_refresh_can_be_stopped() -> None:
    moving, still = render(view_of()), render(view_of(), still=True)
    assert 'http-equiv="refresh"' in moving
    assert 'href="?fige"' in moving
    assert "refresh" not in still
    assert 'href="?"' in still


def test_nothing_configured_is_said() -> None:
    page = render(View(organisation="S", at="", isolated=False, rows=()))
    assert "Aucune sonde n’est configurée." in page


def colours() -> dict[str, dict[str, str]]:
    source, _, _ = environment().loader.get_source(environment(), "index.html")  # type: ignore[union-attr]
    light, dark = source.split("prefers-color-scheme: dark", 1)
    found = {
        "light": dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", light)),
        "dark": dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", dark)),
    }
    assert found["light"].keys() == found["dark"].keys()
    return found


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("paper", ["paper", "card"])
@pytest.mark.parametrize("ink", ["ink", "soft", "ok", "warning", "critical", "unknown"])
def test_every_text_has_the_contrast_of_wcag_aa(scheme: str, paper: str, ink: str) -> None:
    lighter, darker = sorted((luminance(colours()[scheme][ink]), luminance(colours()[scheme][paper])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
