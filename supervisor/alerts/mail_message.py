"""A letter as a mail: the bytes that go over the wire."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from supervisor.alerts.keys import token
from supervisor.alerts.transport import Letter

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_UNFOLDED = frozenset({"message-id", "references", "in-reply-to"})


class AddressError(Exception):
    """An address no mail can be sent to; `message` says why, in French."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class _Policy(EmailPolicy):
    """Folded by the library, but for ids: Python 3.11 encodes one that is longer than a line, and threads break."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name.lower() in _UNFOLDED else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii") if name.lower() in _UNFOLDED else super().fold_binary(name, value)


_POLICY = _Policy(linesep="\r\n", cte_type="7bit")


def address(text: str) -> str:
    """The address as SMTP takes it: letters of a domain beyond ASCII in their xn-- form; raises AddressError."""
    local, at, domain = text.rpartition("@")
    shown = text[:80] if text.isprintable() else ascii(text[:80])
    if not at or not local or not domain:
        raise AddressError(f"« {shown} » n'est pas une adresse électronique")
    if not local.isascii():
        raise AddressError(f"« {shown} » a des lettres accentuées avant le @, que trop de serveurs refusent")
    try:
        plain = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        plain = ""
    labels = plain.split(".")
    if not _LOCAL.fullmatch(local) or len(local) > 64 or len(plain) > 253 or len(labels) < 2:
        raise AddressError(f"« {shown} » n'est pas une adresse électronique")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressError(f"« {shown} » n'est pas une adresse électronique")
    return f"{local}@{plain}"


def one_line(text: str, most: int = 200) -> str:
    """Fit for a header: no line break can begin another one."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def compose(letter: Letter, *, sender: str, name: str, to: str, now: int) -> bytes:
    """The whole mail.

    Its Message-ID is the letter's key, the same at a repeat: mailboxes drop the second copy or show it as one. Every
    mail of a thread refers to one id that none of them has, so they hang together even for who missed the first.
    There is no List-Id: a person gets it because it concerns them, and filters treat lists as less urgent.
    """
    host = sender.rpartition("@")[2]
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(display_name=one_line(name, 80), addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    message["Message-ID"] = f"<{token(letter.key)}@{host}>"
    if letter.thread is not None:
        message["In-Reply-To"] = message["References"] = f"<fil.{token(letter.thread)}@{host}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice answers it
    # What Exchange listens to instead; bounces (NDR) are wanted.
    message["X-Auto-Response-Suppress"] = "DR, RN, NRN, OOF, AutoReply"
    message["X-Vigie-Key"] = token(letter.key)
    message.set_content(_sound(letter.text), cte="quoted-printable")
    if letter.html is not None:
        message.add_alternative(_sound(letter.html), subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _sound(text: str) -> str:
    """Without the half characters that a broken answer leaves in a message: they have no bytes."""
    return text.encode("utf-8", "replace").decode()
