"""A store on two shards: real Distributed tables between two real servers. What these servers lack is Keeper, so tables
are not replicated here, and a statement with ON CLUSTER is run on each shard by the test, as the servers' queue would.
"""

import re

import pytest

from columns import ALERT, FLOW
from columns.cluster import cluster_ddl
from columns.errors import StoreError
from storage import Begun, Run, RunSummary, open_store
from storage.layout import layout_of
from storage.migrate import migrate_store
from storage.server import ServerConnection
from storage.settings import StoreSettings
from storage.target import server_target
from storage.usage import table_usage
from tests.support.clickhouse_listeners import DATABASE, WRITER, WRITER_PASSWORD
from tests.support.rows import VOCABULARIES, city_flows

ON_CLUSTER = " ON CLUSTER `c`"
RUN = "it's \\ a run"


def shards_of(servers):
    """The cluster c for config.xml."""
    return "<c>" + "".join(
        f"<shard><replica><host>127.0.0.1</host><port>{s.tcp_port}</port><user>{WRITER}</user>"
        f"<password>{WRITER_PASSWORD}</password></replica></shard>" for s in servers) + "</c>"


def without_keeper(statement):
    """A statement of the cluster's DDL as one shard without Keeper can run it."""
    statement = statement.replace(ON_CLUSTER, "").replace("replicated_dedup", "non_replicated_dedup")
    return re.sub(r"ENGINE = Replicated(\w+)\('[^']*', '{replica}'(?:, )?", r"ENGINE = \1(", statement)


@pytest.fixture
def shards(new_clickhouse, monkeypatch):
    monkeypatch.setenv("SEKISHO_STORE_PASSWORD", WRITER_PASSWORD)
    servers = [new_clickhouse() for _ in range(2)]
    for server in servers:
        server.server["remote_servers"] = shards_of(servers)
        server.restart()
    for server in servers:
        server.execute(f"CREATE DATABASE IF NOT EXISTS {DATABASE}")
        for statement in cluster_ddl("c"):
            server.execute(without_keeper(statement), database=DATABASE)
    return servers


@pytest.fixture
def told(shards, monkeypatch):
    """What was said to the whole cluster."""
    execute, said = ServerConnection.execute, []
    each = [ServerConnection(server_target(server.url(), StoreSettings())) for server in shards]

    def queue(self, sql, params=None):
        if ON_CLUSTER not in sql:
            return execute(self, sql, params)
        said.append(sql)
        for shard in each:
            execute(shard, sql.replace(ON_CLUSTER, ""), params)

    monkeypatch.setattr(ServerConnection, "execute", queue)
    yield said
    for shard in each:
        shard.close()


def write(store, run_id, **of_run):
    begun = store.begin_run(Run(run_id, **of_run))
    store.insert(FLOW, city_flows(3000), vocabularies=VOCABULARIES)
    store.insert(ALERT, ALERT.from_rows([{"alert_id": a, "revision": 1, "severity": 1} for a in range(50)]))
    store.finish_run(RunSummary())
    return begun


def rows_on(server, table, run_id):
    return server.execute(f"SELECT countIf(run_id = {run_id!r}) FROM {DATABASE}.{table}_local")[0][0]


def test_runs_are_written_deleted_and_pruned_on_every_shard(shards, told):
    with open_store(shards[0].url(), create=False) as store:
        for run_id, of_run in ((RUN, {}), ("old", {"kind": "live", "keep_days": 1}), ("kept", {})):
            assert write(store, run_id, **of_run) is Begun.NEW
        assert {r["status"] for r in store.runs()} == {"complete"}
        for table in ("flow", "traffic_1m", "talkers_1h", "alert"):
            assert all(rows_on(server, table, "kept") for server in shards), table
        assert store.query("SELECT sum(flows) FROM traffic_1h WHERE run_id = 'kept'").rows == [(3000,)]
        sizes = {usage.table: usage.rows for usage in table_usage(store.query)}
        assert (sizes["flow"], sizes["alert"]) == (9000, 150)
        store.add_alert_action("kept", 7, "acknowledged", actor="a")
        assert write(store, "kept") is Begun.COMPLETE

        store.delete_run(RUN)
        assert {r["run_id"] for r in store.runs()} == {"kept", "old"}
        assert all(ON_CLUSTER in sql and "_local`" in sql for sql in told)
        assert {server.execute(f"SELECT count() FROM {DATABASE}.flow_local WHERE run_id NOT IN ('old', 'kept')")[0][0]
                for server in shards} == {0}

        told.clear()
        assert store.prune(budget_bytes=1, dry_run=True).rows["flow"] == 3000
        assert told == []
        pruned = store.prune(budget_bytes=1)
        assert {d.partition.run_id for d in pruned.dropped} == {"old"}
        for table in ("flow", "traffic_1m", "talkers_1h", "alert"):
            assert sum(rows_on(server, table, "old") for server in shards) == 0
            assert sum(rows_on(server, table, "kept") for server in shards) > 0
        assert store.query("SELECT count() FROM alert_status").rows == [(1,)]


def test_a_run_that_was_cut_off_is_written_again_on_every_shard(shards, told):
    with open_store(shards[0].url(), create=False) as store:
        store.begin_run(Run("r"))
        store.insert(FLOW, city_flows(2000, seed=9), vocabularies=VOCABULARIES)
        store.finish_run(RunSummary(), interrupted=True)
        assert write(store, "r") is Begun.RESTARTED
        assert store.query("SELECT count(), uniqExact(flow_id) FROM flow").rows == [(3000, 3000)]
        assert store.query("SELECT sum(flows) FROM traffic_1m").rows == [(3000,)]
        assert store.runs()[0]["status"] == "complete"


def test_a_cluster_is_not_migrated_by_halves(shards):
    shards[0].execute(f"INSERT INTO {DATABASE}.schema_migrations_local VALUES (2, '', 'done', now64(3))")
    with pytest.raises(StoreError, match=r"a store on a cluster cannot be migrated.*dump --cluster"):
        migrate_store(shards[0].url())


def test_one_server_has_no_local_tables(store):
    layout = layout_of(store.query)
    assert (layout.cluster, layout.altered("flow")) == ("", "flow")
