"""The test mail of `mail-loop`: what it looks like to a person, and how the sonde knows it again."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import NamedTuple

SONDE, TOKEN, UNTIL = "X-Vigie-Sonde", "X-Vigie-Token", "X-Vigie-Until"
_FIELD = re.compile(rb"^(X-Vigie-[A-Za-z]+):[ \t]*(?:\r?\n[ \t]+)?([^\r\n]*?)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_UNFOLDED = SMTP.clone(max_line_length=998)  # a long name would come out as an encoded word, which SEARCH cannot find
_TEXT = """\
Ce message est envoyé et relu par la supervision Vigie pour vérifier que le courrier arrive.
Sonde : {sonde}

Il est supprimé automatiquement ; il n'attend pas de réponse.
"""


class Mark(NamedTuple):
    """What a test mail says of itself in its header."""

    sonde: str
    token: str  # of one run
    until: int  # POSIX second after which no run waits for it any more


def write(mark: Mark, sender: str, recipient: str, at: float) -> bytes:
    """The mail, ready for DATA."""
    message = EmailMessage(policy=_UNFOLDED)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = "Vigie : message d'essai"
    message["Date"] = formatdate(at)
    message["Message-ID"] = f"<{mark.token}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
    message["X-Auto-Response-Suppress"] = "All"
    message[SONDE] = mark.sonde
    message[TOKEN] = mark.token
    message[UNTIL] = str(mark.until)
    message.set_content(_TEXT.format(sonde=mark.sonde), cte="quoted-printable")
    return message.as_bytes()


def read(header: bytes) -> Mark | None:
    """The mark in a header; None when this is no test mail."""
    fields = {name.lower().decode(): value.decode("utf-8", "replace") for name, value in _FIELD.findall(header)}
    if SONDE.lower() not in fields:
        return None
    until = fields.get(UNTIL.lower(), "")
    # Without a date that can be read, nobody waits for it.
    return Mark(
        fields[SONDE.lower()], fields.get(TOKEN.lower(), ""), int(until) if re.fullmatch(r"\d{1,12}", until) else 0
    )
