"""Stores on both engines: a directory of this process, and a database on a real ClickHouse over real sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage import open_store
from tests.support.clickhouse_listeners import WRITER_PASSWORD


@pytest.fixture(params=["embedded", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path | str:
    """The name of a store that is not there yet; a test that uses it runs twice."""
    if request.param == "embedded":
        return tmp_path / "store"
    clickhouse, database = (request.getfixturevalue(n) for n in ("clickhouse", "clickhouse_database"))
    monkeypatch.setenv("SEKISHO_STORE_PASSWORD", WRITER_PASSWORD)
    return clickhouse.url(database)


@pytest.fixture
def store(place: Path | str) -> Iterator[Any]:
    """An open store, empty. The embedded engine holds one at a time in a process."""
    opened = open_store(place)
    yield opened
    opened.close()


@pytest.fixture
def execute(store: Any) -> Iterator[Callable[[str], None]]:
    """Return a function that runs any statement on the store's engine."""
    connection = store.engine.connect()
    yield connection.execute
    connection.close()
