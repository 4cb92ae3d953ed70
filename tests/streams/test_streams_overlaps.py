"""Overlapping segments as the receiver takes them, byte by byte against a plain model of each policy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from columns.errors import ConfigError
from sensor.streams import StreamSettings
from tests.support.segments import handshake, segment, sides, streamed

POLICIES = ("first", "last", "bsd", "linux", "old-linux", "solaris")
SEGMENTS = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 30)), min_size=1, max_size=8)


def counts(policy: str, new: tuple[int, int], old: tuple[int, int]) -> bool:
    """Say in the words of Novak and Sturges (2007) whether a segment counts where it overlaps an older one."""
    begins_before, begins_same = new[0] < old[0], new[0] == old[0]
    if policy == "bsd":
        return begins_before
    if policy == "linux":
        return begins_before or (begins_same and new[1] > old[1])
    if policy == "old-linux":
        return begins_before or (begins_same and new[1] >= old[1])
    if policy == "solaris":
        old_ends_after = old[1] > new[1]
        old_holds_it = old[0] < new[0] and old[1] >= new[1]
        return not (old_ends_after or old_holds_it)
    return policy == "last"


def modelled(policy: str, segments: list[tuple[int, bytes]]) -> bytes:
    """Return the bytes that a host of a policy has, those never sent left out."""
    host: dict[int, tuple[int, tuple[int, int]]] = {}
    for place, data in segments:
        mine = (place, place + len(data))
        for at, byte in enumerate(data, place):
            if at not in host or counts(policy, mine, host[at][1]):
                host[at] = (byte, mine)
    return bytes(host[at][0] for at in sorted(host))


def told(policy: str, segments: list[tuple[int, bytes]], **wait: int) -> bytes:
    frames = [*handshake(), *(segment(data, place) for place, data in segments), segment(b"!", 0)]
    return sides(streamed(frames, settings=StreamSettings(overlap=policy, **wait))[0])[0]


@pytest.mark.parametrize("policy", POLICIES)
@examples(max_examples=60, deadline=None)
@given(spans=SEGMENTS)
def test_what_waits_is_put_together_as_the_receiver_does(policy: str, spans: list[tuple[int, int]]) -> None:
    segments = [(place, bytes([65 + n]) * size) for n, (place, size) in enumerate(spans)]
    assert told(policy, segments) == b"!" + modelled(policy, segments)


@pytest.mark.parametrize("policy", POLICIES)
def test_segments_of_many_pages_too(policy: str) -> None:
    segments = [(3000, b"a" * 5000), (1, b"b" * 4999), (4000, b"c" * 6000), (3000, b"d" * 5000), (2000, b"e" * 7000)]
    assert told(policy, segments) == b"!" + modelled(policy, segments)


@pytest.mark.parametrize(("policy", "expected"), [
    ("first", b"AAAACCDD"), ("bsd", b"AAAAxxDD"), ("linux", b"AAAAxxDD"), ("solaris", b"AAAAxxDD"),
    ("last", b"AAAAxxDD")])
def test_a_segment_in_order_against_what_waits_behind_it(policy: str, expected: bytes) -> None:
    frames = [*handshake(), segment(b"CC", 4), segment(b"AAAAxxDD", 0)]
    assert sides(streamed(frames, settings=StreamSettings(overlap=policy))[0])[0] == expected


def test_where_nothing_more_may_wait_nothing_is_lost() -> None:
    """Many small cuts through what waits: the limit holds, and every byte is there, from one of the two."""
    segments = [(1, b"a" * 100), *((2 * k + 2, b"b") for k in range(40))]
    data = told("last", segments, held_segments=6)
    assert len(data) == 101
    assert set(data[1:]) <= set(b"ab")


def test_the_receiver_decides_by_its_longest_prefix() -> None:
    both = [*handshake(), *(segment(data, 1, server=server) for server in (False, True) for data in (b"old", b"new")),
            segment(b"!", 0), segment(b"!", 0, server=True)]
    by_host = StreamSettings(overlap_last=("198.51.100.0/24", "192.0.2.0/25"), overlap_first=("192.0.2.1/32",))
    assert sides(streamed(both, settings=by_host)[0]) == (b"!new", b"!old")
    other_way_round = StreamSettings(overlap="last", overlap_first=("::/0",), overlap_last=("192.0.2.1/32",))
    assert sides(streamed(both, settings=other_way_round)[0]) == (b"!old", b"!new")


@pytest.mark.parametrize(("wrong", "said"), [
    ({"overlap_linux": ["192.0.2.1/24"]}, "not a network"), ({"overlap_last": "192.0.2.0/24"}, "not a list"),
    ({"overlap_bsd": ["192.0.2.0/24"], "overlap_linux": ["192.0.2.0/24"]}, "too")])
def test_a_wrong_list_is_named(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        StreamSettings(**wrong)  # type: ignore[arg-type]
