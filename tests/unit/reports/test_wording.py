"""French dates, durations and percentages, down to their spaces."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.domain.period import parse
from supervisor.reports import wording

PARIS = ZoneInfo("Europe/Paris")


def plain(text: str) -> str:
    """With ordinary spaces."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("day", "said"),
    [(date(2026, 3, 1), "dimanche 1er mars 2026"), (date(2026, 8, 11), "mardi 11 août 2026")],
)
def test_only_the_first_of_a_month_is_an_ordinal(day: date, said: str) -> None:
    assert plain(wording.day_of(day)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0"),
        (45, "45 s"),
        (720, "12 min"),
        (725, "12 min 05 s"),
        (3600, "1 h"),
        (5400, "1 h 30"),
        (3725, "1 h 02 min 05 s"),
        (3605, "1 h 00 min 05 s"),
        (4_320_000, "1 200 h"),
        (-5400, "−1 h 30"),
    ],
)
def test_durations(seconds: int, said: str) -> None:
    assert plain(wording.duration(seconds)) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03", "mars 2026"),
        ("2026-Q1", "1er trimestre 2026"),
        ("2026-Q3", "3e trimestre 2026"),
        ("2026-H2", "2e semestre 2026"),
        ("2026", "année 2026"),
        ("2026-03-01..2026-03-15", "du 1er au 14 mars 2026"),
        ("2026-03-30..2026-04-02", "du 30 mars au 1er avril 2026"),
        ("2025-12-31..2026-01-02", "du 31 décembre 2025 au 1er janvier 2026"),
        ("2026-03-02..2026-03-03", "2 mars 2026"),
        ("2026-03-01..2026-04-01", "mars 2026"),
    ],
)
def test_periods_name_their_last_day(text: str, said: str) -> None:
    assert plain(wording.period(parse(text))) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03", "en mars 2026"),
        ("2026", "en 2026"),
        ("2026-Q1", "au 1er trimestre 2026"),
        ("2026-03-02..2026-03-03", "le 2 mars 2026"),
        ("2026-03-02..2026-03-04", "du 2 au 3 mars 2026"),
    ],
)
def test_periods_in_a_sentence(text: str, said: str) -> None:
    assert plain(wording.during(parse(text))) == said


def test_instants_are_local_and_show_seconds_only_where_there_are_some() -> None:
    eight = int(datetime(2026, 3, 2, 7, 0, tzinfo=UTC).timestamp())
    assert plain(wording.instant(eight, PARIS)) == "2 mars 2026 à 8 h"
    assert plain(wording.instant(eight + 1830, PARIS)) == "2 mars 2026 à 8 h 30 min 30 s"
    assert plain(wording.stretch(eight, eight + 5400, PARIS)) == "le 2 mars 2026 de 8 h à 9 h 30"
    assert plain(wording.stretch(eight, eight + 86400, PARIS)) == "du 2 mars 2026 à 8 h au 3 mars 2026 à 8 h"


@pytest.mark.parametrize(
    ("ratio", "decimals", "said"),
    [
        (0.96, 2, "96,00 %"),
        (0.9599999, 2, "95,99 %"),
        (0.99999999, 2, "99,99 %"),
        (1.0, 2, "100,00 %"),
        (0.57, 2, "57,00 %"),
        (0.99999, 3, "99,999 %"),
        (0.0, 2, "0,00 %"),
        (None, 2, "non mesuré"),
    ],
)
def test_percentages_are_cut_and_never_rounded_up(ratio: float | None, decimals: int, said: str) -> None:
    assert plain(wording.percent(ratio, decimals)) == said


@given(whole=st.integers(1, 40_000_000), data=st.data(), target=st.integers(1, 10_000))
def test_what_misses_a_target_never_reads_like_it(whole: int, data: st.DataObject, target: int) -> None:
    """To the second, for as long as a year: the printed number is below the target exactly if the ratio is."""
    part = data.draw(st.integers(0, whole))
    share = Fraction(target, 10_000)
    shown = wording.percent(part / whole, wording.decimals_for(share)).rpartition("\N{NO-BREAK SPACE}")[0]
    assert (Fraction(shown.replace(",", ".")) / 100 < share) == (Fraction(part, whole) < share)


def test_targets_keep_their_decimals() -> None:
    assert plain(wording.target(Fraction(96, 100))) == "96 %"
    assert plain(wording.target(Fraction("0.9995"))) == "99,95 %"
    assert plain(wording.target(Fraction(1))) == "100 %"
    assert wording.decimals_for(Fraction("0.99999")) == 3
    assert wording.decimals_for(None) == 2


def test_spaces_before_signs_do_not_break() -> None:
    assert wording.typeset("a : b ; « c » ! 5 %") == (
        "a\N{NO-BREAK SPACE}: b\N{NARROW NO-BREAK SPACE}; «\N{NO-BREAK SPACE}c\N{NO-BREAK SPACE}»"
        "\N{NARROW NO-BREAK SPACE}! 5\N{NO-BREAK SPACE}%"
    )


def test_what_others_wrote_is_set_in_the_same_way() -> None:
    """Apostrophes inside words only: a check may have said 'x', and a path or a time has no space to change."""
    said = wording.typeset("attestée par l'opérateur ; aujourd'hui 'x' à 12:30, http://a/?b='c'")
    assert plain(said) == "attestée par l’opérateur ; aujourd’hui 'x' à 12:30, http://a/?b='c'"
    assert "opérateur\N{NARROW NO-BREAK SPACE};" in said


def test_a_quotation_is_not_quoted_again() -> None:
    assert plain(wording.quoted("100 % de perte")) == "« 100 % de perte »"
    assert wording.quoted("texte attendu absent : « Démarches »") == "texte attendu absent : « Démarches »"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Syndicat mixte numérique", "du Syndicat mixte numérique"),
        ("Le syndicat", "du syndicat"),
        ("Les Trois-Lanternes", "des Trois-Lanternes"),
        ("La Roche", "de la Roche"),
        ("Commune d’Exemple", "de la Commune d’Exemple"),
        ("Agglomération de Redon", "de l’Agglomération de Redon"),
        ("L’Île-d’Yeu", "de l’Île-d’Yeu"),
        ("Arles", "d’Arles"),
        ("Moselle Fibre", "de Moselle Fibre"),
    ],
)
def test_a_name_after_de(name: str, said: str) -> None:
    assert wording.of(name) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03", "de mars 2026"),
        ("2026-10", "d’octobre 2026"),
        ("2026", "de 2026"),
        ("2026-Q1", "du 1er trimestre 2026"),
        ("2026-03-02..2026-03-03", "du 2 mars 2026"),
        ("2026-03-02..2026-03-04", "du 2 au 3 mars 2026"),
    ],
)
def test_the_end_of_a_period(text: str, said: str) -> None:
    assert plain(wording.of_period(parse(text))) == said


def test_lists_and_counts() -> None:
    assert wording.listing([]) == ""
    assert wording.listing(["a"]) == "a"
    assert wording.listing(["a", "b", "c"]) == "a, b et c"
    assert plain(wording.count(0, "service", "services")) == "0 service"
    assert plain(wording.count(1200, "service", "services")) == "1 200 services"


@pytest.mark.parametrize(
    ("amount", "said"),
    [("0.00", "0,00 €"), ("1.00", "1,00 €"), ("1234567.50", "1 234 567,50 €"), ("-3500.00", "−3 500,00 €")],
)
def test_euros(amount: str, said: str) -> None:
    assert plain(wording.euros(Decimal(amount))) == said
    assert " " not in wording.euros(Decimal(amount))


def test_a_siret_is_read_by_threes() -> None:
    assert plain(wording.siret("21570001100012")) == "215 700 011 00012"


def test_a_moment_has_no_time_where_a_day_begins() -> None:
    zone = ZoneInfo("Europe/Paris")
    midnight = int(datetime(2026, 7, 1, tzinfo=zone).timestamp())
    assert plain(wording.moment(midnight, zone)) == "1er juillet 2026"
    assert plain(wording.moment(midnight + 1, zone)) == "1er juillet 2026 à 0 h 00 min 01 s"
