"""What leaves long after it was written says so: its "depuis 17 h 20" may be of another day. docs/adr/0009.

The words of a message never change, so that a repeat is seen as one; when it was written, and when it could leave,
stand before them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from supervisor.alerts import gsm7
from supervisor.alerts.hours import brief, dated, moment
from supervisor.alerts.mail_message import one_line
from supervisor.alerts.page import after_greeting
from supervisor.alerts.transport import Letter
from supervisor.domain.alerting import Channel
from supervisor.french import typeset

LATE_S = 3600  # a relay that greylists is no outage; beyond, "depuis 17 h 20" is read as another time than it is
_LINK = re.compile(r" https?://\S+.*\Z")
_CUT = "..."


class Setting(NamedTuple):
    """How times and SMS are put."""

    zone: ZoneInfo
    segments: int


def delayed(letter: Letter, channel: Channel, now: int, setting: Setting) -> Letter:
    """The letter as it leaves at that instant."""
    if now - letter.at < LATE_S:
        return letter
    if channel is Channel.SMS:
        return replace(letter, text=_short(letter.text, _briefly(letter.at, now, setting.zone), setting.segments))
    heading, said = (typeset(part) for part in _at_length(letter.at, now, setting.zone))
    text, html = after_greeting(letter.text, letter.html, said)
    return replace(letter, subject=one_line(f"{heading} – {letter.subject}"), text=text, html=html)


def _same_day(one: int, other: int, zone: ZoneInfo) -> bool:
    return datetime.fromtimestamp(one, zone).date() == datetime.fromtimestamp(other, zone).date()


def _at_length(at: int, now: int, zone: ZoneInfo) -> tuple[str, str]:
    """What stands before the subject, and what the reader is told."""
    if _same_day(at, now, zone):
        heading, written, left = (
            f"Message de {moment(at, now, zone)}",
            dated(at, now, zone),
            f"qu’{dated(now, now, zone)}",
        )
    else:  # with their days, also of yesterday: nobody knows when it is read
        written, left = _with_day(at, now, zone), f"que {_with_day(now, now, zone)}"
        heading = f"Message du {written}"
    return heading, (
        f"Ce message est parti en retard : écrit {written}, il n’a pu être envoyé {left}. "
        "La situation a pu changer entre-temps."
    )


def _with_day(at: int, now: int, zone: ZoneInfo) -> str:
    """ "vendredi 6 mars à 17 h 20", with its year where it is not this one."""
    day = 86_400
    apart = now if abs(now - at) > 3 * day else at + 3 * day
    return moment(at, apart, zone)


def _briefly(at: int, now: int, zone: ZoneInfo) -> str:
    if _same_day(at, now, zone):
        return f"Message de {brief(at, now, zone)}, parti à {brief(now, now, zone)}."
    written, left = (datetime.fromtimestamp(instant, zone) for instant in (at, now))
    return f"Message du {_stamp(written)}, parti le {_stamp(left)}."


def _stamp(local: datetime) -> str:
    return f"{local.day}/{local.month} {local.hour}h" + (f"{local.minute:02d}" if local.minute else "")


def _short(text: str, mark: str, segments: int) -> str:
    """Behind the mark as much as is paid for; the link, and what follows it, is what is left out last."""
    whole = f"{mark} {text}"
    if gsm7.parts(gsm7.spell(whole)) <= segments:
        return whole
    found = _LINK.search(text)
    link = found[0] if found else ""
    words = text.removesuffix(link).split(" ")
    while link and len(words) > 1:
        words.pop()
        shorter = f"{mark} {' '.join(words).rstrip(',;:.-(')}{_CUT}{link}"
        if gsm7.parts(gsm7.spell(shorter)) <= segments:
            return shorter
    return gsm7.fit(whole, segments)
