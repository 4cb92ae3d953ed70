"""Real captures: the frames of dpkt and scapy are ours, except where they cannot be, each for a reason that is tested.

dpkt reads one section and only packet blocks with a time, takes the times of all interfaces in the resolution of the
last, and does not clamp. scapy cuts frames at 65,535 bytes, and simple packet blocks at the snaplen of the
file's first interface, 0 included (tshark, like us, at that of their own section, and 0 is no limit).
Both hand out the remains of a file as one short frame where a record claims more than the largest length that makes
sense.
"""

from __future__ import annotations

import gzip
import logging
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path

import dpkt
import pytest

from tests.support.capture_files import SECOND, Seen, pcap, read

SCAPY_CUT = 0xFFFF
CORPUS = Path(os.environ.get("SEKISHO_CORPUS") or Path(__file__).resolve().parents[3] / "shared" / "corpus")
CAPTURES = sorted(p for p in CORPUS.rglob("*") if p.suffix in (".pcap", ".pcapng", ".cap", ".gz"))
NO_CORPUS = pytest.mark.skipif(not CAPTURES, reason="no folder of real captures: set SEKISHO_CORPUS")


def with_dpkt(path: Path) -> list[tuple[float, bytes]]:
    """Times and frames, up to where dpkt gives up."""
    frames = []
    with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
        is_pcapng = file.read(4) == b"\n\r\r\n"
        file.seek(0)
        with suppress(dpkt.Error, ValueError):
            frames.extend(dpkt.pcapng.Reader(file) if is_pcapng else dpkt.pcap.Reader(file))
    return [(float(ts), data) for ts, data in frames]


def with_scapy(path: Path) -> list[tuple[int, bytes, bool]]:
    """Lengths on the wire, frames, and whether each was a simple packet block."""
    logging.getLogger("scapy").setLevel(logging.CRITICAL)
    from scapy.utils import RawPcapReader

    with RawPcapReader(str(path)) as reader:
        return [(meta.wirelen, bytes(data), getattr(meta, "tshigh", 0) is None) for data, meta in reader]


def sections_of(path: Path) -> int:
    raw = path.read_bytes()
    return raw.count(b"\n\r\r\n") if raw[:4] == b"\n\r\r\n" else 0


def without_remains(theirs: list, counters: Counter) -> list:
    """Leave out the short frame that stands for a record that we refuse because of its length."""
    return theirs[:-1] if counters["record_length"] else theirs


def differs_from_dpkt(path: Path, seen: list[Seen], counters: Counter) -> str:
    if counters["timestamp_missing"] or sections_of(path) > 1:
        known = Counter(data for _, data in with_dpkt(path))
        return "" if known <= Counter(s.data for s in seen) else "frames that only dpkt knows"
    theirs = without_remains(with_dpkt(path), counters)
    if [data for _, data in theirs] != [s.data for s in seen]:
        return f"frames: {len(theirs)} of dpkt, {len(seen)} of ours"
    if counters["timestamp_clamped"] or len({s.interface for s in seen}) > 1:
        return ""
    late = [i for i, ((ts, _), s) in enumerate(zip(theirs, seen, strict=True)) if abs(ts - s.ts_ns / SECOND) > 2e-6]
    return f"times: {late[:5]}" if late else ""


def differs_from_scapy(path: Path, seen: list[Seen], counters: Counter) -> str:
    theirs = without_remains(with_scapy(path), counters)
    if len(theirs) != len(seen):
        return f"frames: {len(theirs)} of scapy, {len(seen)} of ours"
    for i, ((wire, data, simple), ours) in enumerate(zip(theirs, seen, strict=True)):
        if data != ours.data[:len(data) if simple else SCAPY_CUT]:
            return f"bytes of frame {i}"
        if wire != ours.wire and not counters["wire_length_raised"]:
            return f"length on the wire of frame {i}"
    return ""


@NO_CORPUS
@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("differs", [differs_from_dpkt, differs_from_scapy])
def test_real_captures_read_as_other_readers_read_them(differs, every):
    found = {}
    for path in CAPTURES[::every]:
        seen, counters, _ = read(path, 500)
        if difference := differs(path, seen, counters):
            found[str(path.relative_to(CORPUS))] = difference
    assert found == {}
    assert len(CAPTURES) > 100


@NO_CORPUS
def test_real_captures_give_the_same_frames_in_blocks_of_any_size():
    for path in CAPTURES[::20]:
        assert read(path, 1) == read(path, 7) == read(path, 65_536)


def test_the_comparison_finds_a_difference(tmp_path):
    path = tmp_path / "c.pcap"
    path.write_bytes(pcap([b"abc", b"defg"]))
    seen, counters, _ = read(path)
    for differs in (differs_from_dpkt, differs_from_scapy):
        assert differs(path, seen, counters) == ""
        assert differs(path, seen[:1], counters)
        assert differs(path, [seen[0], seen[1]._replace(data=b"defh")], counters)
    assert differs_from_dpkt(path, [seen[0], seen[1]._replace(ts_ns=0)], counters)
    assert differs_from_scapy(path, [seen[0], seen[1]._replace(wire=9)], counters)
