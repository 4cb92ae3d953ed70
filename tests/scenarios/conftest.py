"""The scenario captures, made once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pcaps.manifest import cached, load_manifest


@pytest.fixture(scope="session")
def capture_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function from the name of a scenario to its capture."""
    folder, manifest = tmp_path_factory.mktemp("scenarios"), load_manifest()
    return lambda name: cached(manifest[name], folder)
