"""Large pieces of memory."""

from __future__ import annotations

import numpy as np
import pytest

from columns.memory import zeros

LARGE_PAGE_BYTES = 2 * 2**20


@pytest.mark.parametrize("count", [0, 1, 100_000, 131_072, 300_000, 1_000_001])
def test_items_are_zero_and_can_be_written(count: int) -> None:
    items = zeros(count, np.uint64)
    assert items.dtype == np.uint64
    assert items.size == count
    assert not items.any()
    items[:] = 7
    assert int(items.sum()) == 7 * count


def test_records_of_a_large_piece_begin_at_a_large_page_and_are_aligned() -> None:
    record = np.dtype([("a", "u8"), ("b", "u1")], align=True)
    items = zeros(200_000, record)
    assert items.ctypes.data % LARGE_PAGE_BYTES == 0
    assert items.flags.aligned
    assert items.dtype == record
