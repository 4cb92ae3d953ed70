"""ARP and ICMP as rows: what they say, in any portions, within their bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns.address import address_int
from columns.errors import UsageError
from sensor.protocols.icmp_kinds import kind_of
from sensor.protocols.packet_rows import PacketRowSettings
from tests.support import frames as f
from tests.support.dissecting import dissected, ordered, portions


def ping(number: int, *, reply: bool = False, host: int = 1) -> bytes:
    ends = {"src": f"192.0.2.{host}", "dst": "198.51.100.1"}
    if reply:
        ends = {"src": ends["dst"], "dst": ends["src"]}
    return f.ethernet(f.ipv4(f.icmp(b"data", kind=0 if reply else 8, rest=0x1234 << 16 | number), **ends))


def rows_of(frames: list[bytes], table: str, batch: int = 100, **more: Any) -> list[dict[str, Any]]:
    return dissected(portions(frames, batch), (), (), **more).rows.get(table, [])


def test_echo() -> None:
    asked, answered = rows_of([ping(7), ping(7, reply=True)], "icmp")
    assert [(r["type"], r["kind"], r["to_server"], r["identifier"], r["sequence"], r["payload_bytes"])
            for r in (asked, answered)] == [(8, "echo_request", 1, 0x1234, 7, 4), (0, "echo_reply", 0, 0x1234, 7, 4)]
    assert asked["flow_id"] == answered["flow_id"]
    assert asked["src_ip_lo"] == answered["src_ip_lo"] == address_int("192.0.2.1") & 0xFFFFFFFFFFFFFFFF


def test_an_error_names_the_flow_that_it_is_about() -> None:
    sent = f.ipv4(f.udp(b"hello", sport=5000, dport=5353), src="192.0.2.1", dst="198.51.100.9")
    back = f.ethernet(f.ipv4(f.icmp(sent[:28], kind=3, code=4, rest=1400), src="198.51.100.1", dst="192.0.2.1"))
    found = dissected(portions([f.ethernet(sent), back], 10), (), ())
    (row,) = found.rows["icmp"]
    assert (row["kind"], row["mtu_bytes"]) == ("fragmentation_needed", 1400)
    assert (row["quoted_proto"], row["quoted_src_port"], row["quoted_dst_port"]) == (17, 5000, 5353)
    assert row["quoted_dst_ip_lo"] == address_int("198.51.100.9") & 0xFFFFFFFFFFFFFFFF
    assert row["quoted_flow_id"] in {flow for flow, _, _ in found.flows} - {row["flow_id"]}


def test_neighbour_discovery_and_redirect_name_their_target() -> None:
    target = address_int("fe80::9").to_bytes(16, "big")
    sought = f.ethernet(f.ipv6(f.icmpv6(target, kind=135)))
    moved = f.ethernet(f.ipv4(f.icmp(f.ipv4(f.udp(b""))[:28], kind=5, rest=0xC0000201)))
    first, second = rows_of([sought, moved], "icmp")
    assert (first["kind"], first["target_ip_hi"] << 64 | first["target_ip_lo"]) == (
        "neighbor_solicitation", address_int("fe80::9"))
    assert (second["kind"], second["target_ip_lo"]) == ("redirect", address_int("192.0.2.1") & 0xFFFFFFFFFFFFFFFF)


def test_what_was_not_captured_is_not_guessed() -> None:
    (row,) = rows_of([f.ethernet(f.ipv6(f.icmpv6(b"\xfe\x80", kind=135)))], "icmp")
    assert row["target_ip_hi"] == 0xFE80 << 48


def test_arp() -> None:
    asked = f.ethernet(f.arp(), ether_type=0x0806)
    known = f.ethernet(f.arp(operation=2, target="192.0.2.1"), ether_type=0x0806, src=0x0200000000FF)
    first, second = rows_of([asked, known], "arp")
    assert (first["opcode"], first["gratuitous"]) == ("request", 0)
    assert first["src_ip_lo"] == address_int("192.0.2.1") & 0xFFFFFFFFFFFFFFFF
    assert (second["opcode"], second["gratuitous"], second["spoofed"]) == ("reply", 1, 1)


def test_arp_within_gre() -> None:
    (row,) = rows_of([f.ethernet(f.ipv4(f.gre(f.arp(), ether_type=0x0806)))], "arp")
    assert (row["opcode"], row["spoofed"]) == ("request", 0)


def test_arp_of_other_addresses_is_counted() -> None:
    odd = bytearray(f.arp())
    odd[4] = 8
    found = dissected(portions([f.ethernet(bytes(odd) + b"\0" * 8, ether_type=0x0806)], 10), (), ())
    assert "arp" not in found.rows
    assert found.counters["arp_not_ipv4"] == 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.booleans()), max_size=40), st.integers(1, 7))
def test_portions_do_not_matter_and_each_flow_has_its_share(sent: list[tuple[int, bool, bool]], batch: int) -> None:
    frames = [f.ethernet(f.arp(), ether_type=0x0806) if is_arp else ping(k, host=host, reply=reply)
              for k, (host, reply, is_arp) in enumerate(sent)]
    limits = PacketRowSettings(icmp_per_flow=3, arp_per_second=2)
    whole = dissected(portions(frames, 1000), (), (), packet_rows=limits)
    cut = dissected(portions(frames, batch), (), (), packet_rows=limits)
    assert ordered(cut.rows) == ordered(whole.rows)
    assert cut.counters == whole.counters
    for host in range(1, 4):
        mine = sum(1 for h, _, is_arp in sent if h == host and not is_arp)
        ours = address_int(f"192.0.2.{host}") & 0xFFFFFFFFFFFFFFFF
        told = [r for r in whole.rows.get("icmp", []) if ours in (r["src_ip_lo"], r["dst_ip_lo"])]
        assert len(told) == min(mine, 3)
    arps = sum(is_arp for _, _, is_arp in sent)
    assert len(whole.rows.get("arp", [])) == min(arps, 2)
    assert whole.counters.get("arp_not_told", 0) == max(arps - 2, 0)


def test_names_of_messages() -> None:
    assert kind_of(1, 3, 13) == "communication_prohibited"
    assert kind_of(1, 3, 200) == "unreachable"
    assert kind_of(58, 1, 4) == "port_unreachable"
    assert (kind_of(1, 11, 1), kind_of(58, 200, 0)) == ("reassembly_time_exceeded", "type_200")


def test_settings_out_of_range() -> None:
    with pytest.raises(UsageError, match="a whole number"):
        PacketRowSettings(icmp_per_flow=0)
