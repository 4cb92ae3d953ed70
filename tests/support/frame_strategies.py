"""Hypothesis strategies for frames: every layer the decoder knows, one inside another, whole and damaged."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from tests.support import frames as f

ports = st.sampled_from([0, 1, 53, 80, 443, 2152, 3544, 4789, 6081, 65535])
bodies = st.binary(max_size=40)
v4_addresses = st.sampled_from(["192.0.2.1", "198.51.100.7", "10.0.0.1", "255.255.255.255", "0.0.0.0"])
v6_addresses = st.sampled_from(["2001:db8::1", "2001:db8:1::ffff", "::", "ff02::1", "::ffff:192.0.2.1"])
forced = st.one_of(st.none(), st.none(), st.just(0), st.integers(0, 65535))

segments = st.one_of(
    st.builds(f.tcp, bodies, sport=ports, dport=ports, seq=st.integers(0, 2**32 - 1), ack=st.integers(0, 2**32 - 1),
              flags=st.integers(0, 255), window=st.integers(0, 65535), options=st.binary(max_size=12),
              data_offset=st.one_of(st.none(), st.none(), st.none(), st.integers(0, 15)), checksum=forced),
    st.builds(f.udp, bodies, sport=ports, dport=ports,
              length=st.one_of(st.none(), st.none(), st.integers(0, 60)), checksum=forced),
    st.builds(f.icmp, bodies, kind=st.sampled_from([0, 3, 5, 8, 11]), code=st.integers(0, 4), checksum=forced),
    st.builds(f.icmpv6, bodies, kind=st.sampled_from([1, 2, 4, 128, 135]), code=st.integers(0, 4), checksum=forced),
    st.builds(f.sctp, bodies, sport=ports, dport=ports),
    st.builds(f.raw, bodies, st.integers(0, 255)),
)
_extension_kinds = st.lists(
    st.tuples(st.sampled_from([0, 43, 44, 51, 60, 135, 139, 140]), st.binary(max_size=14)), max_size=3)


@st.composite
def ipv6_packets(draw: Callable, inside: st.SearchStrategy) -> bytes:
    segment = draw(inside)
    following, headers = segment.proto, b""
    for kind, body in draw(_extension_kinds):
        headers = (f.fragment_header(following, offset=draw(st.sampled_from([0, 0, 0, 1])),
                                     more=draw(st.sampled_from([False, False, True])))
                   if kind == 44 else f.extension(following, body)) + headers
        following = kind
    return f.ipv6(segment, src=draw(v6_addresses), dst=draw(v6_addresses), extensions=headers, next_header=following,
                  traffic_class=draw(st.integers(0, 255)), hop_limit=draw(st.integers(0, 255)),
                  payload_length=draw(st.one_of(st.none(), st.none(), st.none(), st.integers(0, 90))))


def ipv4_packets(inside: st.SearchStrategy) -> st.SearchStrategy:
    return st.builds(
        f.ipv4, inside, src=v4_addresses, dst=v4_addresses, ttl=st.integers(0, 255), tos=st.integers(0, 255),
        ip_id=st.integers(0, 3), flags=st.sampled_from([0, 0, 0, 0, 2, 1]), offset=st.sampled_from([0, 0, 0, 0, 1, 3]),
        options=st.binary(max_size=8), header_length=st.one_of(st.none(), st.none(), st.none(), st.integers(0, 15)),
        total_length=st.one_of(st.none(), st.none(), st.none(), st.integers(0, 90)), checksum=forced)


def _tunnelled(packets: st.SearchStrategy) -> st.SearchStrategy:
    framed = packets.map(f.ethernet)
    return st.one_of(
        packets.map(lambda p: f.raw(p, 41 if p[0] >> 4 == 6 else 4)),
        st.builds(lambda p, c, k, s: f.gre(p, ether_type=0x86DD if p[0] >> 4 == 6 else 0x0800, checksum=c, key=k,
                                           sequence=s),
                  packets, st.booleans(), st.sampled_from([None, 7]), st.sampled_from([None, 9])),
        st.builds(lambda p, kind, s: f.gre(p, ether_type=kind, sequence=s), framed,
                  st.sampled_from([0x6558, 0x88BE, 0x22EB, 0x880B, 0x1234]), st.sampled_from([None, 5])),
        framed.map(f.vxlan), framed.map(f.geneve),
        st.builds(f.teredo, packets, origin=st.booleans(), authentication=st.booleans()),
        st.builds(f.gtp, packets, sequence=st.sampled_from([None, 3])),
        st.builds(lambda p, n: f.icmp(p[:n], kind=3, code=1), packets, st.integers(20, 60)),
        st.builds(lambda p, n: f.icmpv6(p[:n], kind=1), packets, st.integers(40, 90)),
    )


packets = st.recursive(
    st.one_of(ipv4_packets(segments), ipv6_packets(segments)),
    lambda inner: st.one_of(ipv4_packets(_tunnelled(inner)), ipv6_packets(_tunnelled(inner))), max_leaves=3)

_LLC = b"\xaa\xaa\x03\0\0\0"
_WIFI_HEADS = (b"\x08\x01" + bytes(22), b"\x88\x02" + bytes(24), b"\x88\x83" + bytes(34), b"\x08\x43" + bytes(28),
               b"\x88\x01" + bytes(22) + b"\x80\0", b"\x48\x01" + bytes(22))


def _ether_type(packet: bytes) -> bytes:
    return b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\0"


ethernet_frames = st.one_of(
    packets.map(lambda p: f.ethernet(b"\0\2\1" + (b"\2" if p[0] >> 4 == 6 else b"\1") + bytes(4) + p,
                                     ether_type=0x894F)),
    packets.map(lambda p: f.ethernet(b"\0\1" + f.ethernet(p), ether_type=0x8903)),
    packets.map(f.ethernet),
    st.builds(lambda p, v, t: f.ethernet(p, vlans=tuple(v), tag_type=t), packets,
              st.lists(st.integers(0, 4095), min_size=1, max_size=4), st.sampled_from([0x8100, 0x88A8, 0x9100])),
    st.builds(lambda p, labels: f.ethernet(f.mpls(p, *labels), ether_type=0x8847), packets,
              st.lists(st.integers(0, 2**20 - 1), min_size=1, max_size=3)),
    packets.map(lambda p: f.ethernet(f.mpls(b"\0\0\0\0" + f.ethernet(p), 16), ether_type=0x8848)),
    packets.map(lambda p: f.ethernet(f.pppoe(p), ether_type=0x8864)),
    packets.map(lambda p: f.ethernet(b"\xaa\xaa\x03\0\0\0\x08\x00" + p, ether_type=len(p) + 8)),
    st.builds(lambda p, kind: f.ethernet(p, ether_type=kind), packets, st.integers(0, 65535)),
    st.just(f.ethernet(f.arp(), ether_type=0x0806, pad=True)),
)
linked_frames = st.one_of(
    ethernet_frames.map(lambda frame: (1, frame)), st.tuples(st.sampled_from([12, 101, 228, 229]), packets),
    packets.map(lambda p: (113, f.cooked_v1(p, ether_type=0x86DD if p[0] >> 4 == 6 else 0x0800))),
    packets.map(lambda p: (276, f.cooked_v2(p, ether_type=0x86DD if p[0] >> 4 == 6 else 0x0800))),
    st.builds(lambda p, order: (0, (30 if p[0] >> 4 == 6 else 2).to_bytes(4, order) + p), packets,
              st.sampled_from(["little", "big"])),
    packets.map(lambda p: (9, b"\xff\x03\0" + (b"\x57" if p[0] >> 4 == 6 else b"\x21") + p)),
    st.builds(lambda p, head: (105, head + _LLC + _ether_type(p) + p), packets, st.sampled_from(_WIFI_HEADS)),
    st.builds(lambda p, size: (127, b"\0\0" + size.to_bytes(2, "little") + bytes(size - 4) + _WIFI_HEADS[0] + _LLC
                               + _ether_type(p) + p), packets, st.integers(4, 30)),
    packets.map(lambda p: (239, (b"\x0a" if p[0] >> 4 == 6 else b"\2") + b"\0\0\0" + b"\6\0\1\0ab\0\0"
                           + (4 + len(p)).to_bytes(2, "little") + b"\x09\0" + p)),
    packets.map(lambda p: (104, b"\x0f\0" + (b"\x86\xdd" if p[0] >> 4 == 6 else b"\x08\0") + p)),
    st.tuples(st.integers(0, 300), st.binary(max_size=80)),
)


@st.composite
def damaged_frames(draw: Callable) -> tuple[int, bytes, int]:
    """(link type, captured bytes, bytes on the wire) of a frame with some bytes changed and perhaps its end cut off."""
    link_type, frame = draw(linked_frames)
    data, wire = bytearray(frame), len(frame)
    for _ in range(draw(st.integers(0, 3))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        data = data[: draw(st.integers(0, len(data)))]
        wire = draw(st.sampled_from([len(data), wire, wire + 4]))
    return link_type, bytes(data), wire
