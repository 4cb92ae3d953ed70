"""The DDL of a cluster: derived from the same definitions, and every statement is one that ClickHouse can read."""

import os
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
        assert f"FROM {rollup.source.name}{SUFFIX} AS {rollup.source.name}" in text


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


def test_the_local_form_of_every_statement_runs(tmp_path):
    """What differs from one server is only engine, name and ON CLUSTER: without these, tables and views can be made."""
    with open_store(tmp_path / "s") as store:
        connection = store.engine.connect()
        connection.execute("CREATE DATABASE plain")
        connection.execute("USE plain")
        for statement in cluster_ddl("c"):
            if "ENGINE = Distributed" in statement:
                head, table = statement.split(" AS ")[0].split()[5], statement.split(" AS ")[1].split()[0]
                statement = f"CREATE VIEW {head} AS SELECT * FROM {table}"
            else:
                statement = statement.replace(" ON CLUSTER `c`", "").replace("replicated_dedup", "non_replicated_dedup")
                statement = statement.replace("ENGINE = Replicated", "ENGINE = ")
                first, _, rest = statement.partition("ENGINE = ")
                if "{replica}" in rest:
                    engine, _, tail = rest.partition("(")
                    arguments, _, tail = tail.partition(")")
                    more = arguments.partition("'{replica}'")[2].lstrip(", ")
                    statement = f"{first}ENGINE = {engine}({more}){tail}"
            connection.execute(statement)
        connection.close()
