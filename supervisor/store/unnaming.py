"""Somebody is erased: what others were told in their place names them, and does so no more."""

from __future__ import annotations

import sqlite3

from supervisor.store import outbox
from supervisor.store.outbox import Body

ERASED = "(Texte effacé : il nommait une personne dont les coordonnées l'ont été depuis.)"


def unname(connection: sqlite3.Connection, contact: int) -> None:
    """What has left keeps its subject alone; what still waits is put into words anew, without the name."""
    rows = connection.execute(
        "select distinct m.id from notice n join message m on m.id = n.message where n.instead = ?", [contact]
    ).fetchall()
    for message in [outbox.numbered(connection, number) for (number,) in rows]:
        if message is not None and message.state != "waiting":
            outbox.reword(connection, message.id, _blank(message.body))
        elif message is not None:
            connection.execute(
                "update notice set state = 'due', message = null, not_before = 0 where message = ?", [message.id]
            )
            connection.execute("delete from message where id = ?", [message.id])
    connection.execute("update notice set instead = null where instead = ?", [contact])


def _blank(body: Body) -> Body:
    return Body(subject=body.subject, text=ERASED, html=None, thread=body.thread)
