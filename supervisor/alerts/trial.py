"""The message that tries a channel out, in French: it says first that it tells of no trouble."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from supervisor.alerts.transport import Letter

_SUBJECT = "Essai des alertes de Vigie : rien à faire"
_BY = {"mail": "par courriel", "sms": "par SMS", "webhook": "par webhook"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One test of one or several channels."""

    key: str  # of this test alone
    organisation: str
    when: str  # in French, local: "le 21 novembre 2026 à 13 h 02"
    at: int  # POSIX seconds, the same instant
    public_url: str | None  # where people reach the pages


def letter(trial: Trial, channel: str, to: str) -> Letter:
    """What leaves through this channel."""
    text = _short(trial) if channel == "sms" else "\n\n".join([*_paragraphs(trial, channel), _signature(trial)]) + "\n"
    return Letter(
        key=f"{trial.key}-{channel}",
        to=to,
        subject=_SUBJECT,
        text=text,
        html=_page(trial, channel) if channel == "mail" else None,
        thread=None,
        at=trial.at,
    )


def _short(trial: Trial) -> str:
    return (
        "ESSAI : ce SMS ne signale aucune panne, rien à faire. Les alertes de Vigie arrivent bien ici. "
        f"{trial.organisation}, {trial.when}"
    )


def _paragraphs(trial: Trial, channel: str) -> list[str]:
    return [
        "Bonjour,",
        "Ceci est un essai\u00a0: ce message ne signale aucune panne et vous n'avez rien à faire.",
        f"Si vous lisez ce message, les alertes de Vigie, l'outil de supervision exploité par {trial.organisation}, "
        f"vous parviennent bien {_BY[channel]}.",
        f"Envoyé {trial.when}.",
    ]


def _signature(trial: Trial) -> str:
    return trial.organisation if trial.public_url is None else f"{trial.organisation}\n{trial.public_url}"


def _page(trial: Trial, channel: str) -> str:
    body = "".join(f"<p>{escape(paragraph)}</p>\n" for paragraph in _paragraphs(trial, channel))
    link = ""
    if trial.public_url is not None:
        url = escape(trial.public_url)
        link = f'<br><a href="{url}">{url}</a>'
    return (
        f'<!DOCTYPE html>\n<html lang="fr"><head><meta charset="utf-8"><title>{escape(_SUBJECT)}</title></head>\n'
        '<body style="font-family: sans-serif; font-size: 16px; line-height: 1.5; color: #1e1e1e">\n'
        f"{body}<p>{escape(trial.organisation)}{link}</p>\n</body></html>\n"
    )
