"""The values of a Text picked out in another order: a kernel, for columns of transactions are mostly text."""

from __future__ import annotations

import numpy as np

from columns.kernel import kernel
from columns.wire import copy_bytes


def gather(data: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return data[starts[i]:stops[i]] one after another (uint8) and the int64[n + 1] offsets of each."""
    offsets = np.zeros(starts.size + 1, np.int64)
    np.cumsum(stops - starts, out=offsets[1:])
    out = np.empty(int(offsets[-1]), np.uint8)
    read = data.view()
    read.flags.writeable = False  # whatever it was: one kernel is enough
    _gather(read, starts, offsets, out)
    return out, offsets


@kernel
def _gather(data, starts, offsets, out):
    for i in range(starts.size):
        copy_bytes(out, offsets[i], data, starts[i], offsets[i + 1] - offsets[i])
