"""What the streams do where TCP leaves room for tricks: overlaps, resets, gaps, bounds."""

from __future__ import annotations

import numpy as np
import pytest

from columns.errors import ConfigError
from sensor.streams import Streams, StreamSettings
from sensor.streams.state import PAGE_BYTES
from tests.support.segments import ACK, FIN, RST, SYN, handshake, segment, sides, streamed


def test_of_two_that_wait_the_first_counts_and_the_difference_is_told() -> None:
    frames = [*handshake(), segment(b"BBBB", 4), segment(b"xxxx", 4), segment(b"AAAA", 0)]
    said, counters, _ = streamed(frames)
    assert sides(said)[0] == b"AAAABBBB"
    assert counters["conflicts"] == 1
    assert next(iter(said.values())).conflict


def test_or_the_last_where_the_setting_says_so() -> None:
    frames = [*handshake(), segment(b"BBBB", 4), segment(b"xxxx", 4), segment(b"AAAA", 0)]
    assert sides(streamed(frames, settings=StreamSettings(overlap="last"))[0])[0] == b"AAAAxxxx"


def test_what_waits_counts_against_a_segment_that_comes_later_in_order() -> None:
    frames = [*handshake(), segment(b"CC", 4), segment(b"AAAAxxDD", 0)]
    said, counters, _ = streamed(frames)
    assert (sides(said)[0], counters["conflicts"]) == (b"AAAACCDD", 1)


def test_an_equal_overlap_is_no_conflict() -> None:
    said, counters, _ = streamed([*handshake(), segment(b"CDEF", 2), segment(b"ABCD", 0), segment(b"EFG", 4)])
    assert (sides(said)[0], counters["conflicts"]) == (b"ABCDEFG", 0)
    assert counters["overlapping"] > 0


def test_what_was_handed_on_is_not_handed_on_again() -> None:
    said, counters, _ = streamed([*handshake(), segment(b"GET /", 0), segment(b"EVIL/", 0), segment(b" HTTP", 5)])
    assert sides(said)[0] == b"GET / HTTP"
    assert counters["retransmitted"] == 1


def test_a_keep_alive_is_no_data() -> None:
    said, counters, _ = streamed([*handshake(), segment(b"ab", 0), segment(b"b", 1)])
    assert (sides(said)[0], counters["keep_alive"], counters["retransmitted"]) == (b"ab", 1, 0)


def test_a_reset_out_of_the_window_ends_nothing() -> None:
    frames = [*handshake(), segment(b"one", 0), segment(flags=RST, place=1 << 30), segment(b"two", 3)]
    said, counters, _ = streamed(frames)
    assert (sides(said)[0], counters["reset_invalid"], counters["reset"]) == (b"onetwo", 1, 0)


def test_after_a_reset_nothing_counts() -> None:
    said, _, ended = streamed([*handshake(), segment(b"one", 0), segment(flags=RST, place=3), segment(b"two", 3)])
    assert sides(said)[0] == b"one"
    assert len(ended) == 1


def test_both_fins_end_it_once() -> None:
    frames = [*handshake(), segment(b"bye", 0, flags=ACK | FIN), segment(b"ok", 0, server=True, flags=ACK | FIN),
              segment(place=4), segment(place=4)]
    said, _, ended = streamed(frames)
    assert sides(said) == (b"bye", b"ok")
    assert len(ended) == 1


def test_data_on_the_syn_counts() -> None:
    frames = [segment(b"hello", 0, flags=SYN), segment(flags=SYN | ACK, server=True), segment(b" you", 5)]
    assert sides(streamed(frames)[0])[0] == b"hello you"


def test_what_the_receiver_has_is_not_waited_for() -> None:
    frames = [*handshake(), segment(b"ab", 0), segment(b"ef", 4), segment(server=True, ack=6), segment(b"gh", 6)]
    said, counters, _ = streamed(frames)
    client = said[min(said)]
    assert (client.data, client.gap, counters["gaps"]) == (b"abefgh", 2, 1)


def test_one_side_alone_is_followed_when_its_syn_was_seen() -> None:
    said, _, _ = streamed([segment(flags=SYN), segment(), segment(b"GET / HTTP/1.0\r\n\r\n", 0)])
    assert sides(said) == (b"GET / HTTP/1.0\r\n\r\n", b"")


def test_an_answer_whose_syn_was_not_captured_is_followed_from_what_the_client_acknowledged() -> None:
    frames = [segment(flags=SYN), segment(ack=0), segment(b"hi", 0, server=True)]
    said, _, _ = streamed(frames)
    assert sides(said)[1] == b"hi"
    assert not any(s.midstream for s in said.values())


def test_the_middle_of_a_connection_is_followed_only_when_asked_for() -> None:
    frames = [segment(b"more", 100), segment(b"of it", 104)]
    said, counters, _ = streamed(frames)
    assert (said, counters["not_followed"]) == ({}, 2)
    said, _, _ = streamed(frames, settings=StreamSettings(midstream=True))
    (found,) = said.values()
    assert (found.data, found.midstream) == (b"moreof it", True)


def test_depth_ends_what_is_looked_at() -> None:
    frames = [*handshake(), *(segment(b"x" * 1000, k * 1000) for k in range(5))]
    said, counters, _ = streamed(frames, settings=StreamSettings(depth_kib=2))
    assert len(sides(said)[0]) == 2048
    assert counters["over_depth_bytes"] == 5000 - 2048


def test_too_much_behind_a_gap_gives_the_gap_up_in_any_portions() -> None:
    settings = StreamSettings(held_kib=4)
    frames = [*handshake(), *(segment(bytes([65 + k]) * 1000, 500 + k * 1000) for k in range(9))]
    said, counters, _ = streamed(frames, settings=settings)
    client = next(iter(said.values()))
    assert (len(client.data), client.gap, counters["gaps"]) == (9000, 500, 1)
    assert streamed(frames, 1, settings)[:2] == (said, counters)


def test_a_flood_of_held_data_stays_within_its_memory() -> None:
    frames = []
    for port in range(1024, 1124):
        frames += handshake(port)
        frames += [segment(b"z" * 1400, 5000 + 3000 * k, port=port) for k in range(20)]
    said, counters, _ = streamed(frames, settings=StreamSettings(memory_mib=1))
    assert counters["pages_peak"] <= (1 << 20) // PAGE_BYTES
    assert counters["memory_full"] > 0
    assert sum(len(s.data) for s in said.values()) == 100 * 20 * 1400


def test_far_ahead_of_the_conversation_is_no_part_of_it() -> None:
    said, counters, _ = streamed([*handshake(), segment(b"no", 1 << 29), segment(b"yes", 0)])
    assert (sides(said)[0], counters["out_of_window"]) == (b"yes", 1)


def test_nobody_pays_for_what_nobody_wants() -> None:
    streams = Streams(StreamSettings(), 16)
    streams.pass_over(3, 77)  # not its flow: nothing happens
    assert streams.counters()["bytes"] == 0


@pytest.mark.parametrize("wrong", [{"depth_kib": 0}, {"held_segments": 1}, {"overlap": "best"}, {"memory_mib": "64"}])
def test_settings_out_of_range_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        StreamSettings(**wrong)  # type: ignore[arg-type]


def test_held_pages_come_back() -> None:
    frames = [*handshake()]
    for k in range(300):
        frames += [segment(b"b" * 100, 200 * k + 100), segment(b"a" * 100, 200 * k)]
    _, counters, _ = streamed(frames)
    assert counters["pages_peak"] == 1
    assert counters["held"] == 300
    assert np.isfinite(counters["bytes"])
