"""The kernel of stepping stones beside a naive oracle that keeps every pause of every connection."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import Packets, rows_in, slice_rows
from columns.codes import FlowEvent
from detectors.leaks.channels.stepping_stone import SteppingStone
from detectors.leaks.settings import LeakSettings
from tests.support.traffic import ACK, NO_FLOWS, SECOND, Traffic
from zones import EXAMPLE, load_policy

POLICY = load_policy(EXAMPLE)
FLOWS = (("192.0.2.9", 40000, "10.20.1.5"), ("10.20.1.5", 40001, "10.10.0.10"), ("10.30.1.4", 40002, "10.20.1.6"),
         ("10.30.1.4", 40003, "10.20.1.7"))
STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([10, 60, 79, 90, 499, 500, 700, 2000])), min_size=2,
                 max_size=70)


def naive(packets, shared: int = 2, apart: int = 4, share: float = 0.3) -> set[tuple[int, int, int]]:
    """Return (packet number, flow, flow) wherever a pair fulfils the conditions, by the definition."""
    last: dict[int, int] = {}
    idles: dict[int, int] = {}
    ends: dict[int, tuple] = {}
    resumes: list[tuple[int, int]] = []
    pairs: dict[tuple[int, int], list[int]] = {}
    found = set()
    for row in range(rows_in(packets)):
        flow, ts = int(packets.flow_id[row]), int(packets.ts_ns[row])
        side = [(int(packets.src_ip_lo[row]), int(packets.src_port[row])),
                (int(packets.dst_ip_lo[row]), int(packets.dst_port[row]))]
        if flow not in last:
            last[flow], idles[flow] = ts, 0
            ends[flow] = tuple(side if packets.to_server[row] else side[::-1])
        pause, last[flow] = ts - last[flow], ts
        if pause < SECOND // 2:
            continue
        idles[flow] += 1
        for other, when in reversed(resumes):
            if ts - when > 80 * 10**6:
                break
            a, b = sorted((flow, other))
            (src_a, dst_a), (src_b, dst_b) = ends[a], ends[b]
            if a == b or src_a[0] == src_b[0] or dst_a[0] == dst_b[0] or src_a == dst_b or dst_a == src_b:
                continue
            common = src_a[0] == dst_b[0] or dst_a[0] == src_b[0]
            now = (idles[a], idles[b])
            state = pairs.setdefault((a, b), [-1, -1, 0, 0])
            if tuple(state[:2]) == now:
                continue
            follows = state[0] >= 0 and (now[0] - state[0] == 1 or now[1] - state[1] == 1)
            state[2], state[3] = state[2] + 1 if follows else 1, state[3] + 1
            state[:2] = now
            if state[2] >= (shared if common else apart) * max(1, min(now) / 100) and state[3] >= share * min(now):
                found.add((int(packets.packet_number[row]), a, b))
        resumes.append((flow, ts))
    return found


def told(packets, cuts: list[int]) -> set[tuple[int, int, int]]:
    """Return the same as the kernel finds it, before zones are looked at."""
    detector, found = SteppingStone(POLICY, settings=LeakSettings(stone_flows=1 << 12)), set()

    def note(pair, ts_ns):
        a, b = sorted((int(pair["first"]["flow_id"]), int(pair["second"]["flow_id"])))
        found.add((detector.number, a, b))

    detector._pair = note
    edges = [0, *sorted(cuts), rows_in(packets)]
    for start, stop in pairwise(edges):
        detector.update(slice_rows(packets, start, stop), NO_FLOWS)
    return found


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, cut=st.integers(0, 70))
def test_the_kernel_finds_what_the_definition_says(steps, cut):
    traffic, now = Traffic(), 0.0
    for flow, gap_ms in steps:
        now += gap_ms / 1000
        src, port, dst = FLOWS[flow]
        traffic.tcp(now, src, port, dst, 22, ACK, payload_bytes=40)
    packets = followed(traffic, np.array([flow for flow, _ in steps]))
    wanted = naive(packets)
    assert told(packets, []) == wanted
    assert told(packets, [min(cut, len(steps))]) == wanted


def followed(traffic: Traffic, keys: np.ndarray) -> Packets:
    """Return packets as the flow table leaves them; keys: the flow of each, which is its place in the table."""
    packets = traffic.packets()
    packets.flow_id[:], packets.flow_slot[:], packets.to_server[:] = keys + 1001, keys, 1
    packets.clock_ns[:] = packets.ts_ns
    packets.flow_event[np.unique(keys, return_index=True)[1]] = FlowEvent.OPENED
    return packets


def keystrokes(legs: tuple[tuple[str, int, str], ...], turns: int = 6) -> Packets:
    """Return connections along which keystrokes run one after another, once a second."""
    traffic = Traffic()
    for n in range(turns):
        for k, (src, port, dst) in enumerate(legs):
            traffic.tcp(n + 0.02 * k, src, port, dst, 22, ACK, payload_bytes=40)
    return followed(traffic, np.arange(turns * len(legs)) % len(legs))


def test_oracle_and_kernel_find_a_chain():
    packets = keystrokes(FLOWS[:2])
    assert len(naive(packets)) == 4
    assert told(packets, []) == told(packets, [3, 8]) == naive(packets)


def test_connections_that_can_be_no_leg_are_not_followed():
    detector = SteppingStone(POLICY)
    detector.update(keystrokes((("10.20.1.5", 40000, "198.51.100.7"), ("10.20.1.6", 40001, "198.51.100.8"))), NO_FLOWS)
    assert detector.counters()["pauses"] == 0
    detector.update(keystrokes(FLOWS[:2]), NO_FLOWS)
    assert detector.counters()["pauses"] == 10


def test_a_place_of_the_flow_table_that_is_taken_again_is_no_leg_any_more():
    detector = SteppingStone(POLICY)
    detector.update(keystrokes(FLOWS[:2]), NO_FLOWS)
    outwards = keystrokes((("10.20.1.5", 40000, "198.51.100.7"), ("10.20.1.6", 40001, "198.51.100.8")))
    outwards.flow_id[:] += 7
    detector.update(outwards, NO_FLOWS)
    assert detector.counters()["pauses"] == 10
