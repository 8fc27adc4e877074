"""The tables of cameras. Part of `migrations`: never edited once released."""

from __future__ import annotations

TABLES = """
-- What was learnt of the picture of each camera: numbers alone, as `probes.camera.picture` writes them.
create table camera_reference(
    sonde integer primary key references sonde(key),
    t integer not null,
    state text not null,
    data blob not null
) strict;

-- Who asked for a picture to be learnt anew, when and why; append-only.
create table camera_learning(
    id integer primary key,
    sonde text not null,
    t integer not null,
    author text not null,
    reason text not null
) strict;
create index camera_learning_sonde on camera_learning(sonde, t);
create trigger camera_learning_no_update before update on camera_learning
    begin select raise(abort, 'the record of what cameras learn is append-only'); end;
create trigger camera_learning_no_delete before delete on camera_learning
    begin select raise(abort, 'the record of what cameras learn is append-only'); end;
"""
