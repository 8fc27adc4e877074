"""The schema, as the steps that lead to it. A step that was released is never edited: add another below.

All instants are whole POSIX seconds; `sonde` columns hold `sonde.key`.
"""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database, Migrations

from supervisor.store import billing_schema, camera_schema, contact_schema, outbox_schema, proof_schema
from supervisor.store.errors import StoreError

MIGRATIONS = Migrations("vigie")

_FIRST = """
create table meta(key text primary key, value text not null) strict, without rowid;

-- A sonde's id is written once; every other table holds its number. Never deleted: history outlives the config.
create table sonde(key integer primary key, id text not null unique) strict;

-- What each sonde was, run-length, kept for ever. `end` null: the present one, which lasts until `coverage.until`.
-- Time without an interval is "no data".
create table interval(
    sonde integer not null references sonde(key),
    start integer not null,
    end integer check (end > start),
    status text not null check (status in ('ok', 'warning', 'critical', 'unknown')),
    cause text not null,
    via text not null,
    message text not null,
    primary key (sonde, start)
) strict, without rowid;

-- Up to when the latest result of each sonde holds. Narrow, because every flush rewrites it for every sonde.
create table coverage(
    sonde integer primary key references sonde(key), last_at integer not null, until integer not null
) strict;

-- The rest of what the judge knows of each sonde; rewritten only when it changes.
create table state(
    sonde integer primary key references sonde(key), json text not null, journal text
) strict;

-- Every sonde's life, for billing: proof, hence in full words, and append-only.
create table ledger(
    id integer primary key,
    t integer not null,
    event text not null check (event in ('sonde-added', 'sonde-changed', 'sonde-removed')),
    sonde text not null,
    collectivite text not null,
    type text not null,
    billable integer not null check (billable in (0, 1)),
    paused integer not null check (paused in (0, 1)),
    service text,
    source text not null,
    author text not null,
    reason text not null,
    digest text unique
) strict;
create index ledger_t on ledger(t);
create trigger ledger_no_update before update on ledger
    begin select raise(abort, 'the ledger is append-only'); end;
create trigger ledger_no_delete before delete on ledger
    begin select raise(abort, 'the ledger is append-only'); end;

-- Which measurements a row of numbers holds, in order: [["duration_seconds"], ["free_ratio", [["mount", "/srv"]]]].
create table shape(id integer primary key, names text not null unique) strict;

-- Recent raw measurements: packed little-endian doubles. No index by sonde: at 20,000 sondes each sample would dirty
-- an index page of its own, 4 KiB for 40 bytes. Appended in the order of arrival, found through `sample_block`.
create table sample(
    id integer primary key,
    t integer not null,
    sonde integer not null,
    shape integer not null,
    data blob not null
) strict;
-- One row a flush: which rows of `sample` it wrote, and the instants they are within.
create table sample_block(
    first integer primary key, last integer not null, t_min integer not null, t_max integer not null
) strict;

-- Roll-ups: min, mean, max of every measurement over one bucket that begins at `start`. The key begins with the
-- bucket, for the same reason: a bucket of all sondes is written, read by the next tier and dropped in one piece.
create table rollup_quarter(
    start integer not null, sonde integer not null, shape integer not null, n integer not null, data blob not null,
    primary key (start, sonde, shape)
) strict, without rowid;
create table rollup_hour(
    start integer not null, sonde integer not null, shape integer not null, n integer not null, data blob not null,
    primary key (start, sonde, shape)
) strict, without rowid;
create table rollup_day(
    start integer not null, sonde integer not null, shape integer not null, n integer not null, data blob not null,
    primary key (start, sonde, shape)
) strict, without rowid;
-- How far each tier is: all buckets before `start`, and in that one all sondes below `sonde`.
create table rollup_mark(tier text primary key, start integer not null, sonde integer not null) strict, without rowid;

-- The latest call-ins of heartbeat sondes.
create table beat(
    id integer primary key,
    sonde integer not null references sonde(key),
    t integer not null,
    exit_code integer,
    size_bytes integer,
    duration_s real,
    message text not null
) strict;
create index beat_sonde on beat(sonde, id);
"""


@MIGRATIONS()
def m001_foundation(database: Database) -> None:
    """States, ledger, measurements, call-ins."""
    database.executescript(_FIRST)


@MIGRATIONS()
def m002_proof(database: Database) -> None:
    """Spells of trouble, incidents, maintenance, exclusions, requests, closings."""
    database.executescript(proof_schema.TABLES)
    database.executescript(proof_schema.SPELLS_OF_OLD)


@MIGRATIONS()
def m003_billing(database: Database) -> None:
    """Accounts, tariffs, corrections, closed documents, keys of programs."""
    database.executescript(billing_schema.TABLES)


@MIGRATIONS()
def m004_contacts(database: Database) -> None:
    """Whom to tell."""
    database.executescript(contact_schema.TABLES)


@MIGRATIONS()
def m005_cameras(database: Database) -> None:
    """What was learnt of the pictures of cameras, and who asked for it to be learnt anew."""
    database.executescript(camera_schema.TABLES)


@MIGRATIONS()
def m006_alerts(database: Database) -> None:
    """Who is due to learn what, and what leaves."""
    database.executescript(outbox_schema.TABLES)


@MIGRATIONS()
def m007_merged_reports(database: Database) -> None:
    """Each end of an incident looks for the reports that were merged into it."""
    database.executescript("create index incident_merged on incident(merged_into) where merged_into is not null;")


def refuse_unknown(database: Database, path: Path, version: str) -> None:
    """Only a database of ours, from this version or an older one, may go further. Reads only."""
    tables = database.table_names()
    applied = [migration.name for migration in MIGRATIONS.applied(database)]
    if not applied:
        if tables:
            raise StoreError(f"{path}: an SQLite database, but not one of Vigie's (it holds {', '.join(tables[:3])}…)")
        return
    known = _registered()
    newer = [name for name in applied if name not in known]
    if newer:
        raise StoreError(
            f"{path}: written by Vigie {written_by(database)}, newer than this one ({version}), which does not know "
            f"{', '.join(newer)}; install that version, or restore a backup made before the upgrade"
        )


def _registered() -> set[str]:
    """The steps of this version: those that an empty database has yet to take."""
    empty = Database(memory=True, execute_plugins=False)
    try:
        return {migration.name for migration in MIGRATIONS.pending(empty)}
    finally:
        empty.close()


def written_by(database: Database) -> str:
    """The version that last opened the database for writing."""
    row = database.conn.execute("select value from meta where key = 'version'").fetchone()
    return str(row[0]) if row else "unknown"
