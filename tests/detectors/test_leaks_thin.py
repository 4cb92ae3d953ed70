"""Thinning beside a naive oracle, in whatever portions."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.leaks.thin import Thinner, mixed

ROWS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 900)), max_size=60)


def naive(rows: list[tuple[int, int]], most: int) -> list[int]:
    """Keep a row unless the last row of its key fell into the same second, and at most so many of one second."""
    last: dict[int, int] = {}
    kept, second_now, passed = [], None, 0
    for n, (key, second) in enumerate(rows):
        if last.get(key) == second:
            continue
        last[key] = second
        if second != second_now:
            second_now, passed = second, 0
        if passed < most:
            kept.append(n)
        passed += 1
    return kept


def keys_of(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    key = np.array([k << 3 for k, _ in rows], np.uint64)  # a place of its own for each
    return key, np.array([s * 10**8 for _, s in rows], np.int64)


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, most=st.integers(1, 5), cut=st.integers(0, 60))
def test_it_keeps_what_the_oracle_keeps_in_any_portions(rows, most, cut):
    key, ts_ns = keys_of(rows)
    wanted = naive([(k, t // 10**9) for k, t in zip(key.tolist(), ts_ns.tolist(), strict=True)], most)
    whole, parts = Thinner(most), Thinner(most)
    assert whole.keep(key, ts_ns).tolist() == wanted
    cut = min(cut, len(rows))
    found = [*parts.keep(key[:cut], ts_ns[:cut]).tolist(),
             *(cut + n for n in parts.keep(key[cut:], ts_ns[cut:]).tolist())]
    assert found == wanted
    assert whole.dropped == parts.dropped


def test_mixed_tells_rows_apart_and_equal_ones_together():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 1 << 16, 50_000), rng.integers(0, 1 << 16, 50_000)
    assert np.unique(mixed(a, b)).size == np.unique(a << 16 | b).size
    assert (mixed(a, b) == mixed(a.astype(np.uint16), b.astype(np.uint32))).all()
    assert (mixed(a, b) != mixed(b, a)).sum() > 49_000
