"""Questions that cannot be answered: too large for the engine, or asked of a store that is closed."""

import pytest

from columns.errors import StoreError
from storage import open_store


def test_a_question_beyond_the_memory_limit_is_a_store_error(tmp_path):
    with open_store(tmp_path / "s", memory_bytes=200 << 20) as store:
        with pytest.raises(StoreError, match="memory limit"):
            store.query("SELECT length(groupArray(number)) FROM numbers(100000000)")
        assert store.query("SELECT 1").rows == [(1,)]


def test_a_closed_store_says_so(tmp_path):
    store = open_store(tmp_path / "s")
    store.close()
    store.close()
    with pytest.raises(StoreError, match="the store is closed"):
        store.query("SELECT 1")
