"""Opening a spool that a process left behind, in whatever state it died."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from storage.spool.lane import LaneFiles
from storage.spool.record import Kind, Lane
from storage.spool.segment import Segment
from storage.spool.state import State


def recovered(folder: Path, state: State) -> tuple[list[LaneFiles], int]:
    """Open the files in a folder, cutting off and counting what is not whole; return the lanes and the next number.

    A crash cuts off the last record at most. Its checksum is compared; bodies before it are checked when they are sent.
    """
    found: dict[Lane, list[Segment]] = {lane: [] for lane in Lane}
    for path in sorted(folder.glob("*.seg")):
        segment = Segment.opened(path)
        if segment is not None:
            found[segment.lane].append(segment)
    number = max(*state.done, state.sending) + 1
    for segments in found.values():
        for segment in segments:
            torn = segment.recover(bodies=segment is segments[-1])
            state.torn, state.torn_bytes = state.torn + (torn > 0), state.torn_bytes + torn
            number = max(number, segment.last + 1)
    return [LaneFiles(folder, lane, segments) for lane, segments in found.items()], number


def left_open(lanes: Sequence[LaneFiles], state: State) -> tuple[str, str, str]:
    """Return the run that was begun and not ended, its attempt, and when that began; or empty texts."""
    found = tuple(str(state.run.get(name, "")) for name in ("run_id", "life", "started_at"))
    for _, entry in lanes[Lane.CONTROL].waiting(state.done[Lane.CONTROL]):
        begun = entry.kind is Kind.BEGIN
        found = (entry.run_id, entry.life, str(entry.meta["record"]["started_at"])) if begun else ("", "", "")
    return found
