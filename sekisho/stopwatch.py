"""Seconds by stage."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any


class Stopwatch(Counter[str]):
    """Adds up the wall seconds that stages take, by name."""

    @contextmanager
    def watch(self, stage: str) -> Iterator[None]:
        """Add the time spent inside to a stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self[stage] += time.perf_counter() - began

    def timed(self, stage: str, items: Iterable[Any]) -> Iterator[Any]:
        """Pass items on, adding the time it took to make each to a stage."""
        iterator = iter(items)
        while True:
            began = time.perf_counter()
            try:
                item = next(iterator)
            except StopIteration:
                return
            finally:
                self[stage] += time.perf_counter() - began
            yield item
