"""Where bytes come from: plain files, gzip, Zstandard, pipes; what is no capture at all."""

import gzip
import os
import resource
import subprocess
import sys
import threading
from contextlib import suppress

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import typeof

from columns.errors import CaptureError
from sensor.capture import open_capture, windows
from tests.support.capture_files import (
    enhanced,
    file_of,
    frames_in,
    gz,
    interface,
    obsolete,
    pcap,
    pcap_header,
    pcap_record,
    pipe_of,
    read,
    read_bytes,
    section,
    simple,
)

PCAP = pcap([bytes([i]) * (i % 90) for i in range(200)])
PCAPNG = section() + interface() + b"".join(
    make(bytes([i]) * (i % 90)) for i in range(60) for make in (enhanced, obsolete, simple))
MIB = 2**20


def zst(raw: bytes) -> bytes:
    return zstandard.compress(raw, 3)


@pytest.mark.parametrize("raw", [PCAP, PCAPNG], ids=["pcap", "pcapng"])
@pytest.mark.parametrize("pack", [gz, zst], ids=["gzip", "zstd"])
def test_compressed_captures_read_as_plain_ones_whatever_their_name(raw, pack):
    expected = read_bytes(raw)
    assert len(expected[0]) > 100
    with file_of(pack(raw), ".pcap") as path:
        assert read(path) == expected
    half = len(raw) // 2
    with file_of(pack(raw[:half]) + pack(b"") + pack(raw[half:]), ".txt") as path:
        assert read(path, 7) == expected


@pytest.mark.parametrize("raw", [PCAP, PCAPNG], ids=["pcap", "pcapng"])
@pytest.mark.parametrize("size", [1, 64, 5000])
def test_a_file_that_is_passed_over_in_small_pieces_reads_as_one_that_is_mapped(raw, size, monkeypatch):
    expected = read_bytes(raw)
    monkeypatch.setattr(windows, "PASSING_BYTES", size)
    for most in (1, 7, 1000):
        assert read_bytes(raw, most) == expected
    cut_off = read_bytes(raw[:-3])
    assert cut_off[0] == expected[0][:-1]
    assert cut_off[1]["truncated_record"] == 1


def test_a_file_that_shrinks_while_it_is_passed_over_is_truncated(monkeypatch):
    monkeypatch.setattr(windows, "PASSING_BYTES", 2048)
    with file_of(PCAP) as path, open_capture(path, passing=True) as capture:
        blocks = capture.blocks(1)
        next(blocks)
        os.truncate(path, 3000)
        frames = 1 + sum(block.offset.size for block in blocks)
        assert 0 < frames < 200
        assert capture.counters["input_truncated"] == 1
        assert capture.counters["truncated_record"] == 1
        assert any("became shorter" in note for note in capture.notes)


def test_skippable_zstd_frames_and_padding_after_gzip_are_passed_over():
    skippable = b"\x52\x2a\x4d\x18\x03\x00\x00\x00abc"
    for packed in (skippable + zst(PCAP[:500]) + skippable + zst(PCAP[500:]), gz(PCAP) + bytes(1000)):
        with file_of(packed) as path:
            seen, counters, notes = read(path)
        assert (len(seen), counters, notes) == (200, {}, [])


@pytest.mark.parametrize("pack", [gz, zst], ids=["gzip", "zstd"])
def test_something_else_after_compressed_data_is_left_out_and_said(pack):
    with file_of(pack(PCAP) + b"something else") as path:
        seen, counters, notes = read(path)
    assert (len(seen), counters) == (200, {"input_damaged": 1})
    assert "left out" in notes[0]


@pytest.mark.parametrize("pack", [gz, zst], ids=["gzip", "zstd"])
def test_compressed_data_that_ends_early_keeps_what_came_before(pack):
    packed = pack(PCAP) + pack(PCAP[24:])
    with file_of(packed[:-9]) as path:
        seen, counters, notes = read(path)
    assert 200 <= len(seen) <= 400
    assert counters["input_truncated"] == 1
    assert any("ends early" in note for note in notes)


def test_damaged_gzip_keeps_all_before_the_damage():
    packed = bytearray(gz(PCAP))
    packed[-6] ^= 0xFF  # the checksum at the end: every byte was good until then
    with file_of(bytes(packed)) as path:
        seen, counters, notes = read(path)
    assert (len(seen), counters) == (200, {"input_damaged": 1})
    assert "damaged" in notes[0]


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_compressed_data_never_raises(data):
    packed = bytearray(data.draw(st.sampled_from([gz(PCAP), zst(PCAPNG), gz(PCAPNG) * 2, zst(PCAP) * 2])))
    for place in data.draw(st.lists(st.integers(0, len(packed) - 1), min_size=1, max_size=4)):
        packed[place] ^= data.draw(st.integers(1, 255))
    with file_of(bytes(packed[:data.draw(st.integers(0, len(packed)))])) as path, suppress(CaptureError):
        read(path)


@given(raw=st.sampled_from([PCAP, PCAPNG, PCAP[:-3], PCAPNG[:-3], PCAP + b"\xff" * 40, PCAPNG + b"\xff" * 40]),
       window=st.integers(1, 300), piece=st.integers(1, 300), max_frames=st.sampled_from([1, 2, 7, 1000]))
@settings(max_examples=60, deadline=None)
def test_a_moving_window_of_any_size_gives_the_same_frames(raw, window, piece, max_frames):
    expected = read_bytes(raw)
    before = windows.WINDOW_BYTES, windows._PIECE_BYTES
    windows.WINDOW_BYTES, windows._PIECE_BYTES = window, piece
    try:
        with pipe_of(raw) as path:
            assert read(path, max_frames) == expected
    finally:
        windows.WINDOW_BYTES, windows._PIECE_BYTES = before


def test_blocks_of_a_stream_stay_valid_after_the_next_one():
    raw = pcap([bytes([i]) * 100_000 for i in range(200)])
    with file_of(gz(raw)) as path, open_capture(path) as capture:
        blocks = list(capture.blocks(16))
    assert len({b.buffer.__array_interface__["data"][0] for b in blocks}) > 1
    number = 0
    for block in blocks:
        for offset in block.offset:
            assert (block.buffer[offset:offset + 100_000] == number).all()
            number += 1
    assert number == 200


def test_all_inputs_give_kernels_one_type_of_buffer():
    types = set()
    for raw in (PCAP, gz(PCAP), zst(PCAPNG)):
        with file_of(raw) as path, open_capture(path) as capture:
            types |= {typeof(block) for block in capture.blocks(9)}
    with pipe_of(PCAP) as path, open_capture(path) as capture:
        types |= {typeof(block) for block in capture.blocks(9)}
    assert len(types) == 1


@pytest.mark.parametrize("raw", [PCAP, gz(PCAP), PCAPNG], ids=["pcap", "gzip", "pcapng"])
def test_standard_input(raw, tmp_path):
    (tmp_path / "c").write_bytes(raw)
    code = ("import sys; from tests.support.capture_files import read; seen, counters, notes = read('-'); "
            "print(len(seen), dict(counters), notes)")
    expected = read_bytes(raw if raw[:2] != b"\x1f\x8b" else PCAP)
    with open(tmp_path / "c", "rb") as file:
        for source in ({"input": raw}, {"stdin": file}):
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, **source)
            assert done.stdout.decode().strip() == f"{len(expected[0])} {dict(expected[1])} {expected[2]}"


def test_standard_input_that_is_closed_or_no_capture():
    code = "from sensor.capture import open_capture; open_capture('-')"
    for redirection, words in (("<&-", "standard input: is closed"), ("< /dev/null", "standard input: is empty")):
        done = subprocess.run(["sh", "-c", f'"$0" -c "$1" {redirection}', sys.executable, code],
                              capture_output=True, text=True)
        assert f"CaptureError: {words}" in done.stderr


def test_a_live_pipe_hands_over_what_is_there(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    go_on = threading.Event()

    def write():
        with open(path, "wb", buffering=0) as file:
            file.write(pcap_header() + pcap_record(b"first") * 3)
            go_on.wait(30)
            file.write(pcap_record(b"later") * 2)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with open_capture(path) as capture:
            blocks = capture.blocks(1000)
            early = next(blocks).offset.size  # would hang if it waited for a full window
            go_on.set()
            assert early + sum(block.offset.size for block in blocks) == 5
            assert (capture.bytes_total, capture.bytes_read) == (0, 24 + 5 * 21)
    finally:
        go_on.set()
        writer.join()


def test_progress_counts_stored_bytes(tmp_path):
    for raw in (PCAP, gz(PCAP), zst(PCAPNG)):
        path = tmp_path / "c"
        path.write_bytes(raw)
        with open_capture(path) as capture:
            read_so_far = [capture.bytes_read for _ in capture.blocks(3)]
            assert read_so_far == sorted(read_so_far)
            assert capture.bytes_read == capture.bytes_total == len(raw)


GROWTH = """
import resource, sys
from sensor.capture import open_capture
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
def touch(path):
    frames = 0
    with open_capture(path) as capture:
        for b in capture.blocks(16384):
            frames += b.offset.size
            b.buffer[int(b.offset[0]):int(b.offset[-1] + b.captured_bytes[-1]):4096].sum()
    return frames
touch(sys.argv[1])
before = peak()
print(touch(sys.argv[2]), peak() - before)
"""


def growth_mib(small, large) -> tuple[int, int]:
    """Frames of the large file, and how much more memory reading it all took than reading the small one."""
    done = subprocess.run([sys.executable, "-c", GROWTH, small, large], capture_output=True, check=True, text=True)
    frames, grown_mib = map(int, done.stdout.split())
    return frames, grown_mib


@pytest.mark.parametrize("pack", [
    lambda raw: gzip.compress(raw, 9), zst, lambda raw: b"".join(gz(raw[i:i + MIB]) for i in range(0, len(raw), MIB)),
], ids=["gzip", "zstd", "gzip members"])
def test_a_decompression_bomb_stays_within_a_few_windows(tmp_path, pack):
    record = pcap_record(bytes(200_000))
    count = 400 * MIB // len(record)
    (tmp_path / "small").write_bytes(pack(pcap_header() + record))
    (tmp_path / "bomb").write_bytes(pack(pcap_header() + record * count))
    assert (tmp_path / "bomb").stat().st_size < 4 * MIB
    frames, grown_mib = growth_mib(tmp_path / "small", tmp_path / "bomb")
    assert frames == count
    assert grown_mib < 120


def test_a_large_plain_file_does_not_stay_in_memory(tmp_path):
    record = pcap_record(bytes(60_000))
    (tmp_path / "small").write_bytes(pcap_header() + record)
    with open(tmp_path / "large", "wb") as file:
        file.write(pcap_header())
        for _ in range(50):
            file.write(record * 140)
    frames, grown_mib = growth_mib(tmp_path / "small", tmp_path / "large")
    assert frames == 50 * 140
    assert grown_mib < 200  # of 400


def test_a_file_that_shrinks_while_it_is_read_is_a_truncation(tmp_path):
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap([bytes(4000)] * 100))
    with open_capture(path) as capture:
        blocks = capture.blocks(10)
        assert next(blocks).offset.size == 10
        os.truncate(path, 24 + 20 * 4016 + 100)
        assert sum(block.offset.size for block in blocks) == 10
        assert capture.refused == {"truncated_record": 1}
        assert capture.counters["input_truncated"] == 1
        assert any("became shorter" in note for note in capture.notes)


NOT_CAPTURES = {
    b"": "is empty",
    b"\xd4\xc3\xb2\xa1\x02\x00": "ends within the pcap header, after 6 of 24 bytes",
    section()[:20]: "ends within the pcapng header, after 20 of 28 bytes",
    section(version=(3, 0)): "byte order or version is unknown",
    b"snoop\0\0\0" + bytes(40): "a snoop capture; expected pcap or pcapng, plain, .gz or .zst; convert it with editcap",
    b"PK\x03\x04" + bytes(40): "a zip archive",
    b"\xfd7zXZ\0" + bytes(40): "xz-compressed data",
    b"just a few words\n": "is not a capture but text",
    b'{"timestamp":"2024-01-01T00:00:00","event_type":"flow"}\n': "EVE JSON",
    b'[1, 2]': "is not a capture but JSON",
    b"<!DOCTYPE html><title>404</title>": "a web page",
    bytes(100): "only zero bytes",
    b"\x01\x02\x03\x04\x05": "unknown data that begins with 01 02 03 04 05",
    (bytes(4) + (NOW := 1_700_000_000).to_bytes(4, "little") + b"\x02\x04\x00\x40\x00\x00\x00\x40" + bytes(48)) * 2:
        "perhaps an ERF capture",
    b"\x1f\x8b\x08": "ends early",
    gz(b"words"): "is not a capture but text",
    gz(gz(PCAP)): "compressed twice",
    zst(b""): "is empty",
}


@pytest.mark.parametrize(("raw", "words"), NOT_CAPTURES.items(), ids=range(len(NOT_CAPTURES)))
def test_what_is_no_capture_is_named(raw, words):
    with file_of(raw) as path:
        with pytest.raises(CaptureError) as caught:
            open_capture(path)
        assert words in str(caught.value)
        assert str(caught.value).startswith(str(path))
        assert caught.value.exit_code == 2


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_a_capture_or_refused_with_a_reason(raw):
    with file_of(raw) as path, suppress(CaptureError):
        read(path)


def test_paths_that_cannot_be_read(tmp_path):
    with pytest.raises(CaptureError, match=r"No such file.*expected a readable capture file; check the spelling"):
        open_capture(tmp_path / "missing.pcap")
    with pytest.raises(CaptureError, match=r"is a directory; expected a capture file; name the captures in it"):
        open_capture(tmp_path)
    with pytest.raises(CaptureError, match="cannot be opened"):
        open_capture("a\0b")


def test_a_file_without_the_right_to_read_it(tmp_path, monkeypatch):
    path = tmp_path / "secret.pcap"
    path.write_bytes(PCAP)
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read anything
        def refuse(*_):
            raise PermissionError(13, "Permission denied")
        monkeypatch.setattr(windows.os, "open", refuse)
    with pytest.raises(CaptureError, match=r"Permission denied.*give yourself the right to read it"):
        open_capture(path)


def test_a_read_error_ends_the_input_and_is_said(monkeypatch):
    real, calls = os.read, []

    def failing(descriptor, count):
        calls.append(count)
        if len(calls) > 2:
            raise OSError(5, "Input/output error")
        return real(descriptor, 1000)

    monkeypatch.setattr(windows.os, "read", failing)
    with pipe_of(PCAP) as path:
        seen, counters, notes = read(path)
    assert 10 < len(seen) < 100
    assert counters == {"read_error": 1, "truncated_record": 1}
    assert any("Input/output error" in note for note in notes)


def test_descriptors_are_closed(tmp_path):
    path = tmp_path / "c"
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    if before is None:
        pytest.skip("no /proc here to count descriptors")
    for raw in (PCAP, gz(PCAP), b"words", zst(b"words")):
        path.write_bytes(raw)
        for _ in range(3):
            with suppress(CaptureError):
                with open_capture(path) as capture:
                    frames_in(capture)
                capture.close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > before
