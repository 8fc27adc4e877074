"""The first sentence of a report, and what stands beside it."""

from __future__ import annotations

from fractions import Fraction

from supervisor.domain.availability import ZERO
from supervisor.reports.data import Report
from supervisor.reports.sheet import Tone
from supervisor.reports.verdict import facts, verdict
from tests.unit.reports.samples import HOUR, at, closing, figures, incident, report, service
from tests.unit.reports.test_wording import plain


def said(found: Report) -> tuple[Tone, str]:
    """With ordinary spaces."""
    tone, text = verdict(found)
    return tone, plain(text)


def test_met() -> None:
    """4 h down of 100 h is 96 % exactly: kept."""
    services = service("Messagerie", figures(down_h=4)), service("Fichiers"), service("Site")
    assert said(report(*services, judged_by="month")) == (
        Tone.GOOD,
        "Engagement tenu : les 3 services ont été disponibles au moins 96 % du temps de service.",
    )


def test_a_month_of_a_yearly_contract_says_so() -> None:
    found = report(service())
    assert said(found) == (
        Tone.GOOD,
        "Engagement tenu en mars 2026 : le service « Messagerie » a été disponible au moins 96 % du temps de service.",
    )
    assert plain(facts(found)[0]) == "Suivi mensuel : l’engagement se juge sur l’année civile (2026)."


def test_exclusions_are_named_in_the_verdict() -> None:
    assert "du temps de service, exclusions déduites." in said(report(service(found=figures(excluded_h=10))))[1]


def test_missed_names_the_services_and_what_they_reached() -> None:
    missed = service("Messagerie", figures(down_h=8.8))
    unsure = service("Fichiers", figures(unknown_h=5))
    found = report(missed, service("Site"), unsure)
    assert said(found) == (
        Tone.BAD,
        "Engagement non tenu en mars 2026 pour 1 service sur 3 : Messagerie (91,20 % pour 96 % promis).",
    )
    assert plain(facts(found)[0]) == "Engagement indéterminé pour Fichiers (5,00 % du temps n’a pas été mesuré)."


def test_undetermined_says_how_much_is_not_known() -> None:
    found = report(service("Fichiers", figures(unknown_h=4.2)), service("Site"))
    assert said(found) == (
        Tone.UNSURE,
        "Engagement indéterminé en mars 2026 pour 1 service sur 2 : Fichiers (4,20 % du temps n’a pas été mesuré).",
    )


def test_a_second_that_decides_is_not_zero_percent() -> None:
    """96 % − 1 s known to be up, 1 s unknown: "0,00 %" would read as if nothing were missing."""
    found = figures(down_h=4, unknown_h=1 / HOUR)
    assert "(moins de 0,01 % du temps n’a pas été mesuré)" in said(report(service(found=found)))[1]


def test_nothing_measured_and_everything_excluded() -> None:
    assert "(rien n’a été mesuré)" in said(report(service(found=figures(unknown_h=100))))[1]
    assert "(tout son temps de service est exclu)" in said(report(service(found=figures(excluded_h=100))))[1]


def test_without_target_without_services_outside_the_contract() -> None:
    free = report(service(target=None), target=None)
    assert said(free)[0] is Tone.PLAIN
    assert "Aucun taux n’est promis" in said(free)[1]
    assert said(report())[1] == "Aucun service n’est suivi pour cette collectivité."
    outside = report(service(found=ZERO))
    assert said(outside)[0] is Tone.PLAIN
    assert "Aucun temps de service" in said(outside)[1]


def test_many_services_are_not_all_named() -> None:
    found = report(*(service(f"Service {n}", figures(down_h=50)) for n in range(8)))
    assert said(found)[1].startswith("Engagement non tenu en mars 2026 pour les 8 services : Service 0 (50,00 %")
    assert said(found)[1].endswith("et 3 autres.")


def test_a_running_period() -> None:
    found = report(service(), now=at(3, 14, 10, 12))
    assert said(found)[1].startswith("Engagement tenu à ce jour : ")
    assert plain(facts(found)[0]) == "Période en cours : chiffres arrêtés au samedi 14 mars 2026 à 10 h 12."


def test_a_closed_month_is_final_and_says_since_when() -> None:
    """23:30 UTC on 2 April is 1:30 of the 3rd in Paris."""
    first = closing("2026-03", at(4, 3, 1, 30))
    said = list(map(plain, facts(report(service(), closings=(first,)))))
    assert "Mois clos le 3 avril 2026 : ces chiffres sont définitifs." in said
    again = closing("2026-03", at(5, 4, 9), version=2)
    said = list(map(plain, facts(report(service(), closings=(again,)))))
    assert "Mois clos, version 2 du 4 mai 2026 : ces chiffres sont définitifs." in said


def test_the_closed_months_of_a_longer_period() -> None:
    months = closing("2026-01", at(2, 3, 9)), closing("2026-02", at(3, 4, 9), version=2)
    said = list(map(plain, facts(report(service(), period="2026-Q1", closings=months))))
    assert (
        "Mois dont les chiffres sont définitifs : janvier 2026 (clos le 3 février 2026) et février 2026 (clos, "
        "version 2 du 4 mars 2026)."
    ) in said


def test_the_tally_of_the_gti() -> None:
    late = incident(met=False, elapsed_s=10 * HOUR)
    aside = incident(met=None, applicable=False, cause="collectivite")
    running = incident(met=None, stopped=None)
    prefix = "Garantie de temps d’intervention (GTI, 8 h de temps de service) : "

    def tally(*lines: object) -> str:
        return plain(facts(report(service(), incidents=lines))[-1]).removeprefix(prefix)  # type: ignore[arg-type]

    assert tally() == "aucun incident."
    assert tally(incident()) == "tenue la seule fois où elle a joué."
    assert tally(incident(), incident()) == "tenue les 2 fois."
    assert tally(incident(), late, aside, running) == "non tenue 1 fois sur 2, en cours 1 fois, non applicable 1 fois."
    assert not any("Garantie" in fact for fact in facts(report(service(), gti_s=None)))


def test_a_finer_target_shows_more_decimals() -> None:
    fine = Fraction("0.99999")
    found = report(service(found=figures(down_h=4 / HOUR), target=fine), target=fine)
    assert "(99,998 % pour 99,999 % promis)" in said(found)[1]
