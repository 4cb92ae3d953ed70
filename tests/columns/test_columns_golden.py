"""The schema does not change unseen, and what is generated from it is up to date."""

import os
from pathlib import Path

import pytest

from columns import FLOW, PACKET, TABLES, Column, Table
from columns.clickhouse import column_type, schema_digest, store_ddl, table_ddl, view_ddls, view_name
from columns.docs import render_docs
from columns.dump import render_dump
from columns.records import RECORDS
from columns.rollups import ROLLUPS

ROOT = Path(__file__).resolve().parents[2]
GENERATED = {ROOT / "tests/columns/golden/schema.txt": render_dump, ROOT / "docs/columns.md": render_docs}


@pytest.mark.parametrize("path", GENERATED, ids=lambda p: p.name)
def test_generated_file_is_what_the_columns_give(path):
    text = GENERATED[path]()
    if os.environ.get("SEKISHO_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.read_text() == text, (
        f"{path.name} is stale: look at the difference, then run this test with SEKISHO_UPDATE_GOLDEN=1")


def test_docs_name_every_column_and_code():
    page = render_docs()
    for table in TABLES:
        for column in table.columns:
            assert f"| `{column.name}` |" in page
            assert column.meaning.replace("|", "\\|") in page
            if isinstance(column.labels, type):
                assert f"### {column.labels.__name__}" in page


def test_every_stored_column_stands_in_the_ddl_once():
    for table in (t for t in TABLES if t.stored):
        lines = [line.split()[0] for line in table_ddl(table).splitlines() if line.startswith("    ")]
        for column in table.columns:
            assert lines.count(column.name) == (1 if column.clickhouse else 0)


def test_partitions_never_follow_event_time():
    for table in (t for t in TABLES if t.stored):
        assert f"PARTITION BY (run_id, {table.partition_by})" in table_ddl(table)
        assert table.partition_by.endswith("(inserted_at)")


def test_table_that_is_not_stored_has_no_ddl_and_no_view():
    assert not any("TABLE IF NOT EXISTS packet" in ddl for ddl in store_ddl(TABLES))
    assert view_name(PACKET) == ""
    assert len(view_ddls(TABLES)) == len([t for t in TABLES if view_name(t)]) + 1  # and that of alert_status
    with pytest.raises(ValueError, match="packet is not stored"):
        table_ddl(PACKET)


def test_enum_without_labels_is_refused():
    with pytest.raises(ValueError, match="odd is an Enum8 without"):
        column_type(Column("odd", "uint8", "", clickhouse="Enum8"))


def test_schema_digest_changes_with_any_stored_column():
    longer = Table(name="flow", meaning="", columns=(*FLOW.columns, Column("new", "uint8", "", clickhouse="UInt8")),
                   batch_name="Flows", module=__name__, order_by=FLOW.order_by)
    assert schema_digest((longer,)) != schema_digest((FLOW,))


def test_docs_name_every_rollup_and_record():
    page = render_docs()
    for rollup in ROLLUPS:
        assert f"### {rollup.name}" in page
        for measure in (*rollup.keys, *rollup.sums, *rollup.states):
            assert f"| `{measure.name}` (" in page
            assert measure.meaning in page
    for record in RECORDS:
        assert f"## {record.name}" in page
        assert all(f"| `{name}` |" in page and meaning in page for name, _, meaning in record.columns)


def test_every_rollup_is_sorted_by_time_and_partitioned_by_run():
    for rollup in ROLLUPS:
        assert rollup.stands_for[:4] == ("bucket", "run_id", "site", "sensor")
        assert set(rollup.stands_for) <= set(rollup.order_by)
        assert "PARTITION BY (run_id, toYYYYMM(inserted_at))" in rollup.create().sql()
        assert "non_replicated_deduplication_window" in rollup.create().sql()
