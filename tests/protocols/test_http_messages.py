"""HTTP messages of all kinds: what the rows say of them."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from columns.app import AppProto
from sensor.protocols.files import FileSettings
from sensor.protocols.http import HttpParser, HttpSettings, probe
from sensor.protocols.parser import Handover
from tests.support.conversations import FLOW, Heard, hear

C, S = True, False
GET = b"GET /a%20b/../c?x=%41 HTTP/1.1\r\nHost: Www.Example.COM:8080\r\nUser-Agent: t\r\nReferer: http://r/\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=x\r\nContent-Length: 5\r\n\r\nhello"


def one(*said: tuple[bool, Any], settings: HttpSettings | None = None) -> dict[str, Any]:
    heard = hear(HttpParser, said, settings)
    assert len(heard.table("http")) == 1, heard.rows
    return heard.table("http")[0]


def answer(head: bytes, body: bytes, settings: HttpSettings | None = None) -> Heard:
    return hear(HttpParser, [(C, GET), (S, b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body)], settings)


def test_a_request_and_its_response() -> None:
    row = one((C, GET), (S, OK))
    assert row["hostname"] == "www.example.com"
    assert row["http_port"] == 8080
    assert row["url"] == "/a%20b/../c?x=%41"
    assert row["url_normalized"] == "/c?x=%41"
    assert (row["http_method"], row["protocol"], row["status"], row["status_text"]) == ("GET", "HTTP/1.1", 200, "OK")
    assert (row["http_content_type"], row["length"], row["seen"]) == ("text/html", 5, "both")
    assert json.loads(row["request_headers"])[0] == {"name": "Host", "value": "Www.Example.COM:8080"}


def test_pipelined_requests_are_answered_in_their_order() -> None:
    asked = b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % i for i in range(3))
    answers = b"".join(b"HTTP/1.1 20%d x\r\nContent-Length: %d\r\n\r\n%s" % (i, i, b"x" * i) for i in range(3))
    rows = hear(HttpParser, [(C, asked), (S, answers)]).table("http")
    assert [(r["tx_id"], r["url"], r["status"], r["length"]) for r in rows] == [
        (0, "/0", 200, 0), (1, "/1", 201, 1), (2, "/2", 202, 2)]


def test_chunks_and_trailers() -> None:
    heard = answer(b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n")
    row = heard.table("http")[0]
    assert heard.inspected["http.response_body"] == b"abcde"
    assert row["response_body_bytes"] == 5
    assert row["length"] == 5 + len(b"3\r\n\r\n2;x=y\r\n\r\n0\r\nX-Sum: 1\r\n\r\n")
    assert json.loads(row["trailers"]) == [{"name": "X-Sum", "value": "1"}]
    assert heard.table("fileinfo")[0]["size"] == 5


@pytest.mark.parametrize("status", [b"204 No", b"304 Not"])
def test_no_body_where_none_can_be(status: bytes) -> None:
    rows = hear(HttpParser, [(C, GET * 2), (S, b"HTTP/1.1 " + status + b"\r\nContent-Length: 9\r\n\r\n" + OK)])
    assert [r["length"] for r in rows.table("http")] == [0, 5]


def test_head_has_no_body_and_interim_responses_pass() -> None:
    said = [(C, GET.replace(b"GET", b"HEAD") + GET), (S, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
                                                       b"HTTP/1.1 100 Continue\r\n\r\n" + OK)]
    rows = hear(HttpParser, said).table("http")
    assert [(r["length"], r["interim"]) for r in rows] == [(0, 0), (5, 1)]


def _brotli(data: bytes) -> bytes:
    return pytest.importorskip("brotli").compress(data)


CODED = {
    "gzip": (b"gzip", gzip.compress), "zlib": (b"deflate", zlib.compress),
    "bare deflate": (b"deflate", lambda d: zlib.compress(d)[2:-4]), "brotli": (b"br", _brotli),
    "two layers": (b"deflate, gzip", lambda d: gzip.compress(zlib.compress(d))),
    "not coded at all": (b"gzip", bytes), "x-gzip": (b"x-gzip", gzip.compress),
}


@pytest.mark.parametrize("how", CODED)
def test_codings_are_undone(how: str) -> None:
    name, make = CODED[how]
    text = b"The quick brown fox. " * 400
    body = make(text)
    heard = answer(b"Content-Encoding: %s\r\nContent-Length: %d\r\n" % (name, len(body)), body)
    row = heard.table("http")[0]
    assert heard.inspected["http.response_body"] == text
    assert (row["length"], row["response_entity_bytes"]) == (len(body), len(text))
    assert heard.table("fileinfo")[0]["state"] == "CLOSED"


def test_a_bomb_ends_at_its_limit() -> None:
    body = gzip.compress(bytes(40 << 20))
    heard = answer(b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(body), body)
    row = heard.table("http")[0]
    assert row["response_entity_bytes"] == HttpSettings().inflate_bytes
    assert "inflate_limit" in json.loads(row["anomalies"])
    assert heard.table("fileinfo")[0]["state"] == "TRUNCATED"
    assert len(heard.inspected["http.response_body"]) == HttpSettings().inspect_response_bytes


def test_a_body_beyond_its_limits_is_counted_and_not_wanted() -> None:
    settings = HttpSettings(inspect_response_bytes=4096, files=FileSettings(inspect_bytes=4096))
    parts = [(C, GET), (S, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"), (S, bytes(5000))]
    heard = hear(HttpParser, parts, settings, end=False)
    assert heard.parser.passable(S) == 994_999
    heard.parser.skip(S, 994_999, heard.parser.at)
    heard.parser.data(S, b"\0", heard.parser.at)
    assert heard.table("http")[0]["length"] == 1_000_000
    assert heard.table("fileinfo")[0] | {"size": 1_000_000, "state": "CLOSED"} == heard.table("fileinfo")[0]


def test_files_of_a_form() -> None:
    body = (b"--bb\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--bb\r\nContent-Disposition: form-data; "
            b"name=\"f\"; filename=\"x.pdf\"\r\nContent-Type: text/plain\r\n\r\n%PDF-1.4 \r\n--b \r\n--bb--\r\n")
    head = b"POST /up HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=bb\r\n"
    heard = hear(HttpParser, [(C, head + b"Content-Length: %d\r\n\r\n" % len(body) + body), (S, OK)])
    up, down = heard.table("fileinfo")
    assert (up["filename"], up["size"], up["file_type"], up["to_server"]) == ("x.pdf", 15, "pdf", 1)
    assert json.loads(up["http"])["http_method"] == "POST"
    assert json.loads(heard.table("http")[0]["file_names"]) == ["x.pdf"]
    assert (down["filename"], down["to_server"]) == ("/up", 0)


def test_a_tunnel_and_an_upgrade_are_handed_over() -> None:
    heard = hear(HttpParser, [(C, b"CONNECT a.b:443 HTTP/1.1\r\nHost: a.b\r\n\r\n\x16\x03"),
                              (S, b"HTTP/1.1 200 Connected\r\n\r\n\x15")])
    assert heard.parser.done
    assert heard.parser.successor == Handover(AppProto.UNKNOWN, b"\x16\x03", b"\x15")
    assert heard.table("http")[0] | {"hostname": "a.b", "http_port": 443} == heard.table("http")[0]
    heard = hear(HttpParser, [(C, GET.replace(b"User", b"Upgrade: websocket\r\nUser")),
                              (S, b"HTTP/1.1 101 Sw\r\nUpgrade: websocket\r\n\r\n\x81\x00")])
    assert heard.parser.done
    assert heard.parser.successor == Handover(AppProto.UNKNOWN, b"", b"\x81\x00")


def test_a_refused_tunnel_goes_on_as_http() -> None:
    rows = hear(HttpParser, [(C, b"CONNECT a.b:443 HTTP/1.1\r\nHost: a.b\r\n\r\n" + GET),
                             (S, b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n" + OK)]).table("http")
    assert [r["status"] for r in rows] == [407, 200]


def test_one_sided_conversations_say_so() -> None:
    assert [r["seen"] for r in hear(HttpParser, [(C, GET * 2)]).table("http")] == ["request", "request"]
    heard = hear(HttpParser, [(S, OK * 2)])
    assert [(r["seen"], r["status"], r["http_method"]) for r in heard.table("http")] == [("response", 200, "")] * 2
    assert heard.counters["response_without_request"] == 2


def test_credentials_are_not_kept() -> None:
    row = one((C, b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n"), (S, OK))
    assert row["username"] == "user"
    assert "dXNl" not in row["request_headers"]


def test_http_0_9() -> None:
    heard = hear(HttpParser, [(C, b"GET /old\r\n"), (S, b"<html>"), (S, b"x</html>")])
    row = heard.table("http")[0]
    assert (row["url"], row["protocol"], row["length"], row["status"]) == ("/old", "", 14, 0)
    assert heard.table("fileinfo")[0]["file_type"] == "html"


def test_a_gap_in_a_body_and_one_over_a_head() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
    heard = hear(HttpParser, [(C, GET * 2), (S, head + b"abc"), (S, 4), (S, b"xyz" + OK)])
    assert [(r["length"], r["seen"]) for r in heard.table("http")] == [(10, "both"), (5, "both")]
    first = heard.table("fileinfo")[0]
    assert (first["gaps"], first["state"], first["size"]) == (1, "TRUNCATED", 10)
    heard = hear(HttpParser, [(C, GET * 2), (S, head + b"abc"), (S, 40), (S, b"junk\r\nmore" + b"\n" + OK)])
    assert [(r["status"], r["seen"]) for r in heard.table("http")] == [(200, "partial"), (200, "both")]


@pytest.mark.parametrize(("client", "server", "found"), [
    (b"GET / HTTP/1.1\r\n", b"", True), (b"G", b"", None), (b"", b"", None), (b"\x16\x03\x01", b"", False),
    (b"GET key\r\n", b"$3\r\nfoo\r\n", False), (b"GET key\r\n", b"", None), (b"", b"HTTP/1.1 200", True),
    (b"OPTIONS sip:a@b SIP/2.0\r\n", b"", None), (b"INVITE sip:a@b SIP/2.0\r\n", b"", False),
    (b"USER anonymous\r\n", b"220 hi", False), (b"FOO /x HTTP/1.1\r\n", b"", True), (b"EHLO x\r\n", b"", False),
    (b"\r\nget\t/", b"", True), (b"connect\th:443", b"", True), (b"GET h:443", b"", None), (b"GET ", b"", None),
    (b"Post *\t", b"", True), (b"put HTTPS://", b"", True), (b"LOCK x HTTP/1", b"", True), (b"POST", b"", None),
    (b"GETS", b"", False), (b"baseline-control", b"", None), (b"BASELINE-CONTROLS", b"", False), (b"GET", b"hi", None),
    (b"A" * 32 + b" x HTTP/1.0", b"", True), (b"A" * 33 + b" x HTTP/1.0", b"", False), (b"GET k", b"hi", False),
])
def test_probe(client: bytes, server: bytes, found: bool | None) -> None:
    assert probe(client, server, FLOW) is found


def test_too_many_requests_without_answer() -> None:
    heard = hear(HttpParser, [(C, GET * 40)], HttpSettings(pipelined=8), end=False)
    assert len(heard.table("http")) == 32
    assert heard.counters["too_many_pipelined"] == 32
