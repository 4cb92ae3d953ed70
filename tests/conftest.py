"""Fixtures of the whole suite: a real ClickHouse on real sockets."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.support.clickhouse_listeners import DATABASE, ClickHouseListeners, ListenersMissing, clickhouse_listeners

_NUMBERS = itertools.count(1)

# how many examples a property gets that does not say so itself; make test-slow takes the long profile
settings.register_profile("quick", max_examples=40)
settings.register_profile("long", max_examples=400)
settings.load_profile("quick")


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseListeners]:
    """One ClickHouse (clickhouse-local listeners 26.9) for the session; do not stop it, and leave its settings."""
    with ExitStack() as stack:
        try:
            listeners = stack.enter_context(clickhouse_listeners(tmp_path_factory.mktemp("clickhouse")))
        except ListenersMissing as missing:
            pytest.skip(str(missing))
        yield listeners


@pytest.fixture
def clickhouse_database(clickhouse: ClickHouseListeners) -> Iterator[str]:
    """A name for a database of one test on the session's ClickHouse; what is in it is dropped afterwards."""
    name = f"{DATABASE}_{next(_NUMBERS)}"
    yield name
    clickhouse.execute(f"DROP DATABASE IF EXISTS {name} SYNC")


@pytest.fixture
def new_clickhouse(tmp_path: Path) -> Iterator[Callable[..., ClickHouseListeners]]:
    """Return a function that starts a ClickHouse of the test's own, to stop, kill, restart or configure."""
    numbers = itertools.count(1)
    with ExitStack() as stack:
        def start(**options: Any) -> ClickHouseListeners:
            try:
                return stack.enter_context(clickhouse_listeners(tmp_path / f"ch{next(numbers)}", **options))
            except ListenersMissing as missing:
                pytest.skip(str(missing))

        yield start
