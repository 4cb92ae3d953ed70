"""SMB, LDAP, Modbus, DNP3 and Kerberos by hand: any cut gives the same rows, no bytes upset them, limits hold."""

from __future__ import annotations

import json
import struct
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from columns.app import AppProto
from columns.errors import ConfigError
from sensor.protocols import dcerpc, dnp3, krb5, ldap, modbus, smb
from sensor.protocols.ber import element
from sensor.protocols.dnp3.link import crc
from sensor.protocols.framing import Framer
from sensor.protocols.krb5_ticket import ticket_columns
from sensor.protocols.ldap.filters import filter_text
from sensor.protocols.ntlmssp import login_of
from sensor.protocols.parser import Moment
from sensor.protocols.smb.nbss import Kind, NbssReader
from tests.support.corpus import corpus
from tests.support.naive_streams import pieces_of
from tests.support.speak import TCP_FLOW, UDP_FLOW, Heard, babble, cuts, noise

_STREAMS = {"smb": smb.SmbParser, "ldap": ldap.LdapParser, "modbus": modbus.ModbusParser, "dnp3": dnp3.Dnp3Parser,
            "krb5": krb5.Krb5Parser}
_DATAGRAMS = {"ldap": ldap.LdapDatagrams, "dnp3": dnp3.Dnp3Datagrams, "krb5": krb5.Krb5Datagrams}
_REAL = {"smb": ("options", "smb2-03-rule"), "ldap": ("events", "ldap-add"), "modbus": ("settings", "modbus"),
         "dnp3": ("events", "dnp3__dnp3-file-write"), "krb5": ("mixed", "bug-8278-krb5-01")}
_FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@cache
def real(name: str) -> tuple[tuple[bool, bytes], ...]:
    """What was said first in a real conversation."""
    said: list[tuple[bool, bytes]] = []
    first = None
    for piece in pieces_of(corpus("suricata-verify", *_REAL[name], "input.pcap")):
        first = piece.flow.flow_id if first is None else first
        if piece.data and piece.flow.flow_id == first:
            said.append((piece.to_server, piece.data))
        if len(said) >= 60:
            break
    return tuple(said)


@pytest.mark.parametrize("name", sorted(_STREAMS))
@given(sizes=cuts())
@_FEW
def test_any_cut_gives_the_same_rows(name: str, sizes: list[int]) -> None:
    whole = Heard(_STREAMS[name]).say(real(name))
    cut = Heard(_STREAMS[name]).say(real(name), sizes)
    assert (cut.rows, cut.counters) == (whole.rows, whole.counters)


@pytest.mark.parametrize("name", sorted(_STREAMS))
@given(data=st.data())
@_FEW
def test_damage_and_gaps_upset_nothing(name: str, data: st.DataObject) -> None:
    heard = Heard(_STREAMS[name])
    for number, (to_server, piece) in enumerate(data.draw(noise(real(name)[:25]) | babble())):
        if not heard.parser.done:
            heard.parser.data(to_server, piece, Moment(number, number))
        if data.draw(st.integers(0, 5)) == 0 and not heard.parser.done:
            heard.parser.gap(to_server, data.draw(st.integers(1, 3000)), Moment(number, number))
    heard.parser.end(Moment(99, 99))


@pytest.mark.parametrize("name", sorted(_DATAGRAMS))
@given(said=babble())
@_FEW
def test_datagrams_of_any_bytes_upset_nothing(name: str, said: list[tuple[bool, bytes]]) -> None:
    heard = Heard(_DATAGRAMS[name], flow=UDP_FLOW)
    for to_server, piece in said:
        heard.parser.datagram(to_server, piece, Moment(1, 1))
    heard.parser.end(Moment(2, 2))


@given(initiator=st.binary(max_size=64), responder=st.binary(max_size=64))
@_FEW
def test_probes_take_any_bytes(initiator: bytes, responder: bytes) -> None:
    for module in (smb, ldap, modbus, dnp3, krb5, dcerpc):
        for want in module.WANTS:
            for flow in (TCP_FLOW, UDP_FLOW):
                assert want.probe(initiator, responder, flow) in (True, False, None)


def smb2(command: int, body: bytes, *, response: bool = False, number: int = 1, status: int = 0, tree: int = 1,
         following: int = 0) -> bytes:
    head = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ", 64, 0, status, command, 1, int(response), following, number, 0,
                                    tree, 7)
    return head.ljust(64, b"\0") + body


def framed(message: bytes) -> bytes:
    return len(message).to_bytes(4, "big") + message


def created(name: str, fid: bytes, number: int = 1) -> list[tuple[bool, bytes]]:
    raw = name.encode("utf-16-le")
    request = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, 0x12019F, 0, 7, 1, 0, 120, len(raw), 0, 0) + raw
    answer = struct.pack("<HBBIQQQQQQII", 89, 0, 0, 1, 0, 0, 0, 0, 0, 10, 0, 0) + fid + bytes(8)
    return [(True, framed(smb2(5, request, number=number))),
            (False, framed(smb2(5, answer, response=True, number=number)))]


def read_request(fid: bytes, offset: int, size: int, number: int) -> tuple[bool, bytes]:
    return True, framed(smb2(8, struct.pack("<HBBIQ", 49, 0, 0, size, offset) + fid + bytes(17), number=number))


def read_answer(data: bytes, number: int) -> bytes:
    return framed(smb2(8, struct.pack("<HBBIII", 17, 80, 0, len(data), 0, 0) + data, response=True, number=number))


def close(fid: bytes, number: int) -> list[tuple[bool, bytes]]:
    return [(True, framed(smb2(6, struct.pack("<HHI", 24, 0, 0) + fid, number=number))),
            (False, framed(smb2(6, bytes(60), response=True, number=number)))]


_FID = bytes(range(16))


def test_smb_reads_become_one_row_and_one_file() -> None:
    said = [*created("a\\b.txt", _FID), read_request(_FID, 0, 5, 2), (False, read_answer(b"hello", 2)),
            read_request(_FID, 5, 5, 3), (False, read_answer(b"world", 3)), *close(_FID, 4)]
    rows = Heard(smb.SmbParser).say(said).rows
    assert [r.get("command", "file") for r in rows] == [
        "SMB2_COMMAND_CREATE", "SMB2_COMMAND_READ", "file", "SMB2_COMMAND_CLOSE"]
    assert rows[2]["size"] == 10
    assert rows[2]["state"] == "CLOSED"
    assert rows[2]["filename"] == "a\\b.txt"
    assert rows[1]["transferred_bytes"] == 10
    assert rows[3]["filename"] == "a\\b.txt"


def test_smb_half_a_file_is_truncated() -> None:
    rows = Heard(smb.SmbParser).say([*created("b", _FID), read_request(_FID, 0, 5, 2),
                                     (False, read_answer(b"hello", 2)), *close(_FID, 4)]).rows
    assert next(r for r in rows if r["table"] == "fileinfo")["state"] == "TRUNCATED"


def test_smb_gap_within_a_read_is_a_gap_of_the_file() -> None:
    heard = Heard(smb.SmbParser).say([*created("b", _FID), read_request(_FID, 0, 1000, 2)], end=False)
    answer = read_answer(bytes(1000), 2)
    heard.parser.data(False, answer[:300], Moment(1, 1))
    heard.parser.gap(False, 400, Moment(2, 2))
    heard.parser.data(False, answer[700:] + close(_FID, 3)[1][1], Moment(3, 3))
    heard.parser.end(Moment(4, 4))
    one = next(r for r in heard.rows if r["table"] == "fileinfo")
    assert (one["size"], one["gaps"], one["state"]) == (1000, 1, "TRUNCATED")


def test_smb_goes_on_after_a_lost_message() -> None:
    reader = NbssReader(65536)
    message = framed(smb2(13, bytes(4)))
    list(reader.feed(message[:20]))
    assert [e.kind for e in reader.gap(5000)] == [Kind.LOST]
    assert [e.kind for e in reader.feed(b"\x00tail of something" + message)] == [Kind.MESSAGE]


def test_smb_file_data_is_one_event_where_it_is_whole() -> None:
    answer = read_answer(b"x" * 300, 1)
    (whole,) = NbssReader(65536).feed(answer)
    reader = NbssReader(65536)
    pieces = [event for at in range(0, len(answer), 200) for event in reader.feed(answer[at : at + 200])]
    assert [e.kind for e in pieces] == [Kind.HEAD, Kind.BODY, Kind.BODY, Kind.END]
    assert (whole.kind, whole.data) == (Kind.BULK, b"".join(e.data for e in pieces))


def test_smb_message_without_room_for_a_mark_is_none() -> None:
    assert [e.kind for e in NbssReader(65536).feed(framed(b"") + smb2(13, bytes(4)))] == [Kind.BROKEN]


def test_smb_pending_requests_and_files_are_bounded() -> None:
    limits = smb.SmbSettings(pending=4, open_files=2)
    heard = Heard(smb.SmbParser, limits)
    for n in range(50):
        heard.say([(True, framed(smb2(13, bytes(4), number=n)))], end=False)
        heard.say(created(f"f{n}", n.to_bytes(16, "little"), number=1000 + n), end=False)
    state = heard.parser._state
    assert len(state.pending) <= 4
    assert len(state.files) <= 2
    assert heard.counters["smb_pending_full"]
    assert heard.counters["smb_files_full"]


def test_smb_is_done_when_both_sides_encrypt() -> None:
    hidden = framed(b"\xfdSMB" + bytes(100))
    heard = Heard(smb.SmbParser).say([(True, hidden), (False, hidden)], end=False)
    assert heard.parser.done
    assert heard.counters["smb_encrypted"] == 2


def test_ntlmssp_names() -> None:
    texts = [t.encode("utf-16-le") for t in ("DOM", "user", "HOST")]
    places, at = b"", 72
    for one in texts:
        places += struct.pack("<HHI", len(one), len(one), at)
        at += len(one)
    message = (b"NTLMSSP\0\x03\0\0\0" + bytes(16) + places + bytes(8) + struct.pack("<I", 0x02000001)
               + bytes((10, 0)) + struct.pack("<H", 19041) + b"\0\0\0\x0f" + b"".join(texts))
    login = login_of(b"wrapped" + message)
    assert login == ("DOM", "user", "HOST", "10.0 build 19041 rev 15")
    assert login_of(message[:40]) is None
    assert ticket_columns(message) == {}


def ber(tag: int, body: bytes) -> bytes:
    short = len(body) < 128
    return (bytes((tag, len(body))) if short else bytes((tag, 0x82)) + len(body).to_bytes(2, "big")) + body


def ldap_message(number: int, tag: int, body: bytes) -> bytes:
    return ber(0x30, ber(2, bytes((number,))) + ber(tag, body))


def test_ldap_password_is_never_kept() -> None:
    bind = ldap_message(1, 0x60, ber(2, b"\x03") + ber(4, b"cn=me") + ber(0x80, b"s3cret"))
    answer = ldap_message(1, 0x61, ber(10, b"\x31") + ber(4, b"") + ber(4, b"no"))
    row = Heard(ldap.LdapParser).say([(True, bind), (False, answer)]).row
    assert (row["operation"], row["object"], row["authentication"], row["result"]) == (
        "bind_request", "cn=me", "simple", "invalid_credentials")
    assert "s3cret" not in json.dumps(row)


def test_ldap_counts_the_responses_that_are_not_kept() -> None:
    search = ldap_message(1, 0x63, ber(4, b"dc=x") + ber(10, b"\2"))
    entry = ldap_message(1, 0x64, ber(4, b"cn=a"))
    end = ldap_message(1, 0x65, ber(10, b"\4") + ber(4, b"") + ber(4, b""))
    row = Heard(ldap.LdapParser, ldap.LdapSettings(responses=2)).say([(True, search), (False, 4 * entry + end)]).row
    assert [r["operation"] for r in json.loads(row["responses"])] == ["search_result_entry", "search_result_done"]
    assert (row["response_count"], row["response_bytes"]) == (5, 4 * len(entry) + len(end))
    assert row["result"] == "size_limit_exceeded"


@given(parts=st.lists(st.integers(0, 40), max_size=8), sizes=cuts(), kept=st.integers(4, 30))
@_FEW
def test_framed_messages_and_their_ends_do_not_depend_on_cuts(parts: list[int], sizes: list[int], kept: int) -> None:
    stream = b"".join(bytes((size,)) + bytes(range(size)) for size in parts)
    framer, found, at, turn = Framer(lambda head: head[0] + 1, 4, kept), [], 0, 0
    while at < len(stream):
        piece = stream[at : at + sizes[turn % len(sizes)]]
        found += [(message, size, at + stop) for message, size, stop in framer.feed(piece)]
        at, turn = at + len(piece), turn + 1
    places = [sum(parts[: k + 1]) + k + 1 for k in range(len(parts))]
    assert found == [(stream[stop - size - 1 : stop][:kept], size + 1, stop)
                     for size, stop in zip(parts, places, strict=True)]


def test_ldap_hands_over_to_tls() -> None:
    start = ldap_message(1, 0x77, ber(0x80, b"1.3.6.1.4.1.1466.20037"))
    answer = ldap_message(1, 0x78, ber(10, b"\0") + ber(4, b"") + ber(4, b""))
    heard = Heard(ldap.LdapParser).say([(True, start), (False, answer + b"\x16\x03\x03")], end=False)
    assert heard.parser.done
    assert heard.parser.successor == (AppProto.TLS, b"", b"\x16\x03\x03")


@pytest.mark.parametrize(("token", "read"), [
    (b"\x05\x04\x00\xff\0\x0c\0\x0c" + bytes(8) + bytes(12), True),  # Kerberos, the check sum turned to the front
    (b"\x05\x04\x02\xff\0\0\0\x1c" + bytes(8) + bytes(28), False),  # sealed
    (b"\x01\0\0\0" + bytes(12), True)])
def test_ldap_that_is_signed_is_read(token: bytes, read: bool) -> None:
    wrapped = token + ldap_message(9, 0x42, b"") + ldap_message(10, 0x4A, b"cn=x")
    heard = Heard(ldap.LdapParser).say([(True, framed(wrapped))], [3])
    assert [r["operation"] for r in heard.rows] == (["unbind_request", "del_request"] if read else [])
    assert heard.parser.done != read


@pytest.mark.parametrize(("raw", "shown"), [
    (ber(0xA0, ber(0x87, b"cn") + ber(0xA3, ber(4, b"a") + ber(4, b"b"))), "(&(cn=*)(a=b))"),
    (ber(0xA2, ber(0xA4, ber(4, b"cn") + ber(0x30, ber(0x80, b"x") + ber(0x81, b"y")))), "(!(cn=x*y*))"),
    (ber(0xA9, ber(0x81, b"1.2") + ber(0x82, b"u") + ber(0x83, b"2")), "(u:1.2:=2)")])
def test_ldap_filters(raw: bytes, shown: str) -> None:
    outer = element(raw, 0, len(raw))
    assert outer is not None
    assert filter_text(raw, outer, 999) == shown


def test_ldap_deep_filters_end() -> None:
    raw = b"\x87\x02cn"
    for _ in range(400):
        raw = ber(0xA2, raw)
    search = (ber(4, b"dc=x") + ber(10, b"\2") + ber(10, b"\0") + ber(2, b"\0") + ber(2, b"\0") + ber(1, b"\0") + raw
              + ber(0x30, b""))
    assert Heard(ldap.LdapParser).say([(True, ldap_message(1, 0x63, search))]).row["filter"].startswith("(!(!")


def test_modbus_exception_and_unanswered() -> None:
    ask, other = bytes.fromhex("000100000006110300000002"), bytes.fromhex("000200000006110600010003")
    refused = bytes.fromhex("000100000003118302")
    rows = Heard(modbus.ModbusParser).say([(True, ask), (True, other), (False, refused)]).rows
    assert [(r["function"], r["access"], r["seen"], r.get("exception", "")) for r in rows] == [
        ("RdHoldRegs", "read", "both", "IllegalDataAddress"), ("WrSingleReg", "write", "request", "")]


def dnp3_frame(data: bytes, control: int = 0xC4) -> bytes:
    head = struct.pack("<BBBBHH", 5, 0x64, 5 + len(data), control, 2, 3)
    out = head + crc(head).to_bytes(2, "little")
    for at in range(0, len(data), 16):
        block = data[at : at + 16]
        out += block + crc(block).to_bytes(2, "little")
    return out


def test_dnp3_fragments_are_put_together_and_bad_check_sums_refused() -> None:
    message = bytes.fromhex("c001") + bytes.fromhex("3c0206") * 30
    said = [(True, dnp3_frame(b"\x40" + message[:50])), (True, dnp3_frame(b"\x81" + message[50:]))]
    row = Heard(dnp3.Dnp3Parser).say(said).row
    assert row["function"] == "READ"
    assert row["message_bytes"] == 92
    assert len(json.loads(row["application"])["objects"]) == 30
    spoilt = bytearray(dnp3_frame(b"\xc0" + message[:20]))
    spoilt[-1] ^= 1
    heard = Heard(dnp3.Dnp3Parser).say([(True, bytes(spoilt))])
    assert [(row["table"], row["event"]) for row in heard.rows] == [("anomaly", "bad_transport_crc")]
    assert heard.counters == {"dnp3_bad_crc": 1}


@pytest.mark.parametrize("made", [
    lambda: smb.SmbSettings(pending=0), lambda: ldap.LdapSettings(listed=0), lambda: modbus.ModbusSettings(pending=0),
    lambda: dnp3.Dnp3Settings(objects=0), lambda: krb5.Krb5Settings(message_bytes=1)])
def test_settings_out_of_range_are_refused(made: Any) -> None:
    with pytest.raises(ConfigError):
        made()
