"""`disk`: the space left on the volumes of a host, as its SNMP agent (HOST-RESOURCES-MIB) or its exporter tells it."""

from __future__ import annotations

from operator import itemgetter
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, model_validator

from probes.base import Measurement, Probe, Result, Run, Status, Target
from probes.excerpt import excerpt
from probes.exported_volumes import METRICS, exported
from probes.exporter import ExporterAccess, Exporters
from probes.filling_book import MEASURES, FillingBook, Told, Within, judge_filling
from probes.names import Family, NameFailureError
from probes.seen_volumes import SeenVolumes
from probes.settings import Bytes, Flag, Ratio, settings
from probes.snmp.access import SnmpAccess
from probes.snmp.filesystems import read_inodes, read_locks
from probes.snmp.walks import Walks, find_peer
from probes.snmp.words import SnmpFailureError, read_oid
from probes.threshold import Below, Verdict
from probes.units import say_ratio, say_size
from probes.visiting import VisitError
from probes.volumes import READ_ONLY, Volume, choose, is_pattern, matching, read_volumes, untold

_ENTRY = read_oid("1.3.6.1.2.1.25.2.3.1")  # hrStorageEntry
_COLUMNS = tuple((*_ENTRY, column) for column in (2, 3, 4, 5, 6))  # type, name, units, size, used
_MOST = 100  # volumes measured and told of
_SAID = 5  # of them that a message names
_ANYBODY = SnmpAccess()
_DEFAULT: Below[float] = Below(warning=0.10, critical=0.05)
_INODES: Below[float] = Below(warning=0.05, critical=0.01)


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    if any(not name.strip() for name in names):
        raise ValueError("an empty name means no volume, write one like /srv or D:\\, or leave it out")
    return names


@settings
class DiskSettings:
    """Settings of `disk`."""

    access: SnmpAccess | None = None
    """How the SNMP agent lets itself be read; version 2c and `public` when absent."""
    exporter: ExporterAccess | None = None
    """A node_exporter or windows_exporter to ask instead of an agent."""
    family: Family = "any"
    """Which addresses of a name to use: any, ipv4 or ipv6."""
    mounts: Annotated[tuple[str, ...], AfterValidator(_named)] = ()
    r"""Volumes to look at, by name or pattern (`/`, `/srv/*`, `D:\`); all but pseudo file systems when empty."""
    exclude: Annotated[tuple[str, ...], AfterValidator(_named)] = ()
    """Volumes to leave out, by name or pattern."""
    free: Below[Ratio] | None = None
    """Thresholds on the share that is free; 10 % and 5 % when `free_size` has none either."""
    free_size: Below[Bytes] | None = None
    """Thresholds on the free space, like 20 GiB."""
    inodes: Below[Ratio] | None = None
    """Thresholds on the share of inodes that is free; 5 % and 1 % of an exporter, read from an agent when written."""
    writable: Flag = False
    """Have an SNMP agent say which volumes are read-only; an exporter does without being asked."""
    full_within: Within | None = None
    """Thresholds on the time until it is full, as its last weeks foretell it; `7d` alone is critical."""

    @model_validator(mode="after")
    def _coherent(self) -> DiskSettings:
        if self.access is not None and self.exporter is not None:
            raise ValueError("a host is asked by SNMP or through its exporter; write access: or exporter:")
        for mount in self.mounts:
            if mount in self.exclude or (not is_pattern(mount) and any(matching(x, mount) for x in self.exclude)):
                raise ValueError(f"'{mount}' is in mounts and left out by exclude, write it in one of both")
        if "*" in self.exclude:
            raise ValueError("exclude: '*' leaves no volume, name those to leave out")
        if self.free is None and self.free_size is None:
            object.__setattr__(self, "free", _DEFAULT)  # the instance is frozen
        if self.exporter is not None and self.inodes is None:
            object.__setattr__(self, "inodes", _INODES)
        return self

    def content(self, space: Space) -> bool:
        """Does this space reach no threshold, whatever its date?"""
        return (
            self.full_within is None
            and (self.free is None or self.free.status(space.free_ratio) is Status.OK)
            and (self.free_size is None or self.free_size.status(space.free_bytes) is Status.OK)
            and (
                self.inodes is None
                or space.volume.free_inodes is None
                or self.inodes.status(space.volume.free_inodes) is Status.OK
            )
        )

    @property
    def needs_address(self) -> bool:
        """An exporter whose URL names its host does without the equipment's address."""
        return self.exporter is None or "{address}" in self.exporter.url


class Space(NamedTuple):
    """What is left of a volume whose size makes sense."""

    free_ratio: float
    free_bytes: int
    volume: Volume


class Listing(NamedTuple):
    """What was told of a host's volumes."""

    volumes: list[Volume]
    empty: str  # in French: what it means when there are none
    doubts: tuple[str, ...] = ()  # in French: what was asked for and not told


async def check(target: Target, settings: DiskSettings, run: Run) -> Result:
    """The volumes of the host, and what they are worth."""
    try:
        if settings.exporter is None:
            listing = await _walked(target, settings, run)
        else:
            listing = await _exported(target, settings.exporter, settings.family, run)
    except (NameFailureError, SnmpFailureError, VisitError) as failure:
        return Result(failure.status, failure.message)
    return _judge(listing, target.sonde, settings, run)


async def _walked(target: Target, settings: DiskSettings, run: Run) -> Listing:
    peer = await find_peer(target, settings.access or _ANYBODY, settings.family, run)
    table = await run.shared.use(Walks).table(peer, _COLUMNS, run, target.sonde)
    empty = "aucun volume dans la table de l'agent (HOST-RESOURCES-MIB absente ou refusée)"
    volumes, doubts = read_volumes(table.rows), []
    if settings.inodes is not None and not (inodes := await read_inodes(peer, run, target.sonde)):
        doubts.append("inodes non communiqués par l'agent (includeAllDisks absent de sa configuration ?)")
    elif settings.inodes is not None:
        volumes = [volume._replace(free_inodes=inodes.get(volume.name)) for volume in volumes]
    if settings.writable and not (locked := await read_locks(peer, run, target.sonde)):
        doubts.append("lecture seule ou non : non communiqué par l'agent (table hrFSTable absente)")
    elif settings.writable:
        volumes = [volume._replace(trouble=READ_ONLY if locked.get(volume.name) else "") for volume in volumes]
    return Listing(volumes, empty, tuple(doubts))


async def _exported(target: Target, access: ExporterAccess, family: Family, run: Run) -> Listing:
    samples = await run.shared.use(Exporters).samples(target, access, family, METRICS, run)
    empty = "aucun volume dans les métriques de l'exportateur (collecteur filesystem ou logical_disk absent)"
    return Listing(exported(samples), empty)


def _judge(listing: Listing, sonde: str, settings: DiskSettings, run: Run) -> Result:
    verdict = Verdict(run)
    volumes = listing.volumes
    if run.trace is not None:
        for volume in volumes:
            run.note(f"{excerpt(volume.name)}: {volume.used_bytes} of {volume.size_bytes} bytes, type {volume.kind}")
    chosen = choose(volumes, settings.mounts, settings.exclude)
    _missing(volumes, chosen, sonde, settings, run, verdict)
    if len(chosen) > _MOST:
        verdict.find(Status.WARNING, f"{len(chosen)} volumes, dont seuls {_MOST} sont suivis : à choisir avec mounts")
    _troubles(chosen[:_MOST], settings, verdict)
    spaces = [Space(volume.free_ratio, volume.free_bytes, volume) for volume in chosen[:_MOST] if volume.size_bytes > 0]
    spaces.sort(key=itemgetter(0))
    dates = _spaces(spaces, sonde, settings, run, verdict)
    if not chosen:
        mute = untold(volumes, settings.mounts, settings.exclude)
        _senseless(mute, verdict)
        if not mute and not settings.mounts:
            verdict.find(Status.CRITICAL, listing.empty)
    for doubt in listing.doubts:
        verdict.find(Status.UNKNOWN, doubt)
    return verdict.result(_fine(spaces, dates))


def _missing(
    volumes: list[Volume], chosen: list[Volume], sonde: str, settings: DiskSettings, run: Run, verdict: Verdict
) -> None:
    if settings.mounts:
        absent = [mount for mount in settings.mounts if not any(matching(mount, volume.name) for volume in volumes)]
        status = Status.CRITICAL
    else:
        # An empty table is an agent that starts, or that lost its rights: said by itself, and not each volume again.
        absent = run.shared.use(SeenVolumes).vanished(sonde, [v.name for v in chosen], run.at) if chosen else []
        absent = [name for name in absent if not any(matching(mount, name) for mount in settings.exclude)]
        missed = set(absent)
        mute = [volume for volume in untold(volumes, (), settings.exclude) if volume.name in missed] if missed else []
        _senseless(mute, verdict)  # there, but nobody knows how full
        missed.difference_update(volume.name for volume in mute)
        absent = [name for name in absent if name in missed]
        status = Status.WARNING
    for name in absent[:_SAID]:
        verdict.find(status, f"volume {excerpt(name)} absent")
    if len(absent) > _SAID:
        verdict.find(status, f"et {len(absent) - _SAID} autres volumes absents")


def _troubles(volumes: list[Volume], settings: DiskSettings, verdict: Verdict) -> None:
    """What is wrong with volumes besides being full; worse when somebody named them."""
    status = Status.CRITICAL if settings.mounts else Status.WARNING
    troubled = [volume for volume in volumes if volume.trouble]
    for volume in troubled[:_SAID]:
        verdict.find(status, f"{_say(volume)} : {volume.trouble}")
    if len(troubled) > _SAID:
        verdict.find(status, f"et {len(troubled) - _SAID} autres volumes en panne")
    _senseless([volume for volume in volumes if not volume.told], verdict)


def _senseless(volumes: list[Volume], verdict: Verdict) -> None:
    """Those whose sizes were not said, or in numbers that are none."""
    for volume in volumes[:_SAID]:
        verdict.find(Status.UNKNOWN, f"{_say(volume)} : taille nulle ou incohérente")
    if len(volumes) > _SAID:
        verdict.find(Status.UNKNOWN, f"et {len(volumes) - _SAID} autres volumes de taille incohérente")


def _spaces(spaces: list[Space], sonde: str, settings: DiskSettings, run: Run, verdict: Verdict) -> dict[str, Told]:
    """Measure every volume; tell of the worst ones only, a message is read on a telephone. Gives the dates."""
    dates: dict[str, Told] = {}
    found: list[tuple[Status, str]] = []
    paces = run.shared.use(FillingBook).paces(sonde)
    for space in spaces:
        ratio, free, volume = space
        labels = (("mount", volume.name),)
        verdict.measurements += (
            Measurement("free_ratio", ratio, labels),
            Measurement("free_bytes", free, labels),
            Measurement("size_bytes", volume.size_bytes, labels),
        )
        if volume.free_inodes is not None:
            verdict.measurements.append(Measurement("free_inodes_ratio", volume.free_inodes, labels))
        if run.trace is None and volume.name not in paces and settings.content(space):
            continue  # nine in ten: there is nothing to tell
        own = Verdict(run)
        own.judge(settings.free, ratio, "espace libre", say_ratio)
        own.judge(settings.free_size, free, "espace libre", say_size)
        if volume.free_inodes is not None:
            own.judge(settings.inodes, volume.free_inodes, "inodes libres", say_ratio)
        use = (volume.size_bytes - free, volume.size_bytes)
        date = judge_filling(own, sonde, volume.name, use, settings.full_within, run)
        if date is not None:
            dates[volume.name] = date
        result = own.result("")
        verdict.measurements += result.measurements
        if result.status is not Status.OK:
            besides = f", {date.said}" if date is not None and not date.found else ""
            found.append((result.status, f"{_say(volume)} : {result.message}{besides}"))
    found.sort(key=lambda finding: finding[0] is not Status.CRITICAL)  # stable: the fullest first
    for status, message in found[:_SAID]:
        verdict.find(status, message)
    if others := found[_SAID:]:
        verdict.find(others[0][0], f"et {len(others)} autres volumes")
    return dates


def _say(volume: Volume) -> str:
    return excerpt(volume.name, 60)


def _fine(spaces: list[Space], dates: dict[str, Told]) -> str:
    """Of volumes in the order of the share that is free."""
    if not spaces:
        return "aucun volume à suivre"
    ratio, free, fullest = spaces[0]
    space = f"{say_ratio(ratio)} libres ({say_size(free)})"
    if dates:
        soonest = min(dates, key=lambda name: dates[name].left_s)
        space += (
            f", {dates[soonest].said}"
            if soonest == fullest.name
            else f" ; {excerpt(soonest, 60)} {dates[soonest].said}"
        )
    if len(spaces) == 1:
        return f"{_say(fullest)} : {space}"
    return f"{len(spaces)} volumes, le plus rempli {_say(fullest)} : {space}"


PROBE = Probe(
    type="disk",
    settings=DiskSettings,
    check=check,
    loads=("probes.http_visit",),
    measures=("free_ratio", "free_bytes", "size_bytes", "free_inodes_ratio", *MEASURES),
    on_timeout=Status.CRITICAL,
)
