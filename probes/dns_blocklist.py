"""Blocklists of mail senders, asked through the DNS (RFC 5782): what is asked of one, and what its answer means.

7.2.0.192.zen.spamhaus.org. A 127.0.0.2    192.0.2.7 is listed
"""

from __future__ import annotations

import ipaddress

from probes.base import Status
from probes.dns_wire import RCODES, TYPES, Answer
from probes.excerpt import excerpt
from probes.threshold import Verdict

_SHOWN = 60
_LISTED = ipaddress.ip_network("127.0.0.0/8")
# Spamhaus and others after it: too many questions, a public resolver, a name that is no list.
_REFUSED = ipaddress.ip_network("127.255.255.0/24")


def listed_name(host: str, zone: str) -> str:
    """The name to ask for, of an address and a list."""
    reverse = ipaddress.ip_address(host).reverse_pointer
    return f"{reverse.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"


def judge_listing(answer: Answer, host: str, zone: str, verdict: Verdict) -> str:
    """Find whether the address is listed; gives what is said when it is not. A list in trouble says nothing of it."""
    found = [record.text for record in answer.records if record.type == TYPES["A"]]
    codes = excerpt(", ".join(found), _SHOWN)
    if answer.rcode and RCODES.get(answer.rcode) != "NXDOMAIN":
        said = RCODES.get(answer.rcode, str(answer.rcode))
        verdict.find(Status.UNKNOWN, f"la liste {zone} n'a pas pu répondre ({said})")
    elif any(ipaddress.ip_address(text) in _REFUSED for text in found):
        verdict.find(Status.UNKNOWN, f"la liste {zone} refuse de répondre au résolveur ({codes})")
    elif any(ipaddress.ip_address(text) not in _LISTED for text in found):
        verdict.find(Status.UNKNOWN, f"{zone} ne répond pas comme une liste ({codes})")
    elif found:
        verdict.find(Status.CRITICAL, f"{host} inscrite sur la liste {zone} ({codes})")
    return f"{host} absente de la liste {zone}"
