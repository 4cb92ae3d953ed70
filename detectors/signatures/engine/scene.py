"""What a rule is looked at against: a packet, a window of a stream, or a step of a transaction, with its flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from columns import Packets
from columns.address import address_text, proto_text
from columns.codes import Tunnel
from columns.said import Moment
from detectors.signatures.engine.facts import ESTABLISHED, FIRST, PacketFacts
from detectors.signatures.engine.headers import Ends
from detectors.signatures.engine.memory import FlowMemory

_OUTER = {4: "IP-in-IP", 41: "IPv6"}
_CARRIERS = {Tunnel.IPIP: "ipv4 tunnel", Tunnel.SIXIN4: "ipv6 tunnel", Tunnel.GRE: "gre tunnel",
             Tunnel.VXLAN: "vxlan encapsulation", Tunnel.TEREDO: "teredo", Tunnel.IP6_IN_IP6: "ipv6 tunnel",
             Tunnel.GENEVE: "geneve encapsulation"}


class PacketView:
    """One row of a batch; columns are attributes, read when they are asked for."""

    __slots__ = ("_buffers", "_facts", "_packets", "row")

    def __init__(self, packets: Packets, row: int, facts: PacketFacts, buffers: Sequence[np.ndarray]) -> None:
        self._packets, self.row, self._facts, self._buffers = packets, row, facts, buffers

    def __getattr__(self, name: str) -> int:
        return int(getattr(self._packets, name)[self.row])

    @property
    def established(self) -> bool:
        """Whether its flow was established."""
        return bool(self._facts.bits[self.row] & ESTABLISHED)

    @property
    def first(self) -> bool:
        """Whether it is the first of its direction."""
        return bool(self._facts.bits[self.row] & FIRST)

    @property
    def sums(self) -> list[int]:
        """Packets to server and to client, bytes to server and to client, with this packet."""
        return self._facts.sums[self.row].tolist()

    @property
    def stream_sizes(self) -> list[int]:
        """Sequence numbers that the client and the server have used so far."""
        return self._facts.sizes[self.row].tolist()

    @property
    def start_ns(self) -> int:
        """Event time of the flow's first packet."""
        return int(self._facts.start_ns[self.row])

    @property
    def payload(self) -> bytes:
        """The payload that was captured."""
        return self._bytes(self.payload_offset, self.payload_captured_bytes)

    def _bytes(self, start: int, size: int) -> bytes:
        buffer = self._buffers[self.buffer]
        return buffer[start : start + size].tobytes()

    @property
    def network(self) -> bytes:
        """The bytes from the IP header on, as far as they were captured; b"" where they are not at hand."""
        return self._from(self.network_offset)

    @property
    def transport(self) -> bytes:
        """The bytes from the transport header on, as far as they were captured."""
        return self._from(self.transport_offset)

    @property
    def outer_version(self) -> int:
        """Version of the IP that carries this packet, 0 where nothing does."""
        p, row = self._packets, self.row - 1
        if not self.tunnel_depth or row < 0 or p.packet_number[row] != p.packet_number[self.row]:
            return 0
        return int(p.ip_version[row])

    def outer(self) -> dict[str, Any] | None:
        """Who carries this packet, as EVE tells it; None where nobody does."""
        p, row = self._packets, self.row - 1
        if not self.tunnel_depth or row < 0 or p.packet_number[row] != p.packet_number[self.row]:
            return None
        shown: dict[str, Any] = {
            "src_ip": address_text(int(p.src_ip_hi[row]), int(p.src_ip_lo[row])),
            "dest_ip": address_text(int(p.dst_ip_hi[row]), int(p.dst_ip_lo[row])),
            "proto": _OUTER.get(int(p.proto[row]), proto_text(int(p.proto[row]))),
            "depth": int(p.tunnel_depth[row])}
        if p.src_port[row] or p.dst_port[row]:
            shown |= {"src_port": int(p.src_port[row]), "dest_port": int(p.dst_port[row])}
        return shown

    def before_network(self, size: int) -> bytes:
        """Up to so many bytes before the IP header; b"" where they are not at hand."""
        stop = self.network_offset
        return self._bytes(max(stop - size, 0), min(size, stop)) if stop > 0 else b""

    def _from(self, start: int) -> bytes:
        stop = self.payload_offset + self.payload_captured_bytes
        return self._bytes(start, stop - start) if 0 <= start < stop else b""


class Scene:
    """One thing to look at. Source and destination are those of the direction, as on the wire.

    data: what pkt_data is: bytes of the packet or of the window; None where there is none. later: what gives them when
    they are asked for, where they are to be fetched; only as long as the batch is looked at. tx: the transaction, None
    outside of one. packet: the packet at hand, None where it is no longer. answer: from which packet on the other end
    can answer, and the sequence number behind the bytes; None where nobody waits. guessed: the transaction that tx_id
    names is the only one that went on, and may be another.
    """

    __slots__ = ("_data", "answer", "at", "dst_ip", "dst_port", "ends", "established", "flow_id", "guessed",
                 "is_stream", "late", "later", "memory", "packet", "proto", "src_ip", "src_port", "stream_events",
                 "to_server", "tx", "tx_id", "vlan")

    def __init__(self, *, at: Moment, flow_id: int, src_ip: int, dst_ip: int, src_port: int, dst_port: int, proto: int,
                 vlan: int, to_server: bool, ends: Ends, memory: FlowMemory | None, established: bool) -> None:
        self.at, self.flow_id, self.proto, self.vlan, self.to_server = at, flow_id, proto, vlan, to_server
        self.src_ip, self.dst_ip, self.src_port, self.dst_port = src_ip, dst_ip, src_port, dst_port
        self.ends, self.memory, self.established = ends, memory, established
        self.packet: PacketView | None = None
        self._data: bytes | None = None
        self.later: Callable[[], bytes] | None = None
        self.is_stream = self.late = self.guessed = False
        self.stream_events: tuple[str, ...] = ()
        self.tx: Any = None
        self.tx_id = 0
        self.answer: tuple[int, int] | None = None

    @property
    def data(self) -> bytes | None:
        """What pkt_data is."""
        if self.later is not None:
            self._data, self.later = self.later() or None, None
        return self._data

    @data.setter
    def data(self, data: bytes | None) -> None:
        self._data, self.later = data, None

    @property
    def origin(self) -> str:
        """Where what was looked at came from, as EVE says it under pkt_src."""
        if self.late:
            return "stream (flow timeout)"
        depth = self.packet.tunnel_depth if self.packet is not None else 0
        if self.packet is not None and self.packet.fragment == 2:
            return "defrag"
        if self.packet is None or not depth:
            return "wire/pcap"
        kind = Tunnel(self.packet.tunnel)
        if kind == Tunnel.IPIP and self.packet.outer_version == 6:
            return "ipv6 tunnel"
        return _CARRIERS.get(kind, "tunnel")

    @property
    def ip_version(self) -> int:
        """4 or 6."""
        return 4 if self.src_ip >> 32 == 0xFFFF else 6
