"""What the decoder, tshark, dpkt and scapy each say of the frames of a capture, in one comparable form."""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dpkt

from columns.address import MAPPED_LO
from columns.codes import REFUSED_FROM, Status, Tunnel
from sensor.capture import frames_of, open_capture
from sensor.decode import Decoder, DecodeSettings
from tests.support.decoded import packet_rows

FIELDS = ("frame.number", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst",
          "tcp.srcport", "tcp.dstport", "tcp.flags", "tcp.seq_raw", "tcp.len", "udp.srcport", "udp.dstport",
          "sctp.srcport", "sctp.dstport", "icmp.type", "icmpv6.type", "vlan.id",
          "ip.flags.mf", "ip.frag_offset", "tcp.checksum.status", "udp.checksum.status", "_ws.malformed",
          "frame.protocols", "ieee8021ad.id", "ipv6.fraghdr.offset", "ipv6.fraghdr.more", "ip.opt.type")
OPTIONS = ("tcp.check_checksum:TRUE", "udp.check_checksum:TRUE", "tcp.relative_sequence_numbers:FALSE",
           "tcp.desegment_tcp_streams:FALSE")


@dataclass
class Facts:
    """What one tool says of one frame; lists are from the outermost layer inwards. ``rows`` are ours only."""

    ipv4: list[tuple[int, int]] = field(default_factory=list)
    ipv6: list[tuple[int, int]] = field(default_factory=list)
    tcp: list[tuple[int, int]] = field(default_factory=list)
    udp: list[tuple[int, int]] = field(default_factory=list)
    sctp: list[tuple[int, int]] = field(default_factory=list)
    icmp: list[int] = field(default_factory=list)
    tcp_flags: int | None = None
    tcp_seq: int | None = None
    tcp_len: int | None = None
    vlan: int | None = None
    fragment: bool = False
    checksum: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    ip_options: list[int] = field(default_factory=list)
    protocols: str = ""
    malformed: bool = False


def ours(path: Path) -> dict[int, Facts]:
    """Decode a capture without acting on checksums, and return what came of each frame."""
    frames: dict[int, Facts] = defaultdict(Facts)
    with open_capture(path) as capture:
        decoder = Decoder(DecodeSettings(checksums="auto"))
        for block in capture.blocks(4096):
            for packets, buffers in decoder.decode(block):
                for row in packet_rows(packets, buffers):
                    _add_row(frames[row["packet_number"]], row)
    return dict(frames)


def _add_row(facts: Facts, row: dict[str, Any]) -> None:
    facts.rows.append(row)
    ends = (row["src_ip"], row["dst_ip"])
    if row["ip_version"] == 4:
        facts.ipv4.append((ends[0] & 0xFFFFFFFF, ends[1] & 0xFFFFFFFF))
    elif row["ip_version"] == 6:
        facts.ipv6.append(ends)
    read = row["status"] in (Status.OK, Status.QUOTED)
    ports = (row["src_port"], row["dst_port"])
    whole_quote = row["tunnel"] != Tunnel.ICMP_QUOTE or any(ports)
    if read and whole_quote and row["proto"] in (6, 17, 132):
        {6: facts.tcp, 17: facts.udp, 132: facts.sctp}[row["proto"]].append(ports)
    if row["status"] == Status.OK and row["proto"] in (1, 58):
        facts.icmp.append(row["icmp_type"])
    if row["proto"] == 6 and row["status"] == Status.OK and facts.tcp_flags is None:
        facts.tcp_flags, facts.tcp_seq, facts.tcp_len = row["tcp_flags"], row["tcp_seq"], row["payload_bytes"]
    if row["tunnel_depth"] == 0:
        if row["status"] == Status.OK and row["proto"] in (6, 17):
            facts.checksum = ("", "good", "bad")[row["checksum"]]
        facts.vlan = row["vlan"] or None
        facts.fragment = row["fragment"] > 0


def refused(facts: Facts) -> bool:
    """Return whether we refused the frame or something inside it."""
    return any(row["status"] >= REFUSED_FROM for row in facts.rows)


def by_tshark(path: Path) -> dict[int, Facts]:
    """Ask tshark; empty where there is none (callers skip)."""
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=;"]
    for option in OPTIONS:
        command += ["-o", option]
    for name in FIELDS:
        command += ["-e", name]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    frames = {}
    for line in run.stdout.splitlines():
        values = dict(zip(FIELDS, line.split("\t"), strict=False))
        frames[int(values["frame.number"])] = _tshark_facts({k: v.split(";") if v else [] for k, v in values.items()})
    return frames


def _numbers(values: list[str]) -> list[int]:
    return [{"True": 1, "False": 0}[v] if v in ("True", "False") else int(v, 0) for v in values]


def _tshark_facts(v: dict[str, list[str]]) -> Facts:
    def pairs(name: str) -> list[tuple[int, int]]:
        return list(zip(_numbers(v[f"{name}.srcport"]), _numbers(v[f"{name}.dstport"]), strict=False))

    def addresses(name: str) -> list[tuple[int, int]]:
        ends = [[int(ipaddress.ip_address(text)) for text in v[f"{name}.{end}"]] for end in ("src", "dst")]
        return list(zip(*ends, strict=False))

    def first(name: str) -> int | None:
        return _numbers(v[name][:1])[0] if v[name] else None

    sums = v["udp.checksum.status"] + v["tcp.checksum.status"]
    flags = first("tcp.flags")
    return Facts(
        ipv4=addresses("ip"), ipv6=addresses("ipv6"), tcp=pairs("tcp"), udp=pairs("udp"), sctp=pairs("sctp"),
        icmp=_numbers(v["icmp.type"]) + _numbers(v["icmpv6.type"]), tcp_flags=None if flags is None else flags & 0xFF,
        tcp_seq=first("tcp.seq_raw"), tcp_len=first("tcp.len"),
        vlan=first("ieee8021ad.id") or first("vlan.id") or None,
        fragment=any(first(name) for name in
                     ("ip.flags.mf", "ip.frag_offset", "ipv6.fraghdr.offset", "ipv6.fraghdr.more")),
        checksum={"0": "bad", "1": "good"}.get(sums[0], "") if len(sums) == 1 else "",
        ip_options=_numbers(v["ip.opt.type"]), protocols=";".join(v["frame.protocols"]),
        malformed=bool(v["_ws.malformed"]))


def has_tshark() -> bool:
    """Return whether tshark is there to be asked."""
    return shutil.which("tshark") is not None


# --- disagreements: docs/differential.md has a section for each of these names

COMPARED = ("ipv4", "ipv6", "tcp", "udp", "sctp", "icmp", "tcp_flags", "tcp_seq", "tcp_len", "vlan", "fragment",
            "checksum")
OTHER_CARRIERS = {"macsec", "nhrp", "openflow", "sflow", "cmd", "vxlan", "ipv6.routing"}
QUOTING = {1: (3, 4, 5, 11, 12), 58: (1, 2, 3, 4)}


def disagreements(us: dict[int, Facts], them: dict[int, Facts]) -> list[tuple[str, int, str, Any, Any]]:
    """Return (reason or "", frame, field, ours, theirs) for everything that differs."""
    found = []
    for number in sorted(us.keys() & them.keys()):
        mine, yours = us[number], them[number]
        for name in COMPARED:
            one, other = getattr(mine, name), getattr(yours, name)
            unsaid = name == "checksum" and not (one and other)
            if one != other and not unsaid:
                found.append((reason(mine, yours, name), number, name, one, other))
    return found


def reason(mine: Facts, yours: Facts, name: str) -> str:
    """Return the class of a disagreement with tshark, or "" where none is known."""
    one, other = getattr(mine, name), getattr(yours, name)
    layers = yours.protocols.split(":")
    quotes = any(row["icmp_type"] in QUOTING.get(row["proto"], ()) for row in mine.rows)
    if refused(mine):
        return "refused"
    if quotes:
        return "quoted"
    if name == "ipv4" and {131, 137} & set(yours.ip_options):
        return "source-route"
    if "pppoes" in layers and yours.malformed:
        return "pppoe-length"
    if yours.malformed and (not other or (isinstance(one, list) and one[: len(other)] == other)):
        return "stopped"
    if name == "checksum" and (one, other) == ("bad", "good") and mine.rows[0]["ip_version"] == 4:
        return "header-checksum"
    if name == "vlan" and one is None and any(row["vlan"] for row in mine.rows[1:]):
        return "inner-vlan"
    if OTHER_CARRIERS & set(layers) and (not one or (isinstance(one, list) and other[: len(one)] == one)):
        return "other-carriers"
    return ""


# --- dpkt and scapy: the outermost packet of an Ethernet frame

def outermost(path: Path, limit: int) -> list[tuple[bytes, dict[str, Any]]]:
    """Return (frame, our first row) of the first good, whole, unfragmented IP packets in Ethernet frames."""
    pairs = []
    with open_capture(path) as capture:
        decoder = Decoder(DecodeSettings(checksums="ignore"))
        for block in capture.blocks(4096):
            data = {frame.packet_number: frame.data for frame in frames_of(block)}
            for packets, buffers in decoder.decode(block):
                for row in packet_rows(packets, buffers):
                    if row["tunnel_depth"] == 0 and row["status"] == Status.OK and row["link_type"] == 1 and (
                            row["ip_version"] and not row["fragment"] and row["captured_bytes"] == row["wire_bytes"]):
                        pairs.append((data[row["packet_number"]], row))
                        if len(pairs) == limit:
                            return pairs
    return pairs


def by_dpkt(frame: bytes) -> dict[str, Any] | None:
    """Return what dpkt makes of a frame, by our columns; None where it finds no IP."""
    packet: Any = dpkt.ethernet.Ethernet(frame)
    while not isinstance(packet, (bytes, dpkt.ip.IP, dpkt.ip6.IP6)):
        packet = packet.data
    if isinstance(packet, bytes):
        return None
    version = 4 if isinstance(packet, dpkt.ip.IP) else 6
    mapped = MAPPED_LO if version == 4 else 0
    found = {"ip_version": version, "src_ip": mapped | int.from_bytes(packet.src, "big"),
             "dst_ip": mapped | int.from_bytes(packet.dst, "big"),
             "ip_ttl": packet.ttl if version == 4 else packet.hlim}
    segment = packet.data
    if isinstance(segment, dpkt.tcp.TCP):
        found |= {"proto": 6, "src_port": segment.sport, "dst_port": segment.dport, "tcp_flags": segment.flags & 0xFF,
                  "tcp_seq": segment.seq, "tcp_ack": segment.ack, "tcp_window": segment.win, "payload": segment.data}
    elif isinstance(segment, dpkt.udp.UDP):
        found |= {"proto": 17, "src_port": segment.sport, "dst_port": segment.dport}
    return found


def by_scapy(frame: bytes) -> dict[str, Any] | None:
    """Return what scapy makes of a frame, by our columns; None where it finds no IP."""
    from scapy.layers.inet import IP, TCP, UDP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import Ether

    packet = Ether(frame)
    layer = next((p for p in packet.iterpayloads() if isinstance(p, (IP, IPv6))), None)
    if layer is None:
        return None
    version = 4 if isinstance(layer, IP) else 6
    mapped = MAPPED_LO if version == 4 else 0
    found = {"ip_version": version, "ip_ttl": layer.ttl if version == 4 else layer.hlim,
             "src_ip": mapped | int(ipaddress.ip_address(layer.src)),
             "dst_ip": mapped | int(ipaddress.ip_address(layer.dst))}
    segment = next((p for p in layer.payload.iterpayloads() if isinstance(p, (IP, IPv6, TCP, UDP))), None)
    if isinstance(segment, TCP):
        found |= {"proto": 6, "src_port": segment.sport, "dst_port": segment.dport, "tcp_seq": segment.seq,
                  "tcp_flags": int(segment.flags) & 0xFF, "tcp_ack": segment.ack, "tcp_window": segment.window}
    elif isinstance(segment, UDP):
        found |= {"proto": 17, "src_port": segment.sport, "dst_port": segment.dport}
    return found
