"""Independent parsers agree that the frames are whole and their checksums right."""

from __future__ import annotations

import shutil
import struct
import subprocess

import dpkt
import pytest

from pcaps.manifest import load_manifest
from pcaps.scenarios import NAMES

MANIFEST_ROWS = load_manifest()
MALFORMED_ON_PURPOSE = {"udp_scan": 8}
"""Eight zero bytes to every port: a dissector that knows a port by its number finds no message there."""


def ones_complement(data: bytes) -> int:
    """The Internet checksum by the book, one word at a time."""
    total = 0
    for (word,) in struct.iter_unpack("!H", data + b"\0" * (len(data) & 1)):
        total += word
        total = (total & 0xFFFF) + (total >> 16)
    return total


def check_transport(src: bytes, dst: bytes, proto: int, data: bytes) -> int:
    """Return the ones' complement sum over pseudo header and transport data: 0xFFFF is right."""
    pseudo = b"" if proto == 1 else src + dst + struct.pack("!II", len(data), proto)
    return ones_complement(pseudo + data)


@pytest.mark.parametrize("name", NAMES)
def test_dpkt_parses_every_frame_and_every_checksum_is_right(name, capture_of):
    count = 0
    with capture_of(name).open("rb") as file:
        for _, frame in dpkt.pcap.Reader(file):
            count += 1
            packet = dpkt.ethernet.Ethernet(frame).data
            while isinstance(packet, (dpkt.ip.IP, dpkt.ip6.IP6)):
                packet = check_packet(packet)
    assert count == MANIFEST_ROWS[name].packets


def check_packet(packet: dpkt.Packet) -> dpkt.Packet | None:
    """Check the checksums of one IP packet and return the packet inside it, if it is a tunnel."""
    if packet.v == 4:
        header = bytes(packet)[: packet.hl * 4]
        assert ones_complement(header) == 0xFFFF
        raw, proto = bytes(packet)[packet.hl * 4 : packet.len], packet.p
        if packet.mf or packet.offset:
            return None
    else:
        raw, proto = bytes(packet)[40 : 40 + packet.plen], packet.nxt
    if proto in (1, 6, 17, 58):
        assert check_transport(packet.src, packet.dst, proto, raw) == 0xFFFF
    return packet.data if proto == 41 else None


@pytest.mark.parametrize("name", [
    "ordinary_day", "fragments", "midstream", "udp_scan", "host_sweep", "sweep_ipv6", "icmp_flood", "carpet_bombing",
    "tunnel_6in4", "fragmented_leak",
])
def test_tshark_finds_no_wrong_checksum_and_nothing_malformed(name, capture_of):
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed")
    bad = ("ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || "
           "icmp.checksum.status == 0 || icmpv6.checksum.status == 0 || _ws.malformed")
    options = [part for name in ("ip", "tcp", "udp") for part in ("-o", f"{name}.check_checksum:TRUE")]
    run = subprocess.run([tshark, "-n", "-r", str(capture_of(name)), *options, "-Y", bad, "-T", "fields",
                          "-e", "frame.number"], capture_output=True, text=True, check=True, timeout=120)
    assert len(run.stdout.split()) <= MALFORMED_ON_PURPOSE.get(name, 0), run.stdout[:500]


@pytest.mark.parametrize("name", ["fragments", "tunnel_6in4", "udp_scan", "unattributed"])
def test_scapy_reads_each_frame_and_writes_it_back_unchanged(name, capture_of):
    from scapy.layers.l2 import Ether
    from scapy.utils import RawPcapReader

    count = 0
    with RawPcapReader(str(capture_of(name))) as reader:
        for frame, _ in reader:
            count += 1
            assert bytes(Ether(frame)) == frame
    assert count == MANIFEST_ROWS[name].packets


def test_fragments_put_together_give_whole_datagrams(capture_of):
    """The pieces of each datagram, by offset, give a UDP or TCP header whose checksum covers all of them."""
    pieces: dict[tuple, dict[int, bytes]] = {}
    orders = set()
    with capture_of("fragments").open("rb") as file:
        for _, frame in dpkt.pcap.Reader(file):
            found = fragment(dpkt.ethernet.Ethernet(frame).data)
            if found:
                key, offset, data = found
                orders.add(offset >= max(pieces.get(key, {0: b""})))
                pieces.setdefault(key, {})[offset] = data
    assert orders == {True, False}, "some come in order and some do not"
    assert {len(key[0]) for key in pieces} == {4, 16}
    assert {key[2] for key in pieces} == {6, 17}
    for (src, dst, proto, _), parts in pieces.items():
        whole = b"".join(parts[at] for at in sorted(parts))
        assert len(parts) > 1
        assert check_transport(src, dst, proto, whole) == 0xFFFF


def fragment(packet: dpkt.Packet) -> tuple[tuple, int, bytes] | None:
    """Return ((src, dst, protocol, id), offset, data) of a fragment, None for a whole packet."""
    if isinstance(packet, dpkt.ip.IP) and (packet.mf or packet.offset):
        data = bytes(packet)[packet.hl * 4 : packet.len]
        return (packet.src, packet.dst, packet.p, packet.id), packet.offset, data
    if isinstance(packet, dpkt.ip6.IP6) and packet.nxt == 44:
        raw = bytes(packet)[40 : 40 + packet.plen]
        proto, _, offset, ident = struct.unpack("!BBHI", raw[:8])
        return (packet.src, packet.dst, proto, ident), offset & 0xFFF8, raw[8:]
    return None
