"""A real Postfix and a real Dovecot: a small mail platform with one domain, on loopback, with TLS and logins."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.probes.authority import leaf, root
from tests.own_address import ADDRESS, kept_ports

USER, PASSWORD = "essai@exemple.test", "chêne-liège 7"
FULL = "pleine@exemple.test"
NOBODY = 65534  # who owns the boxes

_MAIN = """
compatibility_level = 3.6
queue_directory = {here}/queue
data_directory = {here}/data
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = loopback-only
inet_protocols = ipv4
maillog_file = {here}/postfix.log
maillog_file_prefixes = {here}
myhostname = mx.exemple.test
mydestination =
alias_maps =
local_recipient_maps =
mynetworks =
virtual_mailbox_domains = exemple.test
virtual_mailbox_maps = inline:{{ {{ {user} = essai/ }}, {{ autre@exemple.test = autre/ }} }}
virtual_mailbox_base = {here}/boxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = auth
smtpd_recipient_restrictions =
    permit_sasl_authenticated,
    check_recipient_access inline:{{
        {{ {full} = 452 4.2.2 mailbox full }},
        {{ attente@exemple.test = 450 4.7.1 Greylisted }},
        {{ surcharge@exemple.test = 451 4.3.0 lookup failure }} }},
    reject_unauth_destination
smtpd_relay_restrictions = reject_unauth_destination
smtpd_error_sleep_time = 0
smtpd_client_connection_rate_limit = 0
"""
_MASTER = """
{address}:{smtp} inet n - n - - smtpd
{address}:{smtps} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
{address}:{plain} inet n - n - - smtpd -o smtpd_tls_security_level=none
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""
_DOVECOT = """
base_dir = {here}/run
state_dir = {here}/state
instance_name = essai
log_path = {here}/dovecot.log
protocols = imap
listen = {address}
mail_location = maildir:{here}/boxes/essai
first_valid_uid = 1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = yes
auth_mechanisms = plain login
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = {here}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={here}/boxes
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
# The tests are wrong on purpose, and often: no pause grows for it.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener {here}/queue/auth {{
    mode = 0666
  }}
}}
"""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Where everything is."""

    here: Path
    ca: str
    smtp: int  # STARTTLS and logins
    smtps: int  # TLS at once
    plain: int  # neither
    imap: int
    imaps: int

    @property
    def delivered(self) -> list[Path]:
        """The mails in the box of USER."""
        box = self.here / "boxes" / "essai"
        return [*box.glob("new/*"), *box.glob("cur/*")]

    @property
    def queued(self) -> list[Path]:
        """The mails that Postfix holds, begun or on their way."""
        return [mail for part in ("incoming", "active", "deferred") for mail in (self.here / "queue" / part).iterdir()]

    def put(self, name: str, *header: str, folder: str = "") -> Path:
        """A mail that is in the box already."""
        box = self.here / "boxes" / "essai"
        where = box / folder
        parts = [where / part for part in ("tmp", "cur", "new")]
        for part in parts:
            part.mkdir(parents=True, exist_ok=True)
        mail = where / "new" / name
        mail.write_text("\n".join([*header, "", "Bonjour."]))
        # No other file: the servers' own come and go.
        for path in (box, where, *parts, mail):
            os.chown(path, NOBODY, NOBODY)
        return mail

    def log(self) -> str:
        """What the servers say, for a test that fails."""
        return "".join(path.read_text() for path in self.here.glob("*.log"))


@contextlib.contextmanager
def platform() -> Iterator[Platform]:
    """Both servers, answering; gone at the end."""
    for program, package in (("postfix", "postfix"), ("dovecot", "dovecot-imapd")):
        if shutil.which(program, path="/usr/sbin") is None:
            pytest.fail(f"{program} is missing: apt-get install {package}")
    if os.geteuid() != 0:
        pytest.fail("Postfix and Dovecot are started by root alone: run the tests as root")
    # Not pytest's directory: their processes change users, and could not enter one that is root's alone.
    with tempfile.TemporaryDirectory(prefix="mail-") as name:
        here = Path(name)
        here.chmod(0o755)
        with kept_ports(5) as ports:
            set_up = _write(here, dict(zip(("smtp", "smtps", "plain", "imap", "imaps"), ports, strict=True)))
            with _running(here), _accepting(set_up):
                yield set_up


def _write(here: Path, ports: Mapping[str, int]) -> Platform:
    for directory in ("postfix", "queue", "data", "boxes"):
        (here / directory).mkdir(parents=True)
    os.chown(here / "boxes", NOBODY, NOBODY)
    shutil.chown(here / "data", "postfix")
    authority = root()
    ca = here / "ca.pem"
    ca.write_bytes(authority.pem)
    certificate, key = leaf(authority, ADDRESS, "mx.exemple.test").write(here, "server")
    values = {"here": here, "address": ADDRESS, "certificate": certificate, "key": key, "uid": NOBODY, "gid": NOBODY}
    values |= {"user": USER, "full": FULL, **ports}
    (here / "postfix/main.cf").write_text(_MAIN.format(**values))
    (here / "postfix/master.cf").write_text(_MASTER.format(**values))
    (here / "dovecot.conf").write_text(_DOVECOT.format(**values))
    (here / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    return Platform(here=here, ca=str(ca), **ports)


@contextlib.contextmanager
def _running(here: Path) -> Iterator[None]:
    configuration = str(here / "postfix")
    subprocess.run(
        ["/usr/sbin/postfix", "-c", configuration, "check"], check=True
    )  # makes the directories of its queue
    with contextlib.ExitStack() as stack:
        for command in (
            ["/usr/sbin/dovecot", "-F", "-c", str(here / "dovecot.conf")],
            ["/usr/lib/postfix/sbin/master", "-d", "-c", configuration],
        ):
            # A session each: both end their children by ending their process group.
            process = subprocess.Popen(command, env={"PATH": "/usr/sbin:/usr/bin:/bin"}, start_new_session=True)
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
        yield


@contextlib.contextmanager
def _accepting(servers: Platform) -> Iterator[None]:
    deadline = time.monotonic() + 60
    for port in (servers.smtp, servers.smtps, servers.plain, servers.imap, servers.imaps):
        while True:
            try:
                socket.create_connection((ADDRESS, port), 5).close()
                break
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, servers.log()
                time.sleep(0.02)  # nothing tells when a daemon listens
    yield
