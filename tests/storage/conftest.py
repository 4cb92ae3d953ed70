"""A store in a temporary directory; the engine holds one at a time in a process."""

import pytest

from storage import open_store


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path / "store")
    yield opened
    opened.close()
