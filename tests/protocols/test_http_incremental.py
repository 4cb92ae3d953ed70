"""HTTP in any pieces, and nonsense of any kind."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given
from hypothesis import settings as tested
from hypothesis import strategies as st

from sensor.protocols.files import FileSettings
from sensor.protocols.http import HttpParser, HttpSettings
from sensor.protocols.http.coding import Decoder
from sensor.protocols.http.uri import normal_path
from tests.support.conversations import cut, hear

C, S = True, False
TEXT = b"<html>" + bytes(range(256)) * 8
FORM = (b"--bb\r\nContent-Disposition: form-data; name=f; filename=\"a.bin\"\r\n\r\n" + TEXT +
        b"\r\n--bb\r\nContent-Disposition: form-data; name=g; filename=b\r\n\r\n\r\n--bb--\r\n")
REQUESTS = (
    b"GET /%2e%2e/x HTTP/1.1\r\nHost: h\r\n\r\n", b"\r\nHEAD / HTTP/1.0\n\n",
    b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd",
    b"POST /f HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=bb\r\nContent-Length: %d\r\n\r\n"
    % len(FORM) + FORM,
    b"PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", b"\x00\xff bad\r\n\r\n",
)
RESPONSES = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 204 No\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n 2 \r\nab\r\n0\r\nA: b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\nraw ab",
    b"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: %d\n\n" % len(gzip.compress(TEXT)) + gzip.compress(TEXT),
    b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 2054\r\n\r\n" + TEXT,
    b"junk\r\nHTTP/1.1 200 x\r\n \r\n\r\n",
    b"HTTP/1.1 500 x\r\n folded\r\nConnection: close\r\n\r\nuntil the end", b"HTTP/1.1 101 x\r\nUpgrade: y\r\n\r\n",
)
SIZES = st.lists(st.integers(1, 700), min_size=1, max_size=12)
SETTINGS = HttpSettings(files=FileSettings(hashes=("sha256",)), inflate_bytes=4096)


@tested(deadline=None)
@given(st.lists(st.sampled_from(REQUESTS), max_size=4), st.lists(st.sampled_from(RESPONSES), max_size=5), SIZES)
def test_any_pieces_give_the_same_rows(requests: list[bytes], responses: list[bytes], sizes: list[int]) -> None:
    said = [(C, b"".join(requests)), (S, b"".join(responses))]
    whole = hear(HttpParser, [s for s in said if s[1]], SETTINGS)
    parts = hear(HttpParser, cut(said, sizes), SETTINGS)
    assert parts.everything() == whole.everything()
    assert parts.counters == whole.counters


@tested(deadline=None)
@given(st.binary(max_size=600), st.binary(max_size=600), SIZES)
def test_random_bytes_never_raise(asked: bytes, answered: bytes, sizes: list[int]) -> None:
    hear(HttpParser, cut([(C, asked), (S, answered)], sizes))


@tested(deadline=None)
@given(st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=3),
       st.lists(st.sampled_from(RESPONSES), min_size=1, max_size=3),
       st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=6), SIZES,
       st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.integers(1, 3000)), max_size=3))
def test_damage_and_gaps_never_raise(requests: list[bytes], responses: list[bytes], wounds: list[tuple[int, int]],
                                     sizes: list[int], gaps: list[tuple[int, bool, int]]) -> None:
    both = [bytearray(b"".join(requests)), bytearray(b"".join(responses))]
    for at, byte in wounds:
        side = both[at % 2]
        side[at % len(side)] = byte
    said: list[tuple[bool, bytes | int]] = list(cut([(C, bytes(both[0])), (S, bytes(both[1]))], sizes))
    for place, to_server, size in gaps:
        said.insert(min(place, len(said)), (to_server, size))
    assert not [r for r in hear(HttpParser, said).table("http") if r["seen"] not in
                ("both", "request", "response", "partial")]


@tested(deadline=None)
@given(st.binary(max_size=3000), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=3), SIZES,
       st.sampled_from([b"gzip", b"deflate"]), st.integers(1, 4000))
def test_a_damaged_coding_gives_the_same_in_any_pieces(data: bytes, wounds: list[tuple[int, int]], sizes: list[int],
                                                       coding: bytes, room: int) -> None:
    coded = bytearray(gzip.compress(data) if coding == b"gzip" else zlib.compress(data))
    for at, byte in wounds:
        coded[at % len(coded)] = byte

    def run(pieces: list[tuple[bool, bytes]]) -> bytes:
        decoder, out = Decoder(coding), b""
        for _, piece in pieces:
            out += decoder.data(piece, room - len(out))
        return out + decoder.finish(room - len(out))

    whole = run([(True, bytes(coded))])
    assert run(cut([(True, bytes(coded))], sizes)) == whole
    if not wounds:
        assert whole == data[:room]


@tested(deadline=None)
@given(st.binary(max_size=200))
def test_normalising_never_raises_nor_grows(path: bytes) -> None:
    assert len(normal_path(path)) <= len(path)


def test_paths() -> None:
    known = {
        b"/a/./b/../c": b"/a/c", b"/../../x": b"/x", b"/a//b": b"/a/b", b"/%2e%2e/images.gif": b"/images.gif",
        b"/a%2fb%5cc": b"/a/b/c", b"/%u0041%u002f..": b"/", b"/%zz%4": b"/%zz%4", b"/\xc0\xae\xc0\xae/x": b"/x",
        b"/a\\b": b"/a/b", b"/%c1%9cx": b"/x", b"/%25%34%31": b"/%41", b"/\xef\xbd\x81": b"/a", b"/A": b"/A",
    }
    assert {p: normal_path(p) for p in known} == known
