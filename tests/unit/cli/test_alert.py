"""`vigie alert test`: what is refused before anything leaves."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from supervisor.cli import Commands
from supervisor.cli.alert import alert
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
  - {name: Astreinte, phone: "+33600000003"}
"""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say whom to send to: --contact, --mail, --sms or --webhook"),
        (("--contact", "exemple"), "'exemple' is not a contact, write COLLECTIVITE/NAME"),
        (("--contact", "exempel/Mairie"), "there is no collectivité 'exempel', did you mean 'exemple'?"),
        (("--contact", "exemple/Marie"), "'exemple' has no contact 'Marie', did you mean 'Mairie'?"),
        (("--contact", "exemple/Astreinte"), "'exemple' has several contacts 'Astreinte', use --mail and --sms"),
        (("--contact", "exemple/Mairie", "--channel", "sms"), "Mairie has no telephone number, add it to the contact"),
        (("--contact", "exemple/Référent numérique"), "has no alerts.sms, add it (docs/alerts.md)"),
        (("--mail", "a@b.test", "--channel", "sms"), "--channel chooses among the channels of a contact"),
        (("--mail", "a@b.test", "--sms", "+33600000001"), "has no alerts.sms, add it (docs/alerts.md)"),
        (("--mail", "a@b.test", "--webhook", "jurnal"), "there is no webhook 'jurnal', did you mean 'journal'?"),
    ],
)
def test_what_is_refused_leaves_nothing_half_done(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    (tmp_path / "cle").write_text("une clé de plus de seize lettres")
    config = install(tmp_path, main=MAIN + ALERTS, exemple=COMMUNE)
    group: click.Group = Commands(name="vigie", commands={"alert": alert})
    done = CliRunner().invoke(group, ["alert", "test", "--config", str(config), *words])
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
