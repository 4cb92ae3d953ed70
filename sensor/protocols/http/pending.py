"""Transactions of a connection that are not told yet, oldest first."""

from __future__ import annotations

from collections import deque

from columns.protocols.http import HTTP
from sensor.protocols.http.settings import HttpSettings
from sensor.protocols.http.transaction import Transaction, row_of
from sensor.protocols.parser import Context, Moment


class Pending:
    """Requests that wait for their answers, at most so many; told in their order when both are complete.

    waiting: those, oldest first; ripe: whether the oldest may be complete.
    """

    __slots__ = ("_context", "_settings", "next_id", "ripe", "waiting")

    def __init__(self, context: Context, settings: HttpSettings) -> None:
        self._context, self._settings = context, settings
        self.waiting: deque[Transaction] = deque()
        self.ripe, self.next_id = False, 0

    def begin(self, at: Moment) -> Transaction:
        """Return a new transaction; when there are too many, the oldest is told as it is."""
        tx = Transaction(self.next_id)
        self.next_id += 1
        self.waiting.append(tx)
        if len(self.waiting) > self._settings.pipelined:
            self._context.count("too_many_pipelined")
            self._emit(self.waiting.popleft(), at)
            self.ripe = True
        return tx

    def awaiting(self, at: Moment) -> Transaction:
        """The oldest request that waits for its answer; an answer to none gets a transaction without request."""
        for tx in self.waiting:
            if not tx.response_done:
                return tx
        tx = self.begin(at)
        tx.request_done = True
        self._context.count("response_without_request")
        return tx

    def tell(self, at: Moment) -> None:
        """Tell what is complete."""
        self.ripe = False
        while self.waiting and self.waiting[0].request_done and self.waiting[0].response_done:
            self._emit(self.waiting.popleft(), at)

    def tell_all(self, at: Moment) -> None:
        """Tell what is left, complete or not."""
        while self.waiting:
            tx = self.waiting.popleft()
            tx.cut = tx.cut or not tx.request_done or (tx.response is not None and not tx.response_done)
            self._emit(tx, at)

    def _emit(self, tx: Transaction, at: Moment) -> None:
        self._context.emit(HTTP, at, row_of(tx, self._settings.headers))
