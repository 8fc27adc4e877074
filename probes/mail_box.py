"""The mailbox where `mail-loop` finds its mails again: only those that carry its own header are ever touched."""

from __future__ import annotations

from typing import NamedTuple

from probes import mail_message
from probes.base import Status
from probes.imap_answer import Answer, uid_of
from probes.imap_session import ImapSession
from probes.mail_message import SONDE, TOKEN, UNTIL, Mark

_AT_MOST = 100  # mails looked at in one go, the latest ones: more can only be somebody's joke
_FIELDS = f"BODY.PEEK[HEADER.FIELDS ({SONDE} {TOKEN} {UNTIL})]"


class Found(NamedTuple):
    """A test mail in the box."""

    uid: int
    mark: Mark


class LoopBox:
    """The open mailbox, as far as the mails of one sonde are concerned."""

    def __init__(self, session: ImapSession, sonde: str) -> None:
        self._session = session
        self._sonde = sonde

    async def mails(self, stage: str) -> list[Found]:
        """Those of this sonde. SEARCH finds parts of words too, and other sondes with them: each header is read."""
        answer = await self._ask(f'UID SEARCH UNDELETED HEADER {SONDE} "{self._sonde}"', stage)
        uids = sorted(int(word) for word in answer.words(b"SEARCH") if word.isdigit() and len(word) <= 10)[-_AT_MOST:]
        if not uids:
            return []
        answer = await self._ask(f"UID FETCH {_set(uids)} (UID {_FIELDS})", stage)
        found = []
        for line in answer.untagged:
            uid = uid_of(line)
            mark = mail_message.read(b"\n".join(line.literals))
            if uid in uids and mark is not None and mark.sonde == self._sonde:
                found.append(Found(uid, mark))
        return found

    async def refresh(self, stage: str) -> None:
        """Let the server say what has come in since."""
        await self._ask("NOOP", stage)

    async def delete(self, mails: list[Found]) -> bool:
        """Delete these for good; whether the server did.

        Without UIDPLUS they are only marked as deleted: a plain EXPUNGE would also take away what a person marked.
        """
        if not mails:
            return True
        stage = "suppression des messages d'essai"
        uids = _set([mail.uid for mail in mails])
        answer = await self._session.command(f"UID STORE {uids} +FLAGS.SILENT (\\Deleted)", stage=stage)
        if answer.status == "OK" and self._session.offers(b"UIDPLUS"):
            answer = await self._session.command(f"UID EXPUNGE {uids}", stage=stage)
        return answer.status == "OK"

    async def _ask(self, command: str, stage: str) -> Answer:
        answer = await self._session.command(command, stage=stage)
        if answer.status != "OK":
            said = f"réponse {answer.said()} {self._session.quote(answer.text)}"
            raise self._session.give_up(Status.CRITICAL, f"recherche du message refusée, {said}")
        return answer


def _set(uids: list[int]) -> str:
    return ",".join(map(str, uids))
