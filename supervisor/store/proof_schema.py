"""The tables of proof: what SLA and GTI are told from, and what is closed. Part of `migrations`: never edited once
released."""

from __future__ import annotations

TABLES = """
-- Confirmed trouble of each sonde, from the confirming result to the first one below: what incidents are told from.
create table spell(
    sonde integer not null references sonde(key),
    start integer not null,
    end integer check (end > start),
    primary key (sonde, start)
) strict, without rowid;
create index spell_open on spell(sonde) where end is null;
create index ledger_sonde on ledger(sonde, t);

-- Sondes of which an import changed the spells, and whose incidents are still to be told again.
create table untold(sonde integer primary key references sonde(key)) strict;

-- The register. A detected incident is known by its sonde and its first spell; `story` is what the facts tell of it,
-- told again whenever they change: opened_at to void_at are that story, kept for lists. Never deleted.
create table incident(
    id integer primary key,
    number text not null unique,
    sonde text,
    spell integer,
    ref text unique,
    collectivite text not null,
    services text,
    message text not null,
    author text not null,
    source text not null check (source in ('live', 'import')),
    entered_at integer not null,
    opened_at integer not null,
    restored_at integer,
    closed_at integer,
    cause text,
    merged_into integer references incident(id),
    void_at integer,
    digest text unique,
    unique (sonde, spell)
) strict;
create index incident_open on incident(id) where restored_at is null and void_at is null;

-- What happened to each incident and who did it; append-only. A step of an imported file may name the sonde alone:
-- it is then taken on the incident that was the latest at `t`.
create table journal(
    id integer primary key,
    incident integer references incident(id),
    sonde text,
    t integer not null,
    kind text not null,
    author text not null,
    text text not null,
    service text not null,
    source text not null check (source in ('live', 'import')),
    entered_at integer not null,
    digest text unique,
    check (incident is not null or sonde is not null)
) strict;
create index journal_incident on journal(incident, t);
create index journal_sonde on journal(sonde, t) where sonde is not null;
create trigger journal_no_update before update on journal
    begin select raise(abort, 'the journal is append-only'); end;
create trigger journal_no_delete before delete on journal
    begin select raise(abort, 'the journal is append-only'); end;

-- Planned maintenance. `services` null: all of the collectivite. Cancelled on the record, never deleted.
create table maintenance(
    id integer primary key,
    collectivite text not null,
    services text,
    start integer not null,
    end integer not null check (end > start),
    nature text not null,
    author text not null,
    announced_at integer not null,
    source text not null check (source in ('live', 'import')),
    series integer,
    prolongs integer references maintenance(id),
    cancelled_at integer,
    cancelled_by text,
    cancel_reason text,
    digest text unique
) strict;
create index maintenance_end on maintenance(end);
create trigger maintenance_fixed
    before update of collectivite, services, start, end, nature, author, announced_at, source, digest on maintenance
    begin select raise(abort, 'maintenance is cancelled or prolonged, never changed'); end;
create trigger maintenance_no_delete before delete on maintenance
    begin select raise(abort, 'maintenance is cancelled, never deleted'); end;

-- Time left out of the figures. Revoked on the record, never deleted.
create table exclusion(
    id integer primary key,
    collectivite text not null,
    service text,
    start integer not null,
    end integer not null check (end > start),
    kind text not null check (kind in ('maintenance', 'force_majeure', 'collectivite', 'third_party')),
    reason text not null,
    author text not null,
    entered_at integer not null,
    source text not null check (source in ('live', 'import')),
    revoked_at integer,
    revoked_by text,
    revoke_reason text,
    digest text unique
) strict;
create index exclusion_end on exclusion(end);
create trigger exclusion_fixed
    before update of collectivite, service, start, end, kind, reason, author, entered_at, source, digest on exclusion
    begin select raise(abort, 'an exclusion is revoked, never changed'); end;
create trigger exclusion_no_delete before delete on exclusion
    begin select raise(abort, 'an exclusion is revoked, never deleted'); end;

-- Requests other than incidents, with what becomes of them.
create table request(
    id integer primary key,
    number text not null unique,
    collectivite text not null,
    service text,
    kind text not null check (kind in ('administrative', 'production')),
    message text not null,
    author text not null,
    received_at integer not null,
    complete_at integer check (complete_at is null or kind = 'production'),
    completed_by text,
    answered_at integer,
    answered_by text,
    answer text,
    entered_at integer not null,
    check ((complete_at is null) = (completed_by is null)),
    check ((answered_at is null) = (answered_by is null) and (answered_at is null) = (answer is null))
) strict;
create trigger request_fixed
    before update of number, collectivite, service, kind, message, author, received_at, entered_at on request
    begin select raise(abort, 'a request is completed and answered, never changed'); end;
create trigger request_answered before update on request when old.answered_at is not null
    begin select raise(abort, 'a request that is answered is final'); end;
create trigger request_no_delete before delete on request
    begin select raise(abort, 'a request is answered, never deleted'); end;

-- Closed months, in the order in which they were closed, each chained to the one before; a correction is a version.
create table closing(
    id integer primary key,
    month text not null,
    version integer not null,
    closed_at integer not null,
    author text not null,
    reason text not null,
    head text not null,
    previous text not null,
    digest text not null unique,
    unique (month, version)
) strict;
-- The figures and inputs of each collectivite in a closing.
create table closing_part(
    closing integer not null references closing(id),
    collectivite text not null,
    position integer not null,
    body text not null,
    digest text not null,
    primary key (closing, position),
    unique (closing, collectivite)
) strict, without rowid;
create trigger closing_no_update before update on closing begin select raise(abort, 'a closing is final'); end;
create trigger closing_no_delete before delete on closing begin select raise(abort, 'a closing is final'); end;
create trigger closing_part_no_update before update on closing_part
    begin select raise(abort, 'a closing is final'); end;
create trigger closing_part_no_delete before delete on closing_part
    begin select raise(abort, 'a closing is final'); end;
"""

# An older database knows when its sondes were critical, not when each was confirmed: the dated instants stand in.
SPELLS_OF_OLD = """
insert or ignore into spell
select c.sonde, min(c.start), c.over from (
    select i.sonde, i.start, (
        select min(o.start) from interval o
        where o.sonde = i.sonde and o.start > i.start and o.status in ('ok', 'warning')
    ) as over
    from interval i join sonde s on s.key = i.sonde
    where i.status = 'critical' and s.id not like 'vigie/%'
) c group by c.sonde, c.over;
-- A sonde that was removed while critical is critical no more.
update spell set end = (select max(i.end) from interval i where i.sonde = spell.sonde)
where end is null and sonde not in (select sonde from state);
delete from spell where end is null and sonde not in (select sonde from state);
insert or ignore into untold select distinct sonde from spell;
"""
