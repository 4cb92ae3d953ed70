"""pcapng: sections, interfaces, times, every kind of block, against a parser in plain Python."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.capture_files import (
    SECOND,
    TS_MAX,
    block,
    block_time,
    enhanced,
    interface,
    obsolete,
    options,
    parse_pcapng,
    read_bytes,
    section,
    simple,
)

NOW = 1_700_000_000


@pytest.mark.parametrize("order", "<>")
def test_all_packet_blocks_in_both_byte_orders(order):
    ticks = NOW * 1_000_000 + 7
    raw = (section(order) + interface(order, link=113) + interface(order, link=1, resolution=9)
           + enhanced(b"enhanced", order, 1, ticks * 1000 + 5, wire=90, comment=b"why")
           + obsolete(b"obsolete!", order, 0, ticks) + simple(b"simple", order))
    seen, counters, notes = read_bytes(raw)
    at = NOW * SECOND + 7000
    assert [tuple(s) for s in seen] == [
        (at + 5, b"enhanced", 90, 1, 1), (at, b"obsolete!", 9, 113, 0), (at, b"simple", 6, 113, 0),
    ]
    assert (counters, notes) == ({"timestamp_missing": 1}, [])


def test_sections_of_both_byte_orders_follow_each_other_and_forget_interfaces():
    raw = (section("<") + interface("<", link=1) + interface("<", link=105) + enhanced(b"a", "<", 1)
           + section(">", length=2**40) + interface(">", link=228) + enhanced(b"b", ">", 0) + enhanced(b"c", ">", 1)
           + section("<", length=0) + enhanced(b"d"))
    seen, counters, notes = read_bytes(raw)
    assert [(s.data, s.link) for s in seen] == [(b"a", 105), (b"b", 228)]
    assert counters == {"unknown_interface": 2}
    assert "unknown_interface: 2 refused, the first after packet 2" in notes[0]


@pytest.mark.parametrize(("resolution", "ticks", "ns"), [
    (None, NOW * 10**6 + 1, NOW * SECOND + 1000), (0, NOW, NOW * SECOND), (3, NOW * 1000 + 1, NOW * SECOND + 10**6),
    (9, NOW * SECOND + 3, NOW * SECOND + 3), (10, NOW * 10**10 + 19, NOW * SECOND + 1), (12, 10**12, SECOND),
    (18, 10**18 + 999_999_999, SECOND), (29, 2**64 - 1, 0), (127, 2**64 - 1, 0),
    (0x80 | 10, NOW * 1024 + 1, NOW * SECOND + 976_562), (0x80 | 32, (NOW << 32) + 2**31, NOW * SECOND + SECOND // 2),
    (0x80 | 33, 2**64 - 1, 2**31 * SECOND - 1), (0x80 | 64, 2**63, SECOND // 2), (0x80 | 127, 2**64 - 1, 0),
    (0x80, NOW, NOW * SECOND), (9, 9_183_110_400 * SECOND - 1, TS_MAX), (6, 2**52, 2**52 * 1000),
])
def test_any_resolution(resolution, ticks, ns):
    seen, counters, _ = read_bytes(section() + interface(resolution=resolution) + enhanced(b"", ticks=ticks))
    assert ([s.ts_ns for s in seen], counters) == ([ns], {})


@pytest.mark.parametrize(("resolution", "offset", "ticks", "ns"), [
    (6, NOW, 5, NOW * SECOND + 5000), (6, -NOW, NOW * 10**6, 0), (6, -NOW, NOW * 10**6 - 1, None),
    (9, -(2**63), 0, None), (0, -(2**63), 2**61 - 1, None),
])
def test_time_offset(resolution, offset, ticks, ns):
    raw = section() + interface(resolution=resolution, offset=offset) + enhanced(b"", ticks=ticks)
    seen, counters, _ = read_bytes(raw)
    assert seen[0].ts_ns == (ns or 0)
    assert counters["timestamp_clamped"] == (ns is None)


@pytest.mark.parametrize(("resolution", "offset", "ticks"), [
    (6, 0, 2**64 - 1), (0, 0, 9_183_110_400), (9, 9_183_110_399, 10**9),
    (9, 2**63 - 1, 1), (0, 2**63 - 1, 2**64 - 1), (0x80, 0, 2**64 - 1),
])
def test_times_beyond_2260_are_clamped(resolution, offset, ticks):
    raw = section() + interface(resolution=resolution, offset=offset) + enhanced(b"", ticks=ticks)
    seen, counters, _ = read_bytes(raw)
    assert (seen[0].ts_ns, counters) == (TS_MAX, {"timestamp_clamped": 1})


@given(
    resolution=st.one_of(st.integers(0, 255), st.sampled_from([6, 9, 10, 18, 19, 0x80 | 20, 0x80 | 32])),
    offset=st.one_of(st.just(0), st.integers(-(2**63), 2**63 - 1), st.integers(-(2**34), 2**34)),
    ticks=st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 62).flatmap(lambda n: st.integers(0, 2**n))),
)
@settings(max_examples=200, deadline=None)
def test_times_are_exact(resolution, offset, ticks):
    raw = section() + interface(resolution=resolution, offset=offset) + enhanced(b"", ticks=ticks)
    seen, counters, _ = read_bytes(raw)
    assert (seen[0].ts_ns, bool(counters["timestamp_clamped"])) == block_time(ticks, resolution, offset)


def test_blocks_without_packets_are_skipped_and_counted():
    raw = (section() + interface() + block(4, bytes(8)) + block(5, bytes(12)) + block(10, b"secrets" * 9)
           + block(0xBAD, bytes(8)) + block(0x40000BAD, bytes(8)) + block(0x80000001, b"") + block(9, b"journal")
           + enhanced(b"x"))
    seen, counters, _ = read_bytes(raw)
    assert [s.data for s in seen] == [b"x"]
    assert counters == {"name_blocks": 1, "statistics_blocks": 1, "secrets_blocks": 1, "custom_blocks": 2,
                        "unknown_blocks": 2}


def test_a_simple_packet_is_cut_to_the_snaplen_and_needs_an_interface():
    seen, counters, _ = read_bytes(section() + simple(b"early") + interface(snaplen=5) + simple(b"abcde", wire=1500))
    assert [(s.data, s.wire) for s in seen] == [(b"abcde", 1500)]
    assert counters == {"unknown_interface": 1, "timestamp_missing": 1}


def test_a_simple_packet_takes_the_last_time_seen():
    raw = section() + interface() + simple(b"a") + enhanced(b"b", ticks=5) + simple(b"c")
    seen, counters, _ = read_bytes(raw)
    assert ([s.ts_ns for s in seen], counters) == ([0, 5000, 5000], {"timestamp_missing": 2})


@pytest.mark.parametrize("bad", [
    enhanced(b"abcd", captured=9), enhanced(b"abcd", captured=2**32 - 1), block(6, bytes(16)), block(3, b""),
    simple(b"abcd", wire=9), obsolete(b"abcd", captured=5),
])
def test_a_packet_that_does_not_fit_its_block_is_refused_and_passed_over(bad):
    seen, counters, _ = read_bytes(section() + interface() + bad + enhanced(b"good"))
    assert ([s.data for s in seen], counters) == ([b"good"], {"record_length": 1})


@pytest.mark.parametrize(("snaplen", "size", "kept"), [
    (64, 262_144, True), (64, 262_145, False), (300_000, 300_000, True), (0, 1_000_000, True),
])
def test_the_limit_of_a_captured_length(snaplen, size, kept):
    seen, counters, _ = read_bytes(section() + interface(snaplen=snaplen) + enhanced(bytes(size)))
    assert (len(seen), counters["record_length"]) == ((1, 0) if kept else (0, 1))


def test_one_block_whose_lengths_disagree_is_passed_over():
    raw = section() + interface() + enhanced(b"a") + enhanced(b"bad!", trailer=99) + enhanced(b"c")
    seen, counters, notes = read_bytes(raw)
    assert ([s.data for s in seen], counters) == ([b"a", b"c"], {"trailing_length": 1})
    assert notes == [f"trailing_length: 1 refused, the first after packet 1 at byte {28 + 20 + 36}"]


@pytest.mark.parametrize("bad", [
    enhanced(b"a", trailer=99) + enhanced(b"b", trailer=99), interface(trailer=99), section(trailer=99),
])
def test_lengths_that_disagree_again_or_where_others_depend_on_them_end_reading(bad):
    seen, counters, notes = read_bytes(section() + interface() + enhanced(b"a") + bad + enhanced(b"c"))
    assert [s.data for s in seen] == [b"a"]
    assert counters["trailing_length"] == (2 if bad[:4] == b"\x06\0\0\0" else 1)
    assert notes[0].startswith("reading stopped after packet 1 at byte ")


@pytest.mark.parametrize(("length", "cause"), [
    (0, "block_length"), (8, "block_length"), (13, "block_length"), (16 * 2**20 + 4, "block_length"),
    (64, "truncated_record"), (16 * 2**20, "truncated_record"),
])
def test_impossible_block_lengths_end_reading(length, cause):
    raw = section() + interface() + enhanced(b"a") + struct.pack("<II", 6, length) + bytes(20)
    seen, counters, notes = read_bytes(raw)
    assert (len(seen), counters) == (1, {cause: 1})
    assert "after packet 1 at byte 84" in notes[0]


@pytest.mark.parametrize("bad", [
    section(version=(2, 0)), section().replace(b"\x4d\x3c\x2b\x1a", b"\x00\x3c\x2b\x1a"),
])
def test_a_later_section_of_unknown_kind_ends_reading(bad):
    seen, counters, _ = read_bytes(section() + interface() + enhanced(b"a") + bad + interface() + enhanced(b"b"))
    assert (len(seen), counters) == (1, {"section_header": 1})


def test_options_of_an_interface_that_run_over_its_end_are_left_out():
    broken = block(1, struct.pack("<HHI", 1, 0, 0) + options((2, b"eth0"))[:8] + struct.pack("<HH", 9, 200) + b"\x09")
    seen, _, _ = read_bytes(section() + broken + enhanced(b"", ticks=1))
    assert seen[0].ts_ns == 1000


def test_more_interfaces_than_can_be_numbered_are_counted_and_their_packets_refused():
    raw = section() + interface() * 65_535 + interface(link=7) * 2
    seen, counters, _ = read_bytes(raw + enhanced(b"a", number=65_535) + enhanced(b"b", number=65_536))
    assert [(s.link, s.interface) for s in seen] == [(7, 65_535)]
    assert counters == {"interface_ignored": 1, "unknown_interface": 1}


def _blocks():
    order = st.shared(st.sampled_from("<>"), key="order")
    small = st.integers(0, 3)
    length = st.one_of(st.none(), st.none(), st.none(), st.integers(0, 80), st.integers(0, 2**32 - 1))
    ticks = st.one_of(st.integers(0, 2**64 - 1), st.integers(0, NOW * 10**6))
    data = st.binary(max_size=40)
    trailer = st.sampled_from([None] * 8 + [7])
    resolution = st.one_of(st.none(), st.integers(0, 255), st.sampled_from([6, 9]))
    offset = st.one_of(st.none(), st.integers(-(2**33), 2**33))
    return st.one_of(
        st.builds(section, order, st.sampled_from([(1, 0)] * 5 + [(2, 0)])),
        st.builds(interface, order, st.integers(0, 65_535), st.sampled_from([0, 3, 96, 2**32 - 1]), resolution, offset),
        st.builds(enhanced, order=order, data=data, number=small, ticks=ticks, wire=length, captured=length,
                  trailer=trailer),
        st.builds(obsolete, order=order, data=data, number=small, ticks=ticks, wire=length, captured=length),
        st.builds(simple, order=order, data=data, wire=length, trailer=trailer),
        st.builds(block, st.integers(0, 12), data, order),
        st.builds(block, st.integers(0, 2**32 - 1), data, order, length),
    )


@given(start=st.shared(st.sampled_from("<>"), key="order"), blocks=st.lists(_blocks(), max_size=14),
       cut=st.integers(0, 20), max_frames=st.integers(1, 4))
@settings(max_examples=250, deadline=None)
def test_any_pcapng_reads_as_the_plain_parser_reads_it(start, blocks, cut, max_frames):
    raw = section(start) + interface(start) + b"".join(blocks)
    raw = raw[:max(28, len(raw) - cut)]
    seen, counters, _ = read_bytes(raw, max_frames)
    expected, causes = parse_pcapng(raw)
    assert (seen, counters) == (expected, +causes)
