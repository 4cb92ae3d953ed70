"""Floods in words: the signatures, and the sentence that says what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from columns.address import address_text
from columns.codes import Property, Severity
from detectors.alerts import round_to, seconds_text
from detectors.contract import Signature
from detectors.flood_state import ICMP, KINDS, PREFIX, STRAY, SYN, UDP, FloodState
from detectors.flood_watch import MANY, MOSTLY, Watch
from detectors.tables import sketch_count

REFLECTORS = {17: "QOTD", 19: "CHARGEN", 53: "DNS", 69: "TFTP", 111: "RPC", 123: "NTP", 137: "NetBIOS", 161: "SNMP",
              389: "CLDAP", 500: "ISAKMP", 520: "RIP", 1434: "MS-SQL", 1900: "SSDP", 3283: "ARD", 3702: "WS-Discovery",
              4500: "ISAKMP", 5353: "mDNS", 5683: "CoAP", 10001: "Ubiquiti", 11211: "memcached", 27960: "Quake",
              37810: "DVR DHCPDiscovery", 47808: "BACnet"}
"""Source ports of services that answer a small forged request with a big packet."""

_NAMES = {SYN: ("TCP SYN flood", "TCP SYNフラッド", "T1499.001"), UDP: ("UDP flood", "UDPフラッド", "T1498"),
          ICMP: ("ICMP flood", "ICMPフラッド", "T1498.001"),
          STRAY: ("Flood of TCP packets without connection", "接続のないTCPパケットのフラッド", "T1498")}
_UNITS = {SYN: ("SYN", "SYN"), UDP: ("UDP packets", "UDPパケット"), ICMP: ("ICMP packets", "ICMPパケット"),
          STRAY: ("TCP packets that open no connection", "接続を開始しないTCPパケット")}


def _signature(level: int, kind: int) -> Signature:
    name, name_ja, technique = _NAMES[kind]
    where, where_ja = " against a host", "（ホスト宛て）"
    if level == PREFIX:
        where, where_ja = " over a network", "（ネットワーク全体）"
    return Signature(900301 + kind + 10 * level, name + where, name_ja + where_ja, "Denial of Service", Severity.HIGH,
                     Property.AVAILABILITY, technique=technique, clause="3(1)", runbook="flood")


SIGNATURES = tuple(_signature(level, kind) for level in (0, PREFIX) for kind in range(KINDS))
"""By level * KINDS + kind: 900301 SYN, 900302 UDP, 900303 ICMP, 900304 TCP other; 90031x for a /24 or /64."""


@dataclass(frozen=True)
class Who:
    """Who sends: about how many sources, the one that sent most and its port, with shares that are lower bounds."""

    sources: int
    source: int
    source_share: float
    port: int
    port_share: float


def who_of(state: FloodState, slot: int) -> Who:
    """Return who sends to a metered destination."""
    r = state.meters.records[slot]
    total = max(int(r["sketched"]), 1)
    return Who(round_to(sketch_count(r["sketch"]), digits=2), int(r["source_hi"]) << 64 | int(r["source_lo"]),
               int(r["source_votes"]) / total, int(r["port"]), int(r["port_votes"]) / total)


def target_text(w: Watch) -> str:
    """Return the host, or the network with its length, that is attacked."""
    text = address_text(w.hi, w.lo)
    if w.level != PREFIX:
        return text
    return f"{text}/24" if w.hi == 0 and w.lo >> 32 == 0xFFFF else f"{text}/64"


def measure_text(w: Watch, window_s: int) -> str:
    """Return what is measured, with its unit."""
    what = {SYN: "SYN", UDP: "unanswered UDP", ICMP: "ICMP", STRAY: "TCP without connection"}[w.kind]
    return f"{what} {'bit/s' if w.by_bits else 'packets/s'}, mean of {window_s} s"


def rate_text(value: float, by_bits: bool) -> str:
    """Return a rate with its unit."""
    return f"{value / 1e6:,.1f} Mbit/s" if by_bits else f"{value:,.0f}/s"


def why(w: Watch, who: Who, threshold: float, window_s: int, *, over: bool) -> tuple[str, str]:
    """Return the reason of a flood alert in English and in Japanese, with its numbers; over: the attack has ended."""
    (unit, unit_ja), target = _UNITS[w.kind], target_text(w)
    now, peak, limit = (rate_text(value, w.by_bits) for value in (w.now, w.peak, threshold))
    seconds, share = seconds_text(w.last_ns - w.start_ns), f"{100 * w.unanswered:.0f} %"
    left, left_ja = ("without a completed handshake", "接続未成立") if w.kind == SYN else ("unanswered", "無応答")
    source, source_ja = _source(who)
    hint, hint_ja = _port_hint(w.kind, who)
    if over:
        return (
            f"{target} received up to {peak} of {unit} (mean of {window_s} s; threshold {limit}), {w.events:,} in "
            f"{seconds} s until it ended, {share} {left} at the peak, {source}{hint}.",
            f"{target} 宛ての{unit_ja}は最大 {peak}（{window_s}秒平均、しきい値 {limit}）、"
            f"{seconds} 秒間に {w.events:,} 個で終息、最大時の{left_ja} {share}、{source_ja}{hint_ja}。")
    return (
        f"{target} receives {now} of {unit} (mean of {window_s} s; threshold {limit}, peak {peak}), {w.events:,} in "
        f"{seconds} s so far, {share} {left}, {source}{hint}.",
        f"{target} 宛ての{unit_ja}が {now}（{window_s}秒平均、しきい値 {limit}、最大 {peak}）、これまで "
        f"{seconds} 秒間に {w.events:,} 個、{left_ja} {share}、{source_ja}{hint_ja}。")


def _source(who: Who) -> tuple[str, str]:
    if who.source_share < MOSTLY:
        return f"from about {who.sources:,} sources", f"送信元は約 {who.sources:,} アドレス"
    name, share = address_text(who.source >> 64, who.source & 0xFFFFFFFFFFFFFFFF), f"{100 * who.source_share:.0f} %"
    return f"at least {share} from {name}", f"{share} 以上が {name} から"


def _port_hint(kind: int, who: Who) -> tuple[str, str]:
    share, port = f"{100 * who.port_share:.0f} %", who.port
    if who.port_share < MANY:
        return "", ""
    if kind == UDP and port in REFLECTORS:
        name = REFLECTORS[port]
        return (f"; at least {share} come from source port {port}: {name} reflection",
                f"。{share} 以上が送信元ポート {port}：{name} リフレクション攻撃の疑い")
    if kind == UDP:
        return f"; at least {share} come from source port {port}", f"。{share} 以上が送信元ポート {port}"
    if kind == ICMP:
        return f"; at least {share} are of ICMP type {port}", f"。{share} 以上がICMPタイプ {port}"
    return f"; at least {share} go to port {port}", f"。{share} 以上がポート {port} 宛て"
