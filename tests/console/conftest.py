"""A day of the fictional city in a store, consoles over copies of it, and a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pcaps.manifest import cached, load_manifest
from sekisho.reading import existing_store
from tests.support.browser import chromium, why_no_browser
from tests.support.console import Client, running, sekisho
from zones import EXAMPLE


@pytest.fixture(scope="session")
def city_day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of the demonstration: one replayed day. Nobody may open it for writing; consoles get copies."""
    folder = tmp_path_factory.mktemp("city")
    capture = cached(load_manifest()["demo_day"], folder)
    sekisho("replay", capture, "--zones", EXAMPLE, "--store", folder / "store", "--quiet")
    return folder / "store"


@pytest.fixture(scope="session")
def copied(city_day: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Return a function that makes another copy of the day's store."""
    return lambda: Path(shutil.copytree(city_day, tmp_path_factory.mktemp("copy") / "store", symlinks=True))


@pytest.fixture(scope="module")
def store(copied: Callable[[], Path]) -> Path:
    """A copy of the day's store for one module."""
    return copied()


@pytest.fixture(scope="session")
def sql(city_day: Path) -> Callable[[str], list[dict[str, Any]]]:
    """Return a function that asks the day's store as `sekisho sql` does."""
    def ask(query: str) -> list[dict[str, Any]]:
        with existing_store(str(city_day)) as opened:
            return opened.query(query, read_only=True).dicts()

    return ask


@pytest.fixture(scope="module")
def console(store: Path) -> Iterator[Client]:
    """A console over a copy of the day's store, with the city's policy."""
    with running(store, "--zones", EXAMPLE) as client:
        yield client


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium."""
    reason = why_no_browser()
    if reason:
        pytest.skip(reason)
    with chromium() as found:
        yield found
