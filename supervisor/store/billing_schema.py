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
    revoked_by text,
    check ((revoked_at is null) = (revoked_by is null))
) strict;
create trigger token_fixed before update of name, role, digest, created_at, author on token
    begin select raise(abort, 'a token is revoked, never changed'); end;
create trigger token_revoked_once before update on token when old.revoked_at is not null
    begin select raise(abort, 'a token that is revoked stays so'); end;
create trigger token_no_delete before delete on token
    begin select raise(abort, 'a token is revoked, never deleted'); end;

-- One collectivité is asked for as often as all of them.
create index ledger_collectivite on ledger(collectivite);
""" + "".join(_APPEND_ONLY.format(table=table) for table in ("account", "tariff", "correction", "bill"))
