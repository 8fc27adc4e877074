"""The tables of alerts: who is due to learn what, and what leaves. Part of `migrations`: never edited once released."""

from __future__ import annotations

TABLES = """
-- What leaves: one or several notices, in words that stay the same however often it is tried.
create table message(
    id integer primary key,
    key text not null unique,
    contact integer not null,
    channel text not null,
    address text not null,
    made_at integer not null,
    state text not null check (state in ('waiting', 'sent', 'refused', 'dead', 'dropped')),
    attempts integer not null default 0,
    tried_at integer,
    next_at integer not null,
    failure text not null default '',
    receipt text not null default '',
    ended_at integer,
    ended_by text,
    body text not null,               -- last: whoever reads the rest of a message does not go through its pages
    check ((state = 'waiting') = (ended_at is null))
) strict;
create index message_due on message(next_at) where state = 'waiting';
create index message_dead on message(id) where state = 'dead';
create index message_ended on message(ended_at) where state <> 'waiting';
create index message_contact on message(contact, channel, made_at);

-- How each channel fares: noted with what became of each message.
create table channel(
    name text primary key,
    worked_at integer,                -- when it last took a message on
    works_from integer,               -- the first it took since it last failed; null while it fails
    fails_from integer,               -- when it first failed since it last took one; null while it works
    own integer not null default 0,   -- of these failures one at least was its own, not of a receiver's doing
    check (works_from is null or fails_from is null)
) strict, without rowid;

-- What happened to something else than an incident: a maintenance, a forecast, a pool… Append-only, until forgotten.
create table topic(
    id integer primary key,
    key text not null unique,
    subject text not null,
    name text not null,
    word text not null,
    at integer not null,
    collectivites text not null,
    facts text not null
) strict;
create index topic_name on topic(subject, name, id);

-- Who is to be called of an opening, when, while nobody takes it in charge: one row for each that a step of the
-- escalation names, as the config said when it opened. Who has a rota's turn is seen when the step becomes due.
create table step(
    id integer primary key,
    incident integer not null references incident(id),
    opening integer not null,
    number integer not null,
    target text not null,
    channels text not null,
    kind text not null,
    severity text not null,
    after integer,
    business integer not null check (business in (0, 1)),
    begins integer not null,
    due_at integer not null,
    held integer not null default 0 check (held in (0, 1)),
    state text not null check (state in ('pending', 'told', 'dropped')),
    why text not null default '',
    unique (incident, opening, number, target)
) strict;
create index step_due on step(due_at) where state = 'pending';
create index step_held on step(id) where state = 'pending' and held = 1;
create index step_ended on step(begins) where state <> 'pending';

-- Somebody takes over the turns of a rota for a while. On the record: cancelled, never deleted.
create table replacement(
    id integer primary key,
    rota text not null,
    start integer not null,
    end integer not null check (end > start),
    contact integer not null,
    author text not null,
    entered_at integer not null,
    cancelled_at integer,
    cancelled_by text
) strict;
create index replacement_rota on replacement(rota, end);

-- One fact that one person is due to learn through one channel. Written in the transaction that makes it true.
create table notice(
    id integer primary key,
    key text not null unique,
    contact integer not null,
    channel text not null,
    kind text not null,
    percent integer,
    severity text not null,
    service text not null,
    incident integer references incident(id),
    opening integer not null,
    topic integer references topic(id),
    step integer references step(id),
    instead integer,
    at integer not null,
    not_before integer not null,
    state text not null check (state in ('due', 'gathered', 'dropped')),
    why text not null default '',
    message integer references message(id),
    check ((state = 'gathered') = (message is not null)),
    check ((incident is null) <> (topic is null))
) strict;
create index notice_step on notice(step) where step is not null;
create index notice_topic on notice(topic) where topic is not null;
create index notice_due on notice(contact, channel) where state = 'due';
create index notice_opening on notice(incident, opening);
create index notice_message on notice(message) where message is not null;
create index notice_dropped on notice(at) where state = 'dropped';
create index notice_gathered on notice(contact, channel) where state = 'gathered';
"""
