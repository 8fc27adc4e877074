"""The demo's authority: what it issues is trusted by whoever trusts it, for as long as was asked."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from probes.x509 import read_file
from supervisor.demo.certificates import Authority

NOW = datetime.now(UTC).replace(microsecond=0)


def test_what_it_issues_is_good_for_the_address_and_the_time(tmp_path: Path) -> None:
    authority = Authority(NOW)
    issued = authority.issue("Brumeval", ["127.77.1.10"], timedelta(days=9))
    (certificate,) = read_file(issued.certificate, None)
    assert certificate.name == "Brumeval"
    assert certificate.not_after == (NOW + timedelta(days=9)).timestamp()
    path = tmp_path / "server.pem"
    path.write_bytes(issued.certificate + issued.key)
    assert handshake(path, authority.pem.decode(), "127.77.1.10")
    assert not handshake(path, authority.pem.decode(), "127.77.1.11")
    assert not handshake(path, Authority(NOW).pem.decode(), "127.77.1.10")


def handshake(server_file: Path, trusted: str, name: str) -> bool:
    """Whether a client that trusts this authority is content with that server; both ends in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(server_file)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client_context = ssl.create_default_context(cadata=trusted)
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    for _ in range(4):
        for end in (client, server):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError:
                return False
    return client.version() is not None
