"""What becomes of a frame: link layers, IP, transport, tunnels, and each way to be refused."""

import struct

import numpy as np
import pytest

from columns import take_rows
from columns.address import address_int
from columns.codes import Status, Tunnel
from columns.errors import UsageError
from sensor.decode import Decoder, DecodeSettings
from sensor.decode.rows import PLACES
from sensor.frames import FrameBlock, frame_block
from tests.support import frames as f
from tests.support.decoded import decode_rows

PACKET = f.ipv4(f.tcp(b"hello", sport=1234, dport=80, seq=7, ack=9, flags=f.PSH | f.ACK, window=500), ttl=61, tos=0x28)
PACKET6 = f.ipv6(f.udp(b"hello", sport=1234, dport=53), hop_limit=7, traffic_class=0xB8)


def rows_of(*frames, link_type=1, wire_bytes=None, checksums="validate"):
    decoder = Decoder(DecodeSettings(checksums=checksums))
    return decode_rows([frame_block(list(frames), link_type=link_type, wire_bytes=wire_bytes)], decoder)


def status_of(frame, link_type=1, wire_bytes=None):
    rows = rows_of(frame, link_type=link_type, wire_bytes=None if wire_bytes is None else [wire_bytes])
    return Status(rows[0]["status"]).name


def test_every_column_of_a_tcp_packet():
    (row,) = rows_of(f.ethernet(PACKET, src=0x0200000000AA, dst=0x0200000000BB, pad=True))
    expected = {
        "packet_number": 1, "status": Status.OK, "checksum": 1, "frames": 1, "captured_bytes": 60, "wire_bytes": 60,
        "src_mac": 0x0200000000AA, "dst_mac": 0x0200000000BB, "ether_type": 0x0800, "ip_version": 4, "proto": 6,
        "ip_ttl": 61, "ip_tos": 0x28, "ip_id": 1, "src_ip": address_int("192.0.2.1"),
        "dst_ip": address_int("198.51.100.1"), "src_port": 1234, "dst_port": 80, "tcp_flags": 24, "tcp_seq": 7,
        "tcp_ack": 9, "tcp_window": 500, "payload": b"hello", "payload_bytes": 5, "payload_captured_bytes": 5,
        "tunnel": 0, "tunnel_depth": 0, "vlan": 0, "vlan_inner": 0, "fragment": 0, "buffer": 0, "icmp_type": 0,
        "flow_id": 0, "to_server": 0, "flow_event": 0, "clock_ns": 0,
    }
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(("link_type", "frame"), [
    (1, f.ethernet(PACKET6)), (1, f.ethernet(PACKET6, vlans=(5,))),
    (1, f.ethernet(PACKET6, vlans=(5, 6), tag_type=0x88A8)),
    (1, f.ethernet(PACKET6, vlans=(5, 6, 7), tag_type=0x9100)),
    (1, f.ethernet(f.mpls(PACKET6, 100, 200), ether_type=0x8847)),
    (1, f.ethernet(f.mpls(b"\0\0\0\0" + f.ethernet(PACKET6), 100), ether_type=0x8847)),
    (1, f.ethernet(f.pppoe(PACKET6), ether_type=0x8864)),
    (1, f.ethernet(b"\xaa\xaa\x03\0\0\0\x86\xdd" + PACKET6, ether_type=8 + len(PACKET6))),
    (1, f.ethernet(b"\x06\x06\x03" + PACKET6, ether_type=3 + len(PACKET6))),
    (113, f.cooked_v1(PACKET6, ether_type=0x86DD)), (276, f.cooked_v2(PACKET6, ether_type=0x86DD)),
    (113, f.cooked_v1(b"\0\5\x86\xdd" + PACKET6, ether_type=0x8100)),
    *((raw, PACKET6) for raw in (12, 14, 101, 229)),
    (0, b"\x1e\0\0\0" + PACKET6), (0, b"\0\0\0\x1c" + PACKET6), (108, b"\0\0\0\x18" + PACKET6),
    (9, b"\xff\x03\x00\x57" + PACKET6), (9, b"\x57" + PACKET6), (50, b"\x00\x57" + PACKET6),
    (104, b"\x0f\0\x86\xdd" + PACKET6), (51, f.pppoe(PACKET6)),
    (1, f.ethernet(b"\0\2\1\2" + bytes(4) + PACKET6, ether_type=0x894F)),
    (1, f.ethernet(b"\0\1" + f.ethernet(PACKET6), ether_type=0x8903)),
    (105, b"\x08\x01" + bytes(22) + b"\xaa\xaa\x03\0\0\0\x86\xdd" + PACKET6),
    (127, b"\0\0\x09\0" + bytes(5) + b"\x88\x03" + bytes(30) + b"\xaa\xaa\x03\0\0\0\x86\xdd" + PACKET6),
    (239, b"\x0a\0\0\0" + b"\x05\0\x01\0x\0\0\0" + b"\x99\0\x09\0" + PACKET6),
])
def test_link_layers_lead_to_the_packet(link_type, frame):
    (row,) = rows_of(frame, link_type=link_type)
    assert (row["status"], row["ip_version"], row["dst_port"], row["payload"]) == (Status.OK, 6, 53, b"hello")
    assert (row["ip_ttl"], row["ip_tos"]) == (7, 0xB8)


def test_vlan_ids_from_the_outside_in():
    rows = rows_of(f.ethernet(PACKET), f.ethernet(PACKET, vlans=(5,)), f.ethernet(PACKET, vlans=(5, 6)),
                   f.ethernet(PACKET, vlans=(5, 6, 7)))
    assert [(r["vlan"], r["vlan_inner"]) for r in rows] == [(0, 0), (5, 0), (5, 6), (5, 6)]


ETH = f.ethernet(PACKET)


@pytest.mark.parametrize(("frame", "status"), [
    (b"", "LINK_TRUNCATED"), (ETH[:13], "LINK_TRUNCATED"), (f.ethernet(PACKET, vlans=(5,))[:17], "VLAN_TRUNCATED"),
    (f.ethernet(f.mpls(PACKET, 1), ether_type=0x8847)[:16], "MPLS_TRUNCATED"),
    (f.ethernet(f.pppoe(PACKET), ether_type=0x8864)[:20], "PPPOE_TRUNCATED"),
    (f.ethernet(f.arp(), ether_type=0x0806)[:40], "ARP_TRUNCATED"),
    (f.ethernet(f.arp(), ether_type=0x0806), "ARP"), (f.ethernet(b"x" * 46, ether_type=0x88CC), "NOT_IP"),
    (f.ethernet(PACKET, vlans=tuple(range(1, 20))), "LAYERS_TOO_DEEP"),
    (f.ethernet(PACKET6, ether_type=0x0800), "IP_VERSION"), (f.ethernet(PACKET[:19]), "IPV4_TRUNCATED"),
    (f.ethernet(f.ipv4(f.tcp(), header_length=4)), "IPV4_HEADER_LENGTH"),
    (f.ethernet(f.ipv4(f.tcp(), total_length=19)), "IPV4_TOTAL_LENGTH"),
    (f.ethernet(f.ipv4(f.tcp(), total_length=41)), "IPV4_TOTAL_LENGTH"),
    (f.ethernet(PACKET6[:39]), "IPV6_TRUNCATED"),
    (f.ethernet(f.ipv6(f.udp(), payload_length=9)), "IPV6_PAYLOAD_LENGTH"),
    (f.ethernet(f.ipv6(f.raw(b"\6\7" + bytes(10), 0))), "IPV6_EXTENSION"),
    (f.ethernet(f.ipv6(f.tcp(), extensions=f.extension(60) * 10 + f.extension(6), next_header=60)), "IPV6_EXTENSION"),
    (f.ethernet(f.ipv4(f.raw(b"x" * 19, 6))), "TCP_TRUNCATED"),
    (f.ethernet(f.ipv4(f.tcp(data_offset=4))), "TCP_DATA_OFFSET"),
    (f.ethernet(f.ipv4(f.tcp(data_offset=6))), "TCP_DATA_OFFSET"),
    (f.ethernet(f.ipv4(f.raw(b"x" * 7, 17))), "UDP_TRUNCATED"),
    (f.ethernet(f.ipv4(f.udp(length=7))), "UDP_LENGTH"), (f.ethernet(f.ipv4(f.udp(b"abc", length=12))), "UDP_LENGTH"),
    (f.ethernet(f.ipv4(f.raw(b"x" * 7, 1))), "ICMP_TRUNCATED"),
    (f.ethernet(f.ipv6(f.raw(b"x" * 7, 58))), "ICMP_TRUNCATED"),
    (f.ethernet(f.ipv4(f.raw(b"x" * 11, 132))), "SCTP_TRUNCATED"),
    (f.ethernet(f.ipv4(f.raw(b"\0\0\x08", 47))), "TUNNEL_TRUNCATED"),
    (f.ethernet(f.ipv4(f.raw(b"\x20\0\x08\0", 47))), "TUNNEL_TRUNCATED"),
    (f.ethernet(f.ipv4(f.tcp(checksum=1))), "CHECKSUM_BAD"), (f.ethernet(f.ipv4(f.tcp(), checksum=1)), "CHECKSUM_BAD"),
])
def test_each_way_to_be_refused(frame, status):
    assert status_of(frame) == status


def test_an_unknown_link_type_is_refused():
    assert status_of(ETH, link_type=189) == "LINK_TYPE_UNKNOWN"
    assert status_of(b"\0\0\0\x63" + PACKET, link_type=0) == "NOT_IP"


def test_a_frame_cut_by_the_snaplen_is_not_malformed():
    frame = f.ethernet(f.ipv4(f.tcp(b"x" * 1000, options=b"\1" * 12)))
    for kept, captured in ((14 + 20 + 20, 0), (14 + 20 + 32 + 10, 10)):
        (row,) = rows_of(frame[:kept], wire_bytes=[len(frame)])
        assert (row["status"], row["payload_bytes"], row["payload_captured_bytes"]) == (Status.OK, 1000, captured)
        assert row["checksum"] == 0
    assert status_of(frame[:53], wire_bytes=len(frame)) == "TCP_TRUNCATED"


def test_ethernet_padding_is_no_payload():
    (row,) = rows_of(f.ethernet(f.ipv4(f.tcp()), pad=True))
    assert (row["payload_bytes"], row["wire_bytes"]) == (0, 60)


def test_offloaded_segments_have_the_length_of_their_frame():
    rows = rows_of(f.ethernet(f.ipv4(f.tcp(b"x" * 100), total_length=0)),
                   f.ethernet(f.ipv6(f.tcp(b"x" * 100), payload_length=0)),
                   f.ethernet(f.ipv6(f.udp(b"x" * 100, length=0), payload_length=0)), checksums="ignore")
    assert [(r["status"], r["payload_bytes"]) for r in rows] == [(Status.OK, 100)] * 3


def test_udp_leaves_out_what_is_beyond_its_length():
    (row,) = rows_of(f.ethernet(f.ipv4(f.udp(b"abcdef", length=11))), checksums="ignore")
    assert row["payload"] == b"abc"


def test_ipv6_extension_headers_are_passed():
    headers = f.extension(60) + f.extension(43, b"\0" * 14) + f.extension(51) + struct.pack(">BB", 6, 1) + bytes(10)
    (row,) = rows_of(f.ethernet(f.ipv6(f.tcp(b"hello"), extensions=headers, next_header=0)))
    assert (row["status"], row["proto"], row["payload"], row["checksum"]) == (Status.OK, 6, b"hello", 1)


def test_where_an_extension_header_holds_the_address_the_checksum_is_left_alone():
    home = f.extension(17, b"\x01\x02\0\0" + b"\xc9\x10" + bytes(16))
    route = f.extension(17, b"\x02\x01" + bytes(20))
    for number, header in ((60, home), (43, route)):
        (row,) = rows_of(f.ethernet(f.ipv6(f.udp(b"x", checksum=5), extensions=header, next_header=number)))
        assert (row["status"], row["checksum"], row["dst_port"]) == (Status.OK, 0, 53)


INNER = f.ipv4(f.tcp(b"inner", dport=8080), src="10.0.0.1", dst="10.0.0.2")
INNER6 = f.ipv6(f.tcp(b"inner", dport=8080))


@pytest.mark.parametrize(("segment", "tunnel"), [
    (f.raw(INNER, 4), Tunnel.IPIP), (f.raw(INNER6, 41), Tunnel.SIXIN4), (f.gre(INNER), Tunnel.GRE),
    (f.gre(INNER6, ether_type=0x86DD, key=1, sequence=2, checksum=True), Tunnel.GRE),
    (f.gre(f.ethernet(INNER), ether_type=0x6558), Tunnel.GRE),
    (f.gre(f.ethernet(INNER), ether_type=0x88BE), Tunnel.GRE),
    (f.gre(bytes(8) + f.ethernet(INNER), ether_type=0x88BE, sequence=1), Tunnel.GRE),
    (f.gre(bytes(12) + f.ethernet(INNER), ether_type=0x22EB, sequence=1), Tunnel.GRE),
    (f.gre(f.mpls(INNER, 16), ether_type=0x8847), Tunnel.GRE),
    (f.raw(struct.pack(">HHII", 0x3001, 0x880B, 99, 1) + b"\xff\x03\0\x21" + INNER, 47), Tunnel.GRE),
    (f.vxlan(f.ethernet(INNER)), Tunnel.VXLAN), (f.vxlan(f.ethernet(INNER6, vlans=(9,))), Tunnel.VXLAN),
    (f.geneve(f.ethernet(INNER), options=b"\0\0\0\1abcd"), Tunnel.GENEVE),
    (f.geneve(INNER, ether_type=0x0800), Tunnel.GENEVE),
    (f.teredo(INNER6), Tunnel.TEREDO),
    (f.teredo(f.ipv6(f.tcp(b"inner", dport=8080), dst="2001::1") + b"trailer"), Tunnel.TEREDO),
    (f.teredo(INNER6, origin=True, authentication=True), Tunnel.TEREDO),
    (f.gtp(INNER), Tunnel.GTP), (f.gtp(INNER6, sequence=4), Tunnel.GTP),
])
def test_tunnels_give_a_row_of_their_own(segment, tunnel):
    carrier, inner = rows_of(f.ethernet(f.ipv4(segment)))
    assert (carrier["status"], carrier["tunnel_depth"], carrier["frames"]) == (Status.OK, 0, 1)
    assert carrier["proto"] == segment.proto
    assert (inner["status"], inner["tunnel"], inner["tunnel_depth"], inner["frames"]) == (Status.OK, tunnel, 1, 0)
    assert (inner["packet_number"], inner["dst_port"], inner["payload"], inner["checksum"]) == (1, 8080, b"inner", 1)


def test_ip_in_ipv6():
    rows = rows_of(f.ethernet(f.ipv6(f.raw(INNER6, 41))), f.ethernet(f.ipv6(f.raw(INNER, 4))))
    assert [r["tunnel"] for r in rows] == [0, Tunnel.IP6_IN_IP6, 0, Tunnel.IPIP]


@pytest.mark.parametrize("segment", [
    f.udp(b"\0" * 60, dport=4789), f.udp(b"\x08" + bytes(59), dport=4789), f.udp(b"\x40" + bytes(60), dport=6081),
    f.udp(INNER6 + b"x", dport=3544), f.udp(INNER, dport=3544), f.udp(b"\x30\xff\0\x0a" + INNER, dport=2152),
    f.gre(b""), f.gre(INNER, ether_type=0x2001), f.raw(b"\x40\0\x08\0" + INNER, 47), f.icmp(INNER, kind=8),
    f.raw(b"", 4),
])
def test_what_only_looks_like_a_tunnel_is_none(segment):
    (row,) = rows_of(f.ethernet(f.ipv4(segment)))
    assert row["status"] == Status.OK


def test_the_macs_and_vlans_of_an_inner_row_are_those_of_the_nearest_link_header():
    bridged = rows_of(f.ethernet(f.ipv4(f.vxlan(f.ethernet(INNER, src=7, dst=8, vlans=(9,)))), vlans=(1, 2)))[1]
    routed = rows_of(f.ethernet(f.ipv4(f.gre(INNER)), src=7, dst=8, vlans=(1, 2)))[1]
    names = ("src_mac", "dst_mac", "vlan", "vlan_inner")
    assert [[row[n] for n in names] for row in (bridged, routed)] == [[7, 8, 9, 0], [7, 8, 1, 2]]


def test_an_inner_packet_may_be_refused_while_its_carrier_is_good():
    decoder = Decoder(DecodeSettings(checksums="validate"))
    broken = f.ipv4(f.raw(b"x" * 5, 6))
    rows = decode_rows([frame_block([f.ethernet(f.ipv4(f.raw(broken, 4)))])], decoder)
    assert [Status(r["status"]).name for r in rows] == ["OK", "TCP_TRUNCATED"]
    assert decoder.counters == {"frames_in": 1, "processed": 1}
    assert decoder.details["inner_tcp_truncated"] == 1


def test_layers_are_bounded():
    packet = INNER
    for _ in range(12):
        packet = f.ipv4(f.raw(packet, 4))
    rows = rows_of(f.ethernet(packet))
    assert [r["tunnel_depth"] for r in rows] == list(range(9))
    assert [Status(r["status"]).name for r in rows] == ["OK"] * 8 + ["LAYERS_TOO_DEEP"]


@pytest.mark.parametrize(("error", "wants"), [
    (f.ipv4(f.icmp(PACKET[:28], kind=3, code=3)), {"src_port": 1234, "dst_port": 80, "tcp_seq": 7, "proto": 6}),
    (f.ipv4(f.icmp(f.ipv4(f.udp(b"x" * 50, dport=99))[:28], kind=11)), {"dst_port": 99, "proto": 17}),
    (f.ipv4(f.icmp(PACKET[:24], kind=3, code=1)), {"src_port": 0, "dst_port": 0, "proto": 6}),
    (f.ipv6(f.icmpv6(PACKET6, kind=1, code=4)), {"src_port": 1234, "dst_port": 53, "proto": 17}),
])
def test_icmp_errors_quote_a_packet(error, wants):
    carrier, quoted = rows_of(f.ethernet(error))
    assert (quoted["status"], quoted["tunnel"], quoted["frames"]) == (Status.QUOTED, Tunnel.ICMP_QUOTE, 0)
    assert {n: quoted[n] for n in wants} == wants
    assert carrier["icmp_type"] in (1, 3, 11)


def test_a_quote_that_cannot_be_read_gives_no_row():
    for junk in (b"", b"E", b"\x60" * 20, PACKET[:19]):
        assert len(rows_of(f.ethernet(f.ipv4(f.icmp(junk, kind=3))))) == 1


def test_packet_numbers_go_on_from_the_block():
    block = frame_block([f.ethernet(f.ipv4(f.raw(INNER, 4)))] * 3, first_packet=41)
    assert [r["packet_number"] for r in decode_rows([block], Decoder())] == [41, 41, 42, 42, 43, 43]


def test_portions_hold_whole_frames():
    deep = f.ethernet(f.ipv4(f.raw(f.ipv4(f.raw(INNER, 4)), 4)))
    decoder = Decoder(DecodeSettings(rows_per_batch=64))
    sizes = [p.status.size for p, _ in decoder.decode(frame_block([deep] * 100))]
    assert sum(sizes) == 300
    assert max(sizes) <= 64 + 9
    assert all(size % 3 == 0 for size in sizes)


@pytest.mark.parametrize("most", [1, 40, 64, 10**6])
def test_blocks_in_passing_give_the_same_rows_but_not_where_bytes_stand(most):
    deep = f.ethernet(f.ipv4(f.raw(f.ipv4(f.raw(INNER, 4)), 4)))
    pair = [deep, f.ethernet(f.arp(), ether_type=0x0806)]
    blocks = [frame_block(pair * n, first_packet=1 + 1000 * n) for n in (1, 40, 0, 7)]
    apart, passing = Decoder(DecodeSettings(rows_per_batch=64)), Decoder(DecodeSettings(rows_per_batch=64))
    expected = [take_rows(p, np.arange(p.status.size)) for block in blocks for p, _ in apart.decode(block)]
    found = [take_rows(p, np.arange(p.status.size)) for p in passing.decode_passing(iter(blocks), most)]
    assert sum(p.status.size for p in found) == 4 * 48
    assert all(p.status.size >= min(most, 64) for p in found[:-1])
    assert max(p.status.size for p in found) <= 64 + 9
    for name in found[0]._fields:
        column = np.concatenate([getattr(p, name) for p in found])
        wanted = np.concatenate([getattr(p, name) for p in expected])
        assert column.tolist() == (np.zeros_like(wanted) if name in PLACES else wanted).tolist(), name
    assert passing.counters == apart.counters


def test_an_empty_block_gives_nothing():
    assert list(Decoder().decode(frame_block([]))) == []


@pytest.mark.parametrize("change", [
    {"buffer": np.zeros(9, np.int8)}, {"offset": np.zeros(1, np.int32)}, {"ts_ns": np.zeros(2, np.int64)},
    {"offset": np.array([10**6])}, {"offset": np.array([-1])},
])
def test_a_block_that_is_none_is_the_callers_mistake(change):
    block: FrameBlock = frame_block([ETH])._replace(**change)
    with pytest.raises(ValueError, match="FrameBlock"):
        list(Decoder().decode(block))


@pytest.mark.parametrize(("field", "value"), [
    ("checksums", "maybe"), ("rows_per_batch", 0), ("fragment_bytes", 1.5), ("fragment_datagrams", True),
])
def test_settings_out_of_range_are_a_usage_error(field, value):
    with pytest.raises(UsageError, match=f"decode: {field} is"):
        DecodeSettings(**{field: value})
