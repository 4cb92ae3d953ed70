"""Large pieces of memory that stand in large pages, where the system has them.

The first touch of a page of 4 KiB costs about a microsecond, that of one of 2 MiB a tenth of one per 4 KiB; and a table
that is looked up at random finds the addresses of large pages at once. numpy asks for large pages from 4 MiB on, but
what stands before the first and behind the last whole one stays in small ones: up to 2 MiB at either end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_LARGE_PAGE_BYTES = 2 * 2**20
_WORTH_IT_BYTES = _LARGE_PAGE_BYTES // 2


def zeros(count: int, dtype: Any) -> np.ndarray:
    """Return so many zeroed items; a piece of a megabyte or more begins at the start of a large page."""
    kind = np.dtype(dtype)
    size = count * kind.itemsize
    if size < _WORTH_IT_BYTES:
        return np.zeros(count, kind)
    memory = np.zeros((size // _LARGE_PAGE_BYTES + 2) * _LARGE_PAGE_BYTES, np.uint8)
    start = -memory.ctypes.data % _LARGE_PAGE_BYTES
    return memory[start : start + size].view(kind)
