"""A store on a real server behind a spool: what each kind of trouble does, seen through the interface of a store."""

import os
import time
from dataclasses import replace

import pytest

from columns import ALERT, FLOW, SENSOR_HEALTH, slice_rows
from columns.errors import StoreAway, StoreError
from storage import Begun, Run, RunSummary, SpoolSettings, open_store
from storage.spool import read_status
from tests.storage.test_storage_place import small_disk
from tests.support.clickhouse_listeners import WRITER_PASSWORD
from tests.support.rows import VOCABULARIES, city_flows, extreme_batch

FLOWS = city_flows(5000)
ALERTS = ALERT.from_rows([{"alert_id": a, "revision": r, "severity": 1} for a in range(40) for r in (1, 2)])


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("SEKISHO_STORE_PASSWORD", WRITER_PASSWORD)
    monkeypatch.setattr("storage.chunk.CHUNK_ROWS", 1000)


@pytest.fixture
def url(clickhouse, clickhouse_database):
    return clickhouse.url(clickhouse_database)


@pytest.fixture
def spool(tmp_path):
    return SpoolSettings(path=str(tmp_path / "spool"), wait_s=60.0, backoff_first_s=0.02, backoff_max_s=0.1)


def but(spool, **of_settings):
    """The same spool with other settings."""
    return replace(spool, **of_settings)


def write(store, run_id, *, rows=5000, finish=True, **of_run):
    begun = store.begin_run(Run(run_id, **of_run))
    for start in range(0, rows, 700):
        store.insert(FLOW, slice_rows(FLOWS, start, min(start + 700, rows)), vocabularies=VOCABULARIES)
    store.insert(ALERT, ALERTS)
    if finish:
        store.finish_run(RunSummary(packets=9, bytes=99, digest="d"))
    return begun


def state_of(store):
    return [(r["run_id"], r["status"], r["attempt"], r["rows"]["flow"], r["rows"]["alert"]) for r in store.runs()]


def stored(store):
    return store.query("SELECT count(), uniqExact(flow_id) FROM flow").rows[0]


def test_a_run_goes_through_the_spool_and_leaves_nothing_there(url, spool):
    with open_store(url, spool=spool) as store:
        assert write(store, "r") is Begun.NEW
        assert (stored(store), store.notes()) == ((5000, 5000), [])
        (run,) = store.runs()
        assert (run["status"], run["packets"], run["bytes"], run["digest"]) == ("complete", 9, 99, "d")
        assert run["rows"] == {"flow": 5000, "alert": 40, "sensor_health": 0}
        assert write(store, "r") is Begun.COMPLETE
        assert (stored(store), state_of(store)) == ((5000, 5000), [("r", "complete", 1, 5000, 40)])
        store.delete_run("r")
        assert write(store, "r") is Begun.NEW
    assert read_status(spool.path).rows == 0


def test_an_interrupted_run_is_completed_by_replaying_it(url, spool):
    with open_store(url, spool=spool) as store:
        store.begin_run(Run("r"))
        store.insert(FLOW, slice_rows(FLOWS, 0, 3000), vocabularies=VOCABULARIES)
        store.flush()
        assert stored(store) == (3000, 3000)
        store.finish_run(RunSummary(), interrupted=True)
        assert state_of(store) == [("r", "interrupted", 1, 3000, 0)]
        assert write(store, "r") is Begun.RESTARTED
        assert state_of(store) == [("r", "complete", 2, 5000, 40)]
    with open_store(url, spool=spool) as store:
        write(store, "closed", finish=False)
    with open_store(url) as store:
        assert state_of(store)[-1] == ("closed", "interrupted", 1, 5000, 40)


def test_a_replay_begins_and_ends_while_the_server_is_down(new_clickhouse, spool):
    server = new_clickhouse()
    server.kill()
    with open_store(server.url(), spool=but(spool, wait_s=0.3)) as store:
        assert write(store, "r") is Begun.DEFERRED
        (note,) = store.notes()
        assert "5080 rows" in note
        assert "wait in the spool" in note
        assert "sekisho spool drain" in note
        assert "cannot be reached" in note
        with pytest.raises(StoreAway, match="cannot be reached"):
            store.runs()
    assert read_status(spool.path).waiting == {"alert": (1, 80), "flow": (5, 5000)}
    server.start()
    with open_store(server.url(), spool=spool) as store:
        assert write(store, "s", rows=10) is Begun.NEW
        assert stored(store) == (5010, 5000)
        assert state_of(store) == [("r", "complete", 1, 5000, 40), ("s", "complete", 1, 10, 40)]
        assert store.counters()["found_rows"] == 5080


def test_a_run_that_the_server_has_is_not_doubled_by_a_replay_without_it(new_clickhouse, spool):
    server = new_clickhouse()
    with open_store(server.url(), spool=spool) as store:
        write(store, "r")
    server.kill()
    with open_store(server.url(), spool=but(spool, wait_s=0.3)) as store:
        assert write(store, "r") is Begun.DEFERRED
    server.start()
    with open_store(server.url(), spool=spool) as store:
        store.begin_run(Run("next"))
        store.finish_run(RunSummary())
        assert stored(store) == (5000, 5000)
        assert state_of(store)[0] == ("r", "complete", 1, 5000, 40)
        assert store.counters()["present_rows"] == 5080


def test_the_server_goes_away_in_the_middle_and_comes_back(new_clickhouse, spool):
    server = new_clickhouse()
    with open_store(server.url(), spool=spool) as store:
        store.begin_run(Run("r"))
        for number in range(5):
            store.insert(FLOW, slice_rows(FLOWS, number * 1000, number * 1000 + 1000), vocabularies=VOCABULARIES)
            if number in (1, 3):
                server.restart(kill=True)
        store.finish_run(RunSummary())
        assert (stored(store), state_of(store)) == ((5000, 5000), [("r", "complete", 1, 5000, 0)])


def test_a_server_that_does_not_answer_in_time(new_clickhouse, spool):
    """It stops in its tracks, so that the outcome of what was sent is unknown, and goes on later."""
    server = new_clickhouse()
    with open_store(server.url(more="?timeout_s=0.5&connect_timeout_s=0.5"), spool=but(spool, wait_s=1.0)) as store:
        store.begin_run(Run("r"))
        server.pause()
        write_rest(store)
        assert store.notes()
        server.resume()
        end = time.monotonic() + 60
        while not store._spool.idle and time.monotonic() < end:
            time.sleep(0.05)
        assert (stored(store), state_of(store)) == ((5000, 5000), [("r", "complete", 1, 5000, 40)])


def write_rest(store):
    store.insert(FLOW, FLOWS, vocabularies=VOCABULARIES)
    store.insert(ALERT, ALERTS)
    store.finish_run(RunSummary())


def test_a_slow_server_is_waited_for_by_a_replay_whatever_the_size_of_the_spool(url, spool):
    """20,000 flows of random bytes, 4 MB, through a spool of 1 MB: the replay waits, nothing is given up."""
    flows = extreme_batch(FLOW, 20_000, 1)
    with open_store(url, spool=but(spool, max_bytes=1 << 20)) as store:
        store.begin_run(Run("r"))
        store.insert(FLOW, flows, vocabularies=VOCABULARIES)
        store.finish_run(RunSummary())
        assert store.query("SELECT count() FROM flow").rows == [(20_000,)]
        assert (store.counters()["shed_rows"], store.runs()[0]["status"]) == (0, "complete")


@pytest.mark.parametrize("of_run", [{}, {"kind": "live", "keep_days": 30}], ids=["replay", "live"])
def test_what_a_full_spool_gives_up_is_told_and_stored_as_counters(new_clickhouse, spool, of_run):
    server = new_clickhouse()
    server.kill()
    with open_store(server.url(), spool=but(spool, max_bytes=1 << 20, wait_s=0.2)) as store:
        store.begin_run(Run("r", **of_run))
        store.insert(ALERT, ALERTS)
        store.insert(SENSOR_HEALTH, SENSOR_HEALTH.from_rows([{"ts_ns": 7, "stage": "flow", "cause": "a", "value": 1}]))
        store.insert(FLOW, extreme_batch(FLOW, 20_000, 1), vocabularies=VOCABULARIES)
        store.finish_run(RunSummary())
        shed = store.counters()["shed_rows"]
        assert 0 < shed < 20_000
        assert store.counters()["lost_flow_full"] == shed
        assert store.counters()["waiting_rows"] == 20_000 - shed + 82  # alerts, and two counters
        assert f"{shed} rows of flow were given up by the spool (full)" in store.notes()[0]
        assert sum(f.stat().st_size for f in (spool_files(spool))) <= (1 << 20) + 4096
    server.start()
    with open_store(server.url(), spool=spool) as store:
        store.begin_run(Run("next"))
        store.finish_run(RunSummary())
        assert state_of(store)[0] == ("r", "interrupted", 1, 20_000 - shed, 40)
        health = store.query("SELECT ts_ns, stage, cause, value FROM sensor_health ORDER BY stage").rows
        assert health == [("1970-01-01 00:00:00.000000007", "flow", "a", 1),
                          ("1970-01-01 00:00:00.000000007", "spool", "flow_full", shed)]


def spool_files(spool):
    return [entry for entry in os.scandir(spool.path) if entry.name.endswith(".seg")]


def test_full_disk_under_the_spool(new_clickhouse, spool, tmp_path):
    server = new_clickhouse()
    server.kill()
    with small_disk(tmp_path / "disk", 2):
        small = but(spool, path=str(tmp_path / "disk" / "spool"), wait_s=0.2, segment_bytes=1 << 17)
        with open_store(server.url(), spool=small) as store:
            store.begin_run(Run("r"))
            store.insert(ALERT, ALERTS)
            store.insert(FLOW, extreme_batch(FLOW, 30_000, 1), vocabularies=VOCABULARIES)
            store.finish_run(RunSummary())
            shed = store.counters()["shed_rows"]
            assert 0 < shed < 30_000
            assert "(disk_full)" in store.notes()[0]
        server.start()
        with open_store(server.url(), spool=but(small, wait_s=60.0)) as store:
            store.begin_run(Run("next"))
            store.finish_run(RunSummary())
            assert state_of(store)[0] == ("r", "interrupted", 1, 30_000 - shed, 40)


@pytest.mark.parametrize(("more", "told"), [("wrong", "refused user or password"), ("", "another version|older")])
def test_a_server_that_will_not_do_is_an_error_at_once(clickhouse, clickhouse_database, spool, monkeypatch, more, told):
    if more:
        monkeypatch.setenv("SEKISHO_STORE_PASSWORD", more)
    else:
        clickhouse.execute(f"CREATE DATABASE {clickhouse_database}")
        clickhouse.execute(f"CREATE TABLE {clickhouse_database}.flow (n UInt8) ENGINE = MergeTree ORDER BY n")
    with pytest.raises(StoreError, match=told):
        open_store(clickhouse.url(clickhouse_database), spool=spool)
    assert not os.path.exists(spool.path)


def test_two_writers_need_two_spools(url, spool):
    with open_store(url, spool=spool) as store:
        with pytest.raises(StoreError, match=f"the spool is in use by process {os.getpid()}"):
            open_store(url, spool=spool)
        with open_store(url, spool=but(spool, path=spool.path + "-2")) as other:
            write(other, "b")
            write(store, "a")
            assert {r[0] for r in state_of(store)} == {"a", "b"}


def test_a_run_that_another_process_began_again_is_left_to_it(url, spool):
    with open_store(url, spool=spool) as store:
        write(store, "r", finish=False)
        with open_store(url) as other:
            write(other, "r")
        store._drain._disconnect()
        store.insert(FLOW, slice_rows(FLOWS, 0, 1000), vocabularies=VOCABULARIES)
        store.finish_run(RunSummary())
        assert stored(store) == (5000, 5000)
        assert [(r["status"], r["attempt"]) for r in store.runs()] == [("complete", 2)]


def test_one_run_at_a_time_and_rows_only_within_one(url, spool):
    with open_store(url, spool=spool) as store:
        with pytest.raises(StoreError, match="rows came before begin_run"):
            store.insert(FLOW, FLOWS, vocabularies=VOCABULARIES)
        with pytest.raises(StoreError, match="finish_run came before begin_run"):
            store.finish_run(RunSummary())
        store.begin_run(Run("a"))
        with pytest.raises(StoreError, match="run a is not finished"):
            store.begin_run(Run("b"))


def test_a_directory_has_no_spool(tmp_path, spool):
    with open_store(tmp_path / "store", spool=spool) as store:
        assert write(store, "r") is Begun.NEW
    assert not os.path.exists(spool.path)


def test_a_run_that_turns_out_to_be_complete_in_the_middle(new_clickhouse, spool):
    server = new_clickhouse()
    with open_store(server.url(), spool=spool) as store:
        write(store, "r")
    server.kill()
    with open_store(server.url(), spool=but(spool, wait_s=0.3)) as store:
        assert store.begin_run(Run("r")) is Begun.DEFERRED
        store.insert(FLOW, slice_rows(FLOWS, 0, 2500), vocabularies=VOCABULARIES)
        server.start()
        end = time.monotonic() + 60
        while store.counters()["present_rows"] < 2000 and time.monotonic() < end:
            time.sleep(0.05)
        store.insert(FLOW, slice_rows(FLOWS, 2500, 5000), vocabularies=VOCABULARIES)
        store.finish_run(RunSummary())
        assert write(store, "next", rows=1500) in (Begun.NEW, Begun.DEFERRED)
        store.flush()
        assert state_of(store) == [("r", "complete", 1, 5000, 40), ("next", "complete", 1, 1500, 40)]
        assert stored(store) == (6500, 5000)
