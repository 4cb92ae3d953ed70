"""A large store for the panels: flows and alerts of 30 days, made inside the engine, through its materialized views."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

DAYS = 30
START_S = 1_793_491_200
"""2026-11-01 00:00 UTC, the first of the 30 days."""
FLOWS_PER_INSERT = 500_000
ALERTS_PER_INSERT = 200_000
BASES = {"mynumber": 0x0A0A0000, "lgwan": 0x0A140000, "inet": 0x0A1E0000, "dmz": 0x0A1F0000, "internet": 0xC0000200,
         "seccloud": 0xC6336400, "lgwan_net": 0x64400000, "govcloud": 0x0A320000, "unattributed": 0xC0A80B00}
HOSTS = {"mynumber": 400, "lgwan": 1500, "inet": 2000, "dmz": 12, "internet": 40_000, "seccloud": 30, "lgwan_net": 60,
         "govcloud": 40, "unattributed": 60}
# weight, from, to, verdict, conduit
PAIRS = (
    (240, "inet", "seccloud", "permitted", "C06"), (200, "inet", "inet", "not_judged", ""),
    (160, "lgwan", "lgwan", "not_judged", ""), (110, "seccloud", "internet", "permitted", "C08"),
    (90, "internet", "dmz", "permitted", "C09"), (70, "lgwan", "lgwan_net", "permitted", "C10"),
    (40, "mynumber", "mynumber", "not_judged", ""), (30, "mynumber", "govcloud", "permitted", "C12"),
    (20, "lgwan", "inet", "permitted", "C03"), (15, "inet", "dmz", "permitted", "C04"),
    (8, "dmz", "internet", "no_conduit", ""), (6, "inet", "internet", "no_conduit", ""),
    (4, "lgwan", "lgwan_net", "expired_conduit", "C11"), (3, "lgwan_net", "lgwan", "out_of_hours", "C13"),
    (2, "inet", "lgwan", "wrong_initiator", "C03"), (1, "unattributed", "internet", "unattributed", ""),
    (1, "lgwan", "internet", "no_conduit", ""),
)
SERVICES = ((50, 443, 6), (22, 53, 17), (8, 80, 6), (5, 445, 6), (4, 8080, 6), (3, 123, 17), (2, 25, 6), (2, 3389, 6),
            (1, 22, 6), (3, 0, 6))  # 0: a port at random
SENSORS = (("s-edge", 60), ("s-split", 30), ("s-myn", 10))
SIGNATURES = (("Flow between zones without a conduit", "zone_verdicts", 900201, "high"),
              ("Conduit used outside its hours", "zone_verdicts", 900203, "high"),
              ("Conduit used past its review date", "zone_verdicts", 900204, "medium"),
              ("Port scan", "scan", 900101, "medium"), ("Host sweep", "scan", 900102, "medium"),
              ("TCP SYN flood against a host", "flood", 900301, "high"),
              ("Private source in no zone towards the Internet", "zone_verdicts", 900207, "low"),
              ("IPv6 tunnel (6in4) across a zone boundary", "zone_evidence", 900210, "high"))


def make(folder: Path, flows: int, alerts: int, say: Callable[[str], None]) -> None:
    """Make the store in a folder (removed first): flows spread over 30 days, alerts with one or two revisions."""
    from storage import open_store

    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open_store(folder):
        pass
    session = engine(folder)
    try:
        for number, (first, rows) in enumerate(_portions(flows, FLOWS_PER_INSERT)):
            session.query(_flow_insert(first, rows, flows))
            if number % 10 == 9:
                say(f"{first + rows:,} flows")
        for first, rows in _portions(alerts, ALERTS_PER_INSERT):
            for revision in (1, 2):
                session.query(_alert_insert(first, rows, alerts, revision))
        say(f"{alerts:,} alerts")
        session.query(_ACTIONS)
        session.query(_HEALTH)
    finally:
        session.close()


def engine(folder: Path, memory_bytes: int = 6 << 30) -> Any:
    """Return a session of the engine over a store that nobody has open."""
    from chdb.session import Session

    return Session(f"{folder / 'clickhouse'}?max_server_memory_usage={memory_bytes}")


def _portions(total: int, size: int) -> list[tuple[int, int]]:
    return [(first, min(size, total - first)) for first in range(0, total, size)]


def _hash(salt: int) -> str:
    return f"cityHash64(number, {salt})"


def _unit(salt: int) -> str:
    return f"({_hash(salt)} % 1000003 / 1000003)"


def _weighted(salt: int, weights: Sequence[int], values: Sequence[Any]) -> str:
    """An expression that picks values by their weights."""
    bounds, total = [], 0
    for weight in weights[:-1]:
        total += weight
        bounds.append(total)
    total += weights[-1]
    picks = ", ".join(f"r{salt} < {bound}, {value!r}" for bound, value in zip(bounds, values, strict=False))
    return f"multiIf({picks}, {values[-1]!r})".replace(f"r{salt} ", f"({_hash(salt)} % {total}) ")


def _of_zone(zone: str, values: dict[str, int]) -> str:
    return f"transform({zone}, {list(values)}, {list(values.values())}, 0)"


def _flow_insert(first: int, rows: int, total: int) -> str:
    pair = _weighted(1, [p[0] for p in PAIRS], range(len(PAIRS)))
    service = _weighted(2, [s[0] for s in SERVICES], range(len(SERVICES)))
    sensor = _weighted(3, [w for _, w in SENSORS], [name for name, _ in SENSORS])
    # a working day: two thirds between 8 and 18 o'clock
    day_s = f"if({_hash(4)} % 3 = 0, {_unit(5)} * 86400, 28800 + ({_unit(5)} + {_unit(6)}) * 18000)"
    pick = {name: f"arrayElement({list(values)}, pair + 1)" for name, values in (
        ("src_zone", [p[1] for p in PAIRS]), ("dst_zone", [p[2] for p in PAIRS]),
        ("verdict", [p[3] for p in PAIRS]), ("conduit", [p[4] for p in PAIRS]))}
    port = f"arrayElement({[s[1] for s in SERVICES]}, service + 1)"
    return f"""INSERT INTO flow (run_id, sensor, site, keep_days, flow_id, part, ts_start_ns, ts_end_ns, src_ip, dst_ip,
src_port, dst_port, proto, src_zone, dst_zone, pkts_toserver, pkts_toclient, bytes_toserver, bytes_toclient,
payload_bytes_toserver, payload_bytes_toclient, tcp_flags_toserver, tcp_flags_toclient, tcp_state, direction_certainty,
outcome, end_reason, verdict, conduit, src_mac, dst_mac, vlan)
WITH {pair} AS pair, {service} AS service, {sensor} AS of_sensor,
  {pick['src_zone']} AS from_zone, {pick['dst_zone']} AS to_zone, arrayElement({[s[2] for s in SERVICES]}, service + 1)
  AS of_proto, {START_S} + intDiv(number * {DAYS}, {total}) * 86400 + {day_s} AS start_s, {_unit(7)} AS size,
  {_hash(8)} % 100 < 12 AS failed
SELECT concat('r-', of_sensor), of_sensor, if(of_sensor = 's-myn', 'annex', 'main'), 0, {_hash(9)} % 9007199254740992,
  {_hash(10)} % 25 = 0, fromUnixTimestamp64Nano(toInt64(start_s * 1000000000)),
  fromUnixTimestamp64Nano(toInt64((start_s + if(failed, 3, pow({_unit(11)}, 4) * 600)) * 1000000000)),
  IPv4ToIPv6(toIPv4(toUInt32({_of_zone('from_zone', BASES)} + floor(pow({_unit(12)}, 3)
    * {_of_zone('from_zone', HOSTS)})))),
  IPv4ToIPv6(toIPv4(toUInt32({_of_zone('to_zone', BASES)} + floor(pow({_unit(13)}, 4)
    * {_of_zone('to_zone', HOSTS)})))),
  32768 + {_hash(14)} % 28000, if({port} = 0, 1024 + {_hash(15)} % 60000, {port}), of_proto, from_zone, to_zone,
  if(failed, 2, toUInt64(3 + exp(size * 7))), if(failed, 0, toUInt64(2 + exp(size * 7.5))),
  if(failed, 120, toUInt64(300 + exp(size * 13))), if(failed, 0, toUInt64(200 + exp(size * 14.5))),
  if(failed, 0, toUInt64(exp(size * 12.8))), if(failed, 0, toUInt64(exp(size * 14.4))),
  if(of_proto = 6, if(failed, 2, 27), 0), if(of_proto = 6 AND NOT failed, 27, 0),
  multiIf(of_proto != 6, 'none', failed, 'syn_sent', 'closed'), if(of_proto = 6, 'syn_seen', 'biflow'),
  multiIf(failed, 'attempted', of_proto = 17 AND {_hash(16)} % 20 = 0, 'unknown', 'established'),
  if(of_proto = 6 AND NOT failed, 'tcp_fin', 'idle_timeout'), {pick['verdict']}, {pick['conduit']},
  2199023255552 + {_hash(17)} % 4000, 2199023255552 + {_hash(18)} % 40, 110 + pair
FROM numbers({first}, {rows}) SETTINGS max_insert_threads = 1, max_block_size = 65536"""


def _alert_insert(first: int, rows: int, total: int, revision: int) -> str:
    kind = f"pow({_unit(21)}, 2) * {len(SIGNATURES)}"
    pair = _weighted(22, [p[0] if p[3] not in ("permitted", "not_judged") else 1 for p in PAIRS], range(len(PAIRS)))
    texts = {n: f"arrayElement({[s[i] for s in SIGNATURES]}, kind + 1)" for i, n in
             enumerate(("signature", "detector", "signature_id", "severity"))}
    sensor = _weighted(23, [w for _, w in SENSORS], [name for name, _ in SENSORS])
    kept = "1" if revision == 1 else f"{_hash(24)} % 4 = 0"
    return f"""INSERT INTO alert (run_id, sensor, site, keep_days, alert_id, revision, state, ts_ns, start_ns, end_ns,
detector, signature_id, signature, signature_ja, category, severity, src_ip, dst_ip, dst_prefix_bits, src_port,
dst_port, proto, src_zone, dst_zone, flow_id, direction_certainty, verdict, outcome, conduit, measured, peak, threshold,
measure, events, why, why_ja, runbook)
WITH toUInt8({kind}) AS kind, {pair} AS pair, {sensor} AS of_sensor,
  arrayElement({[p[1] for p in PAIRS]}, pair + 1) AS from_zone, arrayElement({[p[2] for p in PAIRS]}, pair + 1) AS
  to_zone, fromUnixTimestamp64Nano(toInt64(({START_S} + number / {total} * {DAYS} * 86400) * 1000000000)) AS began
SELECT concat('r-', of_sensor), of_sensor, if(of_sensor = 's-myn', 'annex', 'main'), 0,
  {_hash(25)} % 9007199254740992, {revision}, {"'started'" if revision == 1 else "'ended'"},
  began + toIntervalSecond({30 * (revision - 1)}), began, began + toIntervalSecond({30 * (revision - 1)}),
  {texts['detector']}, {texts['signature_id']}, {texts['signature']}, concat('検知 ', toString(kind)), 'policy',
  if(kind = 0 AND {_hash(26)} % 50 = 0, 'critical', {texts['severity']}),
  IPv4ToIPv6(toIPv4(toUInt32({_of_zone('from_zone', BASES)} + floor(pow({_unit(27)}, 3)
    * {_of_zone('from_zone', HOSTS)})))),
  IPv4ToIPv6(toIPv4(toUInt32({_of_zone('to_zone', BASES)} + floor(pow({_unit(28)}, 4)
    * {_of_zone('to_zone', HOSTS)})))),
  128, 40000, 443, 6, from_zone, to_zone, 1 + {_hash(29)} % 9007199254740991, 'syn_seen',
  arrayElement({[p[3] for p in PAIRS]}, pair + 1), if({_hash(30)} % 2 = 0, 'established', 'attempted'),
  arrayElement({[p[4] for p in PAIRS]}, pair + 1), 1 + {_hash(31)} % 900, 1 + {_hash(31)} % 1200, 1, 'flows',
  1 + {_hash(32)} % 50, concat('flow ', toString(number), ' from ', from_zone, ' to ', to_zone,
  ': no conduit of the policy permits it',
  ' C', toString(pair)),
  concat('系間のフロー ', toString(number), '：許可する通信経路がない'),
  'zone-leak'
FROM numbers({first}, {rows}) WHERE {kept} SETTINGS max_insert_threads = 1"""


_ACTIONS = """INSERT INTO alert_action (run_id, alert_id, at, actor, action, comment)
SELECT run_id, alert_id, now64(3), 'soc', multiIf(alert_id % 7 = 0, 'false_positive', alert_id % 3 = 0, 'closed',
  'acknowledged'), '' FROM alert WHERE revision = 1 AND alert_id % 50 = 0"""
_HEALTH = f"""INSERT INTO sensor_health (run_id, sensor, site, keep_days, ts_ns, stage, cause, value)
SELECT concat('r-', sensor), sensor, if(sensor = 's-myn', 'annex', 'main'), 0,
  fromUnixTimestamp64Nano(({START_S} + number * 60) * 1000000000), counter.1, counter.2,
  toUInt64(counter.3 * number)
FROM (SELECT number, arrayJoin({[name for name, _ in SENSORS]}) AS sensor FROM numbers({DAYS * 1440})) ARRAY JOIN [
  ('capture', 'records_found', 60000), ('capture', 'frames', 60000), ('capture', 'truncated_record', 0),
  ('decode', 'frames_in', 60000), ('decode', 'processed', 59990), ('decode', 'checksum_bad', 8),
  ('decode', 'ipv4_truncated', 2), ('flow', 'rows', 500), ('flow', 'evicted', 0), ('flow', 'clock_resets', 0)
] AS counter"""
