"""Rows of random bytes come back from every stored table, column by column."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from columns import TABLES
from storage import Begun
from tests.support.rows import extreme_batch
from tests.support.stores import check_table, key_of, write_run

STORED = [t for t in TABLES if t.stored]
SEEDS, ROWS = st.integers(0, 2**32), st.integers(1, 60)


def check_every_table(store, seed, rows):
    batches = {table: extreme_batch(table, rows, seed + number) for number, table in enumerate(STORED)}
    for table, batch in batches.items():
        getattr(batch, key_of(table))[:] = np.arange(rows)
    run_id = f"{seed}-{rows}"
    # an example that hypothesis repeats meets its own complete run, and nothing is doubled
    assert write_run(store, run_id, *batches.items()) in (Begun.NEW, Begun.COMPLETE)
    for table, batch in batches.items():
        check_table(store, table, batch, run_id)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=SEEDS, rows=ROWS)
def test_every_column_of_random_rows_comes_back(shared_store, seed, rows):
    check_every_table(shared_store, seed, rows)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=SEEDS, rows=ROWS)
def test_every_column_of_many_random_rows_comes_back(shared_store, seed, rows):
    check_every_table(shared_store, seed, rows)
