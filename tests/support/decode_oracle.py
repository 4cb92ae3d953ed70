"""A decoder in plain Python: slow, one layer a function, with nothing of the kernels in it. Tests hold both together.

A Region is what is there of something: ``data`` was captured, ``size`` was on the wire (len(data) <= size).
A function that meets something broken raises Refused with the status; the row then says what was known by then.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

from columns.codes import Checksum, Status, Tunnel
from sensor.frames import FrameBlock
from tests.support.frames import internet_checksum

MAPPED = 0xFFFF << 32
VLAN_TAGS = (0x8100, 0x88A8, 0x9100, 0x9200)
EXTENSIONS = (0, 43, 44, 51, 60, 135, 139, 140)
RAW_IP = (12, 14, 101, 228, 229)
MAX_LINK_LAYERS, MAX_EXTENSIONS, MAX_IP_LAYERS = 16, 10, 8
Row = dict[str, Any]


class Refused(Exception):
    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Region:
    data: bytes
    size: int

    def skip(self, count: int) -> Region:
        return Region(self.data[count:], max(self.size - count, 0))

    def limit(self, size: int) -> Region:
        return Region(self.data[:size], min(self.size, size))

    def need(self, count: int, status: Status) -> bytes:
        if len(self.data) < count:
            raise Refused(status)
        return self.data[:count]

    @property
    def whole(self) -> bool:
        return len(self.data) == self.size


def u16(data: bytes, at: int) -> int:
    return struct.unpack_from(">H", data, at)[0]


# --- link ---------------------------------------------------------------------------------------------------------

def link(region: Region, start: int | str, row: Row) -> tuple[Region, int | None]:
    """Walk the link headers; return (the IP packet, its version or None for "by nibble"), or raise Refused.

    start: a link type, or ``"type XXXX"`` for an EtherType in hex.
    """
    fresh = {"src_mac": 0, "dst_mac": 0, "vlan": 0, "vlan_inner": 0, "ether_type": 0}
    seen = {"mac": False, "tags": []}
    try:
        kind, region = first_kind(region, start, fresh, seen)
        for _ in range(MAX_LINK_LAYERS):
            if isinstance(kind, int) and kind >= 0x600:
                fresh["ether_type"] = kind
            if kind in (0x0800, 0x86DD, "ip"):
                return region, {0x0800: 4, 0x86DD: 6, "ip": None}[kind]
            kind, region = next_kind(region, kind, fresh, seen)
        if isinstance(kind, int) and kind >= 0x600:
            fresh["ether_type"] = kind
        raise Refused(Status.LAYERS_TOO_DEEP)
    finally:
        for name, tag in zip(("vlan", "vlan_inner"), seen["tags"], strict=False):
            fresh[name] = tag
        if row["tunnel_depth"] == 0 or seen["mac"]:
            row.update(fresh)


def first_kind(region: Region, start: int | str, fresh: Row, seen: Row) -> tuple[Any, Region]:
    if isinstance(start, str):
        return int(start.split()[1], 16), region
    if start == 1:
        return "ethernet", region
    if start in (9, 50, 166):
        return "ppp", region
    if start in RAW_IP:
        region.need(1, Status.LINK_TRUNCATED)
        return "ip", region
    if start == 51:
        return 0x8864, region
    if start in (0, 108):
        head = region.need(4, Status.LINK_TRUNCATED)
        families = {struct.unpack(">I", head)[0], struct.unpack("<I", head)[0]}
        for family, kind in ((2, 0x0800), (10, 0x86DD), (24, 0x86DD), (28, 0x86DD), (30, 0x86DD)):
            if family in families:
                return kind, region.skip(4)
        raise Refused(Status.NOT_IP)
    if start in (105, 127):
        return wifi(region, radiotap=start == 127)
    if start == 239:
        return nflog(region)
    if start == 104:
        return u16(region.need(4, Status.LINK_TRUNCATED), 2), region.skip(4)
    if start == 113:
        head = region.need(16, Status.LINK_TRUNCATED)
        kind, size, mac = u16(head, 14), u16(head, 4), head[6:12]
    elif start == 276:
        head = region.need(20, Status.LINK_TRUNCATED)
        kind, size, mac = u16(head, 0), head[11], head[12:18]
    else:
        raise Refused(Status.LINK_TYPE_UNKNOWN)
    if size == 6 and any(mac):
        fresh["src_mac"], seen["mac"] = int.from_bytes(mac, "big"), True
    return "llc" if kind == 4 else kind, region.skip(len(head))


def wifi(region: Region, radiotap: bool) -> tuple[Any, Region]:
    if radiotap:
        region = region.skip(int.from_bytes(region.need(4, Status.LINK_TRUNCATED)[2:4], "little"))
    control, flags = region.need(2, Status.LINK_TRUNCATED)
    is_data, null_function, quality = control & 0x0F == 0x08, control & 0x40, control & 0x80
    if not is_data or null_function or flags & 0x40 or flags & 0x04:
        raise Refused(Status.NOT_IP)
    addresses = 30 if flags & 3 == 3 else 24
    size = addresses + (2 + (4 if flags & 0x80 else 0) if quality else 0)
    head = region.need(size, Status.LINK_TRUNCATED)
    if head[22] & 15 or (quality and head[addresses] & 0x80):
        raise Refused(Status.NOT_IP)
    return "llc", region.skip(size)


def nflog(region: Region) -> tuple[Any, Region]:
    kind = {2: 0x0800, 10: 0x86DD}.get(region.need(4, Status.LINK_TRUNCATED)[0])
    region = region.skip(4)
    while len(region.data) >= 4:
        size, attribute = struct.unpack_from("<HH", region.data)
        if size >= 4 and attribute == 9 and kind:
            return kind, region.skip(4)
        if size < 4 or attribute == 9:
            break
        region = region.skip((size + 3) // 4 * 4)
    raise Refused(Status.NOT_IP)


def next_kind(region: Region, kind: Any, fresh: Row, seen: Row) -> tuple[Any, Region]:
    if kind == "ethernet":
        head = region.need(14, Status.LINK_TRUNCATED)
        if not seen["mac"]:
            seen["mac"] = True
            fresh["dst_mac"], fresh["src_mac"] = (int.from_bytes(head[i : i + 6], "big") for i in (0, 6))
        return type_or_length(u16(head, 12)), region.skip(14)
    if kind in VLAN_TAGS:
        head = region.need(4, Status.VLAN_TRUNCATED)
        seen["tags"].append(u16(head, 0) & 0xFFF)
        return type_or_length(u16(head, 2)), region.skip(4)
    if kind == "llc":
        if region.data[:3] == b"\x06\x06\x03":
            return "ip", region.skip(3)
        if region.data[:2] == b"\xaa\xaa":
            head = region.need(8, Status.LINK_TRUNCATED)
            if head[2:6] in (b"\x03\0\0\0", b"\x03\0\0\xf8") and u16(head, 6) >= 0x600:
                return u16(head, 6), region.skip(8)
        raise Refused(Status.NOT_IP)
    if kind in (0x8847, 0x8848):
        return mpls_label(region, kind)
    if kind == 0x8864:
        head = region.need(8, Status.PPPOE_TRUNCATED)
        if head[:2] != b"\x11\0":
            raise Refused(Status.NOT_IP)
        return "ppp without address", region.skip(6)
    if kind in ("ppp", "ppp without address"):
        if kind == "ppp" and region.data[1:2] == b"\x03" and region.data[0] in (0xFF, 0, 1):
            region = region.skip(2)
        head = region.need(2, Status.LINK_TRUNCATED)
        proto, size = (head[0], 1) if head[0] & 1 else (u16(head, 0), 2)
        kinds = {0x21: 0x0800, 0x57: 0x86DD, 0x281: 0x8847, 0x283: 0x8847}
        if proto not in kinds:
            raise Refused(Status.NOT_IP)
        return kinds[proto], region.skip(size)
    if kind == 0x894F:
        head = region.need(8, Status.LINK_TRUNCATED)
        size, kinds = (head[1] & 0x3F) * 4, {1: 0x0800, 2: 0x86DD, 3: "ethernet", 5: 0x8847}
        if size < 8 or head[0] >> 6 or head[3] not in kinds:
            raise Refused(Status.NOT_IP)
        return kinds[head[3]], region.skip(size)
    if kind == 0x8903:
        region.need(2, Status.LINK_TRUNCATED)
        return "ethernet", region.skip(2)
    if kind == 0x0806:
        head = region.need(8, Status.ARP_TRUNCATED)
        region.need(8 + 2 * (head[4] + head[5]), Status.ARP_TRUNCATED)
        raise Refused(Status.ARP)
    raise Refused(Status.NOT_IP)


def type_or_length(value: int) -> Any:
    return value if value >= 0x600 else "llc"


def mpls_label(region: Region, kind: int) -> tuple[Any, Region]:
    head = region.need(4, Status.MPLS_TRUNCATED)
    region = region.skip(4)
    if not head[2] & 1:
        return kind, region
    nibble = region.need(1, Status.MPLS_TRUNCATED)[0] >> 4
    if nibble in (4, 6):
        return "ip", region
    if nibble == 0 and len(region.data) >= 4:
        return "ethernet", region.skip(4)
    raise Refused(Status.NOT_IP)


# --- IP -----------------------------------------------------------------------------------------------------------

@dataclass
class Ip:
    """An IP packet: its payload, and what else transport and reassembly want to know."""

    header: bytes = b""
    payload: Region = field(default_factory=lambda: Region(b"", 0))
    fragment: tuple[int, bool] | None = None  # offset in bytes, more to come
    verifiable: bool = True
    unsized: bool = False


def ip(region: Region, version: int | None, row: Row, quoted: bool) -> Ip:
    first = region.data[0] >> 4 if region.data else None
    if first is None:
        raise Refused(Status.IPV6_TRUNCATED if version == 6 else Status.IPV4_TRUNCATED)
    if first not in (4, 6) or version not in (None, first):
        raise Refused(Status.IP_VERSION)
    return ipv4(region, row, quoted) if first == 4 else ipv6(region, row, quoted)


def ipv4(region: Region, row: Row, quoted: bool) -> Ip:
    head = region.need(20, Status.IPV4_TRUNCATED)
    size, length, word = (head[0] & 15) * 4, u16(head, 2), u16(head, 6)
    row.update(ip_version=4, ip_tos=head[1], ip_id=u16(head, 4), ip_ttl=head[8], proto=head[9],
               src_ip=MAPPED | int.from_bytes(head[12:16], "big"), dst_ip=MAPPED | int.from_bytes(head[16:20], "big"))
    if size < 20:
        raise Refused(Status.IPV4_HEADER_LENGTH)
    total = length or region.size
    if total < size or (total > region.size and not quoted):
        raise Refused(Status.IPV4_TOTAL_LENGTH)
    header = region.need(size, Status.IPV4_TRUNCATED)
    offset, more = (word & 0x1FFF) * 8, bool(word & 0x2000)
    return Ip(header, region.limit(total).skip(size), (offset, more) if offset or more else None, True, length == 0)


def ipv6(region: Region, row: Row, quoted: bool) -> Ip:
    head = region.need(40, Status.IPV6_TRUNCATED)
    length = u16(head, 4)
    row.update(ip_version=6, ip_tos=u16(head, 0) >> 4 & 0xFF, proto=head[6], ip_ttl=head[7],
               src_ip=int.from_bytes(head[8:24], "big"), dst_ip=int.from_bytes(head[24:40], "big"))
    payload = region.skip(40)
    if length > payload.size and not quoted:
        raise Refused(Status.IPV6_PAYLOAD_LENGTH)
    packet = Ip(head, payload.limit(length) if length else payload, None, True, length == 0)
    extensions(packet, row)
    return packet


def extensions(packet: Ip, row: Row) -> None:
    """Walk the extension headers from row["proto"] on, up to a transport header or a real fragment."""
    count = 0
    while row["proto"] in EXTENSIONS and packet.fragment is None:
        count += 1
        region, proto = packet.payload, row["proto"]
        if region.size < 8 or count > MAX_EXTENSIONS:
            raise Refused(Status.IPV6_EXTENSION)
        head = region.need(8, Status.IPV6_TRUNCATED)
        size = 8 if proto == 44 else (head[1] + 2) * 4 if proto == 51 else (head[1] + 1) * 8
        if size > region.size:
            raise Refused(Status.IPV6_EXTENSION)
        body = region.need(size, Status.IPV6_TRUNCATED)
        if proto == 44:
            row["ip_id"] = int.from_bytes(head[4:8], "big")
            offset, more = u16(head, 2) & 0xFFF8, bool(head[3] & 1)
            packet.fragment = (offset, more) if offset or more else None
        elif (proto == 43 and head[3]) or (proto == 60 and 201 in options(body[2:])):
            packet.verifiable = False
        row["proto"] = head[0]
        packet.payload = region.skip(size)


def options(body: bytes) -> list[int]:
    kinds = []
    while len(body) >= 2:
        kinds.append(body[0])
        body = body[2 + body[1] :] if body[0] else body[1:]
    return kinds


# --- transport ----------------------------------------------------------------------------------------------------

def transport(packet: Ip, row: Row) -> tuple[Region, Region]:
    """Fill ports, flags and so on; return (header with payload, payload)."""
    region, proto = packet.payload, row["proto"]
    if proto == 6:
        head = region.need(20, Status.TCP_TRUNCATED)
        sport, dport, seq, ack, offset, flags, window = struct.unpack_from(">HHIIBBH", head)
        row.update(src_port=sport, dst_port=dport, tcp_seq=seq, tcp_ack=ack, tcp_flags=flags, tcp_window=window)
        size = (offset >> 4) * 4
        if size < 20 or size > region.size:
            raise Refused(Status.TCP_DATA_OFFSET)
        return region, region.skip(size)
    if proto == 17:
        head = region.need(8, Status.UDP_TRUNCATED)
        row.update(src_port=u16(head, 0), dst_port=u16(head, 2))
        length = u16(head, 4)
        if length == 0 and packet.unsized:
            length = region.size
        if not 8 <= length <= region.size:
            raise Refused(Status.UDP_LENGTH)
        return region.limit(length), region.limit(length).skip(8)
    if proto in (1, 58):
        head = region.need(8, Status.ICMP_TRUNCATED)
        row.update(icmp_type=head[0], icmp_code=head[1])
        return region, region.skip(8)
    if proto == 132:
        head = region.need(12, Status.SCTP_TRUNCATED)
        row.update(src_port=u16(head, 0), dst_port=u16(head, 2))
        return region, region.skip(12)
    return region, region


def transport_checksum(row: Row, segment: Region, verifiable: bool) -> Checksum:
    data, proto = segment.data, row["proto"]
    if not segment.whole or not verifiable or proto not in (1, 6, 17, 58) or (proto == 17 and data[6:8] == b"\0\0"):
        return Checksum.UNVERIFIED
    pseudo = b""
    if proto != 1:
        size = 4 if row["ip_version"] == 4 else 16
        pseudo = b"".join((row[end] & (1 << size * 8) - 1).to_bytes(size, "big") for end in ("src_ip", "dst_ip"))
        pseudo += struct.pack(">II", len(data), proto)
    return Checksum.GOOD if internet_checksum(pseudo + data) == 0 else Checksum.BAD


# --- tunnels ------------------------------------------------------------------------------------------------------

def inner(row: Row, payload: Region) -> tuple[Tunnel, int | str, Region] | None:
    """Return (tunnel, how its contents start, contents) of what a packet carries, or None."""
    proto, ports = row["proto"], (row["src_port"], row["dst_port"])
    if proto == 47:
        found = gre(payload)
        return found and (Tunnel.GRE, *found)
    if proto == 17:
        for tunnel, reader, matches in (
            (Tunnel.VXLAN, vxlan, ports[1] == 4789), (Tunnel.GENEVE, geneve, ports[1] == 6081),
            (Tunnel.TEREDO, teredo, 3544 in ports), (Tunnel.GTP, gtp, 2152 in ports),
        ):
            if matches:
                found = reader(payload)
                return found and (tunnel, *found)
        return None
    if payload.size == 0:
        return None
    if proto == 4:
        return Tunnel.IPIP, "type 0800", payload
    if proto == 41:
        return (Tunnel.SIXIN4 if row["ip_version"] == 4 else Tunnel.IP6_IN_IP6), "type 86dd", payload
    if proto == 1 and row["icmp_type"] in (3, 4, 5, 11, 12):
        return Tunnel.ICMP_QUOTE, "type 0800", payload
    if proto == 58 and row["icmp_type"] in (1, 2, 3, 4):
        return Tunnel.ICMP_QUOTE, "type 86dd", payload
    return None


def gre(region: Region) -> tuple[int | str, Region] | None:
    head = region.need(4, Status.TUNNEL_TRUNCATED)
    flags, kind = struct.unpack(">HH", head)
    version = flags & 7
    if version > 1 or flags & 0x4000 or (version == 1 and kind != 0x880B):
        return None
    size = 4 + 4 * sum(bool(flags & bit) for bit in (0x8000, 0x2000, 0x1000))
    size += 4 if version == 1 and flags & 0x80 else 0
    region.need(size, Status.TUNNEL_TRUNCATED)
    region = region.skip(size)
    if not region.data:
        return None
    if version == 1:
        return 9, region
    if kind == 0x6558:
        return 1, region
    if kind == 0x88BE:
        size = 8 if flags & 0x1000 else 0
        region.need(size + 1, Status.TUNNEL_TRUNCATED)
        return 1, region.skip(size)
    if kind == 0x22EB:
        word = u16(region.need(12, Status.TUNNEL_TRUNCATED), 10)
        region = region.skip(20 if word & 1 else 12)
        return (1, region) if word >> 11 & 31 == 0 and region.data else None
    return (f"type {kind:04x}", region) if kind in (0x0800, 0x86DD, 0x0806, 0x8847, 0x8848) else None


def plausible(kind: int, region: Region) -> bool:
    if kind in (0x0800, 0x86DD):
        return bool(region.data) and region.data[0] >> 4 == {0x0800: 4, 0x86DD: 6}[kind]
    return kind in (0x0806, 0x8100, 0x88A8, 0x9100, 0x8847, 0x8864)


def plausible_frame(region: Region) -> bool:
    return len(region.data) >= 14 and plausible(u16(region.data, 12), region.skip(14))


def vxlan(region: Region) -> tuple[int | str, Region] | None:
    head = region.data[:8]
    if len(head) < 8 or head[0] & 0x7F != 8 or head[7] != 0 or not plausible_frame(region.skip(8)):
        return None
    return 1, region.skip(8)


def geneve(region: Region) -> tuple[int | str, Region] | None:
    head = region.data[:8]
    if len(head) < 8 or head[0] & 0xC0 or head[1] & 0x3F or head[7]:
        return None
    kind, region = u16(head, 2), region.skip(8 + 4 * (head[0] & 0x3F))
    if kind == 0x6558 and plausible_frame(region):
        return 1, region
    return (f"type {kind:04x}", region) if kind in (0x0800, 0x86DD) and plausible(kind, region) else None


def teredo(region: Region) -> tuple[int | str, Region] | None:
    if len(region.data) >= 4 and region.data[:2] == b"\0\1":
        region = region.skip(13 + region.data[2] + region.data[3])
    if len(region.data) >= 8 and region.data[:2] == b"\0\0":
        region = region.skip(8)
    if len(region.data) >= 40 and region.data[0] >> 4 == 6:
        teredo_address = b"\x20\x01\0\0" in (region.data[8:12], region.data[24:28])
        size = u16(region.data, 4) + 40
        if size == region.size or (size < region.size and teredo_address):
            return "type 86dd", region
    return None


def gtp(region: Region) -> tuple[int | str, Region] | None:
    head = region.data
    if len(head) < 12 or head[0] >> 4 != 3 or head[1] != 0xFF or u16(head, 2) != region.size - 8:
        return None
    rest = region.skip(8)
    if head[0] & 7:
        rest, following = region.skip(12), head[11]
        for _ in range(8):
            if not head[0] & 4 or not following:
                break
            size = 4 * rest.data[0] if rest.data else 0
            if not size or len(rest.data) < size:
                return None
            following, rest = rest.data[size - 1], rest.skip(size)
        if head[0] & 4 and following:
            return None
    nibble = rest.data[0] >> 4 if rest.data else 0
    return (f"type {'0800' if nibble == 4 else '86dd'}", rest) if nibble in (4, 6) else None


# --- fragments ----------------------------------------------------------------------------------------------------

@dataclass
class Datagram:
    """A datagram in the making: every byte by its place; None where a snaplen cut it off."""

    started_ns: int
    bytes_: dict[int, int | None] = field(default_factory=dict)
    end: int | None = None
    frames: int = 0
    wire: int = 0
    captured: int = 0
    proto: int = 0
    discarded: bool = False


class Reassembly:
    """Naive reassembly without a budget: for tests that stay below the kernel's."""

    def __init__(self, timeout_ns: int) -> None:
        self.timeout_ns = timeout_ns
        self.pending: dict[tuple[Any, ...], Datagram] = {}

    def place(self, packet: Ip, row: Row, clock_ns: int) -> Datagram | None:
        """Take a fragment; return the datagram if it is whole now, None if it waits; Refused if it is no good."""
        offset, more = packet.fragment
        size, last = packet.payload.size, offset + packet.payload.size
        version = row["ip_version"]
        if size == 0 or last > (65515 if version == 4 else 65535) or (more and size % 8):
            raise Refused(Status.FRAGMENT_BAD)
        self.pending = {k: d for k, d in self.pending.items() if clock_ns - d.started_ns <= self.timeout_ns}
        key = (row["src_ip"], row["dst_ip"], row["ip_id"], row["proto"] if version == 4 else None, version, row["vlan"],
               row["vlan_inner"], row["tunnel"], row["tunnel_depth"])
        whole = self.pending.get(key) or Datagram(clock_ns)
        if whole.discarded:
            raise Refused(Status.FRAGMENT_OVERLAP)
        highest = max(whole.bytes_, default=-1) + 1
        if (whole.end is not None and (last > whole.end or (not more and last != whole.end))) or (
                not more and last < highest):
            raise Refused(Status.FRAGMENT_BAD)
        new = {offset + i: packet.payload.data[i] if i < len(packet.payload.data) else None for i in range(size)}
        old = {i for i in new if i in whole.bytes_}
        conflict = any(None not in (new[i], whole.bytes_[i]) and new[i] != whole.bytes_[i] for i in old)
        if version == 6 and (conflict or 0 < len(old) < size):
            self.pending[key] = Datagram(whole.started_ns, discarded=True)
            raise Refused(Status.FRAGMENT_OVERLAP)
        if conflict and len(old) == size:
            raise Refused(Status.FRAGMENT_OVERLAP)
        self.pending[key] = whole
        whole.bytes_ = new | whole.bytes_
        whole.end = whole.end if more else last
        whole.frames += 1
        whole.wire += row["wire_bytes"]
        whole.captured += row["captured_bytes"]
        whole.proto = row["proto"] if offset == 0 else whole.proto
        return self.pending.pop(key) if len(whole.bytes_) == whole.end else None


# --- frames -------------------------------------------------------------------------------------------------------

class OracleDecoder:
    """Decodes FrameBlocks into rows (dictionaries by column; ``payload`` holds the captured payload itself)."""

    def __init__(self, checksums: str = "ignore", timeout_s: int = 60) -> None:
        self.checksums = checksums
        self.reassembly = Reassembly(timeout_s * 1_000_000_000)
        self.clock_ns: int | None = None
        self.sampled: list[bool] = []

    def decode(self, block: FrameBlock) -> list[Row]:
        rows: list[Row] = []
        raw = block.buffer.tobytes()
        for i in range(block.offset.size):
            start, captured = int(block.offset[i]), int(block.captured_bytes[i])
            ts_ns = int(block.ts_ns[i])
            if self.clock_ns is not None and ts_ns < self.clock_ns - 3600 * 1_000_000_000:
                self.clock_ns = ts_ns
                self.reassembly.pending.clear()
            self.clock_ns = max(ts_ns, self.clock_ns if self.clock_ns is not None else ts_ns)
            region = Region(raw[start : start + captured], max(captured, int(block.wire_bytes[i])))
            base = {"packet_number": block.first_packet + i, "ts_ns": ts_ns, "link_type": int(block.link_type[i]),
                    "interface": int(block.interface[i])}
            rows += self.frame(region, int(block.link_type[i]), base)
        return rows

    def frame(self, region: Region, start: int | str, base: Row) -> list[Row]:
        rows: list[Row] = []
        tunnel, around = Tunnel.NONE, {}
        while True:
            row = blank_row() | base | around | {"tunnel": int(tunnel), "tunnel_depth": len(rows),
                                                 "frames": int(not rows)}
            row.update(captured_bytes=len(region.data), wire_bytes=region.size)
            carried = self.layer(region, start, row)
            if tunnel == Tunnel.ICMP_QUOTE and row["status"] != Status.QUOTED:
                return rows
            rows.append(row)
            if carried is None:
                return rows
            tunnel, start, region = carried
            around = {name: row[name] for name in ("src_mac", "dst_mac", "ether_type", "vlan", "vlan_inner")}

    def mode(self) -> str:
        if self.checksums != "auto":
            return self.checksums
        if len(self.sampled) < 1000:
            return "undecided"
        return "ignore" if sum(self.sampled) >= 100 else "validate"

    def layer(self, region: Region, start: int | str, row: Row) -> tuple[Tunnel, int | str, Region] | None:
        quoted = row["tunnel"] == Tunnel.ICMP_QUOTE
        mode = "ignore" if quoted else self.mode()
        carried = None
        try:
            try:
                region, version = link(region, start, row)
            finally:
                if row["tunnel_depth"] == MAX_IP_LAYERS:
                    raise Refused(Status.LAYERS_TOO_DEEP)
            packet = ip(region, version, row, quoted)
            if mode != "ignore" and row["ip_version"] == 4 and internet_checksum(packet.header) != 0:
                row["checksum"] = Checksum.BAD
                if mode == "validate":
                    raise Refused(Status.CHECKSUM_BAD)
            if quoted:
                quote(packet, row)
                raise Refused(Status.QUOTED)
            if packet.fragment is not None:
                self.fragment(packet, row)
            segment, payload = transport(packet, row)
            row.update(payload=payload.data, payload_bytes=payload.size, payload_captured_bytes=len(payload.data))
            if mode != "ignore" and row["checksum"] == Checksum.UNVERIFIED:
                row["checksum"] = transport_checksum(row, segment, packet.verifiable)
                if row["checksum"] == Checksum.BAD and mode == "validate":
                    raise Refused(Status.CHECKSUM_BAD)
            carried = inner(row, payload)
        except Refused as refused:
            row["status"] = refused.status
        if mode == "undecided" and row["checksum"] != Checksum.UNVERIFIED and row["tunnel_depth"] == 0:
            self.sampled.append(row["checksum"] == Checksum.BAD)
        return carried

    def fragment(self, packet: Ip, row: Row) -> None:
        """Replace the packet by its datagram if that is whole; else raise Refused with what became of it."""
        row["fragment"] = 1
        whole = self.reassembly.place(packet, row, self.clock_ns)
        if whole is None:
            row.update(payload=packet.payload.data, payload_bytes=packet.payload.size,
                       payload_captured_bytes=len(packet.payload.data))
            raise Refused(Status.FRAGMENT_HELD)
        data = bytearray()
        for i in range(whole.end):
            if whole.bytes_[i] is None:
                break
            data.append(whole.bytes_[i])
        packet.payload, packet.fragment = Region(bytes(data), whole.end), None
        row.update(fragment=2, buffer=1, wire_bytes=whole.wire, captured_bytes=whole.captured,
                   frames=whole.frames if row["tunnel_depth"] == 0 else 0)
        if row["ip_version"] == 6:
            ip_id, row["proto"] = row["ip_id"], whole.proto
            extensions(packet, row)
            row["ip_id"] = ip_id
            if packet.fragment is not None:
                raise Refused(Status.IPV6_EXTENSION)


def quote(packet: Ip, row: Row) -> None:
    data, proto = packet.payload.data, row["proto"]
    if packet.fragment is not None:
        row["fragment"] = 1
        if packet.fragment[0]:
            return
    if len(data) >= 8 and proto in (6, 17, 132):
        row.update(src_port=u16(data, 0), dst_port=u16(data, 2))
        if proto == 6:
            row["tcp_seq"] = int.from_bytes(data[4:8], "big")
    elif len(data) >= 8 and proto in (1, 58):
        row.update(icmp_type=data[0], icmp_code=data[1])


def blank_row() -> Row:
    names = ("status", "checksum", "tunnel", "tunnel_depth", "src_mac", "dst_mac", "ether_type", "vlan", "vlan_inner",
             "ip_version", "proto", "ip_ttl", "ip_tos", "ip_id", "fragment", "src_ip", "dst_ip", "src_port", "dst_port",
             "icmp_type", "icmp_code", "tcp_flags", "tcp_seq", "tcp_ack", "tcp_window", "payload_bytes",
             "payload_captured_bytes", "buffer")
    return dict.fromkeys(names, 0) | {"payload": b""}
