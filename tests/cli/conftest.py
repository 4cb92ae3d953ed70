"""What the command-line tests share: a way to run a command in this process, captures, and one filled store."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pcaps.manifest import cached, load_manifest
from sekisho.cli import run
from zones import EXAMPLE

LEAK = "mynumber_to_internet_established"
CALM = "fragments"


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its standard output as one JSON value."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        """Its standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Ran]:
    """Return a function that runs a command line in an empty folder, in English unless it says otherwise."""
    for name in ("SEKISHO_STORE", "SEKISHO_CONFIG", "SEKISHO_TRACEBACK", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> Ran:
        capfd.readouterr()
        code = run([str(a) for a in arguments])
        return Ran(code, *capfd.readouterr())

    return call


@pytest.fixture(scope="session")
def capture_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from the name of a scenario to its capture."""
    folder, manifest = tmp_path_factory.mktemp("captures"), load_manifest()
    return lambda name: cached(manifest[name], folder)


@pytest.fixture(scope="session")
def leak(capture_of: Callable[[str], Path]) -> Path:
    """A capture in which a host of the My Number zone reaches the Internet."""
    return capture_of(LEAK)


@pytest.fixture(scope="session")
def calm(capture_of: Callable[[str], Path]) -> Path:
    """A capture of permitted communication only."""
    return capture_of(CALM)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory, leak: Path, calm: Path) -> Path:
    """A store with two runs: the calm capture, then the leak."""
    folder = tmp_path_factory.mktemp("store") / "store"
    for capture in (calm, leak):
        assert run(["replay", str(capture), "--zones", str(EXAMPLE), "--store", str(folder), "--quiet"]) == 0
    return folder


@pytest.fixture(scope="session")
def policy() -> Path:
    """The policy of the fictional city."""
    return EXAMPLE
