"""Runs: nothing doubled, nothing lost, nothing eaten by a TTL, and gone when deleted."""

import time

import numpy as np
import pytest

from columns import ALERT, FLOW, SENSOR_HEALTH, slice_rows
from columns.errors import StoreError, UsageError
from storage import Begun, Run, RunSummary, open_store
from storage.chunk import CHUNK_ROWS, Chunk
from storage.inserter import Job
from tests.support.rows import VOCABULARIES, city_flows
from tests.support.stores import send

FLOWS = city_flows(5000)
ALERTS = ALERT.from_rows([{"alert_id": a, "revision": r, "severity": 1} for a in range(40) for r in (1, 2)])


def count(store, table="flow", run_id=None):
    where = "WHERE run_id = {run:String}" if run_id else ""
    return store.query(f"SELECT count() FROM {table} {where}", {"run": run_id} if run_id else None).rows[0][0]


def write(store, run_id, *, batch=5000, rows=5000, finish=True, **of_run):
    begun = store.begin_run(Run(run_id, **of_run))
    for start in range(0, rows, batch):
        store.insert(FLOW, slice_rows(FLOWS, start, min(start + batch, rows)), vocabularies=VOCABULARIES)
    store.insert(ALERT, ALERTS)
    if finish:
        store.finish_run(RunSummary(packets=9, bytes=99, digest="d"))
    return begun


def test_a_run_is_remembered_with_what_it_was(store):
    write(store, "r", captures=("b.pcap", "a'\n.pcap"), sensor="edge", version="1", config_digest="c",
          policy_digest="p")
    (run,) = store.runs()
    assert run.pop("started_at") <= run.pop("finished_at")
    assert run == {
        "run_id": "r", "kind": "replay", "sensor": "edge", "site": "main", "status": "complete", "attempt": 1,
        "keep_days": 0, "captures": ["b.pcap", "a'\n.pcap"], "packets": 9, "bytes": 99, "version": "1",
        "config_digest": "c", "policy_digest": "p", "digest": "d",
        "rows": {"flow": 5000, "alert": 40, "sensor_health": 0}}


def test_replaying_again_does_not_double_rows(store):
    assert write(store, "r") is Begun.NEW
    before = store.runs()
    assert write(store, "r", batch=777) is Begun.COMPLETE
    assert (count(store), count(store, "alerts")) == (5000, 40)
    assert store.runs() == before


def test_an_interrupted_run_is_completed_by_replaying_it(store):
    store.begin_run(Run("r"))
    store.insert(FLOW, slice_rows(FLOWS, 0, 3000), vocabularies=VOCABULARIES)
    store.finish_run(RunSummary(packets=3), interrupted=True)
    assert [(r["status"], r["packets"], r["rows"]["flow"]) for r in store.runs()] == [("interrupted", 3, 3000)]
    assert write(store, "r", batch=10) is Begun.RESTARTED
    assert (count(store), [(r["status"], r["attempt"]) for r in store.runs()]) == (5000, [("complete", 2)])


def test_closing_in_the_middle_keeps_what_came_and_marks_the_run(place):
    store = open_store(place)
    write(store, "r", finish=False)
    store.close()
    with open_store(place) as again:
        assert [(r["run_id"], r["status"]) for r in again.runs()] == [("r", "interrupted")]
        assert count(again) == 5000


def test_a_complete_run_that_lost_rows_is_written_again(store, execute):
    write(store, "r")
    (partition,) = store.query("SELECT DISTINCT _partition_id FROM flow").rows[0]
    execute(f"ALTER TABLE flow DROP PARTITION ID '{partition}'")
    assert write(store, "r") is Begun.RESTARTED
    assert count(store) == 5000


def test_runs_do_not_touch_each_other(store):
    for run_id in ("a", "b", "c"):
        write(store, run_id, rows=1000)
    store.delete_run("b")
    assert [count(store, run_id=r) for r in ("a", "b", "c")] == [1000, 0, 1000]
    assert [r["run_id"] for r in store.runs()] == ["a", "c"]
    assert count(store, "alerts", "b") == 0


def test_a_deleted_run_can_be_replayed_again(store):
    write(store, "r")
    store.delete_run("r")
    assert (store.runs(), count(store)) == ([], 0)
    assert write(store, "r") is Begun.NEW
    assert count(store) == 5000


def test_deleting_an_unknown_or_open_run_is_refused(store):
    with pytest.raises(UsageError, match="no run nowhere in this store"):
        store.delete_run("nowhere")
    write(store, "r", finish=False)
    with pytest.raises(UsageError, match="run r is being written"):
        store.delete_run("r")


def test_one_run_at_a_time_and_rows_only_within_one(store):
    with pytest.raises(StoreError, match="rows came before begin_run"):
        store.insert(FLOW, FLOWS, vocabularies=VOCABULARIES)
    with pytest.raises(StoreError, match="finish_run came before begin_run"):
        store.finish_run(RunSummary())
    store.begin_run(Run("a"))
    with pytest.raises(StoreError, match="run a is not finished"):
        store.begin_run(Run("b"))


@pytest.mark.parametrize("run", [
    {"run_id": ""}, {"run_id": "r", "keep_days": 1}, {"run_id": "r", "kind": "live", "keep_days": -1},
    {"run_id": "r", "kind": "live", "keep_days": 20_001}])
def test_runs_that_make_no_sense(run):
    with pytest.raises(UsageError):
        Run(**run)


@pytest.mark.parametrize("batch", [1, 13, 4096, 5000])
def test_stored_rows_do_not_depend_on_the_batch(store, batch, monkeypatch):
    monkeypatch.setattr("storage.chunk.CHUNK_ROWS", 1000)
    rows = 300 if batch == 1 else 5000
    write(store, "r", batch=batch, rows=rows)
    digest = store.query("SELECT groupBitXor(cityHash64(* EXCEPT inserted_at)), count() FROM flow").rows
    store.delete_run("r")
    write(store, "r", rows=rows)
    assert store.query("SELECT groupBitXor(cityHash64(* EXCEPT inserted_at)), count() FROM flow").rows == digest


def test_rows_are_copied_before_insert_returns(store):
    flows = city_flows(100)
    store.begin_run(Run("r"))
    store.insert(FLOW, flows, vocabularies=VOCABULARIES)
    flows.dst_port[:] = 1
    alerts = ALERT.from_rows([{"alert_id": 1, "severity": 1, "why": "true"}])
    store.insert(ALERT, alerts._replace(why=alerts.why._replace(data=(data := alerts.why.data.copy()))))
    data[:] = ord("x")
    store.finish_run(RunSummary())
    assert store.query("SELECT countIf(dst_port = 1) FROM flow").rows == [(0,)]
    assert store.query("SELECT why FROM alert").rows == [("true",)]


def test_a_new_vocabulary_starts_a_new_chunk(store):
    flows = slice_rows(FLOWS, 0, 10)
    store.begin_run(Run("r"))
    for name in ("before", "after"):
        store.insert(FLOW, flows, vocabularies={"zone": (name,) * 6, "conduit": ("",) * 5})
    store.finish_run(RunSummary())
    assert store.query("SELECT src_zone, count() FROM flow GROUP BY 1 ORDER BY 1").rows == [
        ("after", 10), ("before", 10)]


def test_flush_makes_rows_visible(store):
    write(store, "r", finish=False)
    store.flush()
    assert (count(store), count(store, "alerts")) == (5000, 40)


@pytest.mark.parametrize("reopen", [False, True])
def test_a_chunk_that_is_sent_twice_is_stored_once(place, reopen):
    chunk = Chunk(FLOW, 5000)
    chunk.take(FLOWS, 0, 5000)
    job = Job(chunk, [("run_id", "LowCardinality(String)", "r")], VOCABULARIES, "r/flow/0")
    store = open_store(place)
    send(store, job)
    if reopen:
        store.close()
        store = open_store(place)
    send(store, job)
    found = count(store)
    send(store, job._replace(token="r/flow/1"))
    assert (found, count(store)) == (5000, 10_000)
    store.close()


def test_old_captures_outlive_every_ttl_and_live_rows_do_not(store, execute):
    """Event times of 1970 to 2262, inserted at any time: a replay stays; a live row goes by its insertion."""
    flows = slice_rows(FLOWS, 0, 400)._replace(ts_start_ns=np.arange(400) * (2**63 // 400))
    now, day = int(time.time()), 86_400
    for run_id, keep_days, inserted_at in (("replay", 0, now), ("old replay", 0, now - 4000 * day),
                                           ("fresh", 90, now - 89 * day), ("stale", 90, now - 91 * day)):
        chunk = Chunk(FLOW, 400)
        chunk.take(flows, 0, 400)
        send(store, Job(chunk, [
            ("run_id", "LowCardinality(String)", run_id), ("keep_days", "UInt16", keep_days),
            ("inserted_at", "UInt32", inserted_at)], VOCABULARIES, run_id))
    execute("OPTIMIZE TABLE flow FINAL")
    assert store.query("SELECT run_id, count() FROM flow GROUP BY run_id ORDER BY run_id").rows == [
        ("fresh", 400), ("old replay", 400), ("replay", 400)]


def test_longest_retention_does_not_overflow(store, execute):
    write(store, "r", kind="live", keep_days=20_000)
    execute("OPTIMIZE TABLE flow FINAL")
    assert count(store) == 5000


def test_event_times_of_all_centuries_fit_one_insert(store):
    flows = city_flows(5000)
    flows.ts_start_ns[:] = (np.arange(5000) - 2500) * (2**63 // 2500)
    store.begin_run(Run("r"))
    store.insert(FLOW, flows, vocabularies=VOCABULARIES)
    store.finish_run(RunSummary())
    assert count(store) == 5000


def test_many_chunks_and_an_empty_run(store, monkeypatch):
    monkeypatch.setattr("storage.chunk.CHUNK_ROWS", 400)
    write(store, "many")
    assert count(store) == 5000
    store.begin_run(Run("empty"))
    store.insert(SENSOR_HEALTH, SENSOR_HEALTH.empty(0))
    store.finish_run(RunSummary())
    assert store.runs()[-1]["rows"] == {"flow": 0, "alert": 0, "sensor_health": 0}


def test_chunk_is_what_the_documentation_says():
    assert CHUNK_ROWS == 262_144
