"""DNS messages built for tests."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import strategies as st

from columns.protocols.dns_names import RECORD_TYPES


def wire_name(name: str | bytes) -> bytes:
    """Return a name in labels, without compression."""
    raw = name.encode() if isinstance(name, str) else name
    return b"".join(bytes([len(label)]) + label for label in raw.split(b".") if label) + b"\0"


def question(name: str, kind: int = 1, klass: int = 1) -> bytes:
    """Return a question."""
    return wire_name(name) + struct.pack(">HH", kind, klass)


def record(name: str | bytes, kind: int, data: bytes, ttl: int = 60, klass: int = 1) -> bytes:
    """Return a record; a name in bytes is taken as it is (pointers)."""
    head = name if isinstance(name, bytes) else wire_name(name)
    return head + struct.pack(">HHIH", kind, klass, ttl, len(data)) + data


def message(*, ident: int = 1, flags: int = 0x0100, questions: Any = (), answers: Any = (), authorities: Any = (),
            additionals: Any = ()) -> bytes:
    """Return a message with the counts of what is in it."""
    parts = [list(questions), list(answers), list(authorities), list(additionals)]
    return struct.pack(">HH4H", ident, flags, *map(len, parts)) + b"".join(b"".join(p) for p in parts)


_LABEL = st.one_of(st.binary(min_size=1, max_size=6), st.text("abc-_", min_size=1, max_size=8).map(str.encode),
                   st.just(b"A" * 32), st.just(b"FHEPFCELEHFCEPFFFACACACACACACABM"),
                   st.binary(min_size=60, max_size=63))
_POINTER = st.integers(0, 400).map(lambda at: struct.pack(">H", 0xC000 | at))


@st.composite
def names(draw: st.DrawFn) -> bytes:
    """Names with or without pointers, of which some are wild."""
    labels = b"".join(bytes([len(label)]) + label for label in draw(st.lists(_LABEL, max_size=4)))
    return labels + draw(st.one_of(st.just(b"\0"), _POINTER, st.just(b"\xc0\x0c")))


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """Records of all types with data that mostly fits none, and some that does."""
    kind = draw(st.one_of(st.sampled_from(sorted(RECORD_TYPES)), st.integers(0, 300), st.just(65283)))
    strings = st.lists(st.binary(max_size=9), max_size=4).map(lambda p: b"".join(bytes([len(s)]) + s for s in p))
    data = draw(st.one_of(
        st.binary(max_size=40), names(), strings, st.binary(min_size=4, max_size=4),
        st.binary(min_size=16, max_size=16),
        st.tuples(names(), names(), st.binary(min_size=18, max_size=22)).map(b"".join),
        st.tuples(st.binary(min_size=6, max_size=6), names()).map(b"".join),
        st.tuples(st.binary(min_size=2, max_size=2), names(), st.binary(max_size=20)).map(b"".join),
        st.tuples(st.binary(min_size=18, max_size=18), names(), st.binary(max_size=20)).map(b"".join),
        st.tuples(st.binary(min_size=4, max_size=4), strings, names()).map(b"".join)))
    return record(draw(names()), kind, data, draw(st.integers(0, 2**32 - 1)))


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Whole messages, some cut short, some with wrong counts."""
    sections = [draw(st.lists(records(), max_size=4)) for _ in range(3)]
    questions = draw(st.lists(st.tuples(names(), st.binary(min_size=4, max_size=4)).map(b"".join), max_size=3))
    whole = message(ident=draw(st.integers(0, 65535)), flags=draw(st.integers(0, 65535)), questions=questions,
                    answers=sections[0], authorities=sections[1], additionals=sections[2])
    if draw(st.booleans()):
        whole = whole[: draw(st.integers(0, len(whole)))]
    return whole + draw(st.binary(max_size=6))
