"""Which packets rules without a pattern may hold of: their conditions and headers over the columns of a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from columns import Packets
from columns.codes import Status
from detectors.signatures.engine.conditions import flags_hold
from detectors.signatures.engine.facts import ESTABLISHED, FIRST, PacketFacts
from detectors.signatures.engine.headers import in_addresses, in_ports
from detectors.signatures.engine.payloads import Payloads
from detectors.signatures.engine.prepared import Prepared
from detectors.signatures.language import conditions as c

INSPECTED = np.array([Status.OK, Status.FRAGMENT_HELD, Status.CHECKSUM_BAD, Status.FRAGMENT_BAD,
                      Status.FRAGMENT_OVERLAP, Status.FRAGMENT_BUDGET], np.uint8)
"""Rows whose headers are looked at; those with a wrong checksum and fragments belong to no stream."""
_CONVERSING = np.array([6, 17, 132, 1, 58], np.uint8)
"""Protocols whose packets belong to flows where rules ask for the first of one; of others each packet is looked at."""
_COLUMNS = {c.DSize: "payload_bytes", c.Ttl: "ip_ttl", c.Tos: "ip_tos", c.IpId: "ip_id", c.Itype: "icmp_type",
            c.Icode: "icmp_code", c.Seq: "tcp_seq", c.Ack: "tcp_ack", c.Window: "tcp_window", c.IpProto: "proto"}


_TUNNELLED = 4
"""So many rows of one frame are looked through for the one that a flow id belongs to."""


def packet_rows(packets: Packets, numbers: Sequence[int] | np.ndarray,
                flow_ids: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the row of each packet, by its number and flow, -1 where it is absent: int64[numbers]."""
    wanted, flows = np.array(numbers, np.uint64), np.array(flow_ids, np.uint64)
    found = np.full(wanted.size, -1, np.int64)
    if not packets.status.size:
        return found
    at, last = np.searchsorted(packets.packet_number, wanted), packets.status.size - 1
    for step in range(_TUNNELLED):
        here = np.minimum(at + step, last)
        same = (packets.packet_number[here] == wanted) & (packets.flow_id[here] == flows)
        found = np.where((found < 0) & same, here, found)
    return found


class PacketColumns:
    """The rows of a batch that rules look at, chosen rule by rule."""

    def __init__(self, packets: Packets, facts: PacketFacts, buffers: Sequence[np.ndarray]) -> None:
        self._p, self._facts, self._payloads = packets, facts, Payloads(packets, buffers)
        self._ok = np.isin(packets.status, INSPECTED) & (packets.ip_version != 0)
        self._masks: dict[Any, np.ndarray] = {}

    def rows_of(self, rule: Prepared, within: np.ndarray | None = None) -> np.ndarray:
        """Return the rows that a rule's protocol, ports, addresses, flow and conditions leave; of within, if given."""
        mask = self._ok if within is None else self._ok & within
        for part in self._parts(rule):
            mask = mask & part
            if not mask.any():
                return np.zeros(0, np.int64)
        return self.tested(rule, np.flatnonzero(mask))

    def tested(self, rule: Prepared, rows: np.ndarray) -> np.ndarray:
        """Return those of some rows (int64) that a rule's tests of fixed places of the payload leave."""
        return self._payloads.pass_tests(rows, rule.placed_tests)

    def first(self) -> np.ndarray:
        """Return bool[rows]: the first packet of each direction of a flow, and all that belong to no conversation."""
        return (self._facts.bits & FIRST != 0) | (self._p.flow_id == 0) | ~np.isin(self._p.proto, _CONVERSING)

    def opening(self) -> np.ndarray:
        """Return bool[rows]: the first packet of each direction of a flow."""
        return self._facts.bits & FIRST != 0

    def _kept(self, key: Any, make: Any) -> np.ndarray:
        found = self._masks.get(key)
        if found is None:
            found = self._masks[key] = make()
        return found

    def _parts(self, rule: Prepared) -> Iterator[np.ndarray]:
        p, r = self._p, rule.rule
        if r.ip_protos is not None:
            yield self._kept(("proto", r.ip_protos), lambda: np.isin(p.proto, list(r.ip_protos)))
        if rule.version:
            yield self._kept(("version", rule.version), lambda: p.ip_version == rule.version)
        flow = r.flow
        if flow is not None and flow.direction:
            yield self._kept(flow.direction, lambda: p.to_server == (flow.direction == "to_server"))
        if flow is not None and flow.state in ("established", "not_established"):
            yield self._kept(flow.state, lambda: (
                self._facts.bits & ESTABLISHED != 0) == (flow.state == "established"))
        for condition in rule.packet:
            column = _COLUMNS.get(type(condition))
            if column is not None:
                yield self._kept(condition, lambda x=condition, n=column: x.test.holds(getattr(p, n).astype(np.int64)))
            elif isinstance(condition, c.Flags):
                yield self._kept(condition, lambda x=condition: (p.proto == 6) & flags_hold(x, p.tcp_flags))
        if rule.has_payload:
            yield self._kept("payload", lambda: p.payload_captured_bytes > 0)
        yield from self._header(rule)

    def _header(self, rule: Prepared) -> Iterator[np.ndarray]:
        r = rule.rule
        if r.direction == "->":
            yield self._ends(r, False)
        else:
            yield self._ends(r, False) | self._ends(r, True)

    def _ends(self, r: Any, turned: bool) -> np.ndarray:
        p = self._p
        mask = np.ones(p.status.size, bool)
        sides: Sequence[tuple[Any, Any, str]] = (
            (r.src, r.src_ports, "dst" if turned else "src"), (r.dst, r.dst_ports, "src" if turned else "dst"))
        for addresses, ports, side in sides:
            if not ports.any:
                mask &= self._kept((ports.ranges, side), lambda o=ports, s=side: in_ports(o, getattr(p, f"{s}_port")))
            if not addresses.any:
                mask &= self._kept((addresses.ranges, side), lambda a=addresses, s=side: in_addresses(
                    a, getattr(p, f"{s}_ip_hi"), getattr(p, f"{s}_ip_lo")))
        return mask
