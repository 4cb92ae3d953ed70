"""EtherNet/IP: requests with their responses, what rules see of them; nonsense is counted, never raised."""

from __future__ import annotations

import json
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from columns.app import AppProto
from sensor.protocols.enip.message import HEADER_BYTES, cip_of, message_of
from sensor.protocols.enip.parser import EnipDatagrams, EnipStream, probe, probe_datagrams
from tests.support.protocol_runs import cut_up, flow_of, run_datagrams, run_stream, without_times
from tests.support.ruled import alerts_of, datagram, rules_of, talk

TCP, UDP = flow_of(dst_port=44818), flow_of(dst_port=44818, proto=17)


def message(command: int, body: bytes = b"", *, session: int = 7, status: int = 0, options: int = 0) -> bytes:
    """Return a message."""
    return pack("<HHIIQI", command, len(body), session, status, 0, options) + body


def items(*parts: tuple[int, bytes]) -> bytes:
    """Return items behind their number: (kind, data)."""
    return pack("<H", len(parts)) + b"".join(pack("<HH", kind, len(data)) + data for kind, data in parts)


def connected(number: int, cip: bytes) -> bytes:
    """Return a message of CIP over a connection."""
    return message(0x70, bytes(6) + items((0xA1, bytes(4)), (0xB1, pack("<H", number) + cip)))


PATH = bytes.fromhex("20012401")
GET_LIST = b"\x03\x02" + PATH + pack("<3H", 2, 5, 9)
SET_SINGLE = b"\x10\x03" + bytes.fromhex("210064002407") + b"\0"
MULTIPLE = b"\x0a\x02" + PATH + pack("<3H", 2, 6, 6 + len(GET_LIST)) + GET_LIST + b"\x0e\x03" + PATH + b"\x30\x01"
IDENTITY = message(0x63, items((0x0C, pack("<H16sHHHBBHIB", 1, b"", 1, 12, 58, 4, 3, 0x30, 0x524D8E, 4) + b"ENBT\3")))
SERVICES = message(4, items((0x100, pack("<HH16s", 1, 0x120, b"Communications"))))
TALK = [(True, message(0x65, pack("<HH", 1, 0), session=0)), (False, message(0x65, pack("<HH", 1, 0))),
        (True, message(0x63)), (False, IDENTITY), (True, message(4)), (False, SERVICES),
        (True, connected(1, GET_LIST)), (True, connected(2, MULTIPLE)),
        (False, connected(2, b"\x8a\0\0\0" + pack("<2H", 1, 4) + b"\x83\0\x05\1\x34\x12")),
        (False, connected(1, b"\x83\0\0\0")), (False, connected(9, b"\xce\0\x08\0")), (True, message(0x66))]


def rows(said: list[tuple[bool, bytes]]) -> list[dict[str, Any]]:
    """Return the rows of a conversation."""
    return run_stream(EnipStream, said, TCP).of("enip")


def test_requests_and_responses_are_joined() -> None:
    told = rows(TALK)
    assert [(r["command"], r["seen"], r["service"]) for r in told] == [
        ("register_session", "both", ""), ("list_identity", "both", ""), ("list_services", "both", ""),
        ("send_unit_data", "both", "Multiple Service Packet"), ("send_unit_data", "both", "Get Attribute List"),
        ("send_unit_data", "response", "Forward Close"), ("unregister_session", "request", "")]
    identity = json.loads(told[1]["response"])["identity"]
    assert (identity["product_name"], identity["revision"], identity["device_type"]) == (
        "ENBT", "4.3", "Communications Adapter")
    assert told[1]["product"] == "ENBT"
    multiple = json.loads(told[3]["response"])["cip"]["multiple"]
    assert multiple == [{"service": "Get Attribute List", "status": "Path destination unknown",
                         "status_extended": "3412"}]
    assert json.loads(told[4]["request"])["cip"]["class_name"] == "Identity"


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_any_cut_gives_the_same_rows(sizes: list[int]) -> None:
    assert without_times(run_stream(EnipStream, cut_up(TALK, sizes), TCP).rows) == without_times(
        run_stream(EnipStream, TALK, TCP).rows)


@given(st.lists(st.tuples(st.booleans(), st.one_of(st.binary(max_size=80), st.integers(1, 99))), max_size=12))
def test_no_bytes_upset_it(said: list[tuple[bool, bytes | int]]) -> None:
    run_stream(EnipStream, said, TCP)
    run_datagrams(EnipDatagrams, [(way, part) for way, part in said if isinstance(part, bytes)], UDP)


@given(st.binary(max_size=60), st.sampled_from([0x63, 4, 0x65, 0x6F, 0x70]))
def test_any_body_is_read_or_told_unsound(body: bytes, command: int) -> None:
    message_of(message(command, body))
    cip_of(body)


def test_segments_of_a_path_have_several_widths() -> None:
    assert cip_of(SET_SINGLE).path == ((8, 0x64), (9, 7))
    assert cip_of(SET_SINGLE[:5]) is None


def test_requests_that_wait_are_bounded_and_told_at_the_end() -> None:
    heard = run_stream(EnipStream, [(True, connected(k, GET_LIST)) for k in range(1100)], TCP)
    assert len(heard.of("enip")) == 1100
    assert heard.causes["enip_pending_full"] == 76


def test_what_is_none_is_counted() -> None:
    assert run_stream(EnipStream, [(True, b"\x11\x11")], TCP).causes == {"enip_no_message": 1}
    bad = run_stream(EnipStream, [(True, message(0x65, b"\1"))], TCP)
    assert bad.causes == {"enip_malformed": 1}
    assert bad.of("anomaly")[0]["event"] == "invalid_pdu"
    assert run_datagrams(EnipDatagrams, [(True, IDENTITY[:-1])], UDP).causes == {"enip_no_message": 1}
    assert len(run_datagrams(EnipDatagrams, [(True, message(0x63)), (False, IDENTITY)], UDP).of("enip")) == 1


@pytest.mark.parametrize(("head", "answer"), [
    (message(0x63), True), (message(0x63)[:20], None), (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", False),
    (message(0x63, status=2), True), (message(0x63, status=77), False), (message(0x63, options=1), False),
    (message(0x65, b"\1\0"), False), (message(0), True), (bytes(HEADER_BYTES), True)])
def test_it_is_told_by_its_header(head: bytes, answer: bool | None) -> None:
    assert probe(head, b"", TCP) is answer
    assert probe_datagrams(head, b"", TCP) is False
    assert probe_datagrams(head[:20], b"", UDP) is False
    assert probe(bytes(HEADER_BYTES), b"", flow_of(dst_port=80)) is False  # a command that says nothing, on any port


def test_it_is_known_in_the_middle_of_a_connection_too() -> None:
    assert EnipStream.app_proto == AppProto.ENIP
    assert [r["seen"] for r in rows(TALK[7:9])] == ["both"]


SAID = talk(*TALK, port=44818)


@pytest.mark.parametrize(("words", "times"), [
    ("enip_command:list_identity", 2), ("enip_command:nop", 0), ("enip.status:success", 12), ("enip.status:2", 0),
    ('enip.product_name; content:"ENBT"; bsize:4', 1), ('enip.service_name; content:"Comm"; startswith', 1),
    ("enip.revision:0x403", 1), ("enip.vendor_id:1", 1), ("enip.device_type:14", 0), ("enip.capabilities:0x120", 1),
    ("enip.protocol_version:1", 4), ("enip.serial:0x524D8E", 1), ("enip.state:3", 1), ("enip.identity_status:48", 1),
    ("enip.product_code:58", 1), ("enip.cip_class:1", 2), ("enip.cip_instance:1", 2), ("enip.cip_attribute:9", 2),
    ("enip.cip_attribute:2", 0), ("enip.cip_status:5", 1), ("enip.cip_extendedstatus:0x1234", 1),
    ("cip_service:3", 4), ("cip_service:3,1,9", 2), ("cip_service:3,2", 0), ("cip_service:3,1,!4", 2),
    ("cip_service:14", 1)])
def test_what_rules_see(words: str, times: int, tmp_path: Path) -> None:
    assert alerts_of(rules_of(tmp_path, f"alert enip any any -> any any ({words}; sid:1;)"), SAID)[1] == times


def test_rules_see_datagrams_too(tmp_path: Path) -> None:
    frames = [datagram(message(0x63), port=44818), datagram(IDENTITY, client=False, port=44818)]
    assert alerts_of(rules_of(tmp_path, "alert enip any any -> any any (enip.state:3; sid:1;)"), frames)[1] == 1
