"""What the spool needs of a server, and what it may hear from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from columns.errors import SekishoError


class Away(Exception):
    """The server cannot be reached, is busy, full, broken or refuses us: try again later.

    error says why. sent is False when it is certain that it has seen nothing of what was to be sent.
    """

    def __init__(self, error: SekishoError, *, sent: bool = True) -> None:
        super().__init__(str(error))
        self.error, self.sent = error, sent


class BlockRefused(Exception):
    """The server will never take this block: its content does not fit the table. reason is one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SpooledBlock(NamedTuple):
    """A block as it is sent: its table, its rows in ClickHouse's Native format, and what names it."""

    table: str
    columns: tuple[str, ...]
    token: str
    rows: int
    data: bytes
    run_id: str
    inserted_at: int


class Sender(Protocol):
    """A connection to the server. Every call may be repeated, also after its outcome was unknown.

    Each call raises Away for trouble that may pass, and BlockRefused for a block that no repetition will help.
    """

    def begin(self, record: Mapping[str, Any]) -> str:
        """Begin a run: "complete" when the server holds all of it, else remove what it holds and record the run.

        "new" or "restarted" is returned then. started_at tells a repetition from another attempt.
        """

    def is_current(self, run_id: str, started_at: str) -> bool:
        """Whether the attempt that began then is still the one being written, asked after each connection.

        It is not when the run was deleted, or another process has begun it again: then its rows must not be mixed.
        """

    def send(self, block: SpooledBlock) -> None:
        """Store a block; the server drops it when it has seen its token."""

    def holds(self, block: SpooledBlock, earlier_rows: int) -> bool:
        """Whether a block sent long ago is stored: more rows of its run and second are there than earlier_rows."""

    def expect_silence(self, run_id: str) -> None:
        """Raise Away while an insert of the run, whose connection broke, is still at work at the server."""

    def blocks_inserted(self, table: str) -> int:
        """Blocks that a table has taken in its life, from whomever, or -1 where that cannot be known."""

    def finish(self, record: Mapping[str, Any], handed: Mapping[str, int]) -> bool:
        """Close a run, as complete only when the server holds exactly the handed rows of each table; say whether."""

    def close(self) -> None:
        """Give the connection free; never raises."""
