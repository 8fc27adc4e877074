"""What the people of the demo receive is there to be opened."""

from __future__ import annotations

from supervisor.demo.letters import Letters

MAIL = b"From: a@b.example\r\nTo: Mairie <mairie@exemple.example>\r\nSubject: Panne\r\n\r\nBonjour,\r\n.\r\n"


def test_each_is_a_file_and_the_oldest_go() -> None:
    files: dict[str, bytes] = {}
    letters = Letters(files.__setitem__, files.__delitem__)
    letters.mail(MAIL)
    letters.sms("+33600000001", "Panne : messagerie")
    assert list(files) == ["courrier/0001-mairie__mairie@exemple.example_.eml", "courrier/0002-+33600000001.sms.txt"]
    assert files["courrier/0001-mairie__mairie@exemple.example_.eml"].endswith(b"Bonjour,\r\n")
    assert files["courrier/0002-+33600000001.sms.txt"] == b"Panne : messagerie\n"
    for _ in range(600):
        letters.sms("../../etc/passwd", "x")
    assert len(files) == 500
    assert all(name.startswith("courrier/0") and name.count("/") == 1 for name in files)
