"""The two ends of a mail platform, as the demo plays them: `python -m bench.post SMTP IMAP CHAIN KEY`.

A process of its own, on two TCP sockets that the bench has bound, so that its CPU is nobody's figure.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench import certificates
from bench.check import Check, Make
from bench.processes import Process
from supervisor.demo.letters import Letters
from supervisor.demo.post import Post
from supervisor.demo.talkers import Talk

_USER, _PASSWORD = "essai@banc.invalid", "banc"
_BACKLOG = 512


@contextlib.contextmanager
def serving(
    directory: Path, files: certificates.Files, smtp: socket.socket, imap: socket.socket
) -> Iterator[Mapping[str, Make]]:
    """Both servers, and the checks that talk to them."""
    directory.mkdir()
    password = directory / "password"
    password.write_text(_PASSWORD)
    descriptors = [smtp.fileno(), imap.fileno()]
    command = [sys.executable, "-m", "bench.post", *map(str, descriptors), str(files.chain), str(files.key)]
    with Process(command, directory / "post.log", pass_fds=descriptors):
        yield _makers(files.root, password, smtp.getsockname(), imap.getsockname())


def _makers(root: Path, password: Path, smtp: tuple[str, int], imap: tuple[str, int]) -> Mapping[str, Make]:
    handed, found = ({"port": port, "ca": str(root)} for _, port in (smtp, imap))
    login = {"user": _USER, "password": {"file": str(password)}}
    loop = {"sender": _USER, "recipient": _USER, "smtp": handed, "imap": {**found, "login": login}}

    def maker(kind: str, settings: Mapping[str, Any], at: tuple[str, int]) -> Make:
        asked, probed = {"type": kind, **settings}, f"{at[0]}:{at[1]}"
        return lambda _: Check(kind=kind, address=at[0], settings=asked, probed=probed)

    return {
        "smtp": maker("smtp", handed, smtp),
        "imap": maker("imap", found, imap),
        "mail-loop": maker("mail-loop", loop, smtp),
    }


async def serve(smtp: socket.socket, imap: socket.socket, chain: str, key: str) -> None:
    """Talk to whoever comes, until the process is ended."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, key)
    post = Post(Letters(lambda _, __: None, lambda _: None))
    async with await _open(smtp, post.smtp, context) as one, await _open(imap, post.imap, context) as other:
        await asyncio.gather(one.serve_forever(), other.serve_forever())


async def _open(sock: socket.socket, talk: Talk, context: ssl.SSLContext) -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):  # whoever asked is gone
            await talk(reader, writer, context)
        writer.close()

    return await asyncio.start_server(answer, sock=sock, backlog=_BACKLOG)


if __name__ == "__main__":
    bound = (socket.socket(fileno=int(each)) for each in sys.argv[1:3])
    asyncio.run(serve(next(bound), next(bound), *sys.argv[3:5]))
