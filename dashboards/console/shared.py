"""One store for many requests: calls come from several threads and take turns."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from columns.errors import StoreError

WAIT_SECONDS = 20.0


class SharedStore:
    """The calls of a store that the console uses, one at a time; an engine's session serves one question at once.

    A call that has waited WAIT_SECONDS for its turn raises StoreError, so that one long question cannot pile up
    others behind it without end.
    """

    def __init__(self, store: Any, wait_seconds: float = WAIT_SECONDS) -> None:
        self._store, self._wait = store, wait_seconds
        self._turn = threading.Lock()

    def query(self, sql: str, params: Mapping[str, Any] | None = None, *, read_only: bool = False) -> Any:
        """Run one statement that reads; see storage.interface.Store."""
        with self._mine():
            return self._store.query(sql, params, read_only=read_only)

    def runs(self) -> list[dict[str, Any]]:
        """Return all runs, oldest first."""
        with self._mine():
            return self._store.runs()

    def add_alert_action(self, *args: Any, **kwargs: Any) -> Any:
        """Note what somebody did about an alert."""
        with self._mine():
            return self._store.add_alert_action(*args, **kwargs)

    @contextmanager
    def _mine(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=self._wait):
            raise StoreError(f"the store has been busy for {self._wait:.0f} s", where="store",
                             remedy="ask again in a moment, or for a shorter range")
        try:
            yield
        finally:
            self._turn.release()
