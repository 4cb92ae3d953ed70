"""Windows against a cutter that keeps plain bytes; history; caps. Portions of any size, at random."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns.said import FlowFacts, Stretches
from detectors.signatures.engine.cutting import HISTORY_BYTES, LOOK_BACK_BYTES, WINDOW_BYTES
from detectors.signatures.engine.streams import Windows

Row = tuple[int, int, bytes, int, bool]  # flow, side, data, gap, ended


class Plain:
    """One window after another out of rows, as they are defined."""

    def __init__(self, most: int, inline: bool) -> None:
        self.most, self.inline = most, inline
        self.talks: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self.found: list[tuple[Any, ...]] = []

    def take(self, k: int, row: Row) -> None:
        flow, side, data, gap, ended = row
        if flow not in self.talks:
            if ended:
                return
            if len(self.talks) == self.most:
                self.talks.popitem(last=False)
            self.talks[flow] = {"who": side, "turn": 0, "sides": [[b"", 0, 0, b""], [b"", 0, 0, b""]]}
        talk = self.talks[flow]
        self.talks.move_to_end(flow)
        if ended:
            for each in (0, 1):
                self.cut(k, flow, each, True)
            del self.talks[flow]
            return
        if side != talk["who"]:
            self.cut(k, flow, talk["who"])
            talk["who"], talk["turn"] = side, talk["turn"] + 1
        if gap:
            self.cut(k, flow, side)
        if data:
            self.add(k, flow, side, data)

    def add(self, k: int, flow: int, side: int, data: bytes) -> None:
        one = self.talks[flow]["sides"][side]
        one[0], one[2], one[3] = one[0] + data, k, (one[3] + data)[-HISTORY_BYTES:]
        if self.inline:
            self.tell(k, flow, side, one[0])
            one[0] = one[0][-WINDOW_BYTES:]
            one[1] = len(one[0])
        while len(one[0]) - one[1] >= WINDOW_BYTES:
            stop = one[1] + WINDOW_BYTES
            self.tell(k, flow, side, one[0][:stop])
            one[0], one[1] = one[0][stop - LOOK_BACK_BYTES :], LOOK_BACK_BYTES

    def cut(self, k: int, flow: int, side: int, late: bool = False) -> None:
        one = self.talks[flow]["sides"][side]
        if len(one[0]) > one[1]:
            self.tell(k, flow, side, one[0], late)
        one[0], one[1] = b"", 0

    def tell(self, k: int, flow: int, side: int, data: bytes, late: bool = False) -> None:
        talk = self.talks[flow]
        self.found.append((k, flow, side, data, talk["sides"][side][1], talk["turn"], talk["sides"][side][2], late))

    def history(self, flow: int, side: int) -> bytes:
        return self.talks[flow]["sides"][side][3] if flow in self.talks else b""

    def end(self, flow: int, side: int) -> int | None:
        """The sequence number behind what came last: 1,000 more than its row (see reached)."""
        return 1000 + self.talks[flow]["sides"][side][2] if self.history(flow, side) else None


def reached(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Which rows came when their connection was established, and the sequence numbers behind them."""
    numbers = np.arange(first, first + count)
    return numbers % 3 == 0, numbers + 1000


def stretches_of(rows: list[Row], first: int = 0) -> Stretches:
    data = np.frombuffer(b"".join(r[2] for r in rows) + b"\0", np.uint8)
    sizes = np.array([len(r[2]) for r in rows], np.int64)
    count, flows = len(rows), [r[0] for r in rows]
    numbers = np.arange(first, first + count)
    return Stretches(
        [FlowFacts(flow, 1, 2, 3, 4, 6, 0) for flow in flows], np.array(flows, np.uint64), np.array(flows, np.int32),
        np.array([r[1] for r in rows], np.uint8), np.array([r[4] for r in rows], bool), np.zeros(count, np.int64),
        np.full(count, 2, np.uint8), np.cumsum(sizes) - sizes, sizes, np.array([r[3] for r in rows], np.int64),
        numbers.astype(np.int64), numbers.astype(np.uint64), np.zeros(count, bool), (data,) * 3)


@st.composite
def talks(draw: st.DrawFn) -> list[Row]:
    made: list[Row] = []
    for k in range(draw(st.integers(1, 14))):
        size = draw(st.sampled_from([0, 1, 3, 700, 2559, 2560, 2561, 6000, 17000, 3_000_000]))
        data = bytes([k + 1]) * (size - 1) + b"." if size else b""
        gap = draw(st.sampled_from([0, 0, 0, 9]))
        made.append((draw(st.integers(1, 6)), draw(st.integers(0, 1)), data, gap, False))
        if draw(st.integers(0, 5)) == 0:
            made.append((made[-1][0], 0, b"", 0, True))
    return made


@settings(max_examples=60, deadline=None)
@given(talks(), st.integers(1, 15), st.booleans(), st.sampled_from([2, 100]))
def test_windows_are_those_of_the_definition_however_they_come(rows: list[Row], batch: int, inline: bool,
                                                               most: int) -> None:
    plain, windows = Plain(most, inline), Windows(most, True, inline=inline)
    found: list[tuple[Any, ...]] = []
    for first in range(0, len(rows), batch):
        some = rows[first : first + batch]
        s = stretches_of(some, first)
        for records, arena in windows.cut(s, *reached(first, len(some))):
            for w in records:
                data = arena[w["start"] : w["start"] + w["size"]].tobytes()
                found.append((first + int(w["row"]), int(s.flow_id[w["row"]]), int(w["side"]), data, int(w["looked"]),
                              int(w["turn"]), int(w["number"]), bool(w["late"])))
                assert (bool(w["opened"]), w["end"]) == (w["number"] % 3 == 0, w["number"] + 1000)
        for k, row in enumerate(some):
            plain.take(first + k, row)
            for flow, side in {(r[0], r[1]) for r in rows[: first + k + 1]}:
                assert windows.history(flow, side == 0, k + 1) == plain.history(flow, side)
                assert windows.end(flow, side == 0, k + 1) == plain.end(flow, side)
        windows.settle()
    assert found == plain.found


@pytest.mark.parametrize("batch", [1, 400, 30_000])
def test_flows_beyond_the_number_are_forgotten_and_counted_and_the_rest_stay_whole(batch: int) -> None:
    windows = Windows(5000, True)
    rows: list[Row] = [(flow, 0, b"begin-", 0, False) for flow in range(1, 9001)]
    rows += [(flow, 0, b"end", 0, False) for flow in range(9000, 4000, -1)]
    for first in range(0, len(rows), batch):
        some = rows[first : first + batch]
        for _ in windows.cut(stretches_of(some), *reached(first, len(some))):
            pass
        if first + batch >= len(rows):
            assert windows.history(9000, True, len(some)) == b"begin-end"
            assert windows.history(1, True, len(some)) == b""
        windows.settle()
    assert windows.forgotten == 4000
