"""The open database: who may open what, what readers see, what is left on disk."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from supervisor.domain.contact import Seed
from supervisor.store import contacts, ledger, states
from supervisor.store.batch import Batch
from supervisor.store.connection import open_for_reading
from supervisor.store.errors import StoreError
from supervisor.store.store import CHECKPOINT_BYTES, Store
from tests.integration.store.contents import SONDES, VERSION, batches, numbered

DEADLINE_S = 60.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vigie.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, version=VERSION) as opened:
        yield opened


# --- who may open what


def test_what_was_recorded_is_there_after_a_restart(path: Path) -> None:
    for number in range(3):
        with Store.open(path, version=VERSION) as store:
            assert store.read_now(batches) == number
            store.record_now(numbered(number))
    with open_for_reading(path, VERSION) as connection:
        assert batches(connection) == 3
        assert states.load(connection)[SONDES[0]][0] == numbered(2).states[SONDES[0]].state


def test_a_second_process_is_told_who_holds_the_database(store: Store) -> None:
    code = (
        "import sys; from pathlib import Path; from supervisor.store.store import Store\n"
        "from supervisor.store.errors import StoreError\n"
        "try: Store.open(Path(sys.argv[1]), version='1').close_now()\n"
        "except StoreError as error: sys.exit(str(error))\n"
    )
    again = [sys.executable, "-c", code, str(store.path)]
    refused = subprocess.run(again, capture_output=True, text=True, timeout=DEADLINE_S)
    assert refused.returncode == 1
    assert f"vigie.db: in use by process {os.getpid()}; stop it first" in refused.stderr
    store.record_now(numbered(0))
    store.close_now()
    assert subprocess.run(again, capture_output=True, timeout=DEADLINE_S).returncode == 0


def test_another_name_of_the_same_file_is_the_same_database(store: Store, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(store.path)
    with pytest.raises(StoreError, match="in use by process"):
        Store.open(tmp_path / "link.db", version=VERSION)


def test_a_command_may_read_beside_the_daemon_and_sees_one_instant(store: Store) -> None:
    store.record_now(numbered(0))
    with open_for_reading(store.path, VERSION) as connection:
        assert batches(connection) == 1
        store.record_now(numbered(1))
        assert batches(connection) == 1
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("delete from coverage")
    with pytest.raises(StoreError, match=r"vigie\.db: OperationalError: no such table: absent"):  # noqa: SIM117
        with open_for_reading(store.path, VERSION) as connection:
            connection.execute("select * from absent")
    with pytest.raises(BrokenPipeError):  # noqa: SIM117
        with open_for_reading(store.path, VERSION):
            raise BrokenPipeError  # the reader's own trouble is not the database's
    with open_for_reading(store.path, VERSION) as connection:
        assert batches(connection) == 2


def _from_the_future(connection: sqlite3.Connection) -> None:
    connection.execute(
        "insert into _sqlite_migrations(migration_set, name, applied_at) values ('vigie', 'm999_future', 'x')"
    )


NEWER = r"written by Vigie 7\.1\.0, newer than this one \(0\.0\.1\), which does not know m999_future"


def test_a_kill_before_there_was_a_log_is_taken_back(path: Path) -> None:
    code = (
        "import os, sqlite3, sys\n"
        "database = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "database.executescript('pragma cache_size = 1; begin; create table half(t)')\n"
        "database.executemany('insert into half values (?)', [['x' * 3000]] * 50)\n"
        "os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode == 9
    assert path.with_name(f"{path.name}-journal").stat().st_size
    with Store.open(path, version=VERSION) as store:
        names = store.read_now(lambda connection: connection.execute("select name from sqlite_master").fetchall())
    assert ("interval",) in names
    assert ("half",) not in names


def test_a_newer_database_is_refused_by_name_and_left_untouched(path: Path) -> None:
    with Store.open(path, version="7.1.0") as store:
        store.write_now(_from_the_future)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=NEWER):
        Store.open(path, version=VERSION)
    with pytest.raises(StoreError, match=NEWER), open_for_reading(path, VERSION):
        pass
    assert path.read_bytes() == before
    assert path.with_name("vigie.db-wal").read_bytes() == b""  # a reader makes it, and leaves it empty


def test_a_newer_database_that_was_killed_is_left_untouched_too(path: Path) -> None:
    copy = path.with_name("copy.db")
    with Store.open(path, version="7.1.0") as store:
        store.write_now(_from_the_future)
        for end in ("", "-wal"):  # as a kill leaves it: the change is in the log alone
            copy.with_name(copy.name + end).write_bytes(path.with_name(path.name + end).read_bytes())
    before = [copy.read_bytes(), copy.with_name("copy.db-wal").read_bytes()]
    with pytest.raises(StoreError, match="m999_future"):
        Store.open(copy, version=VERSION)
    assert [copy.read_bytes(), copy.with_name("copy.db-wal").read_bytes()] == before


def test_an_older_database_is_brought_up_to_date_by_the_daemon_alone(path: Path) -> None:
    path.touch()
    with (
        pytest.raises(StoreError, match="of an older version; start `vigie run` once"),
        open_for_reading(path, VERSION),
    ):
        pass
    Store.open(path, version=VERSION).close_now()
    with open_for_reading(path, VERSION) as connection:
        assert batches(connection) == 0


def _garbage(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 1000)


def _foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("create table places(url)")
    connection.close()


def _truncated(path: Path) -> None:
    with Store.open(path, version=VERSION) as store:
        for number in range(50):
            store.record_now(numbered(number))
    os.truncate(path, path.stat().st_size // 3)


def _directory(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_garbage, "vigie.db: it is not an SQLite database"),
        (_foreign, r"vigie.db: an SQLite database, but not one of Vigie's \(it holds places"),
        (_truncated, "vigie.db: it is damaged; restore a backup"),
        (_directory, "vigie.db: Is a directory"),
    ],
)
def test_what_is_no_sound_database_of_ours_is_refused(spoil: Callable[[Path], None], words: str, path: Path) -> None:
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    for _ in range(2):  # the first refusal leaves no lock behind
        with pytest.raises(StoreError, match=words):
            Store.open(path, version=VERSION)
    assert not path.is_file() or path.read_bytes() == before


def test_a_missing_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"absent/vigie\.db\.lock: the lock file cannot be opened: No such file"):
        Store.open(tmp_path / "absent" / "vigie.db", version=VERSION)


def test_nobody_else_may_read_any_of_its_files(store: Store) -> None:
    store.record_now(numbered(0))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in store.path.parent.iterdir()}
    assert modes == {f"vigie.db{end}": 0o600 for end in ("", "-wal", "-shm", ".lock")}


def test_a_name_with_odd_characters_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "été ?mode=memory#50%.db"
    with Store.open(path, version=VERSION) as store:
        store.record_now(numbered(0))
    with open_for_reading(path, VERSION) as connection:
        assert batches(connection) == 1


# --- transactions


def test_a_query_that_fails_leaves_nothing(store: Store) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("insert into sonde(id) values ('a/r/x')")
        raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        store.write_now(half)
    assert store.read_now(lambda c: c.execute("select count(*) from sonde").fetchone()) == (0,)


def test_a_query_may_not_end_the_transaction(store: Store) -> None:
    with pytest.raises(RuntimeError, match="may neither commit nor roll back"):
        store.write_now(lambda connection: connection.execute("commit").rowcount)
    store.record_now(numbered(0))
    assert store.read_now(batches) == 1


async def test_readers_go_on_during_a_long_write_and_see_what_was_before(store: Store) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def long(connection: sqlite3.Connection) -> None:
        connection.execute("insert into sonde(id) values ('a/r/x')")
        begun.set()
        assert go_on.wait(DEADLINE_S)

    writing = asyncio.ensure_future(store.write(long))
    await asyncio.to_thread(begun.wait, DEADLINE_S)
    count = await store.read(lambda connection: connection.execute("select count(*) from sonde").fetchone())
    assert count == (0,)
    assert not writing.done()
    go_on.set()
    await writing
    assert await store.read(lambda c: c.execute("select count(*) from sonde").fetchone()) == (1,)


async def test_nothing_can_be_written_by_a_reader(store: Store) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await store.read(lambda connection: connection.execute("delete from ledger").rowcount)


# --- the log and the end


def _bulk(connection: sqlite3.Connection) -> None:
    connection.execute("create table if not exists bulk(data blob)")
    connection.execute("insert into bulk values (randomblob(1000000))")


def test_who_is_erased_is_in_no_file_of_it_by_the_next_write(store: Store) -> None:
    somebody = Seed("exemple", "Aliénor Quimperlé", "alienor@exemple.fr", None, "critical", None)
    store.record_now(Batch(at=1, contacts=[somebody]))
    store.write_now(lambda connection: contacts.erase(connection, 1, 2, "jeanne"))
    found = store.write_now(lambda connection: connection.execute("pragma secure_delete").fetchone())
    assert found == (2,)  # fast, as before
    for file in store.path.parent.glob(f"{store.path.name}*"):
        assert b"alienor" not in file.read_bytes(), file.name


def test_the_log_stays_short_and_a_reader_only_delays_that(store: Store) -> None:
    wal = store.path.with_name("vigie.db-wal")

    def longest(writes: int) -> int:
        sizes = []
        for _ in range(writes):
            store.write_now(_bulk)
            store.write_now(lambda connection: None)  # behind the checkpoint, if one was due
            sizes.append(wal.stat().st_size)
        return max(sizes)

    assert longest(12) < CHECKPOINT_BYTES + 2_000_000
    with open_for_reading(store.path, VERSION) as connection:
        connection.execute("select count(*) from sonde").fetchone()
        assert longest(12) > 2 * CHECKPOINT_BYTES
    longest(6)
    assert wal.stat().st_size < CHECKPOINT_BYTES + 2_000_000


async def test_closing_interrupts_readers_keeps_writes_and_leaves_one_file(path: Path) -> None:
    store = Store.open(path, version=VERSION)
    begun = threading.Event()

    def endless(connection: sqlite3.Connection) -> None:
        begun.set()
        connection.execute(
            "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
        ).fetchone()

    reading = asyncio.ensure_future(store.read(endless))
    await asyncio.to_thread(begun.wait, DEADLINE_S)
    recording = [asyncio.ensure_future(store.record(numbered(number))) for number in range(20)]
    await asyncio.sleep(0)  # let them be asked for
    async with asyncio.timeout(DEADLINE_S):
        await store.close()
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        await reading
    await asyncio.gather(*recording)
    with pytest.raises(StoreError, match="closed"):
        await store.write(lambda connection: None)
    await store.close()  # twice is once
    assert {file.name for file in path.parent.iterdir()} == {"vigie.db", "vigie.db.lock"}
    with open_for_reading(path, VERSION) as connection:
        assert batches(connection) == 20
        assert len(list(ledger.events(connection))) == 20 * 20
