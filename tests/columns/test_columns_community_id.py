"""Community ID against its reference implementation, its baseline, Arkime's sessions, and our own SQL."""

import json
from types import SimpleNamespace

import communityid
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import FLOW, rows_in
from columns.address import address_int, address_text
from columns.community_id import community_ids
from tests.support.corpus import corpus

ICMP = (1, 58)
addresses = st.one_of(
    st.integers(0, 2**32 - 1).map(lambda v: v | 0xFFFF00000000), st.integers(0, 2**128 - 1),
    st.sampled_from([0, 1, 2**128 - 1, address_int("192.0.2.1"), address_int("2001:db8::1"), address_int("fe80::1")]))


@st.composite
def flow_rows(draw):
    low, high = 0xFFFF00000000, 0xFFFFFFFFFFFF
    src, dst = draw(addresses), draw(addresses)
    if (low <= src <= high) != (low <= dst <= high):
        dst = src
    return {"src_ip": src, "dst_ip": dst, "proto": draw(st.sampled_from([1, 6, 17, 46, 47, 58, 132, 0, 255])),
            "src_port": draw(st.integers(0, 65535)), "dst_port": draw(st.integers(0, 65535)),
            "icmp_type": draw(st.integers(0, 255)), "icmp_code": draw(st.integers(0, 255))}


def reference(row, seed=0):
    src, dst = (address_text(row[k] >> 64, row[k] & (1 << 64) - 1) for k in ("src_ip", "dst_ip"))
    ports = (row["icmp_type"], row["icmp_code"]) if row["proto"] in ICMP else (row["src_port"], row["dst_port"])
    if row["proto"] not in (1, 6, 17, 58, 132):
        ports = (None, None)
    return communityid.CommunityID(seed=seed).calc(communityid.FlowTuple(row["proto"], src, dst, *ports))


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(flow_rows(), max_size=20), seed=st.sampled_from([0, 1, 65535]))
def test_agrees_with_the_reference_implementation(rows, seed):
    assert community_ids(FLOW.from_rows(rows), seed) == [reference(r, seed) for r in rows]


def test_every_icmp_type_agrees_with_the_reference_implementation():
    rows = [{"src_ip": address_int(a), "dst_ip": address_int(b), "proto": p, "icmp_type": t, "icmp_code": 3}
            for p, a, b in ((1, "192.0.2.9", "192.0.2.1"), (58, "2001:db8::9", "2001:db8::1")) for t in range(256)]
    assert community_ids(FLOW.from_rows(rows)) == [reference(r) for r in rows]


def test_no_flows_no_ids():
    assert community_ids(FLOW.empty(0)) == []


def test_one_end_in_the_mapped_range_is_still_ipv6():
    row = {"src_ip": address_int("192.0.2.1"), "dst_ip": address_int("2001:db8::1"), "proto": 6}
    (found,) = community_ids(FLOW.from_rows([row]))
    (both,) = community_ids(FLOW.from_rows([row | {"dst_ip": address_int("192.0.2.2")}]))
    assert found.startswith("1:")
    assert len(found) == len(both) == 30
    assert found != both


@pytest.mark.parametrize(("name", "seed"), [("baseline_deflt.json", 0), ("baseline_seed1.json", 1)])
def test_agrees_with_the_published_baseline(name, seed):
    entries = json.loads(corpus("community-id", "baseline", name).read_text())
    rows = [{"src_ip": address_int(e["saddr"]), "dst_ip": address_int(e["daddr"]), "proto": e["proto"],
             **dict(zip(("icmp_type", "icmp_code") if e["proto"] in ICMP else ("src_port", "dst_port"),
                        (e["sport"] or 0, e["dport"] or 0), strict=True))} for e in entries]
    assert len(rows) > 20
    assert community_ids(FLOW.from_rows(rows), seed) == [e["communityid"] for e in entries]


def test_agrees_with_arkime_for_protocols_with_ports():
    rows, expected = [], []
    for path in sorted(corpus("arkime").glob("*.test")):
        document = json.loads(path.read_text())
        for session in (s["body"] for s in document.get("sessions3", [])):
            known = session.get("network", {}).get("community_id")
            if known and session["ipProtocol"] in (6, 17, 132):
                src, dst = session["source"], session["destination"]
                rows.append({"src_ip": address_int(src["ip"]), "dst_ip": address_int(dst["ip"]),
                             "src_port": src["port"], "dst_port": dst["port"], "proto": session["ipProtocol"]})
                expected.append(known)
    assert len(rows) > 100
    assert community_ids(FLOW.from_rows(rows)) == expected


def test_a_batch_without_icmp_columns_will_do():
    flows = FLOW.from_rows([{"src_ip": address_int("192.0.2.1"), "dst_ip": address_int("192.0.2.2"), "proto": 17,
                             "src_port": 53, "dst_port": 999}])
    fields = {k: v for k, v in flows._asdict().items() if not k.startswith("icmp")}
    assert community_ids(SimpleNamespace(**fields)) == community_ids(flows)
    assert rows_in(flows) == 1
