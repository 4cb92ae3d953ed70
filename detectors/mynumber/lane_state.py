"""What is kept of each direction of a connection: the end of what its sender said, and what may go on from there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from columns.kernel import part
from columns.wire import copy_bytes
from detectors.mynumber.base64 import Base64
from detectors.mynumber.text import HISTORY_BYTES, WHOLE

LANE = np.dtype([("flow_id", "u8"), ("next_seq", "u4"), ("slot", "i4"), ("begin", "i8"), ("size", "i8"),
                 ("waits", "u2"), ("coded_waits", "u2"), ("over", "u1"), ("edge", "u1"), ("coded_edge", "u1")])
"""What is known of one direction of a TCP connection: where its history begins and its size, the sequence number that
comes next, in how many bytes more a number waits for a keyword, whether the last bytes may begin one, both for what the
bytes say in base64, too, and characters of that over."""

LANE_BYTES = HISTORY_BYTES * 4 // 3 * 78 // 76 + 8
"""So much of a direction is kept that, in base64 with its line ends, it says HISTORY_BYTES."""

BYTES, PACKETS, CANDIDATES, BROKEN, REPLACED, DECODED, TOO_LONG, COUNTS = range(8)
COUNT_NAMES = ("bytes_scanned", "packets_scanned", "candidates", "order_broken", "history_replaced", "payloads_decoded",
               "payload_too_long")

class Lanes(NamedTuple):
    """What is kept between packets: LANE[lanes], uint8[lanes, 2 * LANE_BYTES], and scratch space.

    seam_text and decoded_text are seam and decoded to read, as the buffers of packets are.
    """

    lanes: np.ndarray
    history: np.ndarray
    seam: np.ndarray
    seam_text: np.ndarray
    decoded: np.ndarray
    decoded_text: np.ndarray
    edges: np.ndarray
    base64: Base64
    counts: np.ndarray


def new_lanes(lanes: int, edges: np.ndarray, base64: Base64) -> Lanes:
    """Return room for so many directions (a power of two); memory is taken when it is used."""
    seam, decoded = (np.zeros(LANE_BYTES + WHOLE, np.uint8) for _ in range(2))
    return Lanes(np.zeros(lanes, LANE), np.zeros((lanes, 2 * LANE_BYTES), np.uint8), seam, _to_read(seam), decoded,
                 _to_read(decoded), edges, base64, np.zeros(COUNTS, np.int64))


def _to_read(buffer: np.ndarray) -> np.ndarray:
    view = buffer.view()
    view.flags.writeable = False
    return view


@part
def _forget(lane):
    """Forget what was said in a direction."""
    lane["begin"], lane["size"], lane["waits"], lane["edge"] = 0, 0, 0, 0
    lane["over"], lane["coded_waits"], lane["coded_edge"] = 0, 0, 0


@part
def lane_of(state, flow_id, slot, side, seq):
    """Return the lane of a direction, and whether seq is what comes next in it; a lane of another flow is taken over.
    """
    index = (np.int64(slot) * 2 + side) & (state.lanes.size - 1)
    lane = state.lanes[index]
    if lane["flow_id"] != flow_id:
        if lane["flow_id"] != 0 and lane["slot"] != slot:
            state.counts[REPLACED] += 1
        lane["flow_id"], lane["slot"] = flow_id, slot
        _forget(lane)
        return index, True
    if lane["next_seq"] == seq:
        return index, True
    state.counts[BROKEN] += 1
    _forget(lane)
    return index, False


@part
def remember(state, index, b, start, size, seq):
    """Add a payload to the history of a direction, of which the last bytes are kept.

    Its own last bytes are looked at where they came from: what was just copied would have to be waited for.
    """
    lane, history = state.lanes[index], state.history[index]
    lane["next_seq"] = np.uint32((np.int64(seq) + size) & 0xFFFFFFFF)
    taken = min(size, LANE_BYTES)
    end = lane["begin"] + lane["size"]
    if end + taken > history.size:
        kept = min(lane["size"], LANE_BYTES - taken)
        copy_bytes(history, 0, history, end - kept, kept)
        lane["begin"], lane["size"], end = 0, kept, kept
    copy_bytes(history, end, b, start + size - taken, taken)
    end += taken
    lane["size"] = min(lane["size"] + taken, LANE_BYTES)
    lane["begin"] = end - lane["size"]
    edge = state.edges[b[start + size - 1]] != 0
    for k in range(max(size - 4, 0), size - 1):
        edge = edge or state.edges[b[start + k]] == 1
    for k in range(max(lane["begin"], end - 4), end - size):
        edge = edge or state.edges[history[k]] == 1
    lane["edge"] = edge


@part
def join(state, index, back, b, start, size):
    """Put the last back bytes of a direction's history and size bytes of its next payload into the seam."""
    lane = state.lanes[index]
    copy_bytes(state.seam, 0, state.history[index], lane["begin"] + lane["size"] - back, back)
    copy_bytes(state.seam, back, b, start, size)
