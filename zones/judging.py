"""judge(): the verdict on flows by the policy of their time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from columns import Flows
from zones.judge import FlowKeys, Judgement, judge_rows
from zones.labels import label_rows
from zones.names import name_matches
from zones.policy import Policy, Tables, column

_KEY_DTYPES = FlowKeys(*[np.dtype(n) for n in (
    "uint64", "uint64", "uint64", "uint64", "uint16", "uint16", "uint8", "uint8", "int64", "uint8", "uint64", "uint8",
    "int32",
)])
_OUT_DTYPES = (np.uint16, np.uint16, np.uint8, np.uint16, np.uint16)


def judge(policy: Policy, keys: FlowKeys, names: Sequence[str] = ()) -> Judgement:
    """Return the verdict on each flow in keys, with its zones and the conduit it matched or came nearest to.

    All columns of keys have one length; they are converted to the dtypes of FlowKeys. names are what the column name
    speaks of. Each flow is judged by the edition of the policy that was in force when it began. ValueError when the
    columns differ in length. No row is refused: an address in no zone is ``unattributed``.
    """
    rows = np.size(keys.ts_ns)
    keys = FlowKeys(*[column(c, d, rows) for c, d in zip(keys, _KEY_DTYPES, strict=True)])
    listed = listed_names(policy, names)
    if len(policy.tables) == 1:
        return _judge(policy.tables[0], keys, listed)
    out = Judgement(*[np.zeros(rows, t) for t in _OUT_DTYPES])
    for tables, chosen in policy.by_edition(keys.ts_ns):
        for whole, part in zip(out, _judge(tables, FlowKeys(*[c[chosen] for c in keys]), listed), strict=True):
            whole[chosen] = part
    return out


def _judge(tables: Tables, keys: FlowKeys, listed: np.ndarray) -> Judgement:
    out = Judgement(*[np.zeros(keys.ts_ns.size, t) for t in _OUT_DTYPES])
    label_rows(tables.labels, keys.src_ip_hi, keys.src_ip_lo, out.src_zone)
    label_rows(tables.labels, keys.dst_ip_hi, keys.dst_ip_lo, out.dst_zone)
    judge_rows(tables.conduits, keys, listed, out)
    return out


def listed_names(policy: Policy, names: Sequence[str]) -> np.ndarray:
    """Return uint8[names, name rules]: what each rule of the policy says of each name; at least one of each."""
    listed = np.zeros((max(len(names), 1), max(len(policy.rules), 1)), np.uint8)
    for at, rule in enumerate(policy.rules):
        listed[:len(names), at] = [name_matches(name, rule) for name in names]
    return listed


def flow_keys(flows: Flows) -> FlowKeys:
    """Return what judge() asks of flow rows; a MAC address seen around a tunnel says nothing of the hosts inside."""
    return FlowKeys(
        flows.src_ip_hi, flows.src_ip_lo, flows.dst_ip_hi, flows.dst_ip_lo, flows.src_port, flows.dst_port,
        flows.proto, flows.icmp_type, flows.ts_start_ns, flows.direction_certainty,
        np.where(flows.tunnel_depth == 0, flows.src_mac, np.uint64(0)), flows.app_proto,
        np.full(flows.proto.size, -1, np.int32),
    )


def label_ends(policy: Policy, rows: Any) -> None:
    """Fill src_zone and dst_zone of rows in place by their addresses; rows are a batch that has both, and ts_ns."""
    rows.src_zone[:] = policy.zone_of(rows.src_ip_hi, rows.src_ip_lo, rows.ts_ns)
    rows.dst_zone[:] = policy.zone_of(rows.dst_ip_hi, rows.dst_ip_lo, rows.ts_ns)


def judge_flows(policy: Policy, flows: Flows) -> None:
    """Fill src_zone, dst_zone, verdict and conduit of flow rows in place, each row by itself."""
    found = judge(policy, flow_keys(flows))
    flows.src_zone[:], flows.dst_zone[:] = found.src_zone, found.dst_zone
    flows.verdict[:], flows.conduit[:] = found.verdict, found.conduit
