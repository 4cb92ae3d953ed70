"""Streams against what was sent, and against a plain reassembly; in any pieces, orders and portions."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.streams import StreamSettings
from tests.support.corpus import corpus
from tests.support.naive_streams import pieces_of
from tests.support.segments import CLIENT_ISN, handshake, segment, sides, streamed

MIDSTREAM = StreamSettings(midstream=True)


def shuffled(data: bytes, rng: random.Random, *, server: bool, isn: int = CLIENT_ISN) -> list[bytes]:
    """Cut bytes into segments that overlap, repeat and come out of order, but not further ahead than half a window."""
    edges = sorted({0, len(data), *(rng.randrange(len(data) + 1) for _ in range(rng.randrange(12)))})
    pieces = [(a, b) for a, b in pairwise(edges)]
    for _ in range(rng.randrange(6)):
        a = rng.randrange(len(data) + 1)
        pieces.append((a, min(len(data), a + rng.randrange(1, 400))))
    rng.shuffle(pieces)
    return [segment(data[a:b], a, server=server, isn=isn) for a, b in pieces if b > a]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=9000), st.binary(max_size=3000), st.integers(0, 1 << 30), st.sampled_from([1, 3, 7, 4096]),
       st.sampled_from([CLIENT_ISN, (1 << 32) - 2000]))
def test_whatever_the_segments_the_bytes_come_out_as_they_were_sent(
        asked: bytes, answered: bytes, seed: int, batch: int, isn: int) -> None:
    rng = random.Random(seed)
    both = shuffled(asked, rng, server=False, isn=isn) + shuffled(answered, rng, server=True, isn=isn)
    rng.shuffle(both)
    said, counters, ended = streamed([*handshake(isn=isn), *both], batch)
    assert counters["gaps"] == counters["conflicts"] == 0
    assert (sides(said) if said else (b"", b"")) == (asked, answered)
    assert len(ended) == 1


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=1, max_size=6000), st.integers(0, 1 << 30))
def test_what_is_lost_is_a_gap_of_its_size_and_portions_do_not_show(data: bytes, seed: int) -> None:
    rng = random.Random(seed)
    edges = sorted({0, len(data), *(rng.randrange(len(data)) for _ in range(9))})
    kept = [(a, b) for a, b in pairwise(edges) if rng.random() < 0.7]
    frames = [*handshake(), *(segment(data[a:b], a) for a, b in kept)]
    whole, counters, _ = streamed(frames)
    assert b"".join(data[a:b] for a, b in kept) == (sides(whole)[0] if whole else b"")
    if kept:
        assert counters["gap_bytes"] == kept[-1][1] - sum(b - a for a, b in kept)
    assert streamed(frames, 1)[:2] == (whole, counters)


CASES = ["zeek/scripts__base__protocols__http__multipart-body-length", "zeek/core__tunnels__gtp__outer_ip_frag",
         "zeek/scripts__base__protocols__quic__run-pcap", "zeek/opt__basic"]


@pytest.mark.parametrize("case", CASES)
def test_real_captures_as_a_plain_reassembly_has_them(case: str) -> None:
    from sensor.capture import open_capture

    for path in sorted(corpus(*case.split("/")).glob("*.pcap*")):
        expected: dict[tuple[int, int], bytearray] = {}
        for piece in pieces_of(path):
            if piece.flow.proto == 6 and piece.data:
                expected.setdefault((piece.flow.flow_id, not piece.to_server), bytearray()).extend(piece.data)
        frames = []
        with open_capture(path) as capture:
            for block in capture.blocks(1000):
                frames += [bytes(block.buffer[o : o + n]) for o, n in zip(
                    block.offset.tolist(), block.captured_bytes.tolist(), strict=True)]
        said, _, _ = streamed(frames, 64, MIDSTREAM)
        found = sorted(s.data for s in said.values())
        assert found == sorted(map(bytes, expected.values()))
