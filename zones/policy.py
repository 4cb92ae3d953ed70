"""Policy: a sound policy with its lookup columns, and the public functions that label and judge with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from columns import Flows
from zones.conduits import ConduitTable, conduit_table
from zones.judge import FlowKeys, Judgement, judge_rows
from zones.labels import LabelTable, label_rows, label_table
from zones.model import Conduit, Draft, Sensor, Zone
from zones.prefixes import LOCAL, zone_prefixes
from zones.problems import Problem

_KEY_DTYPES = FlowKeys(*[np.dtype(n) for n in (
    "uint64", "uint64", "uint64", "uint64", "uint16", "uint16", "uint8", "uint8", "int64", "uint8", "uint64",
)])


@dataclass(frozen=True, eq=False)
class Policy:
    """A validated policy. Zone and conduit numbers in columns index zone_names and conduit_names.

    zone_names[0] is "unattributed", conduit_names[0] is "". digest is the SHA-256 of the file in hex.
    """

    city: str
    model: str
    timezone: str
    digest: str
    warnings: tuple[Problem, ...]
    zones: tuple[Zone, ...]
    sensors: tuple[Sensor, ...]
    conduits: tuple[Conduit, ...]
    labels: LabelTable
    table: ConduitTable

    @property
    def zone_names(self) -> tuple[str, ...]:
        """Names by zone number."""
        return ("unattributed", *(z.name for z in self.zones))

    @property
    def conduit_names(self) -> tuple[str, ...]:
        """Names by conduit number."""
        return ("", *(c.name for c in self.conduits))

    @property
    def ranks(self) -> tuple[int, ...]:
        """Protection rank by zone number; 0 for unattributed."""
        return (0, *(z.rank for z in self.zones))

    @property
    def external(self) -> int:
        """Number of the one external zone."""
        return next(i for i, z in enumerate(self.zones, 1) if z.kind == "external")

    def zone_of(self, ip_hi: np.ndarray, ip_lo: np.ndarray) -> np.ndarray:
        """Return the zone number of each address by longest prefix: uint16, 0 = unattributed.

        ip_hi, ip_lo: uint64, IPv4 mapped. Multicast, broadcast, link-local and the unspecified address are 0 unless
        the policy lists them in a zone. ValueError when the columns differ in length.
        """
        label = self._label(ip_hi, ip_lo)
        label[label == LOCAL] = 0
        return label

    def is_local(self, ip_hi: np.ndarray, ip_lo: np.ndarray) -> np.ndarray:
        """Return where an address never crosses a zone boundary: multicast, broadcast, link-local, unspecified."""
        return self._label(ip_hi, ip_lo) == LOCAL

    def _label(self, ip_hi: np.ndarray, ip_lo: np.ndarray) -> np.ndarray:
        label = np.empty(np.size(ip_hi), np.uint16)
        label_rows(self.labels, _column(ip_hi, "uint64", label.size), _column(ip_lo, "uint64", label.size), label)
        return label


def build_policy(draft: Draft, digest: str, warnings: tuple[Problem, ...]) -> Policy:
    """Return the policy of a draft in which the checks found no error."""
    return Policy(
        draft.city, draft.model, draft.timezone, digest, warnings,
        tuple(draft.zones.values()), tuple(draft.sensors.values()), tuple(draft.conduits.values()),
        label_table(zone_prefixes(draft.zones.values())), conduit_table(draft),
    )


def judge(policy: Policy, keys: FlowKeys) -> Judgement:
    """Return the verdict on each flow in keys, with its zones and the conduit it matched or came nearest to.

    All columns of keys have one length; they are converted to the dtypes of FlowKeys. ValueError when they differ
    in length. No row is refused: an address in no zone is ``unattributed``.
    """
    rows = np.size(keys.ts_ns)
    out = Judgement(*[np.zeros(rows, t) for t in (np.uint16, np.uint16, np.uint8, np.uint16, np.uint8)])
    columns = [_column(c, d, rows) for c, d in zip(keys, _KEY_DTYPES, strict=True)]
    keys = FlowKeys(*columns)
    label_rows(policy.labels, keys.src_ip_hi, keys.src_ip_lo, out.src_zone)
    label_rows(policy.labels, keys.dst_ip_hi, keys.dst_ip_lo, out.dst_zone)
    judge_rows(policy.table, keys, out)
    return out


def _column(values: Any, dtype: Any, rows: int) -> np.ndarray:
    column = np.require(values, dtype, ["C", "W"])
    if column.shape != (rows,):
        raise ValueError(f"a column of shape {column.shape} among columns of {rows} rows")
    return column


def flow_keys(flows: Flows) -> FlowKeys:
    """Return what judge() asks of flow rows; a MAC address seen around a tunnel says nothing of the hosts inside."""
    return FlowKeys(
        flows.src_ip_hi, flows.src_ip_lo, flows.dst_ip_hi, flows.dst_ip_lo, flows.src_port, flows.dst_port,
        flows.proto, flows.icmp_type, flows.ts_start_ns, flows.direction_certainty,
        np.where(flows.tunnel_depth == 0, flows.src_mac, np.uint64(0)),
    )


def label_ends(policy: Policy, rows: Any) -> None:
    """Fill src_zone and dst_zone of rows in place by their addresses; rows are a batch that has both."""
    rows.src_zone[:] = policy.zone_of(rows.src_ip_hi, rows.src_ip_lo)
    rows.dst_zone[:] = policy.zone_of(rows.dst_ip_hi, rows.dst_ip_lo)


def judge_flows(policy: Policy, flows: Flows) -> None:
    """Fill src_zone, dst_zone, verdict and conduit of flow rows in place."""
    found = judge(policy, flow_keys(flows))
    flows.src_zone[:], flows.dst_zone[:] = found.src_zone, found.dst_zone
    flows.verdict[:], flows.conduit[:] = found.verdict, found.conduit
