"""An import whose client dies half-way is no shorter file: it is refused whole."""

from __future__ import annotations

import json
import socket

from tests.acceptance.daemon import installation
from tests.acceptance.test_history_command import encode, result, site


def test_a_file_that_does_not_arrive_whole_is_refused() -> None:
    """The client says how long its file is, and dies at the end of a line."""
    with installation() as place:
        place.write()
        site(place)
        with place.running():
            sent = encode([result(0, "exemple/web/site", "ok")])
            request = {"command": "import", "name": "past.jsonl", "size": len(sent) + 100}
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(place.control))
                client.sendall(json.dumps(request).encode() + b"\n" + sent)
                client.shutdown(socket.SHUT_WR)
                answer = json.loads(client.makefile().readline())
            assert answer["status"] == 2
            assert f"past.jsonl: {len(sent)} of its {len(sent) + 100} bytes came" in answer["error"]
            assert place.intervals() == []
