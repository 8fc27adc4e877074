"""The tables of contacts. Part of `migrations`: never edited once released."""

from __future__ import annotations

TABLES = """
-- Whom to tell, and how. `person`: a digest, made with a key of this database, of the collectivité and the name that
-- the config gave; what a contact that was renamed since is recognised by when the config is read again.
-- `seen_at`: the last sign of the person, three years after which it is erased; `warned_at`: since when it is told so;
-- `warned_s`: for how long, counted in seconds that the daemon ran, since no clock can make these pass faster.
create table contact(
    id integer primary key autoincrement,
    person text not null unique,
    collectivite text not null,
    name text not null,
    email text,
    phone text,
    mail text check (mail in ('warning', 'critical')),
    sms text check (sms in ('warning', 'critical')),
    webhook text,
    post text check (post in ('warning', 'critical')),
    hours text,
    about text,
    seen_at integer not null,
    warned_at integer,
    warned_s integer not null default 0,
    created_at integer not null,
    created_by text not null,
    changed_at integer,
    changed_by text
) strict;
create index contact_collectivite on contact(collectivite);

-- Who was erased: the digest alone, so that a file that still names the person does not bring it back.
create table contact_erased(
    person text primary key, erased_at integer not null, erased_by text not null
) strict, without rowid;
"""
