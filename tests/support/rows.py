"""Rows for tests of the store: realistic flows by the hundred thousand, and one that knows every column."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from columns import FLOW, TEXTUAL, Flows, Table, text_column
from columns.address import MAPPED_LO
from columns.codes import Certainty, EndReason, Outcome, TcpState, Verdict

ZONES = ("unattributed", "mynumber", "lgwan", "internet", "dmz", "outside")
CONDUITS = ("", "mail-gateway", "virtual-desktop", "batch-transfer", "web-proxy")
VOCABULARIES = {"zone": ZONES, "conduit": CONDUITS}
START_NS = 1_795_000_000_000_000_000


def city_flows(rows: int, seed: int = 1) -> Flows:
    """Flows as an office of 2,000 hosts makes them: skewed servers and sizes, TCP and UDP, a tenth IPv6."""
    rng = np.random.default_rng(seed)
    flows = FLOW.empty(rows)
    proto = rng.choice(np.array([6, 17, 1], np.uint8), rows, p=[0.62, 0.36, 0.02])
    start = START_NS + np.cumsum(rng.integers(1_000, 2_000_000, rows))
    packets = np.minimum(rng.pareto(1.2, rows) * 4 + 1, 50_000).astype(np.uint64)
    _set(flows, flow_id=rng.integers(0, 1 << 53, rows), ts_start_ns=start,
         ts_end_ns=start + (rng.exponential(2e9, rows)).astype(np.int64), proto=proto,
         src_port=np.where(proto == 1, 0, rng.integers(32768, 61000, rows)),
         dst_port=np.where(proto == 1, 0, np.where(proto == 17, 53, rng.choice([443, 80, 445, 25, 3389], rows))),
         icmp_type=np.where(proto == 1, 8, 0), vlan=rng.choice([10, 20, 30], rows),
         src_mac=0x020000000000 + rng.integers(0, 2000, rows), dst_mac=0x020000010001,
         src_zone=rng.choice([1, 2, 3], rows), dst_zone=rng.choice([3, 4, 5], rows),
         pkts_toserver=packets, pkts_toclient=packets, bytes_toserver=packets * rng.integers(60, 200, rows),
         bytes_toclient=packets * rng.integers(60, 1400, rows), ttl_toserver=64, ttl_toclient=57,
         first_packet=np.cumsum(packets), emitted_before=np.cumsum(packets), clock_ns=start + 10**10)
    _set_addresses(flows, rng)
    tcp = proto == 6
    _set(flows, tcp_flags_toserver=np.where(tcp, 0x1B, 0), tcp_flags_toclient=np.where(tcp, 0x1B, 0),
         tcp_state=np.where(tcp, TcpState.CLOSED, TcpState.NONE),
         end_reason=np.where(tcp, EndReason.TCP_FIN, EndReason.IDLE_TIMEOUT), outcome=Outcome.ESTABLISHED,
         direction_certainty=np.where(tcp, Certainty.SYN_SEEN, Certainty.BIFLOW),
         verdict=rng.choice([Verdict.PERMITTED, Verdict.NO_CONDUIT], rows, p=[0.98, 0.02]),
         conduit=rng.choice(len(CONDUITS), rows))
    return flows


def extreme_batch(table: Table, rows: int, seed: int) -> Any:
    """Rows of random bytes: every number, every time, every text that is possible; codes stay among their labels."""
    rng = np.random.default_rng(seed)
    arrays: list[Any] = []
    for column in table.columns:
        if column.dtype in TEXTUAL:
            texts = [rng.bytes(int(rng.integers(0, 12))) for _ in range(rows)]
            arrays.append(text_column([_document(t) for t in texts] if column.dtype == "json" else texts))
            continue
        if column.dtype == "bool":
            arrays.append(rng.integers(0, 2, rows).astype(bool))
            continue
        for _ in column.fields:
            dtype = np.dtype("u8" if column.dtype == "ip" else column.dtype)
            values = np.frombuffer(rng.bytes(rows * dtype.itemsize), dtype).copy()
            if column.labels is not None:
                values %= 5 if isinstance(column.labels, str) else max(column.labels) + 1
                if not isinstance(column.labels, str):
                    values[~np.isin(values, list(column.labels))] = 0 if 0 in list(column.labels) else 1
            arrays.append(values)
    return table.batch(*arrays)


def _document(text: bytes) -> bytes:
    return json.dumps({"text": text.decode("latin-1")}).encode() if text else b""


def _set(batch: Any, **columns: Any) -> None:
    for name, values in columns.items():
        getattr(batch, name)[:] = values


def _set_addresses(flows: Flows, rng: np.random.Generator) -> None:
    rows = flows.proto.size
    client, server = rng.integers(0, 2000, rows), rng.zipf(1.3, rows) % 5000
    six = rng.random(rows) < 0.1
    prefix = 0x20010DB8_00000000
    _set(flows, src_ip_hi=np.where(six, prefix + 1, 0), dst_ip_hi=np.where(six, prefix + 2, 0),
         src_ip_lo=np.where(six, client + 1, MAPPED_LO + 0x0A000000 + client),
         dst_ip_lo=np.where(six, server + 1, MAPPED_LO + 0xC6336400 + server))
