"""Rollups hold what the same aggregation over the raw rows gives: after inserts, retries, restarts, deletes."""

import numpy as np
import pytest

from columns import ALERT, FLOW, slice_rows
from columns.rollups import ROLLUPS, SERVICE_PORTS
from storage import Begun, Run, RunSummary, open_store
from storage.chunk import Chunk
from storage.inserter import Job
from tests.support.rows import VOCABULARIES, city_flows, extreme_batch
from tests.support.stores import send

FLOWS = city_flows(5000)._replace(ts_start_ns=1_795_000_000_000_000_000 + np.arange(5000) * 2_000_000_000)
ALERTS = ALERT.from_rows([
    {"alert_id": a, "revision": r, "severity": 1 + a % 4, "signature_id": 9000 + a % 3, "signature": f"s{a % 3}",
     "signature_ja": "署名", "detector": "d", "src_zone": "lgwan", "start_ns": 1_795_000_000_000_000_000 + a * 10**10}
    for a in range(400) for r in (1, 2)])


def finished(rollup, source):
    """SQL of the rollup's rows in order, with sums added up and states as numbers."""
    shown = [*rollup.stands_for, *(f"sum({m.name})" for m in rollup.sums),
             *(f"uniqMerge({m.name})" for m in rollup.states), "max(keep_days)", "max(inserted_at)"]
    return (f"SELECT {', '.join(shown)} FROM {source} GROUP BY {', '.join(rollup.stands_for)} "
            f"ORDER BY {', '.join(rollup.stands_for)}")


def check_all(store):
    """Every rollup equals its aggregation over the raw rows; returns the number of its rows by name."""
    found = {}
    for rollup in ROLLUPS:
        rows = store.query(finished(rollup, rollup.name)).rows
        assert rows == store.query(finished(rollup, f"({rollup.select()})")).rows, rollup.name
        found[rollup.name] = len(rows)
    return found


def write(store, run_id, *, flows=FLOWS, alerts=ALERTS, finish=True, **of_run):
    begun = store.begin_run(Run(run_id, **of_run))
    store.insert(FLOW, flows, vocabularies=VOCABULARIES)
    store.insert(ALERT, alerts)
    if finish:
        store.finish_run(RunSummary())
    return begun


def test_rollups_of_several_runs_and_chunks(store, monkeypatch):
    monkeypatch.setattr("storage.chunk.CHUNK_ROWS", 700)
    write(store, "a", site="north", sensor="n1")
    write(store, "b", flows=slice_rows(FLOWS, 0, 900), kind="live", keep_days=30)
    found = check_all(store)
    assert all(found.values())
    assert store.query("SELECT site, sensor, sum(flows) FROM traffic_1h GROUP BY 1, 2 ORDER BY 1").rows == [
        ("main", "sekisho", 900), ("north", "n1", 5000)]
    assert store.query("SELECT sum(alerts) FROM alerts_1m").rows == [(800,)]
    assert store.query("SELECT role, sum(flows), sum(bytes_out) = (SELECT sum(bytes_toserver) FROM flow) "
                       "FROM talkers_1h GROUP BY role").rows[0] == ("initiator", 5900, 1)


def test_rollups_after_the_engine_has_merged(store, execute, monkeypatch):
    monkeypatch.setattr("storage.chunk.CHUNK_ROWS", 300)
    write(store, "a")
    before = check_all(store)
    for rollup in ROLLUPS:
        execute(f"OPTIMIZE TABLE {rollup.name} FINAL")
        assert store.query(f"SELECT count() FROM {rollup.name}").rows == [(before[rollup.name],)]
    check_all(store)


def test_an_interrupted_run_written_again(store):
    write(store, "a", flows=slice_rows(FLOWS, 0, 3000), finish=False)
    store.finish_run(RunSummary(), interrupted=True)
    check_all(store)
    assert write(store, "a") is Begun.RESTARTED
    check_all(store)
    assert store.query("SELECT sum(flows) FROM traffic_1m").rows == [(5000,)]


def test_a_complete_run_replayed_again(store):
    write(store, "a")
    assert write(store, "a") is Begun.COMPLETE
    check_all(store)
    assert store.query("SELECT sum(flows), (SELECT sum(alerts) FROM alerts_1h) FROM traffic_1h").rows == [(5000, 400)]


def test_a_deleted_run_leaves_no_rollups(store):
    write(store, "a")
    write(store, "b", flows=slice_rows(FLOWS, 0, 100))
    store.delete_run("a")
    check_all(store)
    assert [store.query(f"SELECT DISTINCT run_id FROM {r.name}").rows for r in ROLLUPS] == [[("b",)]] * len(ROLLUPS)
    store.delete_run("b")
    assert set(check_all(store).values()) == {0}


def job(table, batch, token):
    chunk = Chunk(table, batch[0].size)
    chunk.take(batch, 0, batch[0].size)
    return Job(chunk, [("run_id", "LowCardinality(String)", "r"), ("inserted_at", "UInt32", 1_795_000_000)],
               VOCABULARIES, token)


@pytest.mark.parametrize("reopen", [False, True])
def test_a_chunk_sent_twice_counts_once(place, reopen):
    store = open_store(place)
    for attempt in range(3):
        if attempt and reopen:
            store.close()
            store = open_store(place)
        send(store, job(FLOW, FLOWS, "r/flow/0"))
        send(store, job(ALERT, ALERTS, "r/alert/0"))
    check_all(store)
    assert store.query("SELECT sum(flows), (SELECT sum(alerts) FROM alerts_1m) FROM traffic_1m").rows == [(5000, 400)]
    send(store, job(FLOW, FLOWS, "r/flow/1"))
    check_all(store)
    assert store.query("SELECT sum(flows) FROM traffic_1m").rows == [(10_000,)]
    store.close()


@pytest.mark.parametrize("lost", [r.name for r in ROLLUPS if r.source is FLOW])
def test_a_retry_fills_the_rollup_that_the_first_attempt_did_not_reach(store, execute, lost):
    """As after a kill between the insert into the table and the one into a rollup."""
    (rollup,) = (r for r in ROLLUPS if r.name == lost)
    execute(f"DROP TABLE {rollup.view}")
    send(store, job(FLOW, FLOWS, "r/flow/0"))
    assert store.query(f"SELECT count() FROM {lost}").rows == [(0,)]
    execute(rollup.view_sql())
    send(store, job(FLOW, FLOWS, "r/flow/0"))
    check_all(store)
    assert store.query("SELECT count() FROM flow").rows == [(5000,)]


def test_the_time_of_insertion_is_that_of_the_sender(store, monkeypatch):
    """It decides the partition: a retry after midnight must fall into that of the first attempt to be recognised."""
    monkeypatch.setattr("storage.inserter.time.time", lambda: 1_700_000_000.9)
    write(store, "a")
    for table in ("flow", "alert", *(r.name for r in ROLLUPS)):
        assert store.query(f"SELECT DISTINCT toUnixTimestamp(inserted_at) FROM {table}").rows == [(1_700_000_000,)]
    check_all(store)


def test_rows_that_only_continue_a_flow_add_bytes_but_no_flow(store):
    flows = slice_rows(FLOWS, 0, 1000)
    flows = flows._replace(part=(np.arange(1000) % 4).astype(np.uint32))
    write(store, "a", flows=flows)
    check_all(store)
    assert store.query("SELECT sum(flows), sum(bytes_toserver) FROM traffic_1m").rows == [
        (250, int(flows.bytes_toserver.sum()))]


def test_ports_that_are_no_service_are_one(store):
    flows = slice_rows(FLOWS, 0, 1000)._replace(dst_port=np.arange(1000, dtype=np.uint16) * 60)
    write(store, "a", flows=flows)
    check_all(store)
    ports = [p for (p,) in store.query("SELECT DISTINCT dst_port FROM traffic_1h ORDER BY 1").rows]
    assert ports == [*range(0, 1024, 60), *(p for p in SERVICE_PORTS if p % 60 == 0)]
    assert store.query("SELECT sum(flows) FROM traffic_1h").rows == [(1000,)]


@pytest.mark.parametrize("seed", range(4))
def test_rows_of_random_bytes_do_not_break_a_rollup(store, seed):
    """Times of all centuries, sums that overflow, hostile texts."""
    write(store, "a", flows=extreme_batch(FLOW, 3000, seed), alerts=extreme_batch(ALERT, 500, seed))
    check_all(store)
    assert store.query("SELECT min(bucket) >= '1970-01-01 00:00:00' FROM traffic_1h").rows == [(1,)]
