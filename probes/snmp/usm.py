"""Messages of SNMP 3 and their security (RFC 3412, 3414, 3826, 7860): keys, signatures, encryption.

Only what a manager needs. The hashes are the standard library's, the cipher is `cryptography`'s: here they are put
together, and the tests hold that against pysnmp and a real snmpd in every combination.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import NamedTuple

from cryptography.hazmat.decrepit.ciphers.modes import CFB  # what RFC 3826 asks for; authenticated by the signature
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from probes.snmp.access import SnmpAccess
from probes.snmp.wire import OCTETS, SEQUENCE, Pdu, WireError, element, expect, header, integer, read_integer, read_pdu
from probes.snmp.words import Oid

REPORT = 0xA8
_VERSION, _MODEL = 3, 3  # SNMPv3, and its user-based security
_AUTHENTIC, _PRIVATE, _REPORTABLE = 1, 2, 4  # flags of a message
_LARGEST = 65507  # bytes of an answer that we take
_STRETCHED = 1 << 20  # bytes of repeated password that make a key
_ENGINE_ID = range(5, 33)  # bytes
_SALT = 8  # bytes
SALTS = 1 << 8 * _SALT
_HASHES = {"md5": "md5", "sha": "sha1", "sha224": "sha224", "sha256": "sha256", "sha384": "sha384", "sha512": "sha512"}
_SIGNATURES = {"md5": 12, "sha1": 12, "sha224": 16, "sha256": 24, "sha384": 32, "sha512": 48}  # bytes
_KEYS = {"aes128": 16, "aes192": 24, "aes256": 32, "aes192-cisco": 24, "aes256-cisco": 32}  # bytes


class Keys(NamedTuple):
    """What a user and an agent share; empty where nothing is signed, or encrypted."""

    hash: str
    signing: bytes
    ciphering: bytes

    def __repr__(self) -> str:
        """Nothing of the keys: they are as good as the passwords, and a report of an error may print what it holds."""
        return f"Keys({self.hash})"


class Stamp(NamedTuple):
    """Who an agent is and what time it has, as messages carry it."""

    engine: bytes
    boots: int  # times it started
    time: int  # seconds since


class Message(NamedTuple):
    """A message of version 3 before it is believed."""

    data: bytes
    flags: int
    stamp: Stamp
    user: bytes
    signature: tuple[int, int]  # where it starts and ends
    salt: bytes
    body: tuple[int, int, int]  # tag, start and end

    @property
    def signed(self) -> bool:
        """Whether it claims to be."""
        return bool(self.flags & _AUTHENTIC)

    @property
    def encrypted(self) -> bool:
        """Whether it claims to be."""
        return bool(self.flags & _PRIVATE)


def stretch(password: bytes, hash_name: str) -> bytes:
    """The key of a password (RFC 3414, A.2): a millisecond or three, on purpose."""
    repeated = password * (_STRETCHED // len(password) + 1)
    return hashlib.new(hash_name, repeated[:_STRETCHED], usedforsecurity=False).digest()


def localise(key: bytes, engine: bytes, hash_name: str) -> bytes:
    """The key for one agent: whoever steals it from there reads no other."""
    return hashlib.new(hash_name, key + engine + key, usedforsecurity=False).digest()


def passwords(access: SnmpAccess) -> Keys:
    """The keys of a user before they are one agent's."""
    name = _HASHES[access.auth]
    signing, ciphering = (
        b"" if secret is None else stretch(secret.reveal().encode(), name)
        for secret in (access.auth_password, access.privacy_password)
    )
    return Keys(name, signing, ciphering)


def keys_for(master: Keys, access: SnmpAccess, engine: bytes) -> Keys:
    """The keys that the user shares with that agent."""
    signing = localise(master.signing, engine, master.hash) if master.signing else b""
    ciphering = localise(master.ciphering, engine, master.hash) if master.ciphering else b""
    if ciphering:
        size = _KEYS[access.privacy]
        while len(ciphering) < size:
            ciphering += _longer(ciphering, engine, master.hash, cisco=access.privacy.endswith("-cisco"))
        ciphering = ciphering[:size]
    return Keys(master.hash, signing, ciphering)


def _longer(key: bytes, engine: bytes, hash_name: str, *, cisco: bool) -> bytes:
    """What follows a key that is too short for its cipher: no standard says, and makers went two ways."""
    if cisco:
        return localise(stretch(key, hash_name), engine, hash_name)
    return hashlib.new(hash_name, key, usedforsecurity=False).digest()


def write(number: int, stamp: Stamp, user: bytes, keys: Keys, context: bytes, pdu: bytes, salt: int) -> bytes:
    """A request, encrypted and signed as far as there are keys. No salt may ever come twice with one key."""
    body = element(SEQUENCE, element(OCTETS, stamp.engine) + element(OCTETS, context) + pdu)
    flags = _REPORTABLE | (_AUTHENTIC if keys.signing else 0) | (_PRIVATE if keys.ciphering else 0)
    salted = salt.to_bytes(_SALT, "big") if keys.ciphering else b""
    if keys.ciphering:
        body = element(OCTETS, _crypt(keys.ciphering, stamp, salted).encryptor().update(body))
    signature = bytes(_SIGNATURES[keys.hash]) if keys.signing else b""
    who = element(OCTETS, stamp.engine) + integer(stamp.boots) + integer(stamp.time) + element(OCTETS, user)
    security = element(SEQUENCE, who + element(OCTETS, signature) + element(OCTETS, salted))
    head = element(SEQUENCE, integer(number) + integer(_LARGEST) + element(OCTETS, bytes((flags,))) + integer(_MODEL))
    message = element(SEQUENCE, integer(_VERSION) + head + element(OCTETS, security) + body)
    if not signature:
        return message
    end = len(message) - len(body) - len(element(OCTETS, salted))
    return message[: end - len(signature)] + _sign(keys, message) + message[end:]


def read(data: bytes) -> tuple[int, Message]:
    """The number and the parts of a message; WireError when it is none."""
    start, end = expect(data, 0, len(data), SEQUENCE)
    version, at = read_integer(data, start, end)
    if version != _VERSION:
        raise WireError(f"version {version}")
    start, after = expect(data, at, end, SEQUENCE)
    number, at = read_integer(data, start, after)
    _, at = read_integer(data, at, after)
    start, stop = expect(data, at, after, OCTETS)
    model, _ = read_integer(data, stop, after)
    if stop - start != 1 or model != _MODEL:
        raise WireError("another security model")
    flags = data[start]
    start, at = expect(data, after, end, OCTETS)
    body = header(data, at, end)
    start, stop = expect(data, start, at, SEQUENCE)
    first, at = expect(data, start, stop, OCTETS)
    engine = data[first:at]
    boots, at = read_integer(data, at, stop)
    time, at = read_integer(data, at, stop)
    first, at = expect(data, at, stop, OCTETS)
    user = data[first:at]
    signature = expect(data, at, stop, OCTETS)
    first, at = expect(data, signature[1], stop, OCTETS)
    return number, Message(data, flags, Stamp(engine, boots, time), user, signature, data[first:at], body)


def is_identity(stamp: Stamp) -> bool:
    """Whether an agent may be called so."""
    return len(stamp.engine) in _ENGINE_ID and 0 <= stamp.boots < 1 << 31 and 0 <= stamp.time < 1 << 31


def is_signed_with(keys: Keys, message: Message) -> bool:
    """Whether whoever wrote the message knows the key, and nobody changed it since."""
    start, end = message.signature
    if not message.signed or end - start != _SIGNATURES[keys.hash]:
        return False
    blank = message.data[:start] + bytes(end - start) + message.data[end:]
    return hmac.compare_digest(_sign(keys, blank), message.data[start:end])


def open_pdu(message: Message, keys: Keys, known: dict[bytes, Oid]) -> Pdu:
    """What the message carries, decrypted; WireError when it makes no sense."""
    tag, start, end = message.body
    data = message.data
    if message.encrypted:
        if tag != OCTETS or len(message.salt) != _SALT or not keys.ciphering or not is_identity(message.stamp):
            raise WireError("encrypted in another way")
        data = _crypt(keys.ciphering, message.stamp, message.salt).decryptor().update(data[start:end])
        start, end = expect(data, 0, len(data), SEQUENCE)
    elif tag != SEQUENCE:
        raise WireError("encrypted without saying so")
    _, at = expect(data, start, end, OCTETS)
    _, at = expect(data, at, end, OCTETS)
    return read_pdu(data, at, end, known)[0]


def _crypt(key: bytes, stamp: Stamp, salt: bytes) -> Cipher[CFB]:
    vector = stamp.boots.to_bytes(4, "big") + stamp.time.to_bytes(4, "big") + salt
    return Cipher(AES(key), CFB(vector))


def _sign(keys: Keys, message: bytes) -> bytes:
    return hmac.digest(keys.signing, message, keys.hash)[: _SIGNATURES[keys.hash]]
