"""Scans in words: the signatures, and the sentence that says what was measured."""

from __future__ import annotations

import math
from typing import Any

from columns.address import address_text, proto_text
from columns.codes import Property, Severity
from detectors.alerts import seconds_text
from detectors.contract import Signature
from detectors.scan_state import PORTS, SLOW
from detectors.tables import sketch_count

_CATEGORY = "Detection of a Network Scan"
SIGNATURES = (
    Signature(900201, "Host sweep", "ホスト探索（多数のホストへの走査）", _CATEGORY, Severity.MEDIUM,
              Property.CONFIDENTIALITY, technique="T1018", clause="3(1)", runbook="scan"),
    Signature(900202, "Port scan", "ポートスキャン", _CATEGORY, Severity.MEDIUM,
              Property.CONFIDENTIALITY, technique="T1046", clause="3(1)", runbook="scan"),
    Signature(900203, "Slow scan", "低速スキャン", _CATEGORY, Severity.MEDIUM,
              Property.CONFIDENTIALITY, technique="T1046", clause="3(1)", runbook="scan"),
)
"""By kind: sweep, ports, slow."""

MEASURES = ("likelihood ratio (TRW)", "likelihood ratio (TRW)", "distinct services not reached")
_LARGEST = 1e6


def source_text(e: Any) -> str:
    """Return the address of the source of an episode."""
    return address_text(int(e["k0"]), int(e["k1"]))


def target_text(e: Any) -> str:
    """Return the address of the target of a port scan, or nothing."""
    return address_text(int(e["k2"]), int(e["k3"])) if e["kind"] == PORTS else ""


def value_of(e: Any, field: str) -> float:
    """Return a measured value or threshold in the unit of its measure: a ratio is kept as its logarithm."""
    value = float(e[field])
    return value if e["kind"] == SLOW else round(min(math.exp(min(value, 50.0)), _LARGEST), 6)


def distinct(e: Any) -> int:
    """Return about how many distinct targets an episode has (standard error 3 %)."""
    return round(sketch_count(e["sketch"]))


def why(e: Any, window_h: float) -> tuple[str, str]:
    """Return the reason of a scan alert in English and in Japanese, with its numbers."""
    source, failed, found = source_text(e), f"{int(e['weight']):,}", int(e["opened"])
    seconds = seconds_text(int(e["stamp"]) - int(e["start_ns"]))
    opened, opened_ja = _open(e, found)
    ratio, limit = f"{value_of(e, 'measured'):,.0f}", f"{value_of(e, 'threshold'):,.0f}"
    if e["kind"] != SLOW and value_of(e, "measured") >= _LARGEST:
        ratio = f"≥ {ratio}"
    if e["kind"] == SLOW:
        silent, silent_ja = _silent(e)
        return (f"{source} failed to reach {ratio} distinct services within {window_h:g} h (threshold {limit}), "
                f"on ports {_ports(e, 'ports')}{silent}; {opened}.",
                f"{source} が {window_h:g} 時間以内に {ratio} 個の異なるサービスへの接続に失敗（しきい値 {limit}）、"
                f"ポート {_ports(e, 'ports')}{silent_ja}。{opened_ja}。")
    test = f"likelihood ratio {ratio}, threshold {limit}"
    test_ja = f"尤度比 {ratio}、しきい値 {limit}"
    proto = proto_text(int(e["proto"]))
    if e["kind"] == PORTS:
        target = target_text(e)
        return (f"{source} failed at {failed} services of {target} ({proto}; about {distinct(e):,} asked, such as "
                f"{_ports(e, 'ports')}) in {seconds} s ({test}); {opened}.",
                f"{source} が {target} の {failed} サービスへの接続に失敗（{proto}、約 {distinct(e):,} 種、"
                f"ポート {_ports(e, 'ports')} など、{seconds} 秒間、{test_ja}）。{opened_ja}。")
    asked, asked_ja = (f"for {proto} {_ports(e, 'ports')}", f"{proto} {_ports(e, 'ports')}")
    if not int(e["port"]):
        asked, asked_ja = f"by {proto} echo", f"{proto} エコー"
    return (f"{source} failed {failed} times at first contact with about {distinct(e):,} hosts {asked} in "
            f"{seconds} s ({test}); {opened}.",
            f"{source} が約 {distinct(e):,} ホストへの初回接触で {failed} 回失敗（{asked_ja}、{seconds} 秒間、"
            f"{test_ja}）。{opened_ja}。")


def _ports(e: Any, field: str) -> str:
    count = int(e["port_count" if field == "ports" else "open_count"])
    return ", ".join(str(port) for port in sorted(e[field][:count].tolist()))


def _open(e: Any, found: int) -> tuple[str, str]:
    if not found:
        return "nothing answered", "応答したサービスなし"
    ports = "" if not int(e["port"]) else f" ({_ports(e, 'open_ports')})"
    held = int(e["established"])
    return (f"{found:,} answered{ports}, {held:,} with a connection",
            f"{found:,} 件が応答{ports}、うち {held:,} 件で通信成立")


def _silent(e: Any) -> tuple[str, str]:
    silent = int(e["silent"])
    if not silent:
        return "", ""
    return f", {silent:,} of them UDP without any answer", f"、うち {silent:,} 件は応答のないUDP"
