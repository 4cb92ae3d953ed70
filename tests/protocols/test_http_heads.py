"""Heads of HTTP: what is read quickly is read as all else is, and what is shown of them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sensor.protocols.files import FileSettings
from sensor.protocols.http import HttpParser, HttpSettings
from sensor.protocols.http.head import Head, content_length, header_of, parse_head, request_line
from sensor.protocols.parser import Context, Moment
from sensor.protocols.shown import shown, shown_all
from tests.support.conversations import FLOW, hear

SECRET = ("authorization", "proxy-authorization")
NAMES = st.sampled_from([b"Host", b"host", b"Content-Length", b"X-Y", b"Content-Type", b"Author(ization", b" Via",
                         b"\tA", b"\0B", b"", b"transfer-encoding", b"Proxy-Authorization", b"\xe3\x81\x82", b"a\"b",
                         b"a\\b"])
VALUES = st.one_of(st.sampled_from([b"", b" ", b"17", b"a:b", b"Basic dTpw", b"x  ", b"\t"]),
                   st.binary(max_size=12).map(lambda v: v.translate(None, b"\r\n")))
LINES = st.builds(lambda name, colon, value: name + colon + value, NAMES, st.sampled_from([b": ", b":", b" : ", b""]),
                  VALUES)
FIRST = st.one_of(st.sampled_from([b"GET / HTTP/1.1", b"GET /a b HTTP/1.0", b"A B", b"A HTTP/1.1 HTTP/1.1"]),
                  st.binary(max_size=12).map(lambda v: v.translate(None, b"\r\n")))


def told(head: Head) -> tuple[Any, ...]:
    return head.line, head.headers, head.anomalies, [head.value(key) for key, *_ in head.headers]


@given(FIRST, st.lists(LINES, max_size=6), st.integers(0, 6))
def test_how_lines_end_does_not_matter(first: bytes, lines: list[bytes], most: int) -> None:
    lines = [first, *lines, b"", b""]
    first_time = told(parse_head(b"\r\n".join(lines), most))
    assert first_time == told(parse_head(b"\n".join(lines), most))
    assert first_time == told(parse_head(b"\r\n".join(lines), most))  # when all of them were read before


@given(st.one_of(FIRST, st.builds(lambda a, b, c: b" ".join((a, b, c)), FIRST, VALUES, FIRST)))
def test_blanks_before_a_request_line_do_not_matter(line: bytes) -> None:
    method, target, protocol = request_line(line)
    assert request_line(b"\n" + line) == (method, target if method else b"\n" + line, protocol)


@given(st.lists(LINES, max_size=6))
def test_headers_are_shown_as_they_are_but_for_secrets(lines: list[bytes]) -> None:
    head = b"\r\n".join([b"GET / HTTP/1.1", *filter(None, lines), b"", b""])
    row = hear(HttpParser, [(True, head)]).table("http")[0]
    shows = [{"name": shown(name), "value": shown(value)} for _, name, value, _ in parse_head(head, 1024).headers]
    for header, (key, _, value, _) in zip(shows, parse_head(head, 1024).headers, strict=True):
        if key.decode("latin-1") in SECRET:
            header["value"] = shown(value.partition(b" ")[0]) + " *" if b" " in value else "*"
    assert json.loads(row["request_headers"] or "[]") == shows


@given(st.lists(st.one_of(st.binary(max_size=8), st.text(max_size=4).map(str.encode)), max_size=5))
def test_many_texts_are_shown_as_one_by_one(raws: list[bytes]) -> None:
    assert shown_all(raws) == [shown(raw) for raw in raws]


def test_lengths() -> None:
    for values, length, odd in (
        ([b"5"], 5, []), ([b"007"], 7, []), ([b"9" * 30], (1 << 63) - 1, []),
        ([b"5, 5"], 5, ["odd_content_length"]), ([b""], -1, ["odd_content_length"]), ([], -1, []),
        ([b"5", b"5"], 5, ["repeated_content_length"]), ([b"+5"], 5, ["odd_content_length"]),
    ):
        head = Head(b"", [header_of(b"content-length", b"Content-Length", v) for v in values], ())
        assert content_length(head) == (length, odd)


def contents_alone(settings: HttpSettings | None, *said: tuple[bool, bytes]) -> list[list[str]]:
    steps: list[list[str]] = []

    def contents(at: Moment, tx_id: int, to_server: bool, buffers: Any, done: bool = False) -> None:
        steps.append([name for name, _ in buffers if name in ("file.data", "http.request_body", "http.response_body")])

    parser = HttpParser(Context(FLOW, lambda t, a, c: None, lambda c, times=1: None, settings, contents=contents))
    for to_server, data in said:
        parser.data(to_server, data, Moment(1, 1))
    return steps


def test_who_wants_contents_alone_is_shown_each_once() -> None:
    said = ((True, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 2),
            (False, b"HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"))
    assert contents_alone(None, *said) == [["file.data"]]
    more = HttpSettings(files=FileSettings(inspect_bytes=4096), inspect_response_bytes=4097)
    assert contents_alone(more, *said) == [["file.data"], ["http.response_body"]]
    form = (b"POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 65\r\n\r\n"
            b"--b\r\nContent-Disposition: form-data; filename=f\r\n\r\nx\r\n--b--\r\n\r\n\r\n")
    assert contents_alone(None, (True, form)) == [["file.data"], ["http.request_body"]]
