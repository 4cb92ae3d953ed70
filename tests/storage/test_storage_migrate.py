"""Stores of older schemas come to the present one with every row, whatever stops it on the way; newer ones are left."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from columns import FLOW
from columns.errors import StoreError
from columns.rollups import ROLLUPS
from storage import Begun, Run, RunSummary, open_store
from storage.embedded import EmbeddedConnection
from storage.migrate import migrate_store, plan_migration
from storage.migrations import MIGRATIONS, SCHEMA_NUMBER
from storage.place import MARKER
from tests.storage.test_storage_rollups import check_all
from tests.support.old_states import make_state, state_rows, state_tables
from tests.support.rows import VOCABULARIES, city_flows

ROWS = {"alert": 72, "flow": 120, "runs": 3, "sensor_health": 9}


@pytest.fixture
def old(place):
    make_state(place, 1)
    return place


def content(store, source, columns):
    return store.query(f"SELECT count(), sum(cityHash64({', '.join(columns)})) FROM {source}").rows[0]


def check_migrated(store, number=1):
    """Every old row is there with every old value, and the rollups are those of the rows."""
    connection = store.engine.connect()
    for table in state_tables(number):
        columns, rows = state_rows(number, table)
        now = "runs FINAL" if table == "runs" else table
        latest = "ORDER BY revision DESC LIMIT 1 BY run_id" if table == "runs" else ""
        connection.execute(f"CREATE TABLE wanted ENGINE = MergeTree ORDER BY () AS SELECT * FROM {rows} {latest}")
        assert content(store, now, columns) == content(store, "wanted", columns), table
        connection.execute("DROP TABLE wanted SYNC")
        if number == 1:
            assert content(store, now, columns)[0] == ROWS[table]
            assert store.query(f"SELECT DISTINCT site FROM {table}").rows == [("main",)]
    connection.close()
    assert all(check_all(store).values())
    assert store.query("SELECT max(number) FROM schema_migrations WHERE step = 'done'").rows == [(SCHEMA_NUMBER,)]
    left = store.query("SELECT name FROM system.tables WHERE database = currentDatabase() "
                       "AND (name LIKE '%\\_\\_next' OR name LIKE '%\\_\\_old')").rows
    assert left == []


def definitions(store):
    """How the engine says each table, view and materialized view is made, without the database's name."""
    found = store.query("SELECT name, replaceAll(create_table_query, concat(currentDatabase(), '.'), '') AS made "
                        "FROM system.tables WHERE database = currentDatabase() ORDER BY name").rows
    return dict(found)


def test_an_older_store_says_what_to_do(old):
    with pytest.raises(StoreError, match=r"older version .* schema \d+, found 1; .*sekisho store migrate"):
        open_store(old)


def test_a_migrated_store_has_every_row_and_the_tables_of_a_new_one(old, tmp_path):
    plan = plan_migration(old)
    assert (plan.found, plan.wanted) == (1, SCHEMA_NUMBER)
    assert {name: rows for name, (rows, _) in plan.tables.items()} == ROWS | {"runs": 6}
    assert 0 < plan.bytes_needed < plan.bytes_free
    with pytest.raises(StoreError, match="older version"):
        open_store(old)  # a plan changes nothing
    done = migrate_store(old)
    assert (done.found, done.tables) == (plan.found, plan.tables)
    with open_store(old, create=False) as store:
        check_migrated(store)
        made = definitions(store)
    again = migrate_store(old)
    assert (again.found, again.tables) == (SCHEMA_NUMBER, {})
    if isinstance(old, Path):
        with open_store(tmp_path / "new") as store:
            assert made == definitions(store)


def test_a_store_with_rollups_gets_those_of_the_present(place, tmp_path):
    """Schema 2 has rollups already, without the protocol by content: they are made anew, not kept as they are."""
    make_state(place, 2)
    plan = plan_migration(place)
    assert (plan.found, plan.wanted, set(plan.tables)) == (2, SCHEMA_NUMBER, {"alert", "flow"})
    migrate_store(place)
    with open_store(place, create=False) as store:
        check_migrated(store, 2)
        made = definitions(store)
    if isinstance(place, Path):
        with open_store(tmp_path / "new") as store:
            assert made == definitions(store)


def test_a_store_whose_rows_stay_gets_new_views_and_settings(place, tmp_path):
    """Schema 6 fills its hours from the raw rows: of all tables only that of flows, whose protocols have become more
    since, is copied, and what comes in afterwards counts once."""
    make_state(place, 6)
    plan = plan_migration(place)
    assert (plan.found, plan.wanted, set(plan.tables)) == (6, SCHEMA_NUMBER, {"flow"})
    migrate_store(place)
    with open_store(place, create=False) as store:
        check_migrated(store, 6)
        made = definitions(store)
        before = check_all(store)
        store.begin_run(Run("r-new"))
        store.insert(FLOW, city_flows(300), vocabularies=VOCABULARIES)
        store.finish_run(RunSummary())
        after = check_all(store)
        assert all(after[name] > before[name] for name in ("traffic_1m", "traffic_1h", "talkers_1h"))
    if isinstance(place, Path):
        with open_store(tmp_path / "new") as store:
            assert made == definitions(store)


def test_a_migrated_store_goes_on(old):
    migrate_store(old)
    with open_store(old) as store:
        known = {r["run_id"]: r["status"] for r in store.runs()}
        assert known == {"r-00000000000000aa": "complete", "r-00000000000000bb": "interrupted",
                         "it's \\ live": "complete"}
        assert store.begin_run(Run("r-00000000000000aa")) is Begun.COMPLETE
        store.close()
    with open_store(old) as store:
        store.delete_run("it's \\ live")
        assert all(check_all(store).values())
        assert store.query("SELECT count() FROM flow").rows == [(80,)]


class Stopped(BaseException):
    """As a kill would, it passes every handler of errors."""


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_a_migration_that_is_stopped_again_and_again(tmp_path, monkeypatch, stride):
    """Attempt i is stopped after i × stride statements; each goes on where the one before was. Nothing is lost or
    doubled."""
    make_state(tmp_path / "s", 1)
    execute, left = EmbeddedConnection.execute, 0

    def limited(self, sql, params=None):
        nonlocal left
        left -= 1
        if left < 0:
            raise Stopped
        execute(self, sql, params)

    monkeypatch.setattr(EmbeddedConnection, "execute", limited)
    for stops in range(1000):
        left = stops * stride
        with suppress(Stopped):
            migrate_store(tmp_path / "s")
            break
    assert stops * stride > 20
    monkeypatch.undo()
    with open_store(tmp_path / "s") as store:
        check_migrated(store)


KILLED = """
import os, sys
from pathlib import Path
from storage.migrate import migrate_store
steps = []
def progress(step):
    steps.append(step)
    if len(steps) == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
migrate_store(Path(sys.argv[1]), progress=progress)
"""


def test_kill_9_in_the_middle(tmp_path):
    make_state(tmp_path / "s", 1)
    for step in (2, 6, 11):
        ran = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "s"), str(step)],
                             cwd=Path(__file__).resolve().parents[2], capture_output=True, text=True)
        assert ran.returncode == -9, ran.stderr
    migrate_store(tmp_path / "s")
    with open_store(tmp_path / "s") as store:
        check_migrated(store)


def test_a_copy_that_differs_stops_before_anything_is_removed(tmp_path, monkeypatch):
    make_state(tmp_path / "s", 1)
    execute = EmbeddedConnection.execute

    def losing(self, sql, params=None):
        execute(self, sql.replace("FROM flow WHERE", "FROM flow WHERE flow_id % 7 != 1 AND"), params)

    monkeypatch.setattr(EmbeddedConnection, "execute", losing)
    with pytest.raises(StoreError, match=r"the copy of flow .* differs from its source"):
        migrate_store(tmp_path / "s")
    monkeypatch.undo()
    migrate_store(tmp_path / "s")
    with open_store(tmp_path / "s") as store:
        check_migrated(store)


def test_a_newer_store_is_refused(place):
    open_store(place).close()
    if isinstance(place, Path):
        marker = json.loads((place / MARKER).read_text())
        (place / MARKER).write_text(json.dumps(marker | {"number": SCHEMA_NUMBER + 1}))
    else:
        with open_store(place) as store:
            connection = store.engine.connect()
            connection.execute(f"INSERT INTO schema_migrations VALUES ({SCHEMA_NUMBER + 1}, 'later', 'done', now64(3))")
            connection.close()
    for call in (open_store, migrate_store, plan_migration):
        with pytest.raises(StoreError, match=r"newer version .* found \d+; update the program"):
            call(place)


def test_without_room_nothing_begins(tmp_path, monkeypatch):
    make_state(tmp_path / "s", 1)
    plan = plan_migration(tmp_path / "s")
    monkeypatch.setattr("storage.migrate._plan", lambda *_: plan.__class__(**{**vars(plan), "bytes_free": 1}))
    with pytest.raises(StoreError, match="free bytes"):
        migrate_store(tmp_path / "s")
    monkeypatch.undo()
    assert plan_migration(tmp_path / "s").tables == plan.tables


def test_a_server_that_is_written_to_is_not_migrated_unless_forced(old):
    if isinstance(old, Path):
        pytest.skip("a directory has one owner")
    from storage.opening import open_engine

    engine = open_engine(old, create=False, older=True)
    connection = engine.connect()
    connection.execute("INSERT INTO runs (run_id, revision, kind, status) VALUES ('live', 99, 'live', 'running')")
    connection.close()
    engine.close()
    with pytest.raises(StoreError, match=r"1 runs are being written, such as live.*--force"):
        migrate_store(old)
    assert migrate_store(old, force=True).running == ("live",)


def test_there_is_no_store_to_migrate(tmp_path):
    with pytest.raises(StoreError, match="there is no store here"):
        migrate_store(tmp_path / "nothing")


def test_migrations_are_numbered_without_gaps_and_name_what_there_is():
    assert [m.number for m in MIGRATIONS] == list(range(1, SCHEMA_NUMBER + 1))
    for migration in MIGRATIONS:
        assert set(migration.fills) <= set(migration.tables)
        assert {*migration.rollups, *migration.fed} <= {r.name for r in ROLLUPS}
