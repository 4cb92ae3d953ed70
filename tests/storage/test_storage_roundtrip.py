"""What goes in comes out: every column of every stored table, whatever it holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import ALERT, FLOW, SENSOR_HEALTH, Column, Table, slice_rows, text_column
from columns.address import MAPPED_LO, address_text
from columns.community_id import community_ids
from storage import Run, RunSummary
from storage.native import encode_block
from tests.support.rows import city_flows, extreme_batch
from tests.support.stores import check_table, write_run


def test_extremes_of_every_width_come_back(store):
    batch = FLOW.empty(3)
    for name, values in batch._asdict().items():
        info, column = np.iinfo(values.dtype), name.removesuffix("_hi").removesuffix("_lo")
        if FLOW.column(column).labels is None:
            values[:] = info.min, info.max, info.max // 3
    batch.flow_id[:] = 0, 1, 2**64 - 1
    write_run(store, "extremes", (FLOW, batch))
    check_table(store, FLOW, batch, "extremes")


HOSTILE = ["", "\0", "'", '"', "\\", "'; DROP TABLE flow; --", "日本語", "\u202e", b"\xff\xfe", b"\xc3", "x" * 127,
           "x" * 128, "x" * 16384, b"\x80" * 3_000_000]


@pytest.mark.parametrize("name", ["why", "signature"])
def test_hostile_text_comes_back(store, name):
    batch = ALERT.from_rows([{"alert_id": i, "revision": 1, "severity": 1, name: text}
                             for i, text in enumerate(HOSTILE)])
    write_run(store, "hostile", (ALERT, batch))
    check_table(store, ALERT, batch, "hostile")


def test_text_of_a_slice_comes_back(store):
    whole = ALERT.from_rows([{"alert_id": i, "severity": 1, "why": "w" * i, "detector": f"d{i}"} for i in range(300)])
    part = slice_rows(whole, 100, 250)
    write_run(store, "slice", (ALERT, part))
    check_table(store, ALERT, part, "slice")


def test_hostile_run_and_sensor_names(store):
    run_id = "r'\\\n\0é\x7f;--"
    flows = city_flows(10)
    write_run(store, run_id, (FLOW, flows), sensor="a'b\\")
    result = store.query("SELECT DISTINCT run_id, sensor FROM flow")
    assert result.rows == [(run_id, "a'b\\")]
    store.delete_run(run_id)
    assert store.query("SELECT count() FROM flow").rows == [(0,)]


@pytest.mark.parametrize("distinct", [1, 256, 257, 65536, 65537])
def test_low_cardinality_of_any_width(store, distinct):
    batch = SENSOR_HEALTH.empty(distinct)._replace(
        stage=text_column(["s"] * distinct), cause=text_column([f"c{i}" for i in range(distinct)]))
    write_run(store, "wide", (SENSOR_HEALTH, batch))
    assert store.query("SELECT count(), uniqExact(cause) FROM sensor_health").rows == [(distinct, distinct)]


def test_community_id_in_sql_is_that_of_python(store):
    flows = extreme_batch(FLOW, 4000, 5)
    flows.flow_id[:] = np.arange(4000)
    flows.proto[:] = np.resize([1, 6, 17, 58, 132, 47], 4000)
    flows.icmp_type[:] = np.resize(np.arange(256), 4000)
    mapped = np.arange(4000) % 2 == 0
    for side in ("src", "dst"):
        hi, lo = getattr(flows, f"{side}_ip_hi"), getattr(flows, f"{side}_ip_lo")
        hi[mapped] = 0
        lo[mapped] = lo[mapped] % 50 | np.uint64(MAPPED_LO)
    write_run(store, "ids", (FLOW, flows))
    stored = [row[0] for row in store.query("SELECT community_id FROM flow ORDER BY flow_id").rows]
    assert stored == community_ids(flows)


def test_views_show_addresses_as_people_read_them(store):
    flows = city_flows(200)
    flows.flow_id[:] = np.arange(200)
    flows.src_mac[0] = 0
    write_run(store, "view", (FLOW, flows))
    rows = store.query("SELECT src_ip, dst_ip, src_mac, duration_ns, is_ipv4, verdict FROM flows ORDER BY flow_id").rows
    assert [r[0] for r in rows] == [address_text(int(h), int(low)) for h, low in
                                    zip(flows.src_ip_hi, flows.src_ip_lo, strict=True)]
    assert rows[0][2] == "00:00:00:00:00:00"
    assert [r[3] for r in rows] == (flows.ts_end_ns - flows.ts_start_ns).tolist()
    assert [r[4] for r in rows] == (flows.src_ip_hi == 0).tolist()
    assert store.query("SELECT count() FROM flows WHERE src_ip LIKE '%ffff%' OR dst_ip LIKE '%ffff%'").rows == [(0,)]


def test_view_of_alerts_has_the_latest_revision_only(store):
    rows = [{"alert_id": a, "revision": r, "severity": 2, "why": f"{a}.{r}"} for r in (2, 1, 3) for a in (7, 8)]
    store.begin_run(Run("revisions"))
    for row in rows:
        store.insert(ALERT, ALERT.from_rows([row]))
        store.flush()
    assert store.query("SELECT alert_id, revision, why FROM alerts ORDER BY alert_id").rows == [
        (7, 3, "7.3"), (8, 3, "8.3")]
    store.finish_run(RunSummary())
    assert store.runs()[0]["rows"]["alert"] == 2


def test_a_code_beyond_its_vocabulary_is_refused():
    flows = FLOW.empty(2)
    flows.src_zone[1] = 9
    with pytest.raises(ValueError, match="src_zone holds code 9, but the vocabulary of zones has 2 entries"):
        encode_block(FLOW, flows, constants=(), vocabularies={"zone": ("a", "b"), "conduit": ("",)})


def test_equal_words_of_a_vocabulary_are_one_key(store):
    flows = FLOW.empty(4)
    flows.src_zone[:] = 0, 1, 2, 1
    store.begin_run(Run("equal"))
    store.insert(FLOW, flows, vocabularies={"zone": ("a", "b", "a"), "conduit": ("",)})
    store.finish_run(RunSummary())
    assert store.query("SELECT src_zone, count() FROM flow GROUP BY 1 ORDER BY 1").rows == [("a", 2), ("b", 2)]


def test_constants_lead_the_block():
    table = Table("t", "", (Column("n", "uint8", "", clickhouse="UInt8"),), "Ns", __name__)
    block = encode_block(table, table.batch(np.array([7, 8], np.uint8)), constants=[("k", "UInt16", 513)],
                         vocabularies={})
    assert block == b"\x02\x02" b"\x01k\x06UInt16\x01\x02\x01\x02" b"\x01n\x05UInt8\x07\x08"


@settings(max_examples=200, deadline=None)
@given(lengths=st.lists(st.sampled_from([0, 1, 126, 127, 128, 129, 16383, 16384, 20000]), max_size=12))
def test_strings_are_laid_out_as_one_by_one(lengths):
    table = Table("t", "", (Column("s", "text", "", clickhouse="String"),), "Ss", __name__)
    values = [bytes([i % 256]) * n for i, n in enumerate(lengths)]

    def leb128(n):
        return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + leb128(n >> 7)

    head = b"\x01" + leb128(len(values)) + b"\x01s\x06String"
    assert encode_block(table, table.batch(text_column(values)), constants=(), vocabularies={}) == head + b"".join(
        leb128(len(v)) + v for v in values)
