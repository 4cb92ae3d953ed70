"""Stores on both engines: a directory of this process, and a database on a real ClickHouse over real sockets."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage import open_store
from tests.support.clickhouse_listeners import DATABASE, WRITER_PASSWORD


@pytest.fixture(params=["embedded", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path | str:
    """The name of a store that is not there yet; a test that uses it runs twice."""
    if request.param == "embedded":
        return tmp_path / "store"
    clickhouse, database = (request.getfixturevalue(n) for n in ("clickhouse", "clickhouse_database"))
    monkeypatch.setenv("SEKISHO_STORE_PASSWORD", WRITER_PASSWORD)
    return clickhouse.url(database)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store in a directory, to be copied: making one takes three times as long."""
    folder = tmp_path_factory.mktemp("made") / "store"
    open_store(folder).close()
    return folder


@pytest.fixture
def store(request: pytest.FixtureRequest, place: Path | str) -> Iterator[Any]:
    """An open store, empty. The embedded engine holds one at a time in a process."""
    if isinstance(place, Path):
        shutil.copytree(request.getfixturevalue("made"), place, symlinks=True)
    opened = open_store(place)
    yield opened
    opened.close()


@pytest.fixture(scope="module", params=["embedded", "server"])
def shared_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An open store for the tests of a module that do not disturb one another; it must open no other one."""
    if request.param == "embedded":
        with open_store(tmp_path_factory.mktemp("shared") / "store") as opened:
            yield opened
        return
    clickhouse, name = request.getfixturevalue("clickhouse"), f"{DATABASE}_{request.module.__name__.rpartition('.')[2]}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEKISHO_STORE_PASSWORD", WRITER_PASSWORD)
        with open_store(clickhouse.url(name)) as opened:
            yield opened
    clickhouse.execute(f"DROP DATABASE IF EXISTS {name} SYNC")


@pytest.fixture
def execute(store: Any) -> Iterator[Callable[[str], None]]:
    """Return a function that runs any statement on the store's engine."""
    connection = store.engine.connect()
    yield connection.execute
    connection.close()
