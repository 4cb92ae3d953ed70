"""The DDL of a cluster: derived from the same definitions, and every statement is one that ClickHouse can read."""

import os
import re
from pathlib import Path

import pytest

from columns import TABLES
from columns.clickhouse import store_creates
from columns.cluster import SUFFIX, cluster_ddl, render_cluster_ddl
from columns.rollups import ROLLUPS
from storage import open_store

GOLDEN = Path(__file__).parent / "golden" / "cluster.sql"


def test_cluster_ddl_does_not_change_unseen():
    text = render_cluster_ddl("sekisho")
    if os.environ.get("SEKISHO_UPDATE_GOLDEN"):
        GOLDEN.write_text(text)
    assert GOLDEN.read_text() == text, "look at the difference, then run this test with SEKISHO_UPDATE_GOLDEN=1"


def test_every_table_is_replicated_and_distributed():
    text = render_cluster_ddl("c")
    for create in store_creates(TABLES):
        assert f"CREATE TABLE IF NOT EXISTS {create.name}{SUFFIX} ON CLUSTER `c`" in text
        assert f"'/clickhouse/tables/{{shard}}/{{database}}/{create.name}', '{{replica}}'" in text
        assert (f"Distributed('c', currentDatabase(), '{create.name}{SUFFIX}', {create.shard_by})") in text
    for rollup in ROLLUPS:
        assert f"{rollup.view} ON CLUSTER `c` TO {rollup.name}{SUFFIX}" in text
        assert f"FROM {rollup.feeder}{SUFFIX} AS {rollup.feeder}" in text


def test_rows_of_a_flow_and_of_an_alert_lie_together():
    shards = {c.name: c.shard_by for c in store_creates(TABLES)}
    assert shards["flow"] == "cityHash64(sensor, site, flow_id)"
    assert shards["alert"] == shards["alert_action"] == "cityHash64(alert_id)"


@pytest.mark.parametrize("name", ["sekisho", "it`s \\ 'odd'"])
def test_the_engine_can_read_every_statement(tmp_path, name):
    """It parses and prints them again; without Keeper and a cluster it cannot run them."""
    with open_store(tmp_path / "s") as store:
        for statement in cluster_ddl(name):
            (text,) = store.query("SELECT formatQuerySingleLine({sql:String})", {"sql": statement}).rows[0]
            assert "ON CLUSTER" in text
            assert store.query(f"EXPLAIN AST {statement}").rows


def alone(statement):
    """A statement of cluster c as one server can run it: its own engines, and a Merge for what is distributed."""
    statement = statement.replace(" ON CLUSTER `c`", "").replace("replicated_dedup", "non_replicated_dedup")
    statement = re.sub(r"ENGINE = Replicated(\w+)\('[^']*', '{replica}'(?:, )?", r"ENGINE = \1(", statement)
    return re.sub(r"ENGINE = Distributed\('c', currentDatabase\(\), '(\w+)', .*\)$",
                  r"ENGINE = Merge(currentDatabase(), '^\1$')", statement)


def test_the_statements_work_together_on_one_server(tmp_path):
    """What differs from a cluster is only the engines: rows put into a shard's table show in rollups and views."""
    with open_store(tmp_path / "s") as store:
        connection = store.engine.connect()
        connection.execute("CREATE DATABASE alone")
        connection.execute("USE alone")
        for statement in cluster_ddl("c"):
            connection.execute(alone(statement))
        connection.execute("INSERT INTO flow_local (run_id, flow_id, bytes_toserver) SELECT 'r', 1, 9")
        connection.execute("INSERT INTO alert_local (run_id, alert_id, revision, severity) SELECT 'r', 1, 1, 'high'")
        connection.close()
        sql = ("SELECT (SELECT sum(bytes_toserver) FROM alone.traffic_1m), (SELECT uniqMerge(peers) FROM "
               "alone.talkers_1h), (SELECT sum(alerts) FROM alone.alerts_1h), (SELECT any(src_ip) FROM alone.flows), "
               "(SELECT count() FROM alone.alerts)")
        assert store.query(sql).rows == [(9, 1, 1, "::", 1)]
