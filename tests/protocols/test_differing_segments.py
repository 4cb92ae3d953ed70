"""Overlapping segments that differ are told: as an anomaly of their flow, and to rules."""

from __future__ import annotations

from collections import Counter

import pytest

from sensor.protocols import STREAM_WANTS
from tests.support.dissecting import dissected, ordered, portions
from tests.support.ruled import alerts_of, rules_of
from tests.support.segments import handshake, segment

EVENT = "reassembly_overlap_different_data"
GET = b"GET /index.html HTTP/1.1\r\nHost: a.example\r\n\r\n"
TRICK = [*handshake(), segment(GET[10:], 10), segment(b"/evil.html"[:6] + GET[16:], 10), segment(GET[:10], 0)]
HONEST = [*handshake(), segment(GET[10:], 10), segment(GET[10:], 10), segment(GET[:10], 0)]
UNTIL_THE_END = [*handshake(), segment(GET[:4], 0), segment(GET[10:], 10), segment(b"x" * 20, 10)]


@pytest.mark.parametrize("batch", [1, 3, 4096])
def test_an_anomaly_names_the_flow_and_the_side(batch: int) -> None:
    rows = dissected(portions(TRICK, batch), STREAM_WANTS).rows["anomaly"]
    assert [(r["type"], r["event"], r["to_server"], r["packet_number"], r["dst_port"]) for r in rows] == [
        ("stream", f"stream.{EVENT}", 1, 6, 80)]
    assert ordered({"anomaly": rows}) == ordered({"anomaly": dissected(portions(TRICK, 4096), STREAM_WANTS
                                                                       ).rows["anomaly"]})


def test_an_honest_retransmission_is_none() -> None:
    assert "anomaly" not in dissected(portions(HONEST, 4096), STREAM_WANTS).rows


def test_what_waited_until_the_flow_ended_is_told_then() -> None:
    row, = dissected(portions(UNTIL_THE_END, 4096), STREAM_WANTS).rows["anomaly"]
    assert (row["event"], row["logged_packet"]) == (f"stream.{EVENT}", 0)


def test_of_one_flow_the_first_are_told_and_the_rest_counted() -> None:
    head = b"GET / HTTP/1.1\r\nX-Long: aaaaaa"
    frames = [*handshake(), segment(head, 0)]
    for at in range(len(head), len(head) + 120, 10):
        frames += [segment(b"ab", at + 4), segment(b"xy", at + 4), segment(b"0123", at), segment(b"6789", at + 6)]
    had = dissected(portions(frames, 4096), STREAM_WANTS)
    assert len(had.rows["anomaly"]) == 8
    assert had.counters["anomaly_not_told"] == 4


@pytest.mark.parametrize("batch", [1, 4096])
def test_a_rule_asks_for_it(tmp_path, batch: int) -> None:
    rules = rules_of(tmp_path, f"alert tcp any any -> any any (stream-event:{EVENT}; sid:1;)",
                     "alert tcp any any -> any any (stream-event:reassembly_seq_gap; sid:2;)")
    assert alerts_of(rules, TRICK, batch) == Counter({1: 1})
    assert alerts_of(rules, HONEST, batch) == Counter()
