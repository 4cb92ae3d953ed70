"""DNS conversations: matching, TCP framing, gaps, bounds, and what the first bytes must look like."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns.errors import UsageError
from columns.protocols.dns import eve_object, eve_objects_v2
from sensor.protocols.dns import WANTS, DnsDatagrams, DnsSettings, DnsStream
from sensor.protocols.dns.probe import probe
from tests.support.dns_messages import message, messages, question, record
from tests.support.protocol_runs import CLIENT, SERVER, cut_up, flow_of, run_datagrams, run_stream, without_times

UDP = flow_of(dst_port=53, proto=17)
TCP = flow_of(dst_port=53)
ASKED = message(ident=7, questions=[question("www.example", 1)])
ANSWERED = message(ident=7, flags=0x8180, questions=[question("www.example", 1)],
                   answers=[record("www.example", 1, b"\1\2\3\4")])


def framed(*whole: bytes) -> bytes:
    return b"".join(len(m).to_bytes(2, "big") + m for m in whole)


def test_a_response_is_matched_to_its_request() -> None:
    had = run_datagrams(DnsDatagrams, [(SERVER, ASKED), (CLIENT, ANSWERED), (CLIENT, ANSWERED)], UDP)
    asked, answered, again = had.of("dns")
    assert (asked["message_type"], asked["to_server"], asked["rrname"]) == ("request", 1, b"www.example")
    assert (answered["matched"], answered["rtt_ns"], answered["to_server"]) == (1, 1000, 0)
    assert "matched" not in again
    assert had.causes == {"dns_response_alone": 1}


def test_requests_that_wait_are_bounded() -> None:
    asked = [(SERVER, message(ident=i, questions=[question("a")])) for i in range(20)]
    answer = (CLIENT, message(ident=0, flags=0x8000, questions=[question("a")]))
    had = run_datagrams(DnsDatagrams, [*asked, answer], UDP, DnsSettings(pending_requests=4))
    assert had.causes == {"dns_request_forgotten": 16, "dns_response_alone": 1}


def test_version_3_and_2_of_the_event() -> None:
    had = run_datagrams(DnsDatagrams, [(SERVER, ASKED), (CLIENT, ANSWERED)], UDP)
    asked, answered = ({**row, "tx_id": i} for i, row in enumerate(had.of("dns")))
    queries = [{"rrname": "www.example", "rrtype": "A"}]
    assert eve_object(asked) == {"version": 3, "type": "request", "tx_id": 0, "id": 7, "flags": "100", "rd": True,
                                 "opcode": 0, "rcode": "NOERROR", "queries": queries}
    answer = {"rrname": "www.example", "rrtype": "A", "ttl": 60, "rdata": "1.2.3.4"}
    flags = {"flags": "8180", "qr": True, "rd": True, "ra": True, "opcode": 0}
    assert eve_object(answered) == {"version": 3, "type": "response", "tx_id": 1, "id": 7, **flags, "rcode": "NOERROR",
                                    "queries": queries, "answers": [answer], "grouped": {"A": ["1.2.3.4"]}}
    assert eve_objects_v2(asked) == [{"version": 2, "type": "query", "id": 7, **queries[0], "tx_id": 0, "opcode": 0}]
    assert eve_objects_v2(answered) == [{"version": 2, "type": "answer", "id": 7, **flags, **queries[0],
                                         "rcode": "NOERROR", "answers": [answer], "grouped": {"A": ["1.2.3.4"]}}]


def test_multicast_has_its_own_form() -> None:
    data = message(flags=0x8400, answers=[record("a.local", 16, b"\1x\1y"), record("b.local", 12, b"\1c\0")])
    row = run_datagrams(DnsDatagrams, [(SERVER, data)], flow_of(dst_port=5353, proto=17)).of("dns")[0]
    assert row["variant"] == "mdns"
    assert eve_object({**row, "tx_id": 0})["answers"] == [{"rrname": "a.local", "txt": ["x", "y"]},
                                                          {"rrname": "b.local", "ptr": "c"}]


@given(st.lists(st.tuples(st.booleans(), st.lists(messages(), max_size=4)), max_size=4),
       st.lists(st.integers(1, 40), min_size=1, max_size=5))
@settings(deadline=None)
def test_any_cut_of_the_stream_gives_the_same_rows(said: list[tuple[bool, list[bytes]]], sizes: list[int]) -> None:
    pieces = [(to_server, framed(*whole)) for to_server, whole in said]
    whole, cut = run_stream(DnsStream, pieces, TCP), run_stream(DnsStream, cut_up(pieces, sizes), TCP)
    assert without_times(cut.rows) == without_times(whole.rows)
    assert cut.causes == whole.causes


@given(st.lists(st.tuples(st.booleans(), st.one_of(st.binary(max_size=300), st.integers(1, 70000))), max_size=8))
@settings(deadline=None)
def test_nothing_raises(pieces: list[tuple[bool, Any]]) -> None:
    run_stream(DnsStream, pieces, TCP)
    run_datagrams(DnsDatagrams, [(d, p) for d, p in pieces if isinstance(p, bytes)], UDP)


@given(st.integers(0, len(ANSWERED) - 1), st.integers(0, 255), st.booleans())
@settings(deadline=None)
def test_a_byte_changed_gives_rows_of_valid_json(at: int, byte: int, asked: bool) -> None:
    changed = bytearray(ASKED if asked else ANSWERED)
    changed[at % len(changed)] = byte
    for row in run_datagrams(DnsDatagrams, [(SERVER, bytes(changed))], UDP).of("dns"):
        for name in ("queries", "answers", "grouped", "authorities", "additionals"):
            json.loads(row[name] or b"[]")


def test_a_gap_inside_a_message_loses_that_message() -> None:
    stream = framed(ASKED, ASKED, ASKED)
    second = len(framed(ASKED))
    had = run_stream(DnsStream, [(SERVER, stream[: second + 8]), (SERVER, 10), (SERVER, stream[second + 18 :])], TCP)
    assert len(had.of("dns")) == 2
    assert had.causes == {"dns_gap": 1}


def test_a_gap_over_the_next_length_gives_the_direction_up() -> None:
    had = run_stream(DnsStream, [(SERVER, framed(ASKED)), (SERVER, 100), (SERVER, framed(ASKED)),
                                 (CLIENT, framed(ANSWERED))], TCP)
    assert [row["message_type"] for row in had.of("dns")] == ["request", "response"]


def test_what_is_no_dns_is_given_up() -> None:
    had = run_datagrams(DnsDatagrams, [(SERVER, b"x" * 20)] * 50, UDP)
    assert had.causes == {"dns_queries": 8}
    assert not had.rows


PROBES = [
    (UDP, ASKED, b"", True), (UDP, b"", ANSWERED, True), (flow_of(dst_port=4000, proto=17), ASKED, b"", True),
    (TCP, framed(ASKED), b"", True), (TCP, framed(ASKED)[:9], b"", None), (TCP, b"\0\5hello", b"", False),
    (TCP, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"", False),
    (UDP, b"short", b"", False), (UDP, b"", b"", None),
    (flow_of(dst_port=4000, proto=17), b"\0" * 40, b"", False),
    (flow_of(dst_port=123, proto=17), b"\x23" + b"\0" * 47, b"", False),
    (flow_of(dst_port=5353, proto=17), message(flags=0x8400, answers=[record("a", 1, b"\1\2\3\4")]), b"", True),
]


@pytest.mark.parametrize(("flow", "initiator", "responder", "wanted"), PROBES)
def test_probe(flow: Any, initiator: bytes, responder: bytes, wanted: bool | None) -> None:
    assert probe(initiator[:64], responder[:64], flow) is wanted


def test_each_transport_has_its_parser() -> None:
    assert [want.probe(ASKED, b"", UDP) for want in WANTS] == [True, False]
    assert [want.probe(framed(ASKED), b"", TCP) for want in WANTS] == [False, True]


@pytest.mark.parametrize("wrong", [{"text_bytes": 1}, {"pending_requests": 0}, {"pending_requests": True}])
def test_settings_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="a whole number"):
        DnsSettings(**wrong)
