"""The tables of billing: what it reads beside the sonde ledger, and what it closed. Part of `migrations`: never edited
once released."""

from __future__ import annotations

_APPEND_ONLY = """
create trigger {table}_no_update before update on {table}
    begin select raise(abort, 'the {table} table is append-only'); end;
create trigger {table}_no_delete before delete on {table}
    begin select raise(abort, 'the {table} table is append-only'); end;
"""

TABLES = """
-- What is known of each collectivité from an instant on: contract, SIRET, basis, profile (domain/account.py), as JSON.
-- `body` null: its file is gone.
create table account(
    id integer primary key, t integer not null, collectivite text not null, body text, source text not null
) strict;

-- The tariff of each profile from an instant on, as JSON (domain/tariff.py): with the config gone, calls have a price.
create table tariff(id integer primary key, t integer not null, profile text not null, body text not null) strict;

-- Compensating lines of the sonde ledger: the sonde does not count over [start, end).
create table correction(
    id integer primary key,
    t integer not null,
    sonde text not null,
    collectivite text not null,
    start integer not null,
    end integer not null check (end > start),
    author text not null,
    reason text not null,
    source text not null check (source in ('live', 'import')),
    digest text unique
) strict;

-- Closed documents: the count of a month, a call for contribution. Each is chained to the one before it.
create table bill(
    id integer primary key,
    number text not null unique,
    kind text not null check (kind in ('month', 'call')),
    period text not null,
    collectivite text not null,
    corrects text references bill(number),
    closed_at integer not null,
    author text not null,
    reason text not null,
    body text not null,
    previous text not null,
    digest text not null
) strict;
create index bill_period on bill(kind, period);

-- Keys of programs that read the API; only a digest of each is kept.
create table token(
    id integer primary key,
    name text not null,
    role text not null check (role in ('billing')),
    digest text not null unique,
    created_at integer not null,
    author text not null,
    revoked_at integer,
    revoked_by text
) strict;
""" + "".join(_APPEND_ONLY.format(table=table) for table in ("account", "tariff", "correction", "bill"))
