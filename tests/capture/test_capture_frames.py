"""Single frames by number, and captures written from them."""

import dpkt
import pytest

from columns.errors import CaptureError, UsageError
from sensor.capture import Frame, frames_at, frames_of, open_capture, write_pcap, write_pcapng
from tests.support.capture_files import enhanced, gz, interface, pcap, read, section

NOW_NS = 1_700_000_000_123_456_789
FRAMES = [Frame(7, NOW_NS, b"\x01" * 61, 1500, 1, 0), Frame(9, NOW_NS + 1, b"", 0, 1, 0),
          Frame(1_000_000, NOW_NS - 10**9, b"\x02" * 64, 64, 1, 0)]


def test_frames_are_fetched_by_number_in_rising_order(tmp_path):
    path = tmp_path / "c.pcap.gz"
    path.write_bytes(gz(pcap([b"%d" % i for i in range(40_000)])))
    found = frames_at(path, [39_999, 3, 20_000, 3, 40_001, 0, -5])
    assert [(f.packet_number, f.data) for f in found] == [(3, b"2"), (20_000, b"19999"), (39_999, b"39998")]
    assert [f.packet_number for f in frames_at(path, iter([105]), first_packet=101)] == [105]
    assert frames_at(path, [105], first_packet=101)[0].data == b"4"
    assert frames_at(path, []) == []


def test_fetching_from_what_is_no_capture_fails_like_opening_it(tmp_path):
    with pytest.raises(CaptureError):
        frames_at(tmp_path / "missing", [1])


def test_a_written_pcap_reads_back_with_nanoseconds(tmp_path):
    path = tmp_path / "out.pcap"
    assert write_pcap(path, iter(FRAMES)) == 3
    seen, counters, _ = read(path)
    assert [(s.ts_ns, s.data, s.wire, s.link) for s in seen] == [(f.ts_ns, f.data, f.wire_bytes, 1) for f in FRAMES]
    assert counters == {}
    with open(path, "rb") as file:
        assert [data for _, data in dpkt.pcap.Reader(file)] == [f.data for f in FRAMES]


def test_a_written_pcapng_keeps_link_types_and_names_packets(tmp_path):
    path = tmp_path / "out.pcapng"
    frames = [*FRAMES, Frame(12, 5, b"cooked", 6, 113, 3), Frame(13, 6, b"again", 5, 1, 0)]
    assert write_pcapng(path, frames) == 5
    seen, counters, _ = read(path)
    assert [(s.ts_ns, s.data, s.wire, s.link) for s in seen] == [
        (f.ts_ns, f.data, f.wire_bytes, f.link_type) for f in frames]
    assert [s.interface for s in seen] == [0, 0, 0, 1, 0]
    assert counters == {}
    assert path.read_bytes().count(b"packet 1000000") == 1
    with open(path, "rb") as file:
        assert [data for _, data in dpkt.pcapng.Reader(file)] == [f.data for f in frames]


def test_a_pcap_has_one_link_type(tmp_path):
    with pytest.raises(UsageError, match=r"frames of 2 link types; expected one .*; write pcapng instead"):
        write_pcap(tmp_path / "out", [FRAMES[0], FRAMES[0]._replace(link_type=113)])
    assert write_pcap(tmp_path / "none", []) == 0
    assert read(tmp_path / "none") == ([], {}, [])


def test_frames_of_a_block_go_into_a_capture(tmp_path):
    path, out = tmp_path / "c", tmp_path / "out"
    path.write_bytes(section() + interface(link=105) + b"".join(enhanced(b"%d" % i, ticks=i) for i in range(9)))
    with open_capture(path, first_packet=11) as capture:
        block = next(capture.blocks(100))
    assert write_pcap(out, frames_of(block, [2, 4])) == 2
    assert [f.packet_number for f in frames_of(block)] == list(range(11, 20))
    assert [(s.data, s.ts_ns, s.link) for s in read(out)[0]] == [(b"2", 2000, 105), (b"4", 4000, 105)]
