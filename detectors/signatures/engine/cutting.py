"""The kernels that cut streams into windows, and what they keep of every talk between two portions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns.kernel import kernel, part
from columns.wire import copy_bytes

WINDOW_BYTES = 2560
LOOK_BACK_BYTES = 512
HISTORY_BYTES = 16384
KEPT_BYTES = WINDOW_BYTES + LOOK_BACK_BYTES

TALK = np.dtype(
    [
        ("flow_id", "u8"), ("turn", "i8"), ("at_ns", "i8", (2,)), ("number", "u8", (2,)), ("past", "i8", (2,)),
        ("until", "i8"), ("end", "i8", (2,)), ("settled", "i8", (2,)), ("size", "i4", (2,)), ("looked", "i4", (2,)),
        ("slot", "i4"), ("before", "i4"), ("after", "i4"), ("who", "u1"), ("opened", "u1", (2,)),
    ], align=True)
"""A connection of which bytes are kept, by side (0 is the initiator's). who: the side that spoke last, turn: how often
that changed; size: bytes that wait to become a window, the first ``looked`` of which were in the one before; at_ns,
number: the packet of the last of them, opened: whether the connection was established by then, end: the sequence number
behind them, settled: that before this portion, -1 for none; past: bytes that went by before this portion; until: the
row of this portion that ended it; before, after: neighbours in the order in which they spoke. flow_id 0: none; slot -1:
it is over."""

WINDOW = np.dtype(
    [
        ("row", "i8"), ("start", "i8"), ("size", "i8"), ("looked", "i8"), ("turn", "i8"), ("at_ns", "i8"),
        ("number", "u8"), ("end", "i8"), ("side", "u1"), ("late", "?"), ("opened", "?"),
    ], align=True)
"""A window, complete with a row of the stretches: arena[start : start + size]."""

# places in TalkState.scalars and in WindowsOut.filled
OLDEST, NEWEST, FREE, USED, ALIVE, FORGOTTEN, OVER = range(7)
WINDOWS, BYTES = range(2)
_NONE, _ALIVE = -1, 1 << 62


class TalkState(NamedTuple):
    """talks: TALK; places: int32, by place in the flow table the talk there; kept, past: uint8, for each talk and side
    the bytes that wait and those that went by (none without history), one after another; scalars: int64.
    """

    talks: np.ndarray
    places: np.ndarray
    kept: np.ndarray
    past: np.ndarray
    scalars: np.ndarray


class Rows(NamedTuple):
    """The columns of columns.said.Stretches that are read, and its buffers, all of them read-only.

    opened: bool, whether the connection was established by then; end: int64, the sequence number behind the bytes.
    """

    flow_id: np.ndarray
    slot: np.ndarray
    side: np.ndarray
    ended: np.ndarray
    buffer: np.ndarray
    start: np.ndarray
    size: np.ndarray
    gap: np.ndarray
    ts_ns: np.ndarray
    packet_number: np.ndarray
    opened: np.ndarray
    end: np.ndarray
    capture: np.ndarray
    fragments: np.ndarray
    arena: np.ndarray


class WindowsOut(NamedTuple):
    """windows: WINDOW; arena: their bytes; filled: int64, how many of both; talk_of: int32, the talk of each row."""

    windows: np.ndarray
    arena: np.ndarray
    filled: np.ndarray
    talk_of: np.ndarray


@part
def _unlink(state, t):
    """Take a talk out of the order in which they spoke."""
    talk, scalars = state.talks[t], state.scalars
    before, after = np.int64(talk["before"]), np.int64(talk["after"])
    if before >= 0:
        state.talks[before]["after"] = after
    else:
        scalars[OLDEST] = after
    if after >= 0:
        state.talks[after]["before"] = before
    else:
        scalars[NEWEST] = before


@part
def _link(state, t):
    """Put a talk at the end of that order."""
    talk, scalars = state.talks[t], state.scalars
    newest = scalars[NEWEST]
    talk["before"], talk["after"] = newest, _NONE
    if newest >= 0:
        state.talks[newest]["after"] = t
    else:
        scalars[OLDEST] = t
    scalars[NEWEST] = t


@part
def _leave(state, t, row):
    """Give a talk up. Its history may still be asked for: its place is free only after this portion."""
    talk, scalars = state.talks[t], state.scalars
    _unlink(state, t)
    slot = np.int64(talk["slot"])
    if state.places[slot] == t:
        state.places[slot] = _NONE
    talk["slot"], talk["until"] = _NONE, row
    talk["after"] = scalars[OVER]
    scalars[OVER] = t
    scalars[ALIVE] -= 1


@part
def _begin(state, s, i, most):
    """Return the place of the talk that begins with a row, -1 where there is no room."""
    scalars, slot = state.scalars, np.int64(s.slot[i])
    if scalars[FREE] < 0 and scalars[USED] == state.talks.size:
        return np.int64(_NONE)
    if scalars[ALIVE] >= most:
        _leave(state, scalars[OLDEST], i)
        scalars[FORGOTTEN] += 1
    t = scalars[FREE]
    if t >= 0:
        scalars[FREE] = np.int64(state.talks[t]["after"])
    else:
        t = scalars[USED]
        scalars[USED] += 1
    talk = state.talks[t]
    talk["flow_id"], talk["slot"], talk["who"], talk["turn"] = s.flow_id[i], slot, s.side[i], 0
    talk["until"] = _ALIVE
    for k in range(2):
        talk["size"][k], talk["looked"][k], talk["past"][k] = 0, 0, 0
        talk["at_ns"][k], talk["number"][k], talk["opened"][k] = 0, 0, 0
        talk["end"][k], talk["settled"][k] = _NONE, _NONE
    state.places[slot] = t
    scalars[ALIVE] += 1
    _link(state, t)
    return t


@part
def _emit(state, out, t, side, row, late):
    """Write what a side keeps as a window."""
    talk = state.talks[t]
    w, size = out.windows[out.filled[WINDOWS]], np.int64(talk["size"][side])
    copy_bytes(out.arena, out.filled[BYTES], state.kept, (2 * t + side) * KEPT_BYTES, size)
    w["row"], w["start"], w["size"], w["looked"] = row, out.filled[BYTES], size, talk["looked"][side]
    w["turn"], w["at_ns"], w["number"] = talk["turn"], talk["at_ns"][side], talk["number"][side]
    w["side"], w["late"], w["opened"], w["end"] = side, late, talk["opened"][side] != 0, talk["end"][side]
    out.filled[WINDOWS] += 1
    out.filled[BYTES] += size


@part
def _cut(state, out, t, side, row, late):
    """What a side has said since its last window becomes one; nothing of it is looked at again."""
    talk = state.talks[t]
    if talk["size"][side] > talk["looked"][side]:
        _emit(state, out, t, side, row, late)
    talk["size"][side], talk["looked"][side] = 0, 0


@part
def _keep_end(state, t, side, most):
    """Keep the last bytes of what a side keeps, at most so many, for the next window to look back at."""
    talk = state.talks[t]
    size, base = np.int64(talk["size"][side]), (2 * t + side) * KEPT_BYTES
    keep = min(most, size)
    for k in range(keep):
        state.kept[base + k] = state.kept[base + size - keep + k]
    talk["size"][side], talk["looked"][side] = keep, keep


@part
def _copy(target, to, s, row, start, size):
    """Copy bytes out of the buffer that those of a row are in."""
    if s.buffer[row] == 0:
        copy_bytes(target, to, s.capture, start, size)
    elif s.buffer[row] == 1:
        copy_bytes(target, to, s.fragments, start, size)
    else:
        copy_bytes(target, to, s.arena, start, size)


@part
def _fill(s, row, state, out, t, side):
    """Take the bytes of a row; each time there are enough, they are a window."""
    talk, base, start, size = state.talks[t], (2 * t + side) * KEPT_BYTES, s.start[row], s.size[row]
    while size > 0:
        there = np.int64(talk["size"][side])
        some = min(size, np.int64(talk["looked"][side]) + WINDOW_BYTES - there)
        _copy(state.kept, base + there, s, row, start, some)
        talk["size"][side] = there + some
        start, size = start + some, size - some
        if talk["size"][side] - talk["looked"][side] == WINDOW_BYTES:
            _emit(state, out, t, side, row, False)
            _keep_end(state, t, side, LOOK_BACK_BYTES)


@part
def _fill_inline(s, row, state, out, t, side):
    """Take the bytes of a row: they are a window at once, behind those of the turn that were there before."""
    talk, base, first, size = state.talks[t], (2 * t + side) * KEPT_BYTES, out.filled[BYTES], s.size[row]
    _emit(state, out, t, side, row, False)
    _copy(out.arena, out.filled[BYTES], s, row, s.start[row], size)
    out.windows[out.filled[WINDOWS] - 1]["size"] += size
    out.filled[BYTES] += size
    keep = min(WINDOW_BYTES, out.filled[BYTES] - first)
    copy_bytes(state.kept, base, out.arena, out.filled[BYTES] - keep, keep)
    talk["size"][side], talk["looked"][side] = keep, keep


@part
def _talk_of(state, s, i, most):
    """Return the talk of a row; -1 for none, -2 where there is no room for a new one."""
    slot = np.int64(s.slot[i])
    t = np.int64(state.places[slot])
    if t >= 0 and state.talks[t]["flow_id"] != s.flow_id[i]:  # its place was given to another flow
        _leave(state, t, i)
        t = np.int64(_NONE)
    if t >= 0:
        _unlink(state, t)
        _link(state, t)
    elif not s.ended[i]:
        t = _begin(state, s, i, most)
        if t < 0:
            return np.int64(-2)
    return t


@part
def _take_bytes(s, i, state, out, t, side, inline):
    """Take the bytes of a row."""
    talk = state.talks[t]
    talk["at_ns"][side], talk["number"][side] = s.ts_ns[i], s.packet_number[i]
    talk["opened"][side], talk["end"][side] = s.opened[i], s.end[i]
    if inline:
        _fill_inline(s, i, state, out, t, side)
    else:
        _fill(s, i, state, out, t, side)


@kernel
def cut_windows(s, first, state, out, most, inline):
    """Cut the rows of s from first on into windows; return the next row, less than all where room is lacking."""
    for i in range(first, s.slot.size):
        needed = 3 * KEPT_BYTES + s.size[i] + (s.size[i] // WINDOW_BYTES + 2) * LOOK_BACK_BYTES
        if (out.filled[BYTES] + needed > out.arena.size
                or out.filled[WINDOWS] + s.size[i] // WINDOW_BYTES + 4 > out.windows.size):
            return i
        t = _talk_of(state, s, i, most)
        if t == -2:
            return i
        out.talk_of[i] = t
        if t < 0:
            continue
        talk, side = state.talks[t], np.int64(s.side[i])
        if s.ended[i]:
            for each in range(2):
                _cut(state, out, t, each, i, True)
            _leave(state, t, i)
            continue
        if side != talk["who"]:
            _cut(state, out, t, np.int64(talk["who"]), i, False)
            talk["who"] = side
            talk["turn"] += 1
        if s.gap[i] > 0:
            _cut(state, out, t, side, i, False)
        if s.size[i] > 0:
            _take_bytes(s, i, state, out, t, side, inline)
    return np.int64(s.slot.size)


@part
def _remember(s, row, state, t, side):
    """Put the bytes of a row behind those that went by on a side; the oldest make room."""
    talk, base = state.talks[t], (2 * t + side) * HISTORY_BYTES
    passed = max(s.size[row] - HISTORY_BYTES, 0)
    talk["past"][side] += passed
    start, size = s.start[row] + passed, s.size[row] - passed
    at = talk["past"][side] % HISTORY_BYTES
    some = min(size, HISTORY_BYTES - at)
    _copy(state.past, base + at, s, row, start, some)
    _copy(state.past, base, s, row, start + some, size - some)
    talk["past"][side] += size


@kernel
def settle(s, state, talk_of):
    """The portion was looked at: its bytes are history, if that is kept, and talks that are over leave their places."""
    for i in range(s.slot.size):
        t = np.int64(talk_of[i])
        if t >= 0 and state.talks[t]["slot"] >= 0:
            if s.size[i] > 0:
                state.talks[t]["settled"][s.side[i]] = s.end[i]
            if state.past.size > 0:
                _remember(s, i, state, t, np.int64(s.side[i]))
    scalars = state.scalars
    while scalars[OVER] >= 0:
        talk = state.talks[scalars[OVER]]
        over = scalars[OVER]
        scalars[OVER] = np.int64(talk["after"])
        talk["flow_id"], talk["after"] = 0, scalars[FREE]
        scalars[FREE] = over
