"""The set-associative table: a naive model of its promises, and what a lookup must never do."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from columns.kernel import kernel
from detectors.tables import FREE, HEAD, PINNED, USED, WAYS, Tagged, claim, find, hash_key, new_table, salts_of

RECORD = np.dtype(HEAD, align=True)
SALTS, SLOTS, FIRST = salts_of(7), 16, np.int64(0)
KEYS = st.integers(0, 60)


@kernel
def look_up(table, salts, key):
    zero = np.uint64(0)
    return find(table, FIRST, SLOTS, hash_key(salts, zero, key, zero, zero), zero, key, zero, zero)


@kernel
def take_slot(table, salts, key):
    zero = np.uint64(0)
    return claim(table, FIRST, SLOTS, hash_key(salts, zero, key, zero, zero), np.int64(0))


def found(table: Tagged, key: int) -> int:
    return int(look_up(table, SALTS, np.uint64(key)))


def fill(table: Tagged, key: int, now: int, state: int = USED) -> int:
    slot = int(take_slot(table, SALTS, np.uint64(key)))
    if slot >= 0:
        r = table.records[slot]
        r["k0"], r["k1"], r["k2"], r["k3"], r["stamp"], r["weight"], r["state"] = 0, key, 0, 0, now, 1, state
    return slot


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["fill", "free", "pin"]), KEYS), max_size=80))
def test_a_key_is_found_exactly_where_it_was_last_put_until_it_gave_way(steps: list[tuple[str, int]]) -> None:
    table, model = new_table(SLOTS, RECORD), {}
    for now, (step, key) in enumerate(steps, 1):
        assert found(table, key) == model.get(key, -1)
        if step == "free" and key in model:
            table.records[model.pop(key)]["state"] = FREE
        elif step != "free" and key not in model:
            slot = fill(table, key, now, PINNED if step == "pin" else USED)
            gone = [k for k, s in model.items() if s == slot]
            assert slot >= 0 or sum(table.records["state"] == PINNED) >= WAYS
            for k in gone:
                assert table.records["state"][model.pop(k)] in (USED, PINNED)
                assert sum(s // WAYS == slot // WAYS for s in model.values()) == WAYS - 1  # only a full set gives way
            if slot >= 0:
                model[key] = slot
    for key in range(61):
        assert found(table, key) == model.get(key, -1)


def test_keys_with_one_tag_are_told_apart() -> None:
    table = new_table(SLOTS, RECORD)
    slot = fill(table, 1, 1)
    table.records[slot]["k1"] = 2  # the tag of key 1, the words of another
    assert found(table, 1) == -1


def test_a_full_set_of_pinned_slots_takes_nobody() -> None:
    table = new_table(SLOTS, RECORD)
    taken = [fill(table, key, key, PINNED) for key in range(200)]
    assert taken.count(-1) == 200 - SLOTS
    assert np.count_nonzero(table.records["state"] == PINNED) == SLOTS
