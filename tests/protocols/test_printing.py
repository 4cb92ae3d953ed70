"""Values as texts of json columns."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.protocols.printing import json_column, json_words, printed

VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                      lambda inner: st.lists(inner, max_size=3)
                      | st.dictionaries(st.text(max_size=3), inner, max_size=3),
                      max_leaves=8)


@given(VALUES)
def test_texts_of_json_are_those_of_the_standard_library(value: Any) -> None:
    assert json_column(value) == (json.dumps(value, separators=(",", ":")) if value else "")
    assert json_words(value) == (json.dumps(value, ensure_ascii=False) if value else "")


def test_what_is_no_json_is_refused() -> None:
    for made in (json_column, json_words):
        with pytest.raises(TypeError, match="not JSON serializable"):
            made([b"bytes"])


def test_bytes_as_suricata_prints_them() -> None:
    assert [printed(raw) for raw in (b"a\0", "é".encode(), b"\xe9\\")] == ["a\0", "é", "\\xe9\\"]
