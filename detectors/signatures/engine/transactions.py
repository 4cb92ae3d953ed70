"""What is known of the transactions of flows while they go on: buffers, numbers, events and files by direction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from columns.said import Step
from detectors.signatures.engine.search import Buffer

EVENT = "event"
"""Name under which parsers tell what is odd: the value is Suricata's name of the event, with the protocol before."""

_MOST_BUFFERS = 1024
_FILE = "file."


class Side:
    """One direction of one transaction. pending: rules that may still match here, by number."""

    __slots__ = ("_buffers", "count", "done", "events", "files", "history", "pending", "started", "told")

    def __init__(self) -> None:
        self._buffers: dict[str, list[bytes]] = {}
        self.files: list[dict[str, list[bytes]]] = []
        self.events: set[str] = set()
        self.pending: dict[int, Any] = {}
        self.told: set[int] = set()
        self.done = self.started = False
        self.history, self.count = b"", 0

    def add(self, buffers: Sequence[tuple[str, bytes]]) -> int:
        """Take the buffers of a step; return how many there was no room for."""
        file: dict[str, list[bytes]] = {}
        lost = 0
        for name, data in buffers:
            if name == EVENT:
                self.events.add(data.decode("latin-1"))
                continue
            if self.count >= _MOST_BUFFERS:
                lost += 1
                continue
            self.count += 1
            if name.startswith(_FILE):
                file.setdefault(name, []).append(data)
            self._buffers.setdefault(name, []).append(data)
        if file:
            self.files.append(file)
        return lost

    def has(self, name: str) -> bool:
        """Return whether a buffer was told."""
        return name in self._buffers

    def values(self, name: str) -> Sequence[bytes]:
        """Return the instances of a buffer."""
        return self._buffers.get(name, ())


class Tx:
    """One transaction: its two sides, to_client and to_server."""

    __slots__ = ("app", "sides")

    def __init__(self, app: str) -> None:
        self.app, self.sides = app, (Side(), Side())

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        return self.sides[0].done and self.sides[1].done


def tx_of(txs: dict[int, Tx], step: Step, app: str, most: int) -> tuple[Tx, bool]:
    """Return the transaction of a step, and whether the oldest was given up for it."""
    tx, full = txs.get(step.tx_id), False
    if tx is None:
        if len(txs) >= most:
            del txs[next(iter(txs))]
            full = True
        tx = txs[step.tx_id] = Tx(app)
    return tx, full


def instances(values: Sequence[bytes], little: bool = False) -> list[Buffer]:
    """Return instances as buffers to search."""
    return [Buffer(v, little) for v in values]
