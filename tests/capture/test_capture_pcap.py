"""pcap: byte orders, resolutions, odd headers, lengths, against a parser in plain Python."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.capture import open_capture
from tests.support.capture_files import SECOND, parse_pcap, pcap, pcap_header, pcap_record, read_bytes

MAGICS = (0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34)
LENGTHS = st.one_of(st.none(), st.integers(0, 70), st.integers(0, 2**32 - 1), st.sampled_from([262_144, 262_145]))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("magic", MAGICS)
def test_both_byte_orders_and_all_magics(order, magic):
    seen, counters, notes = read_bytes(pcap([b"one", b"", b"three"], order, magic=magic, network=101))
    unit = 1 if magic == 0xA1B23C4D else 1000
    assert [s.data for s in seen] == [b"one", b"", b"three"]
    assert [s.ts_ns for s in seen] == [0, SECOND + unit, 2 * (SECOND + unit)]
    assert {(s.link, s.interface) for s in seen} == {(101, 0)}
    assert (counters, notes) == ({}, [])


def test_fcs_bits_above_the_link_type_are_masked():
    seen, _, _ = read_bytes(pcap([b"x"], network=0x54000071))
    assert seen[0].link == 0x71


@pytest.mark.parametrize(("snaplen", "size", "kept"), [
    (0, 262_144, True), (0, 262_145, False), (64, 262_144, True), (300_000, 300_000, True), (300_000, 300_001, False),
    (2**32 - 1, 16 * 2**20, True), (2**32 - 1, 16 * 2**20 + 1, False),
])
def test_the_limit_of_a_captured_length_follows_the_snaplen_up_to_a_cap(snaplen, size, kept):
    seen, counters, _ = read_bytes(pcap([bytes(size)], snaplen=snaplen))
    assert (len(seen), counters["record_length"]) == ((1, 0) if kept else (0, 1))


@pytest.mark.parametrize(("version", "swapped"), [
    ((2, 4), False), ((2, 2), True), ((543, 0), True), ((2, 3), True), ((2, 5), False), ((9, 9), False),
])
def test_old_versions_have_the_two_lengths_swapped(version, swapped):
    record = struct.pack("<IIII", 0, 0, 60, 4) if swapped else struct.pack("<IIII", 0, 0, 4, 60)
    seen, _, _ = read_bytes(pcap_header(version=version) + record + b"data")
    assert (seen[0].data, seen[0].wire) == (b"data", 60)


def test_a_length_on_the_wire_below_what_was_captured_is_raised():
    seen, counters, _ = read_bytes(pcap_header() + pcap_record(b"12345", wire=2))
    assert (seen[0].wire, counters) == (5, {"wire_length_raised": 1})


def test_a_fraction_of_a_second_beyond_a_second_is_clamped():
    raw = pcap_header() + pcap_record(b"", seconds=2**32 - 1, unit=2**32 - 1) + pcap_record(b"", unit=999_999)
    seen, counters, _ = read_bytes(raw)
    assert [s.ts_ns for s in seen] == [(2**32 - 1) * SECOND + 999_999_000, SECOND + 999_999_000]
    assert counters == {"timestamp_clamped": 1}


def test_an_impossible_length_ends_reading_and_says_where():
    good = pcap([b"abcd"] * 3)
    seen, counters, notes = read_bytes(good + pcap_record(b"", captured=0xFFFFFFFF) + b"more" * 100)
    assert (len(seen), counters) == (3, {"record_length": 1})
    assert f"after packet 3 at byte {len(good)}" in notes[0]


def test_a_truncated_last_record_is_counted_and_the_rest_kept():
    raw = pcap([b"abcd"] * 3)
    seen, counters, notes = read_bytes(raw[:-1])
    assert (len(seen), counters) == (2, {"truncated_record": 1})
    assert notes == [f"truncated after packet 2 at byte {len(raw) - 20}: the last record is not whole"]


def test_a_capture_without_records_is_a_capture():
    assert read_bytes(pcap([])) == ([], {}, [])


def test_frames_are_numbered_from_first_packet(tmp_path):
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap([b"a"] * 5))
    with open_capture(path, first_packet=1001) as capture:
        assert [b.first_packet for b in capture.blocks(2)] == [1001, 1003, 1005]


def test_frames_of_a_plain_file_are_views_of_one_buffer_and_outlive_the_capture(tmp_path):
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap([b"abc"] * 5))
    with open_capture(path) as capture:
        blocks = list(capture.blocks(2))
    assert len({b.buffer.__array_interface__["data"][0] for b in blocks}) == 1
    assert blocks[0].buffer[40:43].tobytes() == b"abc"


def test_reading_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap([b"a"] * 5))
    with open_capture(path) as capture:
        assert next(capture.blocks(2)).offset.size == 2
        assert [b.offset.size for b in capture.blocks(10)] == [3]
        with pytest.raises(ValueError, match="max_frames is 0"):
            next(capture.blocks(0))


@given(
    order=st.sampled_from("<>"), magic=st.sampled_from(MAGICS), snaplen=st.sampled_from([0, 96, 262_145, 2**32 - 1]),
    version=st.sampled_from([(2, 4), (2, 3), (2, 2), (543, 0)]), network=st.integers(0, 2**32 - 1),
    records=st.lists(st.tuples(
        st.binary(max_size=70), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), LENGTHS, LENGTHS,
    ), max_size=8),
    cut=st.integers(0, 30), max_frames=st.integers(1, 4),
)
@settings(max_examples=150, deadline=None)
def test_any_pcap_reads_as_the_plain_parser_reads_it(
    order, magic, snaplen, version, network, records, cut, max_frames,
):
    raw = pcap_header(order, magic, version, snaplen, network) + b"".join(
        pcap_record(data, order, seconds, unit, wire, captured, magic == 0xA1B2CD34)
        for data, seconds, unit, wire, captured in records
    )
    raw = raw[:max(24, len(raw) - cut)]
    seen, counters, _ = read_bytes(raw, max_frames)
    assert (seen, counters) == parse_pcap(raw)
