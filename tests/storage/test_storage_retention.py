"""Retention by days and by bytes: counted from insertion, the oldest first, alerts last, replays only when told."""

import pytest

from columns import ALERT, FLOW, slice_rows
from columns.rollups import ROLLUPS
from storage import Run, RunSummary
from storage.retention import prune
from storage.usage import OF_RUNS, partitions, run_usage, table_usage
from tests.storage.test_storage_rollups import check_all
from tests.support.rows import VOCABULARIES, city_flows

NOW, DAY = 1_795_600_000, 86_400
FLOWS = city_flows(8000)
ALERTS = ALERT.from_rows([{"alert_id": a, "revision": 1, "severity": 1, "why": "w" * 300} for a in range(500)])


def write(store, monkeypatch, run_id, *, days_ago, start=0, finish=True, **of_run):
    """A run whose rows were all inserted that many days before NOW, a thousand flows for each of them."""
    store.begin_run(Run(run_id, **of_run))
    for i, days in enumerate(days_ago):
        monkeypatch.setattr("storage.inserter.time.time", lambda days=days: NOW - days * DAY)
        store.insert(FLOW, slice_rows(FLOWS, start + i * 1000, start + (i + 1) * 1000), vocabularies=VOCABULARIES)
        store.insert(ALERT, slice_rows(ALERTS, i * 50, i * 50 + 50))
        store.flush()
    if finish:
        store.finish_run(RunSummary())


@pytest.fixture
def pruned(store):
    connection = store.engine.connect()
    for table in OF_RUNS:
        connection.execute(f"SYSTEM STOP MERGES {table}")  # the engine expires rows by itself when it merges
    yield lambda **options: prune(connection, store.query, now_s=NOW, **options)
    connection.close()


def flows_of(store):
    return dict(store.query("SELECT run_id, count() FROM flow GROUP BY run_id ORDER BY run_id").rows)


def test_days_count_from_insertion_and_replays_stay(store, monkeypatch, pruned):
    write(store, monkeypatch, "replay", days_ago=[4000])
    write(store, monkeypatch, "live", kind="live", keep_days=90, days_ago=[120, 95, 80, 0], start=1000)
    done = pruned()
    assert {d.why for d in done.dropped} == {"expired"}
    assert done.rows["flow"] == 2000
    assert flows_of(store) == {"live": 2000, "replay": 1000}
    check_all(store)
    assert pruned().dropped == ()


def test_a_budget_takes_the_oldest_live_flows_first_and_alerts_last(store, monkeypatch, pruned):
    write(store, monkeypatch, "replay", days_ago=[300])
    write(store, monkeypatch, "a", kind="live", keep_days=400, days_ago=[200, 100, 1], start=1000)
    write(store, monkeypatch, "b", kind="live", keep_days=400, days_ago=[150, 50], start=4000)
    everything = pruned(budget_bytes=1, dry_run=True)
    order = [(d.partition.table, d.partition.run_id, (NOW - d.partition.last_s) // DAY) for d in everything.dropped]
    flows = [(run, days) for table, run, days in order if table == "flow"]
    assert flows == [("a", 200), ("b", 150), ("a", 100), ("b", 50), ("a", 1)]
    tables = list(dict.fromkeys(table for table, _, _ in order))
    assert tables[0] == "flow"
    assert set(tables[1:4]) == {"traffic_1m", "traffic_1h", "talkers_1h"}
    assert set(tables[4:]) == {"alert", "alerts_1m", "alerts_1h"}
    assert everything.over > 0  # the replay and the records are more than one byte
    assert flows_of(store) == {"a": 3000, "b": 2000, "replay": 1000}  # a dry run drops nothing


def test_a_budget_drops_no_more_than_it_must(store, monkeypatch, pruned):
    write(store, monkeypatch, "a", kind="live", keep_days=400, days_ago=[200, 100, 1])
    held = sum(t.bytes for t in table_usage(store.query))
    done = pruned(budget_bytes=held - 1)
    assert [(d.partition.table, d.why) for d in done.dropped] == [("flow", "budget")]
    assert (done.bytes_before, done.over) == (held, 0)
    assert done.bytes_after < held
    assert flows_of(store) == {"a": 2000}
    assert sum(t.bytes for t in table_usage(store.query)) == done.bytes_after


def test_replays_go_only_when_the_budget_may_take_them(store, monkeypatch, pruned):
    write(store, monkeypatch, "replay", days_ago=[300])
    kept = pruned(budget_bytes=1)
    assert kept.dropped == ()
    assert kept.over == kept.bytes_before - 1
    done = pruned(budget_bytes=1, replays=True)
    assert done.rows["flow"] == 1000
    assert flows_of(store) == {}
    assert [r["run_id"] for r in store.runs()] == ["replay"]


def test_the_newest_rows_of_a_run_that_is_being_written_stay(store, monkeypatch, pruned):
    write(store, monkeypatch, "a", kind="live", keep_days=400, days_ago=[200, 100, 0], finish=False)
    pruned(budget_bytes=1)
    assert flows_of(store) == {"a": 1000}
    newest = {(p.table, (NOW - p.last_s) // DAY) for p in partitions(store.query)}
    assert newest == {(t, 0) for t in ("flow", "alert", *(r.name for r in ROLLUPS))}


def test_what_people_did_about_alerts_stays(store, monkeypatch, pruned):
    write(store, monkeypatch, "a", kind="live", keep_days=10, days_ago=[20])
    store.add_alert_action("a", 1, "closed", actor="sato")
    pruned()
    assert store.query("SELECT status FROM alert_status").rows == [("closed",)]
    assert flows_of(store) == {}


def test_usage_adds_up(store, monkeypatch):
    write(store, monkeypatch, "a", days_ago=[1])
    write(store, monkeypatch, "it's \\ b", kind="live", keep_days=9, days_ago=[3, 2], start=1000)
    held = {t.table: t for t in table_usage(store.query)}
    runs = run_usage(partitions(store.query))
    assert list(runs) == ["it's \\ b", "a"]
    assert held["flow"].rows == 3000
    assert 10 < held["flow"].bytes_per_row < 100
    for table in ("flow", "alert", "talkers_1h"):
        assert sum(tables[table] for tables in runs.values()) == held[table].bytes


def test_an_empty_store_has_nothing_to_prune(store, pruned):
    done = pruned(budget_bytes=1)
    assert (done.dropped, done.rows) == ((), {})
