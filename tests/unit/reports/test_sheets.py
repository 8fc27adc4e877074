"""A whole report on page and paper: all of its words, in both, and nothing that somebody slipped in."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from pypdf import PdfReader

from supervisor.errors import VigieError
from supervisor.reports.data import ExcludedTime, Report
from supervisor.reports.days import Day, Unknown
from supervisor.reports.page import page
from supervisor.reports.pdf import Press
from supervisor.reports.sheet import Figure, Sheet, Table, Tone, cell
from supervisor.reports.summary import line, summarise
from supervisor.reports.telling import tell
from tests.unit.reports.samples import FLOOD, HOUR, at, figures, incident, report, service
from tests.unit.reports.test_wording import plain

NASTY = '<script>alert(1)</script> #import "x" $a$ *b* _c_ \\ = d @e https://exemple.fr/' + "très/long/" * 12


def full() -> Report:
    """Something in every section."""
    lines = (
        incident(),
        incident(met=False, elapsed_s=10 * HOUR, intervened=False, suspensions=(), stopped=at(3, 6, 11)),
        incident(met=None, applicable=False, cause="collectivite", sonde=None, ref="TEL-19"),
        incident(met=None, stopped=None, deadline=None, suspensions=((at(3, 3, 11), None),)),
    )
    return report(
        service("Échanges sécurisés de fichiers et télétransmission (PES v2)", figures(down_h=8, excluded_h=3)),
        service("Messagerie", figures(unknown_h=6)),
        incidents=lines,
        excluded=(FLOOD,),
    )


def words(sheet: Sheet) -> Iterator[str]:
    """Every text of a sheet, those of drawings aside."""
    yield from (sheet.title, sheet.organisation, sheet.subject, sheet.verdict, *sheet.facts, sheet.colophon)
    for section in sheet.sections:
        yield from (section.title, *section.paragraphs, *section.notes)
        yield from (key.text for key in section.legend)
        yield from (figure.title for figure in section.figures)
        for table in section.tables:
            yield from (table.caption, *table.header)
            yield from (text for row in table.rows for each in row for text in each.lines)


class Seen(HTMLParser):
    """What a page says and what it is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.text += data


def squeezed(text: str) -> str:
    """Without spaces, soft hyphens and invitations to break: where lines break is not what is said."""
    return re.sub(r"[\s\u00ad\u200b]", "", text)


def read(content: bytes) -> tuple[PdfReader, str]:
    """The document and its text."""
    document = PdfReader(io.BytesIO(content))
    return document, squeezed("".join(each.extract_text() for each in document.pages))


def test_page_and_pdf_say_every_word_of_the_sheet() -> None:
    found = full()
    sheet = tell(found)
    on_screen = squeezed(Seen(page(sheet).decode()).text)
    _, on_paper = read(Press().pdf(sheet, found.produced_at))
    assert [text for text in words(sheet) if squeezed(text) not in on_paper] == []
    assert [text for text in words(sheet) if squeezed(text) not in on_screen] == []
    for figure in (figure for section in sheet.sections for figure in section.figures):
        assert f'aria-label="{figure.alt}"' in page(sheet).decode()


def test_the_verdict_comes_before_everything_else() -> None:
    found = full()
    text = Seen(page(tell(found)).decode()).text
    assert text.index("Engagement non tenu") < text.index("Disponibilité des services")
    _, paper = read(Press().pdf(tell(found), found.produced_at))
    assert paper.index("Engagementnontenu") < paper.index("Disponibilitédesservices")


def test_the_pdf_is_tagged_in_french_and_archivable() -> None:
    found = full()
    document, _ = read(Press().pdf(tell(found), found.produced_at))
    root = document.root_object
    assert root["/Lang"] == "fr"
    assert bool(root["/MarkInfo"]["/Marked"])
    assert bool(root["/ViewerPreferences"]["/DisplayDocTitle"])
    assert document.metadata is not None
    assert plain(document.metadata.title or "") == "Rapport de disponibilité — mars 2026 – Commune d’Exemple"
    about = document.xmp_metadata
    assert about is not None
    said = about.rdf_root.toxml()
    assert "<pdfaid:part>2</pdfaid:part>" in said
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in said
    assert "<pdfuaid:part>1</pdfuaid:part>" in said


def tags(node: object, found: list[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    """Kind and alternative text of every element of the structure, in reading order."""
    node = node.get_object() if hasattr(node, "get_object") else node  # type: ignore[attr-defined]
    if isinstance(node, list):
        for each in node:
            tags(each, found)
    elif isinstance(node, dict):
        if "/S" in node:
            found.append((node["/S"], node.get("/Alt")))
        tags(node.get("/K", []), found)
    return found


def test_the_structure_holds_headings_tables_and_described_figures() -> None:
    found = full()
    sheet = tell(found)
    document, _ = read(Press().pdf(sheet, found.produced_at))
    structure = tags(document.root_object["/StructTreeRoot"]["/K"], [])
    kinds = [kind for kind, _ in structure]
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == len(sheet.sections)
    assert kinds.count("/Table") == sum(len(section.tables) for section in sheet.sections)
    assert kinds.count("/TH") >= sum(len(t.header) for section in sheet.sections for t in section.tables)
    described = {str(alt) for _, alt in structure if alt}
    assert {figure.alt for section in sheet.sections for figure in section.figures} <= described


def test_the_same_report_gives_the_same_bytes() -> None:
    found = full()
    sheet = tell(found)
    assert Press().pdf(sheet, found.produced_at) == Press().pdf(sheet, found.produced_at)
    assert page(sheet) == page(sheet)


def test_nothing_in_the_page_runs_or_is_fetched() -> None:
    tags_of_page = Seen(page(tell(full())).decode()).tags
    assert {"script", "iframe", "link", "img", "object", "form"}.isdisjoint(tag for tag, _ in tags_of_page)
    for _, attributes in tags_of_page:
        assert not any(name.startswith("on") or name in ("src", "href") for name in attributes)


def test_what_others_wrote_is_only_text() -> None:
    """HTML, Typst markup and a word wider than its column."""
    found = report(service(NASTY), incidents=(incident(message=NASTY),), organisation=NASTY)
    seen = Seen(page(tell(found)).decode())
    assert "script" not in [tag for tag, _ in seen.tags]
    assert squeezed(NASTY) in squeezed(seen.text)
    _, paper = read(Press().pdf(tell(found), found.produced_at))
    assert squeezed(NASTY) in paper


def test_every_cell_of_the_page_is_named_by_its_column_and_its_row() -> None:
    seen = Seen(page(tell(full())).decode()).tags
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in seen if tag == "th")
    assert all(attributes.get("data-label") for tag, attributes in seen if tag == "td")


@pytest.mark.parametrize("period", ["2026", "2026-Q1", "2026-03-10..2026-03-12"])
def test_other_lengths_and_empty_reports_can_be_set(period: str) -> None:
    press = Press()
    for found in (report(period=period), report(service(target=None), period=period, target=None, gti_s=None)):
        document, _ = read(press.pdf(tell(found), found.produced_at))
        assert len(document.pages) >= 1
        assert "<h1>" in page(tell(found)).decode()


def test_a_pdf_that_cannot_be_made_says_whose() -> None:
    sheet = tell(full())
    broken = Figure(title="", svg="<svg", alt="rien", width=9, height=9)
    sheet = replace(sheet, sections=(replace(sheet.sections[1], figures=(broken,)),))
    with pytest.raises(VigieError, match="Commune d’Exemple"):
        Press().pdf(sheet, 0)


def test_a_row_has_a_cell_for_each_column() -> None:
    with pytest.raises(ValueError, match="every row"):
        Table(caption="x", header=("a", "b"), rows=((cell("1"),),), widths=(1, 1))


def test_the_running_year_shows_what_is_left_to_spend() -> None:
    """96 % of 2,200 h allow 88 h down; 8 h spent of 100 h measured is twice the pace allowed: 8 / 4."""
    sheet = tell(report(service(found=figures(down_h=8))))
    budget = next(section for section in sheet.sections if section.title.startswith("Temps de panne"))
    (row,) = budget.tables[0].rows
    assert [plain(each.lines[0]) for each in row] == ["Messagerie", "88 h", "8 h", "80 h", "200 %"]
    over = tell(report(service(), judged_by="month"))
    assert [section.title for section in over.sections][-1] == "Temps de panne permis"


def cells(sheet: Sheet, title: str) -> list[list[str]]:
    """The rows of the only table of a section, each cell as one text."""
    (section,) = [each for each in sheet.sections if each.title.startswith(title)]
    (table,) = section.tables
    return [[plain(" / ".join(each.lines)) for each in row] for row in table.rows]


def test_a_reopening_is_called_one() -> None:
    again = replace(incident(start=at(3, 3, 16, 45)), reopened=True)
    rows = cells(tell(report(service(), incidents=(incident(), again))), "Incidents")
    assert [row[1].partition(" / ")[0] for row in rows] == [
        "3 mars 2026 à 10 h",
        "rouvert le 3 mars 2026 à 16 h 45",
    ]


def test_a_sonde_of_a_shared_platform_is_not_said_to_be_theirs() -> None:
    shared = incident(sonde="syndicat/zimbra/imap")
    rows = cells(tell(report(service(), incidents=(incident(), shared))), "Incidents")
    assert "constaté par la sonde routeur/lien" in rows[0][0]
    assert "constaté sur la plateforme commune du Syndicat d’essai (zimbra/imap)" in rows[1][0]
    seen = service(found=figures(unknown_h=1))
    blind = Unknown(
        causes=("unreachable",), via=("syndicat/pare-feu/lien", "exemple/routeur/lien"), seconds=9, stretches=()
    )
    rows = cells(tell(report(replace(seen, unknowns=(blind,)))), "Temps non mesuré")
    assert rows[0][1] == (
        "injoignable, la plateforme commune du Syndicat d’essai (pare-feu/lien) et « routeur/lien » étant en panne"
    )


def weekly(day: int, *, in_service: bool) -> ExcludedTime:
    """A maintenance of two hours of that day of March, at night or in the morning."""
    hour = 10 if in_service else 20
    window = replace(
        FLOOD.window,
        id="maintenance 1",
        kind="maintenance",
        start=at(3, day, hour),
        end=at(3, day, hour + 2),
        text="mises à jour",
    )
    return replace(FLOOD, window=window, deducted=False, in_service=in_service)


def test_maintenance_outside_service_time_is_one_line_and_had_no_effect() -> None:
    nights = tuple(weekly(day, in_service=False) for day in (2, 9, 16))
    rows = cells(tell(report(service(), excluded=(nights[0], FLOOD, *nights[1:]))), "Maintenances")
    assert [(row[0], row[1], row[4]) for row in rows] == [
        ("Maintenance annoncée", "3 fois, du 2 au 16 mars 2026 / hors du temps de service", "sans effet"),
        ("Force majeure", "le 3 mars 2026 de 13 h à 16 h 30", "déduite"),
    ]
    (alone,) = cells(tell(report(service(), excluded=nights[:1])), "Maintenances")
    assert alone[1] == "le 2 mars 2026 de 20 h à 22 h / hors du temps de service"


def test_maintenance_during_service_time_is_told_each_time() -> None:
    days = tuple(weekly(day, in_service=True) for day in (2, 9))
    rows = cells(tell(report(service(), excluded=days)), "Maintenances")
    assert [(row[1], row[4]) for row in rows] == [
        ("le 2 mars 2026 de 10 h à 12 h", "non déduite"),
        ("le 9 mars 2026 de 10 h à 12 h", "non déduite"),
    ]


# --- pages


@pytest.mark.parametrize(("period", "heads"), [("2026-03", "LMMJVSD"), ("2026", "123456789101112131415")])
def test_no_page_ends_with_what_belongs_to_the_next_one(period: str, heads: str) -> None:
    """No heading, sentence or caption at the foot of a page without its table; no drawing or legend alone on a page.

    Services push the sections down the pages, so that a break falls in many places. `heads`: above every drawing.
    """
    press = Press()
    for number in range(1, 12) if period == "2026-03" else (1, 4, 6):
        days = tuple(
            Day(date=date(2026, 1, 1) + timedelta(days=n), up_s=HOUR) for n in range(31 if heads[0] == "L" else 365)
        )
        services = [replace(service(f"Service {n}", figures(down_h=1, unknown_h=1)), days=days) for n in range(number)]
        found = report(*services, period=period, incidents=(incident(),) * (number % 4), excluded=(FLOOD,))
        sheet = tell(found)
        pages = list(bodies(press.pdf(sheet, found.produced_at), sheet))
        for text in pages[:-1]:
            assert not text.endswith(tuple(leading(sheet))), (number, text[-80:])
        drawn = [text.count(heads) for text in pages]
        assert sum(drawn) == number
        last = max(index for index, count in enumerate(drawn) if count)
        assert drawn[last] > 1 or number == 1
        assert "D:disponiblependant" in pages[last]


def leading(sheet: Sheet) -> Iterator[str]:
    """The ends of all that must be followed by something on its page."""
    for section in sheet.sections:
        yield squeezed(section.title)
        yield from (squeezed(table.caption) for table in section.tables)
        yield from (squeezed(text) for text in section.paragraphs if section.tables)


def bodies(content: bytes, sheet: Sheet) -> Iterator[str]:
    """The text of each page, without its foot."""
    for each in PdfReader(io.BytesIO(content)).pages:
        text, foot, _ = squeezed(each.extract_text()).rpartition(squeezed(sheet.colophon))
        assert foot
        yield text


def test_the_summary_puts_the_worst_first() -> None:
    good, bad = report(service()), report(service(found=figures(down_h=9)))
    free = report()
    sheet = summarise(good, [line(good), line(free), line(bad)])
    assert [row[1].tone for row in sheet.sections[0].tables[0].rows] == [Tone.BAD, Tone.GOOD, Tone.PLAIN]
    assert plain(sheet.verdict) == "Engagement non tenu en mars 2026 pour 1 collectivité sur 2."
    assert squeezed(sheet.verdict) in read(Press().pdf(sheet, 0))[1]
    assert plain(summarise(good, [line(good)]).verdict).startswith("Engagement tenu en mars 2026 : 1 collectivité")
