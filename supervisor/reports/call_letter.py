"""A call for contribution told in French, as the mairie and its accountant read it: 002 art. 5 and annexe 2 art. 3."""

from __future__ import annotations

from collections.abc import Iterator

from supervisor.billing.contributions import Call
from supervisor.domain.contribution import Basis, Kind
from supervisor.domain.counting import MINIMUM, POOL, billed
from supervisor.domain.tariff_amounts import Amount
from supervisor.reports.call_annex import annex
from supervisor.reports.call_data import CallReport, Standing
from supervisor.reports.sheet import Letter, Section, Table, cell
from supervisor.reports.wording import (
    NBSP,
    count,
    date_of,
    day_and_time,
    euros,
    listing,
    moment,
    of,
    quoted,
    siret,
    typeset,
    whole,
)

_UNKNOWN = "non communiqué"
_ARTICLE_5, _ANNEX_3 = f"article{NBSP}5", f"annexe{NBSP}2, article{NBSP}3"  # 002: where sondes are paid for
_DRAFT = "Projet, non arrêté : les montants peuvent encore changer, et rien n’est à payer."


def file_name(report: CallReport, rank: int) -> str:
    """ "appel-2026-0012-exemple.pdf"; of a draft "projet-appel-2026-exemple-2026-07-01.pdf", numbered from a second one
    of that day on."""
    call = report.call
    if call.document is not None:
        return f"appel-{call.document}-{call.collectivite}.pdf"
    again = f"-{rank}" if rank > 1 else ""
    return f"projet-appel-{report.year}-{call.collectivite}-{call.date.isoformat()}{again}.pdf"


def letter(report: CallReport) -> Letter:
    """The letter of a call."""
    call, draft = report.call, report.document is None
    parts = (_why(report), _payment(report), _amendment(report), _replaced(report))
    return Letter(
        title=typeset("Projet d’appel à contribution" if draft else f"Appel à contribution {_number(call)}"),
        organisation=typeset(report.account.organisation),
        subject=typeset(call.name),
        status=typeset(_DRAFT) if draft else "",
        references=tuple((typeset(name), typeset(said)) for name, said in _references(report)),
        opening=typeset(_opening(report)),
        lines=_lines(report),
        total=("Total HT", euros(call.amount)),
        notes=tuple(typeset(note) for note in _notes(report)),
        sections=tuple(part for part in parts if part is not None),
        annex=annex(report),
        colophon=typeset(_colophon(report)),
    )


def _number(call: Call) -> str:
    return f"n°{NBSP}{call.document}"


def _references(report: CallReport) -> Iterator[tuple[str, str]]:
    call = report.call
    yield "SIRET", siret(call.siret) if call.siret else _UNKNOWN
    yield "Code service", call.codes.service or _UNKNOWN
    yield "N° d’engagement", call.codes.engagement or _UNKNOWN
    yield "Objet", report.title
    if report.account.convention:
        yield "Convention", report.account.convention
    yield "Année", str(report.year)
    yield "Date de l’appel", date_of(call.date)
    if call.sondes is not None:
        yield "Nature", "contribution annuelle" if call.kind is Kind.ANNUAL else "contribution complémentaire"


def _opening(report: CallReport) -> str:
    rests_on = f"de l’{_ARTICLE_5} de la convention et de l’article{NBSP}3 de son annexe{NBSP}2"
    if report.call.sondes is None:
        rests_on = "de la convention"
    return (
        f"La contribution suivante est appelée auprès {of(report.call.name)} au titre de l’année {report.year}, "
        f"en application {rests_on}."
    )


# --- what is called


def _lines(report: CallReport) -> Table:
    return Table(
        caption=typeset(report.title),
        header=("Désignation", "Quantité", "Prix unitaire HT", "Montant HT"),
        rows=tuple(
            (cell(line.label), cell(whole(line.quantity)), cell(euros(line.unit_price)), cell(euros(line.amount)))
            for line in report.call.lines
        ),
        numbers=(1, 2, 3),
        widths=(4.6, 1.4, 2.0, 2.0),
    )


def _notes(report: CallReport) -> Iterator[str]:
    prices = {line.reference: None for line in report.call.lines if line.reference}  # what was called has none
    yield f"Barème : {' ; '.join(prices)}."


# --- why, and why on that day


def _why(report: CallReport) -> Section:
    sentences = _by_sonde(report) if report.call.sondes is not None else _dated(report)
    return Section(title="Motif de l’appel", paragraphs=tuple(typeset(words) for words in sentences))


def _dated(report: CallReport) -> Iterator[str]:
    if report.call.kind is Kind.ADDITIONAL:
        yield f"Complément : ce qui a déjà été appelé pour l’année {report.year} en est déduit."
    yield (
        f"Contribution due pour l’année {report.year}, appelée à la date que prévoit la convention, "
        f"le {date_of(report.call.date)}. Elle n’est pas calculée au prorata du temps."
    )


def _by_sonde(report: CallReport) -> Iterator[str]:
    call, then = report.call, f"le {moment(report.call.at, report.account.timezone)}"
    billed_then = report.before + (call.sondes or 0)
    if not call.sondes:
        yield f"Rien n’était à appeler {then} : cet appel est ramené à zéro."
        return
    if call.kind is Kind.ANNUAL:
        yield (
            f"Contribution annuelle, appelée le 1er juillet, au début du second semestre ({_ARTICLE_5}) : elle porte "
            f"sur le plus grand nombre de sondes facturées du 1er janvier au 30 juin {report.year}."
        )
    elif report.before:
        yield (
            f"Contribution complémentaire : {then}, le nombre de sondes facturées est passé de "
            f"{whole(report.before)} à {whole(billed_then)}. Les {count(report.before, 'sonde', 'sondes')} déjà "
            f"appelées pour {report.year} ne le sont pas une seconde fois."
        )
    else:
        yield f"Souscription au second semestre, {then} : elle fait l’objet d’un appel spécifique ({_ARTICLE_5})."
    if report.standing is not None:
        yield _reckoning(report, report.standing, billed_then)
    yield (
        "La contribution n’est pas calculée au prorata : elle est due en totalité pour l’année, quelle que soit la "
        f"date de souscription ({_ARTICLE_5})."
    )


def _reckoning(report: CallReport, standing: Standing, billed_then: int) -> str:
    """How the quantity follows from a number of sondes."""
    subscribed = count(standing.subscribed, "sonde souscrite", "sondes souscrites")
    counted = count(standing.counted, "sonde comptée", "sondes comptées")
    basis = report.account.basis
    if basis == Basis.HIGHEST:
        said = f"la plus élevée des deux valeurs, {subscribed} et {counted}"
    else:
        said = subscribed if basis == Basis.SUBSCRIBED else counted
    how = "le forfait minimal" if billed_then == MINIMUM else f"{count(billed_then // POOL, 'pool', 'pools')} de {POOL}"
    return (
        f"Nombre retenu : {said} au {moment(standing.at, report.account.timezone)}, "
        f"soit {whole(billed_then)}{NBSP}sondes facturées : {how} ({_ANNEX_3})."
    )


# --- what else


def _payment(report: CallReport) -> Section:
    return Section(title="Règlement", paragraphs=tuple(typeset(words) for words in _paid(report)))


def _paid(report: CallReport) -> Iterator[str]:
    call = report.call
    if not call.amount:
        yield "Rien n’est dû au titre de cet appel."
        return
    if not call.siret:
        yield (
            "Le règlement se fait à réception de l’avis des sommes à payer. Celui-ci ne peut pas être transmis par "
            "Chorus Pro tant que le SIRET de la collectivité n’est pas communiqué."
        )
        return
    under = [f"le SIRET {siret(call.siret)}"]
    under += [f"le code service {call.codes.service}"] if call.codes.service else []
    under += [f"le n° d’engagement {call.codes.engagement}"] if call.codes.engagement else []
    yield (
        f"Le règlement se fait à réception de l’avis des sommes à payer, transmis par Chorus Pro sous {listing(under)}."
    )
    if len(under) < 3:
        yield (
            "Si la collectivité a rendu obligatoire un code service ou un numéro d’engagement, elle le communique "
            "chaque année avant l’émission de cet avis."
        )


def _amendment(report: CallReport) -> Section | None:
    over, price = report.excess, report.call.unit_price
    if over is None or price is None:
        return None
    extra = Amount(label="", quantity=over.sondes, unit_price=price, reference="")
    return Section(
        title="Avenant à signer",
        paragraphs=(
            typeset(
                f"À compter du {moment(over.since, report.account.timezone)}, jusqu’à "
                f"{count(over.counted, 'sonde a été comptée', 'sondes ont été comptées')} pour "
                f"{count(over.subscribed, 'sonde souscrite', 'sondes souscrites')}, soit "
                f"{whole(billed(over.counted))}{NBSP}sondes facturables au lieu de {whole(billed(over.subscribed))}. "
                f"Un avenant est à signer ; pour l’année {report.year}, il représente "
                f"{count(extra.quantity, 'sonde', 'sondes')} et {euros(extra.amount)} HT de plus, qui ne sont pas "
                "compris dans cet appel."
            ),
        ),
    )


def _replaced(report: CallReport) -> Section | None:
    old, document = report.replaced, report.document
    if old is None or document is None:
        return None
    words = f"Cet appel annule et remplace l’appel {_number(old)}, d’un montant de {euros(old.amount)} HT."
    reason = f" Motif : {quoted(document.reason)}." if document.reason else ""
    return Section(title="Appel remplacé", paragraphs=(typeset(words + reason),))


def _colophon(report: CallReport) -> str:
    made = day_and_time(report.made_at // 60 * 60, report.account.timezone)
    document = report.document
    if document is None:
        return f"Projet non arrêté, calculé par Vigie {report.version} le {made}."
    return f"Appel {_number(report.call)} arrêté le {made} par {document.author}. Empreinte : {document.digest[:16]}."
