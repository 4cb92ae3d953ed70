"""Damage: whatever is done to a good capture, nothing is raised after the header and every record is accounted for."""

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.capture import REFUSALS
from tests.support.capture_files import (
    block,
    enhanced,
    interface,
    obsolete,
    parse_pcap,
    parse_pcapng,
    pcap,
    read_bytes,
    section,
    simple,
)

EXAMPLES = 2000 if os.environ.get("SEKISHO_FUZZ") else 150
FRAMES = [bytes([i]) * (7 * i % 60) for i in range(12)]
PCAPS = [pcap(FRAMES), pcap(FRAMES, ">", magic=0xA1B23C4D), pcap(FRAMES, magic=0xA1B2CD34)]


def _pcapng(order: str) -> bytes:
    parts = [section(order), interface(order, resolution=9, offset=5), interface(order, link=113)]
    for i, data in enumerate(FRAMES):
        parts.append(enhanced(data, order, i % 2, ticks=10**18 + i, comment=b"note"))
        parts.append((simple(data, order), obsolete(data, order, 1), block(4, data, order))[i % 3])
    return b"".join(parts) + section(order) + interface(order) + enhanced(b"last", order)


PCAPNGS = [_pcapng("<"), _pcapng(">")]


@pytest.mark.parametrize("raw", PCAPS, ids=["us", "ns big-endian", "extended"])
def test_every_truncation_of_pcap_keeps_the_whole_records(raw):
    whole, _, _ = read_bytes(raw)
    for size in range(24, len(raw)):
        seen, counters, _ = read_bytes(raw[:size])
        assert (seen, counters) == parse_pcap(raw[:size])
        assert seen == whole[:len(seen)]


@pytest.mark.parametrize("raw", PCAPNGS, ids=["little-endian", "big-endian"])
def test_every_truncation_of_pcapng_keeps_the_whole_records(raw):
    whole, _, _ = read_bytes(raw)
    assert len(whole) == 21
    for size in range(28, len(raw), 3):
        seen, counters, notes = read_bytes(raw[:size])
        assert (seen, counters) == parse_pcapng(raw[:size])
        assert seen == whole[:len(seen)]
        assert bool(counters["truncated_record"]) == any(note.startswith("truncated after") for note in notes)


def _mutations(good: list[bytes], header: int):
    """Captures with bytes overwritten, cut out, doubled or put in, behind the header."""

    def mutate(raw, edits, cut):
        raw = bytearray(raw)
        for place, what, value in edits:
            place = header + place % (len(raw) - header)
            if what == "set":
                raw[place:place + len(value)] = value
            elif what == "insert":
                raw[place:place] = value
            elif what == "remove":
                del raw[max(place, header):place + len(value)]
            else:
                raw[place:place] = raw[place:place + 40]
        return bytes(raw[:max(header, len(raw) - cut)])

    edit = st.tuples(st.integers(0, 10_000), st.sampled_from(["set", "set", "insert", "remove", "double"]),
                     st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from([b"\xff" * 4, b"\0" * 4])))
    return st.builds(mutate, st.sampled_from(good), st.lists(edit, min_size=1, max_size=4),
                     st.one_of(st.just(0), st.integers(0, 200)))


@given(raw=_mutations(PCAPS, 24), max_frames=st.sampled_from([1, 3, 1000]))
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_mutated_pcap_reads_as_the_plain_parser_reads_it(raw, max_frames):
    seen, counters, notes = read_bytes(raw, max_frames)
    expected, causes = parse_pcap(raw)
    assert (seen, counters) == (expected, +causes)
    assert bool(notes) == any(counters[cause] for cause in REFUSALS)


@given(raw=_mutations(PCAPNGS, 28), max_frames=st.sampled_from([1, 3, 1000]))
@settings(max_examples=EXAMPLES, deadline=None)
def test_a_mutated_pcapng_reads_as_the_plain_parser_reads_it(raw, max_frames):
    seen, counters, notes = read_bytes(raw, max_frames)
    expected, causes = parse_pcapng(raw)
    assert (seen, counters) == (expected, +causes)
    assert bool(notes) == any(counters[cause] for cause in REFUSALS)


def test_interpreted_kernels_read_the_same(tmp_path):
    samples = [*PCAPS, *PCAPNGS, PCAPS[0][:-5], PCAPS[1] + b"\xff" * 40, PCAPNGS[1][:-5], PCAPNGS[0] + b"\xff" * 40,
               section() + interface(resolution=0x80 | 40, offset=-3) + enhanced(b"a", ticks=2**63 + 12345),
               section() + interface(resolution=25) + enhanced(b"a", ticks=2**64 - 1) + enhanced(b"b", trailer=3)]
    for i, raw in enumerate(samples):
        (tmp_path / f"{i:02}").write_bytes(raw)
    code = ("import pathlib, sys\nfrom tests.support.capture_files import read\n"
            "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
            "    seen, counters, notes = read(path, 5); print(seen, sorted(counters.items()), notes)")
    printed = {
        subprocess.run([sys.executable, "-W", "error", "-c", code, tmp_path], capture_output=True, check=True,
                       text=True, env=os.environ | {"NUMBA_DISABLE_JIT": off}).stdout
        for off in "01"
    }
    assert len(printed) == 1
    assert len(printed.pop().splitlines()) == len(samples)
