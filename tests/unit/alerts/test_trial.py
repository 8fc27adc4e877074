"""The message that tries a channel out."""

from __future__ import annotations

import pytest

from supervisor.alerts.gsm7 import fit, parts
from supervisor.alerts.trial import Trial, letter

TRIAL = Trial(
    key="essai-1",
    organisation="Moselle <Fibre> & Cie",
    when="le samedi 21 novembre 2026 à 13 h 02",
    at=1_795_262_520,
    public_url="https://vigie.exemple.fr",
)


@pytest.mark.parametrize("channel", ["mail", "sms", "webhook"])
def test_it_says_that_it_tells_of_no_trouble(channel: str) -> None:
    made = letter(TRIAL, channel, "ici")
    assert "ne signale aucune panne" in made.text
    assert TRIAL.organisation in made.text
    assert TRIAL.when in made.text
    assert (made.key, made.to, made.at, made.thread) == (f"essai-1-{channel}", "ici", TRIAL.at, None)
    assert (made.html is None) == (channel != "mail")


def test_the_sms_is_one_message_with_what_matters_first() -> None:
    text = letter(TRIAL, "sms", "ici").text
    assert parts(fit(text)) == 1
    long = Trial(key="k", organisation="Syndicat mixte " * 12, when=TRIAL.when, at=0, public_url=None)
    cut = fit(letter(long, "sms", "ici").text)
    assert cut.startswith(
        "ESSAI : ce SMS ne signale aucune panne, rien à faire. Les alertes de Vigie arrivent bien ici."
    )


def test_the_page_shows_what_is_written_and_no_more() -> None:
    html = letter(TRIAL, "mail", "ici").html
    assert html is not None
    assert "Moselle &lt;Fibre&gt; &amp; Cie" in html
    assert '<html lang="fr">' in html
    assert html.count("https://vigie.exemple.fr") == 2
    without = Trial(key="k", organisation="o", when="w", at=0, public_url=None)
    assert "<a" not in (letter(without, "mail", "ici").html or "")
