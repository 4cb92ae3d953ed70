"""Real captures through the whole pipeline: nothing crashes, nothing is lost, portions do not matter, others agree."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from columns import rows_in, take_rows
from columns.address import address_texts
from columns.community_id import community_ids
from columns.errors import CaptureError
from sensor.capture.counts import REFUSALS
from tests.support.corpus import corpus
from tests.support.replay import replay
from tests.support.sensing import flows_of

TCP_UDP_SCTP = [6, 17, 132]


def captures(*folder: str) -> Iterator[Path]:
    yield from sorted(p for p in corpus(*folder).rglob("*") if p.suffix in (".pcap", ".pcapng", ".gz", ".trace"))


@pytest.mark.parametrize("folder", ["malformed", "pcapng"])
def test_broken_captures_never_crash_and_every_frame_is_accounted_for(folder):
    read = refused_whole = 0
    for path in captures(folder):
        try:
            found = replay(path)
        except CaptureError:
            refused_whole += 1
            continue
        read += 1
        reader, decoder = found.report.counters["capture"], found.report.counters["decode"]
        assert reader["records_found"] == reader["frames"] + sum(reader[cause] for cause in REFUSALS), path.name
        refused = sum(n for cause, n in found.report.refused.items() if cause not in REFUSALS)
        assert reader["frames"] == decoder["frames_in"] == decoder["processed"] + refused, path.name
    assert read > 20
    assert refused_whole <= read / 10


@pytest.mark.parametrize("batch", [1, 7, 4096])
def test_real_captures_give_the_same_digest_at_any_batch_size(batch):
    policy = Path(__file__).parents[2] / "zones" / "examples" / "city.toml"
    chosen = [p for p in [*captures("arkime"), *captures("zeek"), *captures("ddos")] if p.stat().st_size < 60_000]
    for path in chosen[:: 4 if batch == 1 else 2]:
        assert replay(path, policy=policy, batch=batch).digest == replay(path, policy=policy).digest, path.name


def test_community_ids_equal_the_baseline():
    baseline = {}
    for entry in json.loads(corpus("community-id", "baseline", "baseline_deflt.json").read_text()):
        key = (entry["proto"], entry["saddr"], entry["daddr"], entry.get("sport", 0), entry.get("dport", 0))
        baseline[key] = entry["communityid"]
    matched = 0
    for path in captures("community-id", "pcaps"):
        flows = flows_of(path)
        rows = zip(flows.proto.tolist(), address_texts(flows.src_ip_hi, flows.src_ip_lo),
                   address_texts(flows.dst_ip_hi, flows.dst_ip_lo), flows.src_port.tolist(), flows.dst_port.tolist(),
                   flows.icmp_type.tolist(), flows.icmp_code.tolist(), community_ids(flows), strict=True)
        for proto, src, dst, sport, dport, icmp_type, icmp_code, ours in rows:
            ports = [(sport, dport)] if proto not in (1, 58) else [
                (icmp_type, icmp_code), *((icmp_type, p) for p in range(256))]
            expected = {baseline[k] for p in ports if (k := (proto, src, dst, *p)) in baseline}
            if expected:
                assert ours in expected, (path.name, proto, src, dst)
                matched += 1
    assert matched > 20


def test_community_ids_equal_those_of_arkime():
    """All of TCP, UDP and SCTP, but for link types that are refused (and counted): 802.11, NFLOG."""
    wanted = found = 0
    missing = []
    for path in captures("arkime"):
        document = json.loads(path.with_suffix(".test").read_text())
        ids = {s["body"]["network"]["community_id"] for s in document["sessions3"]
               if s["body"].get("ipProtocol") in TCP_UDP_SCTP and "community_id" in s["body"].get("network", {})}
        flows = flows_of(path)
        ours = set(community_ids(take_rows(flows, np.isin(flows.proto, TCP_UDP_SCTP)))) if rows_in(flows) else set()
        wanted, found = wanted + len(ids), found + len(ids & ours)
        if ids - ours:
            missing.append(path.name)
    assert wanted > 200
    assert found >= 0.98 * wanted, missing
