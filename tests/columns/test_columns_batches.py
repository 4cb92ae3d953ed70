"""Batches made of whole columns are those made row by row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from columns import ALERT, text_column, text_values
from columns.schema import chosen_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ROWS = st.lists(st.fixed_dictionaries({
    "src_ip": st.integers(0, (1 << 128) - 1), "alert_id": st.integers(0, (1 << 53) - 1), "why": TEXTS,
    "severity": st.integers(1, 4), "measured": st.floats(0, 1e9)}), min_size=1, max_size=5)


@given(ROWS)
def test_columns_make_the_batch_that_rows_make(rows):
    wanted = ALERT.from_rows([{**row, "detector": "架空", "gid": 9000} for row in rows])
    whole = {name: [row[name] for row in rows] for name in rows[0]}
    addresses = whole.pop("src_ip")
    halves = [np.array(half, np.uint64) for half in zip(*[(a >> 64, a & 0xFFFFFFFFFFFFFFFF) for a in addresses],
                                                        strict=True)]
    found = ALERT.from_columns(len(rows), **{**whole, "why": text_column(whole["why"])}, src_ip=halves,
                               detector="架空", gid=9000)
    for name, one, other in zip(wanted._fields, wanted, found, strict=True):
        if isinstance(one, np.ndarray):
            assert (one.dtype, one.tolist()) == (other.dtype, other.tolist()), name
        else:
            assert text_values(one) == text_values(other), name


@given(st.lists(st.dictionaries(st.sampled_from(["why", "severity", "alert_id"]), st.just(1)), min_size=1, max_size=6))
def test_what_a_row_does_not_name_is_missing(names):
    rows = [{name: "架空" if name == "why" else 3 for name in some} for some in names]
    batch = ALERT.from_rows(rows)
    assert text_values(batch.why) == [row.get("why", "") for row in rows]
    for name in ("severity", "alert_id"):
        assert getattr(batch, name).tolist() == [row.get(name, 0) for row in rows]


def test_an_unknown_column_is_named():
    with pytest.raises(KeyError, match="table alert has no column colour"):
        ALERT.from_columns(1, colour=1)
    with pytest.raises(KeyError, match="table alert has no column colour"):
        ALERT.from_rows([{"severity": 1}, {"severity": 1, "colour": 1}])


@given(st.lists(TEXTS, min_size=1, max_size=5), st.data())
def test_texts_are_chosen_by_number(values, data):
    which = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=20))
    assert text_values(chosen_text(values, np.array(which, np.int64))) == [values[k] for k in which]
