"""Making room in the spool: what goes first, and that it is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.spool.record import Kind, Lane
from storage.spool.segment import Segment

if TYPE_CHECKING:
    from storage.spool.lane import LaneFiles
    from storage.spool.spool import Spool


def make_room(spool: Spool, lane: Lane, cause: str) -> bool:
    """Remove one file for a record of a lane, and say whether one could be; the caller holds the spool's lock.

    What is acknowledged already goes first. Then the oldest file of the least important lane that is not more
    important than the record itself: flows before the sensor's counters before alerts. The record that is being sent
    stays, with its file: it may be stored at the server already. Rows are counted by table under the cause.
    """
    for files in spool.lanes:
        if files.segments and files.first(spool.state.done[files.lane]) is None:
            files.drop_used(spool.state.done[files.lane])
            return True
    for victim in sorted(Lane, reverse=True):
        if victim is Lane.CONTROL or victim < lane:
            return False
        segment = _oldest(spool, spool.lanes[victim])
        if segment is not None:
            _shed(spool, spool.lanes[victim], segment, cause)
            return True
    return False


def drop_superseded(spool: Spool) -> None:
    """Remove the files of attempts whose rows a later one writes again; the caller holds the lock."""
    for files in spool.lanes[Lane.ALERT :]:
        for segment in list(files.segments):
            left = [e for e in segment.entries(segment.read_at) if e.number > spool.state.done[files.lane]]
            if left and all(spool.is_superseded(e.meta) and e.number != spool.protected for e in left):
                _shed(spool, files, segment, "superseded")


def drop_all(spool: Spool) -> None:
    """Remove every record, whatever it is; the caller holds the lock."""
    for files in spool.lanes:
        for segment in list(files.segments):
            _shed(spool, files, segment, "cleared")


def _oldest(spool: Spool, files: LaneFiles) -> Segment | None:
    """The oldest file of a lane that does not hold the record that is being sent."""
    for segment in files.segments:
        if all(entry.number != spool.protected for entry in segment.entries(segment.read_at)):
            return segment
    return None


def _shed(spool: Spool, files: LaneFiles, segment: Segment, cause: str) -> None:
    for entry in segment.entries(segment.read_at):
        if entry.kind is Kind.BLOCK and entry.number > spool.state.done[files.lane]:
            spool.give_up(entry.number, entry.meta, "shed", cause)
    spool.save()  # first: a run that lacks rows must not be taken for complete after a kill
    files.drop(segment)
