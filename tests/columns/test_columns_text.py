"""Addresses as text, and columns of texts, beside what the standard library says."""

from __future__ import annotations

import ipaddress

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from columns import ALERT, concat_rows, take_rows, text_column, text_equals, text_filled, text_values
from columns.address import address_int, address_text

GROUPS = st.lists(st.sampled_from([0, 0, 0, 1, 0xDB8, 0xFFFF]), min_size=8, max_size=8)
TEXTS = st.lists(st.text(max_size=6), max_size=8)


@given(groups=GROUPS)
def test_ipv6_is_written_as_rfc_5952_says(groups):
    value = int("".join(f"{group:04x}" for group in groups), 16)
    address = ipaddress.IPv6Address(value)
    mapped = address.ipv4_mapped
    assert address_text(value >> 64, value & (1 << 64) - 1) == str(mapped or address)


@given(value=st.integers(0, (1 << 32) - 1))
def test_ipv4_is_written_dotted(value):
    text = str(ipaddress.IPv4Address(value))
    assert address_text(0, 0xFFFF00000000 | value) == text
    assert address_int(text) == 0xFFFF00000000 | value


@given(texts=TEXTS, raw=st.booleans())
def test_texts_come_out_as_they_went_in(texts, raw):
    column = text_column([t.encode() for t in texts] if raw else texts)
    assert text_values(column) == texts
    assert column.offsets.dtype == np.int64


@given(texts=st.lists(st.text(max_size=6) | st.sampled_from(["dns", "dnt", "問"]), max_size=30), data=st.data())
def test_some_rows_are_unpacked_and_compared_alone(texts, data):
    column = text_column(["before", *texts])
    column = column._replace(offsets=column.offsets[1:])  # a slice: its texts do not begin where its bytes do
    rows = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=30) if texts else st.just([]))
    assert text_values(column, np.array(rows, np.int64)) == [texts[row] for row in rows]
    for value in ("", "dns", "問", *texts):
        assert text_equals(column, value).tolist() == [text == value for text in texts]
    assert text_filled(column).tolist() == [bool(text) for text in texts]
    assert text_filled(column, 3).tolist() == [len(text.encode()) >= 3 for text in texts]


@given(texts=TEXTS, data=st.data())
def test_rows_are_taken_and_joined_with_their_texts(texts, data):
    batch = ALERT.from_rows([{"why": text, "alert_id": n} for n, text in enumerate(texts)])
    index = data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=12)) if texts else []
    taken = take_rows(batch, np.array(index, np.int64))
    assert text_values(taken.why) == [texts[n] for n in index]
    assert taken.alert_id.tolist() == index
    assert text_values(concat_rows([taken, batch]).why) == [*(texts[n] for n in index), *texts]
