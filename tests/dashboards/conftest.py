"""A replayed day of the fictional city in a ClickHouse on real sockets, and databases without rows beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from columns import TABLES
from columns.clickhouse import store_ddl, view_ddls
from pcaps.manifest import cached, load_manifest
from sekisho.cli import run
from tests.cli.conftest import capture_of, cli
from tests.support.clickhouse_listeners import ClickHouseListeners
from tests.support.socket_store import SocketStore
from zones import EXAMPLE

__all__ = ["capture_of", "cli"]
CITY = "sekisho_city"
COPIED = ("flow", "alert", "sensor_health", "runs", "dns", "http", "tls")


@pytest.fixture(scope="session")
def city_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An embedded store into which the demonstration's day was replayed."""
    folder = tmp_path_factory.mktemp("city")
    capture = cached(load_manifest()["demo_day"], folder)
    code = run(["replay", str(capture), "--zones", str(EXAMPLE), "--store", str(folder / "store"), "--quiet"])
    assert code == 0
    return folder / "store"


@pytest.fixture(scope="session")
def city(city_folder: Path, clickhouse: ClickHouseListeners) -> Iterator[SocketStore]:
    """The same rows in a database of a ClickHouse on real sockets, read as the user ``grafana``."""
    copy = new_database(clickhouse, CITY)
    from chdb.session import Session

    session = Session(str(city_folder / "clickhouse"))
    try:
        for table in COPIED:
            names = [line.split("\t")[0] for line in str(session.query(f"DESCRIBE {table}", "TSV")).splitlines()
                     if line.split("\t")[2] != "ALIAS"]
            copy.insert(table, names, session.query(f"SELECT {', '.join(names)} FROM {table}", "Native").bytes())
    finally:
        session.close()
    yield copy
    clickhouse.execute(f"DROP DATABASE IF EXISTS {CITY} SYNC")


@pytest.fixture
def empty(clickhouse: ClickHouseListeners, clickhouse_database: str) -> SocketStore:
    """A store without a row."""
    return new_database(clickhouse, clickhouse_database)


@pytest.fixture
def execute(clickhouse: ClickHouseListeners, clickhouse_database: str) -> Callable[[str], None]:
    """Return a function that writes into the database of ``empty``."""
    return lambda sql: clickhouse.execute(sql, database=clickhouse_database)


def new_database(clickhouse: ClickHouseListeners, name: str) -> SocketStore:
    """Make a database with the tables of a store."""
    clickhouse.execute(f"CREATE DATABASE IF NOT EXISTS {name}")
    for statement in (*store_ddl(TABLES), *view_ddls(TABLES)):
        clickhouse.execute(statement, database=name)
    return SocketStore(clickhouse, name)
