"""Answers that nobody asked for, beside a naive oracle that remembers the latest question of each host."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import Packets, rows_in, slice_rows
from columns.codes import FlowEvent
from detectors.leaks.channels.time_and_answers import TimeAndAnswers
from detectors.leaks.settings import LeakSettings
from tests.support.traffic import NO_FLOWS, Traffic, rows_of
from zones import EXAMPLE, load_policy

POLICY = load_policy(EXAMPLE)
HOSTS, RESOLVER, WINDOW_S = ("10.30.1.5", "10.30.1.6"), "198.51.100.53", 600
STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 1), st.sampled_from([1, 5, 300, 599, 601])), max_size=30)


def packets_of(steps: list[tuple[bool, int, int]]) -> Packets:
    """Return questions and answers, each of which opens a flow."""
    traffic, now = Traffic(), 0
    for asks, host, gap_s in steps:
        now += gap_s
        if asks:
            traffic.udp(now, HOSTS[host], 40000, RESOLVER, 53)
        else:
            traffic.udp(now, RESOLVER, 53, HOSTS[host], 40001)
    packets = traffic.packets()
    packets.clock_ns[:], packets.flow_event[:] = packets.ts_ns, FlowEvent.OPENED
    packets.flow_id[:], packets.to_server[:] = packets.packet_number, 1
    return packets


def naive(steps: list[tuple[bool, int, int]]) -> int:
    """Return how many answers came without a question in the minutes before."""
    asked, now, strays = {}, 0, 0
    for asks, host, gap_s in steps:
        now += gap_s
        if asks:
            asked[host] = now
        else:
            strays += host not in asked or now - asked[host] >= WINDOW_S
    return strays


def told(packets: Packets, cut: int) -> int:
    """Return the same as the detector counts it, in two portions."""
    detector, events = TimeAndAnswers(POLICY, settings=LeakSettings(strays=1, quiet_s=86_400)), []
    for start, stop in ((0, cut), (cut, rows_in(packets))):
        events += rows_of(detector.update(slice_rows(packets, start, stop), NO_FLOWS))
    events += rows_of(detector.finish())
    return sum(row["events"] for row in events if row["state"] == 3)


@settings(max_examples=80, deadline=None)
@given(steps=STEPS, cut=st.integers(0, 30))
def test_it_counts_what_the_oracle_counts_in_any_portions(steps, cut):
    packets = packets_of(steps)
    assert told(packets, 0) == told(packets, min(cut, len(steps))) == naive(steps)


def test_one_question_excuses_the_answers_of_its_minutes():
    steps = [(False, 0, 1), (True, 0, 5), (False, 0, 599), (False, 0, 5), (False, 1, 5)]
    assert naive(steps) == told(packets_of(steps), 0) == told(packets_of(steps), 2) == 3
    assert np.unique(packets_of(steps).flow_id).size == 5
