"""What is known of the transactions of flows while they go on: buffers, numbers, events and files by direction."""

from __future__ import annotations

from collections.abc import KeysView, Sequence
from typing import Any

from columns.said import Step
from detectors.signatures.language.buffers import find_buffer

EVENT = "event"
"""Name under which parsers tell what is odd: the value is Suricata's name of the event, with the protocol before."""

_MOST_BUFFERS = 1024
_FILE = "file."


class Side:
    """One direction of one transaction. pending: rules that may still match here, by number.

    What was told of it is sorted by name when somebody asks: of most transactions nobody does.
    """

    __slots__ = ("_buffers", "_count", "_events", "_files", "_unsorted", "done", "pending", "started", "told")

    def __init__(self) -> None:
        self._buffers: dict[str, list[bytes]] = {}
        self._files: list[dict[str, list[bytes]]] = []
        self._events: set[str] = set()
        self._unsorted: list[Sequence[tuple[str, bytes]]] = []
        self._count = 0  # of buffers, and of events that are not sorted yet
        self.pending: dict[int, Any] = {}
        self.told: set[int] = set()
        self.done = self.started = False

    def add(self, buffers: Sequence[tuple[str, bytes]]) -> int:
        """Take the buffers of a step; return how many there was no room for."""
        if self._count + len(buffers) <= _MOST_BUFFERS:
            self._count += len(buffers)
            self._unsorted.append(buffers)
            return 0
        self._sort()
        self._count = sum(map(len, self._buffers.values()))
        return self._take(buffers)

    def _sort(self) -> None:
        if not self._unsorted:
            return
        unsorted, self._unsorted = self._unsorted, []
        for buffers in unsorted:
            self._count -= len(buffers)
            self._take(buffers)

    def _take(self, buffers: Sequence[tuple[str, bytes]]) -> int:
        file: dict[str, list[bytes]] = {}
        lost = 0
        for name, data in buffers:
            if name == EVENT:
                self._events.add(data.decode("latin-1"))
                continue
            if self._count >= _MOST_BUFFERS:
                lost += 1
                continue
            self._count += 1
            if name.startswith(_FILE):
                file.setdefault(name, []).append(data)
            self._buffers.setdefault(name, []).append(data)
        if file:
            self._files.append(file)
        return lost

    @property
    def files(self) -> list[dict[str, list[bytes]]]:
        """What was told of each file, by name."""
        self._sort()
        return self._files

    @property
    def events(self) -> set[str]:
        """What was odd."""
        self._sort()
        return self._events

    @property
    def names(self) -> KeysView[str]:
        """The names of the buffers that were told."""
        self._sort()
        return self._buffers.keys()

    def has(self, name: str) -> bool:
        """Return whether a buffer was told."""
        return name in self.names

    def values(self, name: str) -> Sequence[bytes]:
        """Return the instances of a buffer."""
        self._sort()
        return self._buffers.get(name, ())


class Tx:
    """One transaction: its two sides, to_client and to_server."""

    __slots__ = ("app", "both", "sides", "told")

    def __init__(self, app: str) -> None:
        self.app, self.sides = app, (Side(), Side())
        self.both: dict[int, Any] = {}  # rules about both sides that may still match, by number
        self.told: set[int] = set()

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self.sides[0].done and self.sides[1].done


class BothSides:
    """Both sides of a transaction as rules with => see them."""

    def __init__(self, tx: Tx) -> None:
        self._sides = tx.sides
        self.files = [*tx.sides[1].files, *tx.sides[0].files]
        self.events = tx.sides[0].events | tx.sides[1].events
        self.done = tx.over

    def side(self, group: Any) -> Side:
        """Return the side that a group is about: as the rule says, or as the buffer only can be."""
        if group.direction:
            return self._sides[group.direction == "to_server"]
        ways = find_buffer(group.buffer).directions
        if len(ways) == 1:
            return self._sides[ways[0] == "to_server"]
        return self._sides[1 if self._sides[1].has(group.buffer) else 0]

    def has(self, name: str) -> bool:
        """Return whether a buffer was told on either side."""
        return self._sides[0].has(name) or self._sides[1].has(name)

    def values(self, name: str) -> Sequence[bytes]:
        """Return the instances of a buffer on the first side that has it, the client's first."""
        return self._sides[1].values(name) or self._sides[0].values(name)


def tx_of(txs: dict[int, Tx], step: Step, app: str, most: int) -> tuple[Tx, bool]:
    """Return the transaction of a step, and whether the oldest was given up for it."""
    tx, full = txs.get(step.tx_id), False
    if tx is None:
        if len(txs) >= most:
            del txs[next(iter(txs))]
            full = True
        tx = txs[step.tx_id] = Tx(app)
    return tx, full
