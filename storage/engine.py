"""What an engine must be able to do. Everything else of a store is written once, over this.

The seam between a sensor and an engine is `Connection.insert`: it takes one encoded block (table, columns, token, data)
and returns when the engine has stored it. A block may be sent again at any time, also after a crash of either side: the
token keeps it from being stored twice. What it raises says what to do: StoreAway (try again later), or another
StoreError (this block or this store will not do). A spool stands in front of this call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from storage.block import Block
from storage.interface import Param, QueryResult


class Connection(Protocol):
    """One conversation with an engine that may write; for one thread at a time."""

    def execute(self, sql: str, params: Mapping[str, Param] | None = None) -> None:
        """Run one statement that changes something; StoreError says what went wrong."""

    def insert(self, block: Block) -> None:
        """Store a block, once whatever happens: see the head of this module."""

    def close(self) -> None:
        """End the conversation; never raises."""


class Asker(Protocol):
    """One conversation with an engine that can only read; for one thread at a time."""

    def ask(self, sql: str, params: Mapping[str, Param]) -> QueryResult:
        """Run one statement; UsageError when it is wrong, StoreError when the store cannot answer."""

    def close(self) -> None:
        """End the conversation; never raises."""


class Engine(Protocol):
    """A ClickHouse: that of this process over a directory, or a server.

    where: its directory or address, for messages; never with a password. shared: other processes may write to it at
    the same time, so that a run that is marked running may be alive.
    """

    where: str
    shared: bool

    def connect(self) -> Connection:
        """Begin a conversation that may write."""

    def asker(self) -> Asker:
        """Begin a conversation that can only read."""

    def close(self) -> None:
        """Give the engine free, after its conversations."""
