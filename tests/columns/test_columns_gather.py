"""Rows of text picked out by the kernel are those that Python picks out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from columns.gather import gather
from columns.schema import Text, text_column, text_of_spans, text_values


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    nothing = np.zeros(0, np.int64)
    gather(np.zeros(0, np.uint8), nothing, nothing)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=50), st.data())
def test_as_python_does(values: list[str], data: st.DataObject) -> None:
    text = text_column(values)
    index = np.array(data.draw(st.lists(st.integers(0, len(values) - 1), max_size=80)), np.int64)
    found = Text(*gather(text.data, text.offsets[index], text.offsets[index + 1]))
    assert text_values(found) == [values[k] for k in index.tolist()]
    spans = text_of_spans(text.data.tobytes(), text.offsets[index], text.offsets[index + 1])
    assert np.array_equal(found.offsets, spans.offsets)
    assert found.data.tobytes() == spans.data.tobytes()


def test_spans_beyond_the_text_are_refused() -> None:
    with pytest.raises(IndexError):
        gather(np.zeros(4, np.uint8), np.array([2]), np.array([6]))
