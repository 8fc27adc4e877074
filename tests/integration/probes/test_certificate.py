"""`certificate` on real files of every format."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs7, pkcs12

from probes import certificate
from probes.base import Shared, Status
from tests.integration.probes.authority import DAY, NOW, Identity, intermediate, leaf, root
from tests.integration.probes.running import Runner, measured, shared

__all__ = ["shared"]

AT = NOW.timestamp()


@pytest.fixture
def run(shared: Shared) -> Runner:
    return Runner(certificate.PROBE, shared)


@pytest.fixture(scope="module")
def signing() -> Identity:
    return leaf(intermediate(root()), "Maire d'Exemple", end=NOW + 90 * DAY)


def formats(identity: Identity) -> dict[str, bytes]:
    between = list(identity.between)
    encryption = BestAvailableEncryption(b"s3cret")
    return {
        "pem": b"Bag Attributes\n  friendlyName: RGS\n" + identity.chain_pem + identity.key_pem,
        "der": identity.certificate.public_bytes(Encoding.DER),
        "p7b": pkcs7.serialize_certificates([identity.certificate, *between], Encoding.DER),
        "p7s": pkcs7.serialize_certificates([identity.certificate, *between], Encoding.PEM),
        "p12": pkcs12.serialize_key_and_certificates(b"rgs", identity.key, identity.certificate, between, encryption),
    }


@pytest.mark.parametrize("kind", ["pem", "der", "p7b", "p7s", "p12"])
async def test_every_format(
    run: Runner, signing: Identity, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"rgs.{kind}"
    path.write_bytes(formats(signing)[kind])
    monkeypatch.setenv("KEY", "s3cret")
    result = await run(path=str(path), at=AT, password={"env": "KEY"}, address="")
    assert (result.status, result.message) == (
        Status.OK,
        "certificat « Maire d'Exemple » valable encore 90 j",
    )
    assert measured(result) == {"expiry_seconds": 90 * 86400}
    assert run.trace[0] == f"{path}: {1 if kind == 'der' else 2} certificates"


@pytest.mark.parametrize(
    ("days", "status", "message"),
    [
        (59, Status.WARNING, "certificat « Maire » : expiration dans 59 j (seuil 60 j)"),
        (15, Status.CRITICAL, "certificat « Maire » : expiration dans 15 j (seuil 15 j)"),
        (-4, Status.CRITICAL, "certificat « Maire » expiré depuis 4 j"),
    ],
)
async def test_thresholds(run: Runner, tmp_path: Path, days: int, status: Status, message: str) -> None:
    made = leaf(None, "Maire", start=NOW - 100 * DAY, end=NOW + days * DAY)
    (tmp_path / "a.pem").write_bytes(made.pem)
    result = await run(path=str(tmp_path / "a.pem"), at=AT)
    assert (result.status, result.message) == (status, message)


async def test_not_yet_valid(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(leaf(None, "Maire", start=NOW + 2 * DAY).pem)
    result = await run(path=str(tmp_path / "a.pem"), at=AT)
    start = (NOW + 2 * DAY).strftime("%d/%m/%Y")
    assert result.message == f"certificat « Maire » valable seulement à partir du {start}"


async def test_of_several_files_the_first_to_expire_counts(run: Runner, tmp_path: Path) -> None:
    for name, days in (("adjoint", 200), ("maire", 30), ("secretaire", 400)):
        (tmp_path / f"{name}.pem").write_bytes(leaf(None, name, end=NOW + days * DAY).pem)
    result = await run(path=str(tmp_path / "*.pem"), at=AT)
    assert result.message == "certificat « maire » : expiration dans 30 j (seuil 60 j)"
    assert measured(result) == {"expiry_seconds": 30 * 86400}
    (tmp_path / "vide.pem").write_bytes(b"")
    result = await run(path=str(tmp_path / "*.pem"), at=AT)
    assert (result.status, measured(result)) == (Status.CRITICAL, {"expiry_seconds": 30 * 86400})
    assert result.message.startswith("format de fichier inconnu")


async def test_a_name_that_looks_like_a_pattern(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "rgs[1].pem").write_bytes(leaf(None, "Maire", end=NOW + 90 * DAY).pem)
    assert (await run(path=str(tmp_path / "rgs[1].pem"), at=AT)).status is Status.OK


async def test_a_file_that_is_not_there(run: Runner, tmp_path: Path) -> None:
    result = await run(path=str(tmp_path / "rgs.pem"))
    assert (result.status, result.message) == (Status.CRITICAL, "fichier absent : rgs.pem")
    result = await run(path=str(tmp_path / "*.pem"))
    assert (result.status, result.message) == (Status.CRITICAL, "aucun fichier *.pem")


async def test_files_that_cannot_be_read(run: Runner, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"\0" * (certificate.MAX_BYTES + 1))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path, why in (
        (tmp_path, "c'est un dossier"),
        (tmp_path / "pipe", "ce n'est pas un fichier ordinaire"),
        (tmp_path / "large", "plus de 1 Mio"),
        (tmp_path / "loop", "liens en boucle"),
        (tmp_path / "large" / "a", "chemin impossible"),
        (Path("/dev/zero"), "ce n'est pas un fichier ordinaire"),
        (Path("/proc/self/mem"), "disque en panne"),
    ):
        result = await run(path=str(path), timeout_s=5)
        assert result.status is Status.UNKNOWN
        assert result.message == f"fichier illisible : {path.name} ({why})"


async def test_of_many_files_in_trouble_some_are_named(run: Runner, tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"{number}.pem").write_text("bonjour")
    os.mkfifo(tmp_path / "0.pem.pem")
    result = await run(path=str(tmp_path / "*.pem"))
    assert result.status is Status.CRITICAL
    assert result.message.startswith("format de fichier inconnu (ni PEM, ni DER, ni PKCS#7, ni PKCS#12) : 0.pem ; ")
    assert result.message.endswith(" : 4.pem ; et 5 autres fichiers en défaut")


async def test_passwords(run: Runner, signing: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.p12").write_bytes(formats(signing)["p12"])
    result = await run(path=str(tmp_path / "a.p12"))
    assert (result.status, result.message) == (Status.UNKNOWN, "fichier PKCS#12 : mot de passe requis : a.p12")
    monkeypatch.setenv("KEY", "wrong")
    result = await run(path=str(tmp_path / "a.p12"), password={"env": "KEY"})
    assert result.status is Status.UNKNOWN
    assert result.message == "mot de passe du fichier PKCS#12 incorrect : a.p12"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"bonjour", "format de fichier inconnu (ni PEM, ni DER, ni PKCS#7, ni PKCS#12) : a"),
        (b"\x30\x82\x01\x00\x30\x03abc", "certificat illisible : a"),
        (b"\x30\x82\x01\x00\x06\x03abc", "certificat illisible : a"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificat illisible : a"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "aucun certificat dans le fichier : a"),
    ],
)
async def test_files_that_hold_no_certificate(run: Runner, tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a").write_bytes(data)
    result = await run(path=str(tmp_path / "a"))
    assert (result.status, result.message) == (Status.CRITICAL, message)
