"""A mail as people read it: the same content as text and as a page that loads nothing and needs no colours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from supervisor.alerts.standing import State
from supervisor.french import typeset

# No colour of letters or ground: a mailbox shows the page light or dark as its reader likes, and whatever it does to
# colours, the words of a badge bring their own ground.
_BODY = (
    "margin: 0; padding: 16px; font-family: system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif; "
    "font-size: 16px; line-height: 1.5; overflow-wrap: anywhere"
)
_BADGE = (
    "display: inline-block; padding: 1px 8px; border-radius: 4px; background: {}; color: #ffffff; font-weight: bold"
)
_BUTTON = (
    "display: inline-block; margin: 0 8px 8px 0; padding: 10px 16px; border: 2px solid currentColor; "
    "border-radius: 6px; color: inherit; font-weight: bold; text-decoration: underline"
)
_NUMBER = re.compile(r"\b(?:INC|DEM)-\d{4}-\d+\b")  # of an incident, a request: a line may break at its hyphens
_UNBROKEN = r'<span style="white-space: nowrap">\g<0></span>'


_GREETING = "Bonjour,"
_GREETED = f"<p>{_GREETING}</p>"


class Line(NamedTuple):
    """One thing in a list: its state, then the rest of what is said."""

    state: State
    rest: str
    link: str | None = None
    link_text: str = ""


class Section(NamedTuple):
    """A list under a title."""

    title: str
    lines: Sequence[Line]
    more: str  # what the list leaves out


class Letter(NamedTuple):
    """All that a mail says."""

    subject: str  # what, where, since when
    state: State | None  # of what there is one of
    title: str  # what stands behind it, or above many
    paragraphs: Sequence[str]
    sections: Sequence[Section]
    details: Sequence[tuple[str, str]]
    closing: Sequence[str]
    link: str | None
    link_text: str
    signature: str
    buttons: Sequence[tuple[str, str]] = ()  # in the page, instead of the link: word and where it leads


def as_text(letter: Letter) -> str:
    """For who reads no HTML, and for what reads aloud."""
    parts = [_GREETING, *([f"{letter.title} :"] if letter.state is None else []), *letter.paragraphs]
    for section in letter.sections:
        lines = [f"- {_worded(line)}" for line in section.lines] + ([section.more] if section.more else [])
        parts.append("\n".join([f"{section.title} :", *lines]))
    if letter.details:
        parts.append("\n".join(f"{name} : {value}" for name, value in letter.details))
    parts = [typeset(part) for part in [*parts, *letter.closing]]
    if letter.link:
        parts.append(f"{typeset(letter.link_text)}{typeset(' :')}\n{letter.link}")
    return "\n\n".join([*parts, typeset(letter.signature)]) + "\n"


def after_greeting(text: str, html: str | None, said: str) -> tuple[str, str | None]:
    """A mail that was put together before, with that in front of what it says."""
    before = f"{_GREETING}\n\n" if text.startswith(_GREETING) else ""
    added = f"{before}{said}\n\n{text.removeprefix(before)}"
    return added, None if html is None else html.replace(_GREETED, f"{_GREETED}\n<p>{_set(said)}</p>", 1)


def as_html(letter: Letter) -> str:
    """Styles stand in the elements: mailboxes drop others."""
    badge = f"{_badge(letter.state)} " if letter.state else ""
    body = [
        f'<h1 style="margin: 0 0 16px; font-size: 20px; line-height: 1.4">{badge}{_whole(letter.title)}</h1>',
        _GREETED,
        *(f"<p>{_whole(part)}</p>" for part in letter.paragraphs),
        *(_section(section) for section in letter.sections),
    ]
    if letter.details:
        lines = "<br>\n".join(
            f"<strong>{_set(name)}</strong>{_set(' :')} {_isolated(value)}" for name, value in letter.details
        )
        body.append(f'<p style="margin: 16px 0; padding-left: 12px; border-left: 4px solid #808080">{lines}</p>')
    body += [f"<p>{_set(part)}</p>" for part in letter.closing]
    if letter.link:
        buttons = letter.buttons or [(letter.link_text, letter.link)]
        body.append(f"<p>{' '.join(_button(word, link) for word, link in buttons)}</p>")
    body.append(f"<p>{_set(letter.signature)}</p>")
    inside = "\n".join(body)
    return (
        '<!DOCTYPE html>\n<html lang="fr" dir="ltr">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="supported-color-schemes" content="light dark">\n'
        f"<title>{_set(letter.subject)}</title>\n</head>\n"
        f'<body style="{_BODY}">\n<div lang="fr" style="max-width: 640px; margin: 0 auto">\n{inside}\n</div>\n'
        "</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    items = "\n".join(
        f'<li style="margin: 0 0 10px; padding-left: 10px; border-left: 4px solid {line.state.colour}">'
        f"{_badge(line.state)} {_whole(line.rest)}{_opened(line)}</li>"
        for line in section.lines
    )
    more = f"\n<p>{_set(section.more)}</p>" if section.more else ""
    return (
        f'<h2 style="margin: 24px 0 8px; font-size: 17px">{_set(section.title)}</h2>\n'
        f'<ul role="list" style="margin: 0; padding: 0; list-style: none">\n{items}\n</ul>{more}'
    )


def _opened(line: Line) -> str:
    if line.link is None:
        return ""
    return (
        f'<br><a href="{escape(line.link)}" style="color: inherit">{_NUMBER.sub(_UNBROKEN, _set(line.link_text))}</a>'
    )


def _button(word: str, link: str) -> str:
    return f'<a href="{escape(link)}" style="{_BUTTON}">{_set(word)}</a>'


def _badge(state: State) -> str:
    return (
        f'<span style="{_BADGE.format(state.colour)}"><span aria-hidden="true">{state.sign}</span> '
        f"{_set(state.word)}</span>"
    )


def _worded(line: Line) -> str:
    return f"{line.state.word} : {line.rest}" + (f"\n  {line.link}" if line.link else "")


def _isolated(value: str) -> str:
    """What others wrote does not turn the direction in which the rest is read."""
    return f"<bdi>{_whole(value)}</bdi>"


def _whole(text: str) -> str:
    """Its numbers on one line each."""
    return _NUMBER.sub(_UNBROKEN, _set(text))


def _set(text: str) -> str:
    return escape(typeset(text))
