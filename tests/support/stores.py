"""What tests do to a store below its interface."""

from __future__ import annotations

from typing import Any

from storage.inserter import Job, insert


def send(store: Any, job: Job) -> None:
    """Send a chunk under its token, over a connection of its own."""
    connection = store.engine.connect()
    try:
        insert(connection, job)
    finally:
        connection.close()
