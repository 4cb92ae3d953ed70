"""A small store with a little of everything that an audit asks for, made by hand so that it stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from columns import ALERT, COVERAGE, FLOW, SENSOR_HEALTH
from columns.address import address_int
from columns.codes import Coverage, CoverageCause, EndReason, Outcome, Property, Severity, Verdict
from storage import Run, RunSummary, open_store
from zones import EXAMPLE, load_policy

POLICY = load_policy(EXAMPLE)
ZONE, CONDUIT = POLICY.zone_names.index, POLICY.conduit_names.index
DAY_NS = 1_781_017_200_000_000_000
"""2026-06-10 00:00 in Japan."""
MINUTE = 60_000_000_000
HOSTILE = "<script>alert(1)</script>\u202e\x07&\"'</pre>"


def at(hour: float) -> int:
    """An event time of that day."""
    return DAY_NS + int(hour * 60 * MINUTE)


def flow(number: int, hour: float, source: str, target: str, **more: Any) -> dict[str, Any]:
    """One flow of an hour of the day, permitted and established unless it says otherwise."""
    return {"flow_id": number, "ts_start_ns": at(hour), "ts_end_ns": at(hour) + MINUTE, "proto": 6, "src_port": 40_000,
            "dst_port": 443, "src_ip": address_int("10.10.1.1"), "dst_ip": address_int("192.0.2.1"),
            "src_zone": ZONE(source), "dst_zone": ZONE(target), "verdict": int(Verdict.PERMITTED),
            "outcome": int(Outcome.ESTABLISHED), "bytes_toserver": 1000, "bytes_toclient": 2000, "pkts_toserver": 5,
            "pkts_toclient": 5, "end_reason": int(EndReason.TCP_FIN), **more}


def alert(number: int, hour: float, **more: Any) -> dict[str, Any]:
    """One alert; signature and words name its number."""
    return {"alert_id": number, "revision": 1, "ts_ns": at(hour), "start_ns": at(hour), "end_ns": at(hour),
            "signature_id": 900_100 + number, "signature": f"signature {number}", "signature_ja": f"検知{number}",
            "detector": "zone_verdicts", "category": "Policy Violation", "severity": int(Severity.HIGH),
            "property": int(Property.CONFIDENTIALITY), "clause": "２(12)", "src_ip": address_int("10.10.1.1"),
            "dst_ip": address_int("192.0.2.66"), "src_zone": "mynumber", "dst_zone": "internet", "proto": 6,
            "outcome": int(Outcome.ESTABLISHED), "why": f"because of {number}", "why_ja": f"理由{number}", **more}


FLOWS = [
    flow(1, 9, "lgwan", "inet", conduit=CONDUIT("C01")), flow(2, 10, "mynumber", "lgwan_net", conduit=CONDUIT("C11")),
    flow(3, 11, "mynumber", "internet", verdict=int(Verdict.NO_CONDUIT)),
    flow(4, 12, "inet", "lgwan", verdict=int(Verdict.WRONG_INITIATOR), conduit=CONDUIT("C01")),
    flow(5, 13, "lgwan", "internet", verdict=int(Verdict.NO_CONDUIT), outcome=int(Outcome.ATTEMPTED)),
    flow(6, 14, "sanitizer", "lgwan", conduit=CONDUIT("C05"), verdict=int(Verdict.UNSANITIZED)),
    flow(7, -60 * 24, "lgwan", "lgwan_net", conduit=CONDUIT("C09")),
    flow(8, -200 * 24, "inet", "seccloud", conduit=CONDUIT("C06")),
]
ALERTS = [
    alert(1, 11, severity=int(Severity.CRITICAL)), alert(2, 12, property=int(Property.INTEGRITY), clause="3(1)"),
    alert(3, 13, severity=int(Severity.LOW), outcome=int(Outcome.ATTEMPTED)),
    alert(4, 14, why=HOSTILE, why_ja=HOSTILE, signature=HOSTILE, signature_ja=HOSTILE, src_zone=HOSTILE),
    alert(5, 15, severity=int(Severity.MEDIUM)),
]
COVERED = [
    {"ts_from_ns": at(9), "ts_until_ns": at(15), "src_zone": ZONE("lgwan"), "dst_zone": ZONE("inet"),
     "state": int(Coverage.OBSERVED), "minutes": 360, "flows": 1},
    {"ts_from_ns": at(9), "ts_until_ns": at(12), "src_zone": ZONE("mynumber"), "dst_zone": ZONE("internet"),
     "state": int(Coverage.OBSERVED), "minutes": 180, "flows": 1},
    {"ts_from_ns": at(12), "ts_until_ns": at(15), "src_zone": ZONE("mynumber"), "dst_zone": ZONE("internet"),
     "state": int(Coverage.PARTLY), "cause": int(CoverageCause.DROPS), "minutes": 180},
    {"ts_from_ns": at(9), "ts_until_ns": at(15), "src_zone": ZONE("dmz"), "dst_zone": ZONE("lgwan"),
     "state": int(Coverage.NOT_OBSERVED), "cause": int(CoverageCause.NO_SENSOR), "minutes": 360},
]
HEALTH = [
    {"ts_ns": at(15), "stage": "capture", "cause": "record_truncated", "value": 7},
    {"ts_ns": at(15), "stage": "decode", "cause": "clock_resets", "value": 2},
    {"ts_ns": at(15), "stage": "chain", "cause": "held_back_scan", "value": 3},
    {"ts_ns": at(15), "stage": "flow", "cause": "evicted", "value": 0},
]


def fill(folder: Path) -> Path:
    """Make the store."""
    store = open_store(folder)
    store.begin_run(Run("r-1", sensor="s-lgwan", captures=("a.pcap",), version="0", policy_digest=POLICY.digest,
                        config_digest="c" * 64))
    words = {"zone": POLICY.zone_names, "conduit": POLICY.conduit_names}
    for table, rows in ((FLOW, FLOWS), (ALERT, ALERTS), (COVERAGE, COVERED), (SENSOR_HEALTH, HEALTH)):
        store.insert(table, table.from_rows(rows), vocabularies=words)
    store.finish_run(RunSummary(packets=80, bytes=24_000, digest="d" * 16))
    for number, action, actor, comment in (
            (1, "acknowledged", "tanto", "called the division"), (1, "closed", "tanto", "terminal isolated"),
            (2, "acknowledged", HOSTILE, HOSTILE), (5, "false_positive", "tanto", "drill")):
        store.add_alert_action("r-1", number, action, actor=actor, comment=comment)
    store.close()
    return folder


@pytest.fixture(scope="session")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store's folder, to be read only."""
    return fill(tmp_path_factory.mktemp("audited") / "store")
