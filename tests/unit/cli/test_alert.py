"""`vigie alert test`: what is refused before anything leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from supervisor.cli import main
from tests.unit.config.places import MAIN, install

# Had anything been tried, standard output would say that nobody listens there.
ALERTS = """\
alerts:
  from: vigie@exemple.fr
  mail: {relays: [{host: 127.0.0.1, port: 1, security: none}]}
  webhooks: [{name: journal, url: "http://127.0.0.1:1/", secret: {file: cle}}]
"""
COMMUNE = """\
collectivite: exemple
name: Commune d'Exemple
contacts:
  - {name: Référent numérique, email: referent@exemple.fr, phone: "+33600000001"}
  - {name: Mairie, email: mairie@exemple.fr}
  - {name: Astreinte, phone: "+33600000002"}
  - {name: Tickets, webhook: journal}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "cle").write_text("une clé de plus de seize lettres")
    return install(tmp_path, main=MAIN + ALERTS, exemple=COMMUNE)


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--config", str(config)])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say whom to send to: --contact, --mail, --sms or --webhook"),
        (("--contact", "exemple"), "'exemple' is not a contact, write COLLECTIVITE/NAME"),
        (("--contact", "exempel/Mairie"), "there is no collectivité 'exempel', did you mean 'exemple'?"),
        (("--contact", "exemple/Marie"), "'exemple' has no contact 'Marie', did you mean 'Mairie'?"),
        (("--contact", "exemple/Mairie", "--channel", "sms"), "Mairie has no telephone number, add it to the contact"),
        (("--contact", "exemple/Mairie", "--channel", "webhook"), "Mairie has no webhook, add it to the contact"),
        (("--contact", "exemple/Référent numérique"), "has no alerts.sms, add it (docs/alerts.md)"),
        (("--mail", "a@b.test", "--channel", "sms"), "--channel chooses among the channels of a contact"),
        (("--mail", "a@b.test", "--sms", "+33600000001"), "has no alerts.sms, add it (docs/alerts.md)"),
        (("--mail", "a@b.test", "--webhook", "jurnal"), "there is no webhook 'jurnal', did you mean 'journal'?"),
    ],
)
def test_what_is_refused_leaves_nothing_half_done(words: tuple[str, ...], said: str, config: Path) -> None:
    done = run(config, "alert", "test", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_contact_is_tried_by_its_webhook_too(config: Path) -> None:
    done = run(config, "alert", "test", "--contact", "exemple/Tickets")
    assert (done.exit_code, done.stdout.partition(": ")[0]) == (1, "webhook journal")


def test_contacts_are_those_of_the_database_once_there_is_one(config: Path) -> None:
    def mailed(name: str) -> str:
        done = run(config, "alert", "test", "--contact", f"exemple/{name}", "--channel", "mail")
        return done.stdout.partition(": ")[0] or done.stderr

    assert mailed("mairie") == "mail mairie@exemple.fr"  # of the file: no database yet
    added = run(config, "contact", "add", "--collectivite", "exemple", "--name", "Voirie", "--email", "v@exemple.fr")
    assert added.exit_code == 0, added.output
    assert mailed("Voirie") == "mail v@exemple.fr"
    number = next(line.split()[0] for line in run(config, "contact", "list").stdout.splitlines() if "Mairie" in line)
    edited = run(config, "contact", "edit", number, "--email", "nouvelle@exemple.fr", "--name", "voirie")
    assert edited.exit_code == 0, edited.output
    assert mailed("voirie") == "mail nouvelle@exemple.fr"
    assert "has 'Voirie' and 'voirie', write the name exactly or use --mail and --sms" in mailed("VOIRIE")
    assert "has no contact 'Mairie'" in mailed("Mairie")
