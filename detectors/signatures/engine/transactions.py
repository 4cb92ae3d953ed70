"""What is known of the transactions of flows while they go on: buffers, numbers, events and files by direction."""

from __future__ import annotations

from collections.abc import KeysView, Sequence
from typing import Any, ClassVar

from columns.said import Step
from detectors.signatures.engine.made import MadeWhenAsked
from detectors.signatures.language.buffers import find_buffer

EVENT = "event"
"""Name under which parsers tell what is odd: the value is Suricata's name of the event, with the protocol before."""

_MOST_BUFFERS = 1024
_NONE: frozenset[int] = frozenset()
_FILE = "file."


class Side(MadeWhenAsked):
    """One direction of one transaction. pending: rules that may still match here, by number; always: those that need
    not be found, None before it began; told: rules that matched.

    refused: those of them that what was told so far decides against, see Prepared.decided_by.
    What was told of it is sorted by name when somebody asks: of most transactions nobody does. Most names stand once:
    further instances are apart.
    """

    __slots__ = ("_count", "_events", "_first", "_further", "_kept", "_unsorted", "always", "done", "pending",
                 "refused", "told")
    _first: dict[str, bytes]
    _further: dict[str, list[bytes]]  # of names that stand several times: all instances
    _kept: list[Sequence[tuple[str, bytes]]]
    _events: set[str]
    _made: ClassVar = {"_first": dict, "_further": dict, "_kept": list, "_events": set}

    def __init__(self) -> None:
        self._unsorted: list[Sequence[tuple[str, bytes]]] = []
        self._count = 0  # of buffers, and of events that are not sorted yet
        self.pending: dict[int, Any] = {}
        self.told = self.refused = _NONE
        self.always: Any = None
        self.done = False

    def add(self, buffers: Sequence[tuple[str, bytes]]) -> int:
        """Take the buffers of a step; return how many there was no room for."""
        if self._count + len(buffers) <= _MOST_BUFFERS:
            self._count += len(buffers)
            self._unsorted.append(buffers)
            return 0
        self._sort()
        self._count = sum(map(len, self._kept))
        return self._take(buffers)

    def _sort(self) -> None:
        if not self._unsorted:
            return
        unsorted, self._unsorted = self._unsorted, []
        first = self._first
        for buffers in unsorted:
            named = dict(buffers)
            if len(named) == len(buffers) and EVENT not in named and first.keys().isdisjoint(named):
                first.update(named)
                self._kept.append(buffers)
            else:
                self._count -= len(buffers)
                self._take(buffers)

    def _take(self, buffers: Sequence[tuple[str, bytes]]) -> int:
        self._events.update([data.decode("latin-1") for name, data in buffers if name == EVENT])
        told = [pair for pair in buffers if pair[0] != EVENT]
        kept = told[: max(_MOST_BUFFERS - self._count, 0)]
        self._count += len(kept)
        self._kept.append(kept)
        for name, data in kept:
            if name not in self._first:
                self._first[name] = data
            else:
                self._further.setdefault(name, [self._first[name]]).append(data)
        return len(told) - len(kept)

    @property
    def files(self) -> list[dict[str, list[bytes]]]:
        """What was told of each file, by name."""
        self._sort()
        found: list[dict[str, list[bytes]]] = []
        for kept in self._kept:
            file: dict[str, list[bytes]] = {}
            for name, data in kept:
                if name.startswith(_FILE):
                    file.setdefault(name, []).append(data)
            if file:
                found.append(file)
        return found

    @property
    def events(self) -> set[str]:
        """What was odd."""
        self._sort()
        return self._events

    @property
    def names(self) -> KeysView[str]:
        """The names of the buffers that were told."""
        self._sort()
        return self._first.keys()

    def has(self, name: str) -> bool:
        """Return whether a buffer was told."""
        return name in self.names

    def values(self, name: str) -> Sequence[bytes]:
        """Return the instances of a buffer."""
        self._sort()
        if (further := self._further.get(name)) is not None:
            return further
        return [self._first[name]] if name in self._first else ()


class Tx:
    """One transaction: its two sides, to_client and to_server. both: rules about both sides that may still match."""

    __slots__ = ("app", "both", "sides", "told")

    def __init__(self, app: str) -> None:
        self.app, self.sides, self.told = app, (Side(), Side()), _NONE
        self.both: dict[int, Any] = {}

    def forget_rules(self, always: Any) -> None:
        """Other rules come: what these wait for is let go; always is put in place of those that need not be found."""
        self.both.clear()
        for side in self.sides:
            side.pending.clear()
            side.refused = _NONE
            side.always = None if side.always is None else always

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
