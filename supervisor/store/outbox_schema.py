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
    body text not null,
    made_at integer not null,
    state text not null check (state in ('waiting', 'sent', 'refused', 'dead', 'dropped')),
    attempts integer not null default 0,
    tried_at integer,
    next_at integer not null,
    failure text not null default '',
    receipt text not null default '',
    ended_at integer,
    ended_by text,
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
    at integer not null,
    not_before integer not null,
    state text not null check (state in ('due', 'gathered', 'dropped')),
    why text not null default '',
    message integer references message(id),
    check ((state = 'gathered') = (message is not null)),
    check ((incident is null) <> (topic is null))
) strict;
create index notice_topic on notice(topic) where topic is not null;
create index notice_due on notice(contact, channel) where state = 'due';
create index notice_opening on notice(incident, opening);
create index notice_message on notice(message) where message is not null;
create index notice_dropped on notice(at) where state = 'dropped';
create index notice_gathered on notice(contact, channel) where state = 'gathered';
"""
