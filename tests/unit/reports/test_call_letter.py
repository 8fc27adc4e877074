"""Calls for contribution as letters: what each says and why, on paper, word for word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from supervisor.billing.documents import Hand, close_calls, correct_calls
from supervisor.domain.account import Codes, Engagement
from supervisor.domain.ledger import Event
from supervisor.reports.call_data import CallReport, call_reports
from supervisor.reports.call_letter import file_name, letter
from supervisor.reports.pdf import Press
from supervisor.reports.sheet import Letter, Table
from tests.unit.billing.ledgers import Ledger, at, engagement, named
from tests.unit.reports.test_sheets import NASTY, read, squeezed, tags
from tests.unit.reports.test_wording import plain
from tests.unit.store.database import memory

CHORUS = {2026: Codes(service="SUP", engagement="E-26-17")}
HAND = Hand(author="C. Dupont", at=at("2026-07-06T09:12"))


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with memory() as database:
        yield Ledger(database.connection)


def know(ledger: Ledger, **changes: Any) -> None:
    """What is known of Exemple from 2026 on."""
    known = {"name": "Commune d'Exemple", "organisation": "Moselle Fibre", "chorus": CHORUS}
    ledger.know("2026-01-01", **{**known, **changes})


def rising(*steps: tuple[str, int]) -> Engagement:
    """A contract of 2026 that subscribes so many sondes from these days on."""
    sondes = tuple((date.fromisoformat(day), count) for day, count in steps)
    return Engagement(start=sondes[0][0], sondes=sondes)


def reports(ledger: Ledger, now: str = "2026-11-21T10:00", year: int = 2026) -> list[CallReport]:
    """The calls of a year, asked then."""
    return list(call_reports(ledger.connection, ledger.books(now), year, None, "1.0"))


def words(said: Letter) -> Iterator[str]:
    """Every text of a letter."""
    yield from (said.title, said.organisation, said.subject, said.status, said.opening, *said.total, *said.notes)
    yield from (text for pair in said.references for text in pair)
    yield said.colophon
    for section in (*said.sections, *([said.annex] if said.annex is not None else [])):
        yield from (section.title, *section.paragraphs)
        for table in section.tables:
            yield from cells(table)
    yield from cells(said.lines)


def cells(table: Table) -> Iterator[str]:
    """Every text of a table."""
    yield from (table.caption, *table.header)
    yield from (text for row in table.rows for each in row for text in each.lines)


def told(report: CallReport) -> str:
    """All of a letter, with ordinary spaces."""
    return plain("\n".join(words(letter(report))))


# --- by sonde, 002 art. 5 and annexe 2 art. 3


def test_the_annual_call_says_what_is_called_and_why(ledger: Ledger) -> None:
    """002 art. 5: « Au début du 2nd semestre de chaque année (…) pour l'année en cours »."""
    know(ledger, engagements=(rising(("2026-01-01", 100), ("2026-03-15", 113)),))
    ledger.write("2025-11-03", Event.ADDED, named(0, 40))
    ledger.write("2026-05-04T14:30", Event.ADDED, named(40, 97))
    (report,) = reports(ledger, "2026-07-05")
    said = letter(report)
    assert {name: plain(text) for name, text in said.references} == {
        "SIRET": "215 700 011 00012",
        "Code service": "SUP",
        "N° d’engagement": "E-26-17",
        "Objet": "Supervision des systèmes d’information",
        "Année": "2026",
        "Date de l’appel": "1er juillet 2026",
        "Nature": "contribution annuelle",
    }
    assert [plain(text) for text in cells(said.lines)][-4:] == ["Supervision, par sonde", "150", "1,00 €", "150,00 €"]
    assert (said.total[0], plain(said.total[1])) == ("Total HT", "150,00 €")
    text = told(report)
    assert "appelée auprès de la Commune d’Exemple au titre de l’année 2026, en application de l’article 5" in text
    assert "Barème : délibération n° CSD 2024-314 du 12 février 2024." in text
    assert (
        "Nombre retenu : 113 sondes souscrites au 15 mars 2026, "
        "soit 150 sondes facturées : 3 pools de 50 (annexe 2, article 3)." in text
    )
    assert "n’est pas calculée au prorata" in text
    assert "par Chorus Pro sous le SIRET 215 700 011 00012, le code service SUP et le n° d’engagement E-26-17." in text
    assert "Le montant appelé repose sur les 113 sondes souscrites. Pour information, à la date de l’appel, 97" in text
    assert "Avenant" not in text
    assert said.status.startswith("Projet, non arrêté")
    assert file_name(report, 1) == "projet-appel-2026-a-2026-07-01.pdf"
    assert file_name(report, 2) == "projet-appel-2026-a-2026-07-01-2.pdf"


@pytest.mark.parametrize(
    ("subscribed", "said"),
    [((), "le forfait minimal"), (("2026-01-01", 1), "la seule sonde souscrite")],
)
def test_what_the_amount_rests_on_where_it_is_the_minimum(
    ledger: Ledger, subscribed: tuple[str, int] | tuple[()], said: str
) -> None:
    """A contract may name no number of sondes: the minimum is called all the same."""
    terms = rising(subscribed) if subscribed else Engagement(start=date(2026, 1, 1))
    know(ledger, engagements=(terms,))
    (report,) = reports(ledger, "2026-07-05")
    assert f"Le montant appelé repose sur {said}. Pour information, à la date de l’appel, aucune" in told(report)
    assert "soit 100 sondes facturées : le forfait minimal" in told(report)


def test_the_annex_has_every_sonde_by_pools_of_50_and_since_when(ledger: Ledger) -> None:
    know(ledger)
    ledger.write("2025-11-03", Event.ADDED, named(0, 40))
    ledger.write("2026-05-04T14:30", Event.ADDED, named(40, 97))
    ledger.write("2026-06-01", Event.CHANGED, named(0, 1), paused=True)
    ledger.write("2026-06-01", Event.CHANGED, named(1, 2), billable=False)
    ledger.write("2026-07-01T08:00", Event.ADDED, named(97, 99))  # after the first instant of the day
    (report,) = reports(ledger, "2026-07-05")
    said = letter(report)
    assert said.annex is not None
    assert [plain(table.caption) for table in said.annex.tables] == [
        "Pool 1 : 50 sondes sur 50",
        "Pool 2 : 46 sondes sur 50",
    ]
    rows = [[plain(each.lines[0]) for each in row] for table in said.annex.tables for row in table.rows]
    assert [row[2] for row in rows] == [name.rpartition("/")[2] for name in named(0, 97) if name != "a/e/s001"]
    assert rows[0] == ["1", "e", "s000", "1er janvier 2026 ou avant"]
    assert rows[-1] == ["46", "e", "s096", "4 mai 2026"]
    assert "Une sonde en pause compte." in told(report)


def test_a_rise_is_called_by_itself(ledger: Ledger) -> None:
    """002 art. 5: « Par appel à contribution spécifique, en cas de souscription au cours du second semestre »."""
    know(ledger, engagements=(rising(("2026-01-01", 100), ("2026-09-15", 113), ("2026-10-01", 163)),))
    annual, first, second = reports(ledger)
    assert "du 1er janvier au 30 juin 2026" in told(annual)
    assert "le forfait minimal (annexe 2, article 3)" in told(annual)
    assert "le 15 septembre 2026, le nombre de sondes facturées est passé de 100 à 150." in told(first)
    assert "Les 100 sondes déjà appelées pour 2026 ne le sont pas une seconde fois." in told(first)
    assert "Nature\ncontribution complémentaire" in told(first)
    assert "le 1er octobre 2026, le nombre de sondes facturées est passé de 150 à 200." in told(second)
    assert "163 sondes souscrites au 1er octobre 2026, soit 200 sondes facturées : 4 pools de 50" in told(second)


def test_a_first_subscription_in_the_second_half_of_the_year(ledger: Ledger) -> None:
    know(ledger, engagements=(engagement("2026-09-01", 20),))
    (report,) = reports(ledger)
    assert "Souscription au second semestre, le 1er septembre 2026 : elle fait l’objet d’un appel" in told(report)
    assert "20 sondes souscrites au 1er septembre 2026, soit 100 sondes facturées : le forfait minimal" in told(report)


def test_measured_the_annex_is_of_the_instant_that_decided(ledger: Ledger) -> None:
    know(ledger, basis="measured")
    ledger.write("2026-02-01", Event.ADDED, named(0, 120))
    ledger.write("2026-03-12T14:30", Event.ADDED, named(120, 160))
    ledger.write("2026-04-01", Event.REMOVED, named(0, 100))
    (report,) = reports(ledger, "2026-07-05")
    text = told(report)
    assert "Nombre retenu : 160 sondes comptées au 12 mars 2026 à 14 h 30, soit 200 sondes facturées" in text
    assert "Annexe : sondes comptées au 12 mars 2026 à 14 h 30" in text
    assert "repose sur les sondes comptées à cet instant : 160 sondes sont comptées." in text
    assert "Pool 4 : 10 sondes sur 50" in text


@pytest.mark.parametrize(("counted", "at_day"), [(160, "2 février 2026"), (90, "1er juillet 2026")])
def test_highest_the_annex_follows_what_decided(ledger: Ledger, counted: int, at_day: str) -> None:
    know(ledger, basis="highest", engagements=(engagement(sondes=150),))
    ledger.write("2026-02-02", Event.ADDED, named(0, counted))
    (report,) = reports(ledger, "2026-07-05")
    text = told(report)
    assert "la plus élevée des deux valeurs, 150 sondes souscrites et" in text
    assert f"Annexe : sondes comptées au {at_day}" in text


def test_more_counted_than_subscribed_is_an_amendment_to_be_signed(ledger: Ledger) -> None:
    know(ledger, engagements=(rising(("2026-01-01", 100), ("2026-10-01", 150)),))
    ledger.write("2026-03-12", Event.ADDED, named(0, 113))
    annual, rise = reports(ledger)
    assert (
        "À compter du 12 mars 2026, jusqu’à 113 sondes ont été comptées pour 100 sondes souscrites, soit 150 sondes "
        "facturables au lieu de 100. Un avenant est à signer ; pour l’année 2026, il représente 50 sondes et 50,00 € HT"
        in told(annual)
    )
    assert "Avenant" not in told(rise)  # it was signed


def test_nothing_counted_and_nothing_known(ledger: Ledger) -> None:
    know(ledger, siret=None, chorus={})
    (report,) = reports(ledger)
    text = told(report)
    assert text.count("non communiqué\n") == 3
    assert "ne peut pas être transmis par Chorus Pro tant que le SIRET" in text
    assert "à la date de l’appel, aucune sonde n’est comptée." in text
    annex = letter(report).annex
    assert annex is not None
    assert annex.tables == ()


# --- other tariffs


def test_an_offer_that_is_not_by_sonde_has_its_lines_and_no_annex() -> None:
    """004 art. 7.1 and 7.2.1: 2,355 inhabitants, an audit taken off, called at the beginning of the year after."""
    with memory() as database:
        ledger = Ledger(database.connection, "redon-agglomeration")
        contract = Engagement(start=date(2025, 3, 1), offer="socle-complet", audit=date(2025, 1, 10))
        know(ledger, engagements=(contract,), population=2355, organisation="Redon Agglomération")
        (report,) = reports(ledger, "2026-01-05", 2025)
    text, said = told(report), letter(report)
    assert said.annex is None
    assert [plain(row[3].lines[0]) for row in said.lines.rows] == ["2 000,00 €", "3 532,50 €", "−3 500,00 €"]
    assert plain(said.total[1]) == "2 032,50 €"
    assert "Barème : art. 7.1 ; art. 7.2.1." in text
    assert "Contribution due pour l’année 2025, appelée à la date que prévoit la convention, le 1er janvier" in text
    assert "Objet\nSocle complet" in text
    assert "sonde" not in text


# --- closed


def test_an_option_chosen_after_the_call_was_closed_is_a_letter_of_the_rest() -> None:
    """001 art. 5: « un forfait de frais d'accès […] de 75€ HT »; what was called is taken off, line by line."""
    with memory() as database:
        ledger = Ledger(database.connection, "mairie-connectee")
        signed = Engagement(start=date(2026, 3, 15))
        know(ledger, engagements=(signed,), population=430)
        close_calls(ledger.connection, ledger.books("2026-07-06T09:12"), 2026, HAND)
        know(ledger, engagements=(replace(signed, options=("poste-de-travail",)),), population=430)
        (_, found) = reports(ledger)
        said = letter(found)
    text = plain(" ".join(words(said)))
    assert "Complément : ce qui a déjà été appelé pour l’année 2026 en est déduit." in text
    assert said.lines.rows[-1][0].lines == ("Déjà appelé",)
    assert plain(said.total[1]) == "75,00 €"
    (price,) = [plain(note) for note in said.notes]
    assert not price.endswith("; .")


def test_a_closed_call_is_told_from_its_document_alone(ledger: Ledger) -> None:
    know(ledger, engagements=(rising(("2026-01-01", 100), ("2026-09-15", 113)),))
    ledger.write("2026-03-12", Event.ADDED, named(0, 60))
    drafts = reports(ledger)
    made = close_calls(ledger.connection, ledger.books("2026-11-21"), 2026, HAND)
    closed = [letter(report) for report in reports(ledger)]
    for draft, said in zip(map(letter, drafts), closed, strict=True):
        for field in ("references", "opening", "lines", "total", "notes", "sections", "annex"):
            assert getattr(said, field) == getattr(draft, field)
    assert [plain(said.title) for said in closed] == [
        "Appel à contribution n° 2026-0001",
        "Appel à contribution n° 2026-0002",
    ]
    assert [said.status for said in closed] == ["", ""]
    assert plain(closed[0].colophon) == (
        "Appel n° 2026-0001 arrêté le lundi 6 juillet 2026 à 9 h 12 par C. Dupont. "
        f"Empreinte : {made[0].bill.digest[:16]}."
    )
    ledger.know("2026-11-22", name="Autre nom", organisation="Autre syndicat", siret=None, basis="measured")
    ledger.write("2026-11-22", Event.REMOVED, named(0, 60))
    later = reports(ledger, "2027-02-01")
    assert [letter(report) for report in later if report.document is not None] == closed
    assert [file_name(report, 0) for report in later] == ["appel-2026-0001-a.pdf", "appel-2026-0002-a.pdf"]


def test_a_correction_names_the_call_it_takes_the_place_of(ledger: Ledger) -> None:
    """The annual call was too low, and the rise that made up for it is not due any more."""
    know(ledger, engagements=(rising(("2026-01-01", 100), ("2026-09-15", 150)),))
    close_calls(ledger.connection, ledger.books("2026-11-21"), 2026, HAND)
    ledger.know("2026-11-21", engagements=(rising(("2026-01-01", 120), ("2026-10-01", 160)),))
    books = ledger.books("2026-11-22")
    hand = Hand(author="C. Dupont", at=at("2026-11-22"), reason="avenant du 20 février")
    correct_calls(ledger.connection, books, 2026, hand, "a")
    close_calls(ledger.connection, books, 2026, hand)
    found = {report.call.document: told(report) for report in reports(ledger, "2026-11-23")}
    assert sorted(str(number) for number in found) == ["2026-0003", "2026-0004", "2026-0005"]
    annual, taken_back, rise = (found[f"2026-000{number}"] for number in (3, 4, 5))
    assert (
        "Cet appel annule et remplace l’appel n° 2026-0001, d’un montant de 100,00 € HT. "
        "Motif : « avenant du 20 février »." in annual
    )
    assert "150,00 €" in annual
    assert "Rien n’était à appeler le 15 septembre 2026 : cet appel est ramené à zéro." in taken_back
    assert "annule et remplace l’appel n° 2026-0002, d’un montant de 50,00 € HT" in taken_back
    assert "Rien n’est dû au titre de cet appel." in taken_back
    assert "Annexe" not in taken_back
    assert "est passé de 150 à 200" in rise


def test_a_corrected_rise_knows_what_was_called_before_it(ledger: Ledger) -> None:
    know(ledger, engagements=(rising(("2026-01-01", 100), ("2026-09-15", 150)),))
    close_calls(ledger.connection, ledger.books("2026-11-21"), 2026, HAND)
    ledger.know("2026-11-21", engagements=(rising(("2026-01-01", 100), ("2026-09-15", 170)),))
    hand = Hand(author="C. Dupont", at=at("2026-11-22"), reason="erreur de saisie")
    correct_calls(ledger.connection, ledger.books("2026-11-22"), 2026, hand, "a")
    _, rise = reports(ledger, "2026-11-23")
    assert rise.call.sondes == 100
    assert "est passé de 100 à 200" in told(rise)


# --- on paper


@pytest.mark.parametrize("closed", [False, True])
def test_the_pdf_says_every_word_and_can_be_read_aloud_and_kept(ledger: Ledger, closed: bool) -> None:
    know(ledger, name=NASTY, organisation=NASTY, chorus={2026: Codes(service=NASTY, engagement="#x")})
    ledger.write("2026-03-12", Event.ADDED, [*named(0, 113), "a/" + "équipement-" * 9 + "/" + "sonde-" * 15])
    if closed:
        close_calls(ledger.connection, ledger.books("2026-11-21"), 2026, HAND)
    (report,) = reports(ledger)
    said, press = letter(report), Press("call")
    content = press.pdf(said, report.made_at)
    assert content == Press("call").pdf(said, report.made_at)
    document, paper = read(content)
    assert [text for text in words(said) if squeezed(text) not in paper] == []
    assert ("PROJET" in paper) == (not closed)
    root: Any = document.root_object
    assert root["/Lang"] == "fr"
    kinds = [kind for kind, _ in tags(root["/StructTreeRoot"]["/K"], [])]
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == len(said.sections) + 1
    assert kinds.count("/Table") == 1 + 3
    about = document.xmp_metadata
    assert about is not None
    assert "<pdfuaid:part>1</pdfuaid:part>" in about.rdf_root.toxml()


def test_500_sondes_take_a_page_a_pool(ledger: Ledger) -> None:
    know(ledger, engagements=(engagement(sondes=500),))
    ledger.write("2026-03-12", Event.ADDED, named(0, 500))
    (report,) = reports(ledger)
    document, _ = read(Press("call").pdf(letter(report), report.made_at))
    assert len(document.pages) == 11
    for number, page in enumerate(document.pages[1:], 1):
        assert f"Pool{number}:50sondessur50" in squeezed(page.extract_text())
