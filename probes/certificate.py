"""`certificate`: the days left to certificates kept in files, such as the RGS ones that sign a commune's acts."""

from __future__ import annotations

import asyncio
import glob
import os
import stat
from pathlib import Path
from typing import NamedTuple

from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.der import UnreadableError
from probes.http_settings import DAY_S
from probes.paths import FilePath
from probes.secret import Secret
from probes.settings import Seconds, settings
from probes.threshold import Below, Verdict
from probes.trouble import file_trouble
from probes.units import say_duration, say_size
from probes.validity import Certificate, judge_dates

MAX_BYTES = 1024 * 1024  # a file larger than this is not a certificate
MAX_FILES = 100
_SAID = 5  # of the files in trouble that a message names


@settings
class CertificateSettings:
    """Certificate files that must stay good."""

    path: FilePath
    """A file (PEM, DER, PKCS#7 or PKCS#12), or a pattern like /srv/rgs/*.pem; of all, the first to expire counts."""
    password: Secret | None = None
    """Password of PKCS#12 files."""
    expiry: Below[Seconds] = Below(warning=60 * DAY_S, critical=15 * DAY_S)
    """Thresholds on what is left of the certificate that expires first."""


class _Read(NamedTuple):
    certificates: list[Certificate]
    troubles: list[tuple[Status, str]]
    notes: list[str]


async def check(target: Target, settings: CertificateSettings, run: Run) -> Result:  # noqa: ARG001  no address needed
    """Read the files, and hold their dates against the threshold."""
    run.stage = "lecture des fichiers"
    password = settings.password.reveal() if settings.password is not None else None
    read = await asyncio.to_thread(_read_all, settings.path, password)
    for note in read.notes:
        run.note(note)
    verdict = Verdict(run)
    read.troubles.sort(key=lambda trouble: trouble[0] is not Status.CRITICAL)  # stable
    for status, message in read.troubles[:_SAID]:
        verdict.find(status, message)
    if others := read.troubles[_SAID:]:
        verdict.find(others[0][0], f"et {len(others)} autres fichiers en défaut")
    if not read.certificates:
        return verdict.result("")
    first = judge_dates(verdict, read.certificates, settings.expiry, run.at)
    verdict.measurements.append(Measurement("expiry_seconds", first.not_after - run.at))
    return verdict.result(f"certificat « {first.name} » valable encore {say_duration(first.not_after - run.at)}")


def _read_all(pattern: str, password: str | None) -> _Read:
    """Every certificate of every file; runs in a thread, because a disk may be slow and a PKCS#12 costs seconds."""
    from probes import x509  # loaded at first use

    paths = [pattern] if glob.escape(pattern) == pattern or Path(pattern).exists() else _matching(pattern)
    read = _Read([], [], [])
    if not paths:
        read.troubles.append((Status.CRITICAL, f"aucun fichier {Path(pattern).name}"))
    if len(paths) > MAX_FILES:
        read.troubles.append((Status.UNKNOWN, f"plus de {MAX_FILES} fichiers ; les autres ne sont pas lus"))
    for path in paths[:MAX_FILES]:
        name = Path(path).name
        try:
            found = x509.read_file(_read_bounded(path), password)
        except FileNotFoundError:
            read.troubles.append((Status.CRITICAL, f"fichier absent : {name}"))
        except OSError as error:
            read.troubles.append((Status.UNKNOWN, f"fichier illisible : {name} ({file_trouble(error)})"))
        except UnreadableError as error:
            status = Status.UNKNOWN if error.password else Status.CRITICAL
            read.troubles.append((status, f"{error.message} : {name}"))
        else:
            read.certificates.extend(found)
            read.notes.append(f"{path}: {len(found)} certificates")
    return read


def _matching(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern))  # noqa: PTH207  Path.glob refuses absolute patterns


def _read_bounded(path: str) -> bytes:
    # O_NONBLOCK: opening a named pipe would otherwise wait for a writer, for ever, in a thread nobody can stop.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:  # noqa: PTH123  a descriptor, not a path
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("ce n'est pas un fichier ordinaire")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise OSError(f"plus de {say_size(MAX_BYTES)}")
    return data


PROBE = Probe(
    type="certificate",
    settings=CertificateSettings,
    check=check,
    loads=("probes.x509",),
    measures=("expiry_seconds",),
    on_timeout=Status.UNKNOWN,
    needs_address=False,
)
