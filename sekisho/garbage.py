"""Python's search for cyclic garbage, held back while rules are read and packets flow.

Rows, conversations and steps come and go by the thousand and free themselves; looking through all of them and through
every loaded rule for cycles, as often as Python does by default, took a quarter of a replay's time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = (300_000, 20, 50)
"""New objects that are not freed between two searches among the youngest; searches between those of the next ages.

A batch of packets with what is said in them holds up to 100,000 until it was looked at: to search among these, every
batch, costs a replay with rules a twentieth of its time.
"""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Search rarely inside, and never through what exists already."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
