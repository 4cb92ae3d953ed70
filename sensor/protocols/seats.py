"""A small number for each UDP flow that has spoken and lives: its seat, where those who follow it keep its state."""

from __future__ import annotations

import numpy as np

from columns.kernel import kernel

DATAGRAM, FLOW_ROW, LAST_ROW = np.int64(0), np.int64(1), np.int64(2)
"""Kinds of events: a datagram, a row of a flow that goes on, the last row of a flow."""

_FIRST_ROOM = 1024


class Seats:
    """Hands out seats, from 1 on, and takes back those of flows that are over; 0 is no seat.

    Memory follows the number of flows that live at once, of which the flow table has so many.
    """

    def __init__(self, flows: int) -> None:
        self._of_place = np.zeros(flows, np.int32)  # by place in the flow table
        self.flow_id = np.zeros(_FIRST_ROOM, np.uint64)
        self._empty = np.zeros(_FIRST_ROOM, np.int32)
        self._marks = np.array([0, 1], np.int64)  # how many are empty again, and the first that nobody had
        self._leaving = np.zeros(0, np.int32)

    @property
    def room(self) -> int:
        """So many seats there are, that of nobody among them."""
        return self.flow_id.size

    def take(self, kinds: np.ndarray, flow_ids: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Seat the flows of the next events: int64, uint64, int32, all [n].

        Returns the seat of each event (int32[n], 0 where a flow has not spoken) and which events were the first
        datagrams of their flows (int64). A flow that is over keeps its seat until the next call.
        """
        self._let_others()
        if self._marks[1] + kinds.size > self.room:
            more = max(self.room, kinds.size)
            self.flow_id, self._empty = grown(self.flow_id, more), grown(self._empty, more)
        seats, leaving = np.zeros(kinds.size, np.int32), np.zeros(kinds.size, np.int32)
        firsts = np.zeros(kinds.size, np.int64)
        begun, over = seat_flows(kinds, flow_ids, places, self._of_place, self.flow_id, self._empty, self._marks, seats,
                                 firsts, leaving)
        self._leaving = leaving[:over]
        return seats, firsts[:begun]

    def _let_others(self) -> None:
        """Let others have the seats of flows that were over in the last events."""
        empty = int(self._marks[0])
        self._empty[empty : empty + self._leaving.size] = self._leaving
        self._marks[0] += self._leaving.size


def grown(array: np.ndarray, more: int) -> np.ndarray:
    """Return an array with so many more zeroed rows."""
    return np.concatenate([array, np.zeros((more, *array.shape[1:]), array.dtype)])


@kernel
def seat_flows(kinds, flow_ids, places, of_place, owners, empty, marks, seats, firsts, leaving):
    """See Seats.take; returns how many flows began and how many seats are to be left."""
    waiting, fresh, begun, over = marks[0], marks[1], 0, 0
    for i in range(kinds.size):
        place = places[i]
        seat = of_place[place]
        if seat > 0 and owners[seat] == flow_ids[i]:
            seats[i] = seat
            if kinds[i] == LAST_ROW:
                of_place[place], leaving[over], over = 0, seat, over + 1
        elif kinds[i] == DATAGRAM:
            if seat > 0:  # whoever had the place is gone without a word
                leaving[over], over = seat, over + 1
            if waiting > 0:
                waiting -= 1
                seat = empty[waiting]
            else:
                seat = np.int32(fresh)
                fresh += 1
            of_place[place], owners[seat], seats[i] = seat, flow_ids[i], seat
            firsts[begun], begun = i, begun + 1
    marks[0], marks[1] = waiting, fresh
    return begun, over
