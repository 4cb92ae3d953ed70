"""decode-event: what is odd about headers, event by event, and that ordinary packets show none of it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from detectors.signatures.engine.decode_events import DECODER_EVENTS, icmp_events, ipv4_events, tcp_events
from tests.support import frames as f
from tests.support.ruled import alerts_of, rules_of

IPV4 = {
    b"\x01" * 4: {"ipv4.opt_pad_required"}, b"\x01" * 7 + b"\0": set(),
    b"\x01" * 7 + b"\x07": {"ipv4.opt_eol_required"},
    b"\x07\x20" + b"\x01" * 6: {"ipv4.opt_invalid_len"}, b"\x94\x04\0\0\x94\x04\0\0": {"ipv4.opt_duplicate"},
    b"\x94\x05\0\0\0\0\0\0": {"ipv4.opt_invalid_len"}, b"\x5e\x04\0\0\0\0\0\0": {"ipv4.opt_unknown"},
    b"\x07\x07\x03\0\0\0\0\0": {"ipv4.opt_malformed"}, b"\x07\x07\x04\0\0\0\0\0": set(),
    b"\x44\x08\x04\0\0\0\0\0": {"ipv4.opt_malformed"}, b"\x44\x08\x05\0\0\0\0\0": set(),
}
TCP = {
    b"\x02\x04\x05\xb4": set(), b"\x02\x03\x05\0": {"tcp.opt_invalid_len"},
    b"\x08\x0b" + b"\0" * 10: {"tcp.opt_invalid_len"},
    b"\x03\x03\x07\x03\x03\x07\0\0": {"tcp.opt_duplicate"}, b"\x01\x01\x08\x0a" + b"\0" * 8: set(),
    b"\x08\x20\0\0": {"tcp.opt_invalid_len"}, b"\x05\x0a" + b"\0" * 8: set(),
    b"\x05\x0b" + b"\0" * 10: {"tcp.opt_invalid_len"}, b"\x22\x0a" + b"\0" * 10: set(),
    b"\x13\x12" + b"\0" * 18: set(),
}


@pytest.mark.parametrize("options", IPV4, ids=bytes.hex)
def test_options_of_ipv4(options):
    assert ipv4_events(f.ipv4(f.udp(b"x"), options=options)) == IPV4[options]


@pytest.mark.parametrize("options", TCP, ids=bytes.hex)
def test_options_of_tcp(options):
    assert tcp_events(options) == TCP[options]


@pytest.mark.parametrize(("packet", "expected"), [
    ((4, 1, 8, 0, 64), set()), ((4, 1, 3, 15, 64), set()), ((4, 1, 3, 16, 64), {"icmpv4.unknown_code"}),
    ((4, 1, 99, 0, 64), {"icmpv4.unknown_type"}), ((4, 58, 128, 0, 64), {"ipv4.icmpv6"}),
    ((6, 1, 8, 0, 64), {"ipv6.icmpv4"}), ((6, 58, 135, 0, 255), set()), ((6, 58, 2, 1, 64), {"icmpv6.unknown_code"}),
    ((6, 58, 131, 0, 1), set()), ((6, 58, 131, 0, 64), {"icmpv6.mld_message_with_invalid_hl"}),
    ((6, 58, 200, 0, 64), {"icmpv6.experimentation_type"}), ((6, 58, 60, 0, 64), {"icmpv6.unassigned_type"}),
    ((6, 58, 150, 0, 64), {"icmpv6.unknown_type"})])
def test_types_and_codes_of_icmp(packet, expected):
    assert icmp_events(*packet) == expected


@examples(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_to_their_end(data):
    assert tcp_events(data) <= DECODER_EVENTS
    assert ipv4_events(data) <= DECODER_EVENTS
    assert ipv4_events(bytes([0x4F]) + data) <= DECODER_EVENTS


FRAMES = {
    "ipv4.opt_unknown": f.ipv4(f.udp(b"x"), options=b"\x5e\x04\0\0\0\0\0\0"),
    "tcp.opt_duplicate": f.ipv4(f.tcp(b"x", options=b"\x03\x03\x07\x03\x03\x07\0\0")),
    "icmpv4.unknown_type": f.ipv4(f.icmp(b"x", kind=99)),
    "icmpv6.mld_message_with_invalid_hl": f.ipv6(f.icmpv6(b"x" * 20, kind=131), hop_limit=64),
}
ORDINARY = [f.ipv4(f.tcp(b"x", options=b"\x01\x01\x08\x0a" + b"\0" * 8)),
            f.ipv4(f.tcp(b"x", options=b"\x02\x04\x05\xb4")), f.ipv4(f.icmp(b"x")), f.ipv4(f.udp(b"x")),
            f.ipv6(f.icmpv6(b"x" * 20, kind=135), hop_limit=255)]


@pytest.mark.parametrize("batch", [1, 4096])
@pytest.mark.parametrize("event", FRAMES)
def test_rules_find_them_among_ordinary_packets(tmp_path, event, batch):
    rules = rules_of(tmp_path, f"alert pkthdr any any -> any any (decode-event:{event}; sid:1;)",
                     *(f"alert pkthdr any any -> any any (decode-event:{other}; sid:{n};)"
                       for n, other in enumerate(sorted(DECODER_EVENTS - {event}), 2)))
    frames = [f.ethernet(packet) for packet in [*ORDINARY, FRAMES[event], *ORDINARY]]
    assert alerts_of(rules, frames, batch) == Counter({1: 1})


def test_an_event_beside_other_conditions(tmp_path):
    rules = rules_of(tmp_path, "alert tcp any any -> any any (decode-event:tcp.opt_duplicate; dsize:1; sid:1;)",
                     "alert tcp any any -> any any (decode-event:tcp.opt_duplicate; dsize:2; sid:2;)")
    frames = [f.ethernet(packet) for packet in [*ORDINARY, FRAMES["tcp.opt_duplicate"]]]
    assert alerts_of(rules, frames) == Counter({1: 1})
