"""Bytes that are told late or only counted: the rows are those of a parser that is told of every byte at once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.protocols import STREAM_WANTS, ProtocolSettings, http
from sensor.protocols.parser import Wants
from sensor.streams import Streams, StreamSettings
from tests.support.dissecting import dissected, ordered, portions
from tests.support.segments import ACK, FIN, handshake, segment

PIECE = 1400


class AtOnce:
    """A parser that cannot wait, because it does not say that it can."""

    def __init__(self, parser: Any, context: Any) -> None:
        self._parser = parser(context)
        self.app_proto = self._parser.app_proto
        self.data, self.gap, self.end = self._parser.data, self._parser.gap, self._parser.end

    @property
    def done(self) -> bool:
        return self._parser.done

    @property
    def successor(self) -> Any:
        return self._parser.successor


def waits() -> tuple[Wants, ...]:
    return http.WANTS


def at_once(wants: tuple[Wants, ...] = http.WANTS) -> tuple[Wants, ...]:
    return tuple(w._replace(parser=partial(AtOnce, w.parser)) for w in wants)


def body(kind: str, size: int) -> bytes:
    head = {"pdf": b"%PDF-1.4 ", "png": b"\x89PNG\r\n\x1a\n" + bytes(8), "text": b"hello ", "zip": b"PK\3\4"}[kind]
    return (head + bytes(range(256)) * (size // 256 + 1))[:size]


def answer(kind: str, size: int, framing: str) -> bytes:
    data = body(kind, size)
    if framing == "length":
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + data
    if framing == "close":
        return b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + data
    half = size // 2
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in (data[:half], data[half:]) if c)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def conversation(exchanges: list[tuple[str, int, int, str]], lost: set[int], swapped: set[int]) -> list[bytes]:
    """Frames of requests (with bodies) and answers; segments of answers numbered in lost are not captured."""
    frames, client, server = handshake(), 0, 0
    pieces: list[bytes] = []
    for kind, asked, size, framing in exchanges:
        request = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % asked + body(kind, asked)
        for at in range(0, len(request), PIECE):
            pieces.append(segment(request[at : at + PIECE], client + at, ack=server))
        client += len(request)
        said = answer(kind, size, framing)
        for at in range(0, len(said), PIECE):
            pieces.append(segment(said[at : at + PIECE], server + at, server=True, ack=client))
        server += len(said)
    for k in sorted(swapped):
        if k + 1 < len(pieces):
            pieces[k], pieces[k + 1] = pieces[k + 1], pieces[k]
    frames += [p for k, p in enumerate(pieces) if k not in lost]
    return [*frames, segment(b"", client, ack=server, flags=ACK | FIN),
            segment(b"", server, server=True, ack=client, flags=ACK | FIN)]


EXCHANGE = st.tuples(st.sampled_from(["pdf", "png", "text", "zip"]), st.sampled_from([0, 1, 255, 3000, 40_000]),
                     st.integers(0, 5000) | st.sampled_from([32_769, 40_000, 120_000]),
                     st.sampled_from(["length", "chunked", "close"]))



@settings(max_examples=40, deadline=None)
@given(st.lists(EXCHANGE, min_size=1, max_size=3), st.sets(st.integers(0, 90), max_size=2),
       st.sets(st.integers(0, 90), max_size=3), st.sampled_from([1, 5, 4096]), st.booleans())
def test_waiting_changes_nothing(exchanges, lost, swapped, batch, inspected):
    frames = conversation(exchanges, lost, swapped)
    got = dissected(portions(frames, batch), waits(), inspected=inspected)
    wanted = dissected(portions(frames, 4096), at_once(), inspected=inspected)
    assert ordered(got.rows) == ordered(wanted.rows)
    assert got.flows == wanted.flows
    assert got.spoken == wanted.spoken


@pytest.mark.parametrize("batch", [1, 7])
def test_what_only_counts_is_not_handed_out_by_the_streams(batch, monkeypatch):
    seen = []
    update = Streams.update

    def counting(self, *args):
        for chunks in update(self, *args):
            seen.append(int(chunks.records["size"].sum()))
            yield chunks

    monkeypatch.setattr(Streams, "update", counting)
    frames = conversation([("png", 0, 900_000, "length")], set(), set())
    got = dissected(portions(frames, batch), waits(), streams=StreamSettings(depth_kib=4096))
    assert got.rows["fileinfo"][0]["size"] == 900_000
    assert sum(seen) < 60_000


def over_one_connection(said: list[tuple[bool, bytes]], lost: set[int]) -> list[bytes]:
    """Frames of what was said, as (to_server, bytes), in segments; those numbered in lost are not captured."""
    frames, places = [], [0, 0]
    for to_server, data in said:
        for at in range(0, len(data), PIECE):
            frames.append(segment(data[at : at + PIECE], places[to_server], server=not to_server,
                                  ack=places[not to_server]))
            places[to_server] += len(data[at : at + PIECE])
    ends = [segment(b"", places[to_server], server=not to_server, ack=places[not to_server], flags=ACK | FIN)
            for to_server in (True, False)]
    return [*handshake(), *(f for k, f in enumerate(frames) if k not in lost), *ends]


def tlv(tag: int, body: bytes) -> bytes:
    return bytes((tag, 0x84)) + len(body).to_bytes(4, "big") + body


def search(number: int, size: int) -> list[tuple[bool, bytes]]:
    """A search in LDAP, and its answer: an entry with so many bytes of an attribute, the end."""
    asked, attribute = tlv(4, b"dc=x") + tlv(10, b"\2"), tlv(0x30, tlv(4, b"photo") + tlv(0x31, tlv(4, bytes(size))))
    operations = ((True, tlv(0x63, asked)), (False, tlv(0x64, tlv(4, b"cn=a") + tlv(0x30, attribute))),
                  (False, tlv(0x65, tlv(10, b"\0") + tlv(4, b"") + tlv(4, b""))))
    return [(to_server, tlv(0x30, b"\2\1%c" % number + operation)) for to_server, operation in operations]


def row(number: int, size: int) -> list[tuple[bool, bytes]]:
    """A query in PostgreSQL, and its answer: a row of so many bytes."""
    def typed(kind: bytes, body: bytes) -> bytes:
        return kind + (len(body) + 4).to_bytes(4, "big") + body
    return [(True, typed(b"Q", b"SELECT %d\0" % number)),
            (False, typed(b"D", b"\0\1" + size.to_bytes(4, "big") + bytes(size)) + typed(b"C", b"SELECT 1\0")
             + typed(b"Z", b"I"))]


STARTUP = [(True, (16).to_bytes(4, "big") + b"\0\3\0\0user\0b\0\0"), (False, b"R\0\0\0\x08\0\0\0\0Z\0\0\0\5I")]


@pytest.mark.parametrize(("name", "first", "exchange"), [("ldap", [], search), ("pgsql", STARTUP, row)])
@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.sampled_from([10, 1500, 9000, 65_000, 150_000]), min_size=1, max_size=3),
       lost=st.sets(st.integers(4, 120), max_size=1), batch=st.sampled_from([1, 5, 4096]), inspected=st.booleans())
def test_waiting_for_the_end_of_a_long_message_changes_nothing(name, first, exchange, sizes, lost, batch, inspected):
    wants = tuple(w for w in STREAM_WANTS if w.app_proto.name == name.upper())
    said = [*first, *(piece for number, size in enumerate(sizes, 1) for piece in exchange(number, size))]
    frames = over_one_connection(said, lost)
    got = dissected(portions(frames, batch), wants, inspected=inspected)
    wanted = dissected(portions(frames, 4096), at_once(wants), inspected=inspected)
    assert wanted.rows
    assert (ordered(got.rows), got.flows, got.spoken) == (ordered(wanted.rows), wanted.flows, wanted.spoken)
    assert {c: n for c, n in got.counters.items() if "_gap" in c} == {
        c: n for c, n in wanted.counters.items() if "_gap" in c}


def test_an_evicted_conversation_tells_the_same_at_any_batch():
    frames = conversation([("png", 0, 300_000, "length")], set(), set())[:150]
    for port in range(41000, 41016):
        frames += [*handshake(port=port), segment(b"GET / HTTP/1.1\r\n\r\n", port=port)]
    told = [ordered(dissected(portions(frames, n), waits(), settings=ProtocolSettings(conversations=16)).rows)
            for n in (1, 13, 4096)]
    assert told[0] == told[1] == told[2]
    assert told[0]["fileinfo"][0]["state"] == "TRUNCATED"
