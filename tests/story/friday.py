"""A link that dies on a Friday at 17:20, thirty things behind it, and who was told what until it was back on Monday.

`python -m tests.story.friday` writes the page: docs/friday.md (`make docs`).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from supervisor.domain.alerting import Channel
from supervisor.domain.link import masked
from tests.story.theatre import Received, Theatre

HERE = Path(__file__).parent
LINK = "exemple/routeur/lien"
DEAD = "192.0.2.1 ne répond pas (3 requêtes ICMP)"
BEHIND = "aucune réponse en 10 s"


def story(place: Path) -> Theatre:
    """As it went."""
    for name in ("vigie.yaml", "syndicat.yaml", "exemple.yaml"):
        (place / name).write_text((HERE / name).read_text())
    theatre = Theatre(place / "vigie.yaml")
    theatre.begin("2026-03-06 17:00:00")
    behind = sorted(theatre.configuration.sondes.keys() - {LINK})
    for wall in ("17:20:00", "17:20:20", "17:20:40"):
        theatre.pass_to(f"2026-03-06 {wall}")
        theatre.results({LINK: ("critical", DEAD), **_all(behind, "critical", BEHIND)})
    theatre.pass_to("2026-03-06 17:41:00")
    theatre.act("incident.ack", "Cheffe d’équipe", number=theatre.number(LINK))
    theatre.pass_to("2026-03-09 10:15:00")
    theatre.act("incident.intervene", "Technicien de permanence", number=theatre.number(LINK))
    theatre.pass_to("2026-03-09 11:02:00")
    theatre.results({LINK: ("ok", ""), **_all(behind, "ok", "")})
    theatre.pass_to("2026-03-09 12:00:00")
    return theatre


def _all(sondes: list[str], status: str, said: str) -> Mapping[str, tuple[str, str]]:
    return dict.fromkeys(sondes, (status, said))


def page(theatre: Theatre) -> str:
    """The story in Markdown: one heading a person, one block a message."""
    return "\n".join([_INTRODUCTION.format(behind=len(theatre.configuration.sondes) - 1), *_told(theatre)])


def _told(theatre: Theatre) -> Iterator[str]:
    for owner in theatre.configuration.collectivites.values():
        for contact in owner.contacts:
            messages = [one for one in theatre.received if one.name == contact.name]
            yield f"## {contact.name} ({owner.name})\n"
            yield from (_block(one, theatre) for one in messages)
            if not messages:
                yield "Nothing.\n"


def _block(one: Received, theatre: Theatre) -> str:
    wall = datetime.fromtimestamp(one.at, theatre.promises.zone)
    body = one.message.body
    said = f"Objet : {body.subject}\n\n{body.text}" if one.message.channel is Channel.MAIL else body.text
    return f"**{wall:%A %-d %B, %H:%M:%S}**, {_BY[one.message.channel]}:\n\n```text\n{masked(said.strip())}\n```\n"


_BY = {Channel.MAIL: "a mail", Channel.SMS: "an SMS", Channel.WEBHOOK: "a webhook"}
_INTRODUCTION = """\
# A Friday at 17:20

What each person receives when a commune's link dies on Friday 6 March 2026 at 17:20:00, with {behind} sondes behind it.
It is confirmed at the third check, at 17:20:40. Whoever is on call does not answer; at 17:41 the head of the team
presses « Vu », which stops the escalation before the management is called. The week's turn ends on Monday at 9:00;
somebody intervenes at 10:15, and the link is back at 11:02.

Made by `make docs` from the rules themselves, from [this configuration](../tests/story/vigie.yaml), and held by a test:
this page cannot say anything that Vigie does not. The stars stand for what opens a link.
"""


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as found:
        sys.stdout.write(page(story(Path(found))))
