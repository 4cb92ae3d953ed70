"""A probe that is not asked, because of the first bytes, would have said no; one that is asked last, not yes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns.said import FlowFacts
from sensor.protocols import DATAGRAM_WANTS, STREAM_WANTS
from sensor.protocols.parser import Opening, Wants
from sensor.protocols.recognising import Recogniser

PORTS = st.sampled_from([21, 25, 53, 67, 69, 80, 110, 123, 137, 143, 161, 389, 445, 502, 3389, 5432, 6667, 40_000])
WORDS = st.sampled_from([
    b"", b"GET / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n", b"EHLO x\r\n", b"220 mail ESMTP\r\n", b"220 ftp\r\n",
    b"USER a\r\n", b"NICK a\r\n", b":x NOTICE y", b"* OK hello", b"a LOGIN x", b"+OK\r\n", b"RFB 003.008\n",
    b"SSH-2.0-x\r\n", b"SIP/2.0 200 OK\r\n", b"INVITE sip:a SIP/2.0\r\n", b"PRI * HTTP/2.0\r\n",
    b"\xff\xfb\x01", b"\xff\xfd\x01",
    bytes.fromhex("160301003a0100"), bytes.fromhex("160303003a0200"), bytes.fromhex("15030100020101"),
    bytes.fromhex("802e010002001500000010"), bytes.fromhex("030000130ee000000000000100080003000000"),
    bytes.fromhex("030000130ed000001234000200080002000000"),
    b"\1Q043" + b"\0" * 9, b"\x09" + b"\7" * 8 + b"Q043\0", bytes.fromhex("c00000000108"), b"d1:ad2:id20:",
    b"\0\1file\0octet\0", b"\1\1\6" + b"\0" * 61, bytes.fromhex("04000200100000") + b"\0" * 57, b"\x23" + b"\0" * 47,
    bytes.fromhex("00000085fe534d42"), bytes.fromhex("8100004420"), bytes.fromhex("82000000"),
    bytes.fromhex("83000001"),
    bytes.fromhex("300c020101600702010304008000"), bytes.fromhex("05000b0310000000480000000100000000"),
    bytes.fromhex("0564"), bytes.fromhex("056405c00100000004e9"), bytes.fromhex("100c00044d515454"),
    bytes.fromhex("20020000"), bytes.fromhex("0000000804d2162f"), bytes.fromhex("0000001100030000757365720061000000"),
    bytes.fromhex("000100000006110300"), bytes.fromhex("00000020") + b"\x6a\x81", b"\x6a\x81\xa1",
    bytes.fromhex("6500040000000000") + bytes(16) + b"\1\0\0\0",
    bytes.fromhex("c300000001081122334455667788") + bytes(50),
    b"\x0d" + bytes(8) + b"Q043" + bytes(51), b"\x23" + bytes(63), b"\1\1\6\0" + bytes(60), b"\2\1\6\0" + bytes(60),
    bytes.fromhex("302602010104067075626c6963a019020400"), b"\0\1name\0octet\0", b"d1:ad2:id20:", b"\4\0" + bytes(62),
    bytes.fromhex("6a81dd3081daa103020105a20302010a") + bytes(48),
    bytes(range(1, 17)) + b"\x21\x20\x22\x08\0\0\0\0\0\0\1\0",
])
HEADS = st.one_of(st.binary(max_size=3), st.builds(lambda word, cut, rest: (word[:cut] + rest)[:64], WORDS,
                                                   st.integers(0, 64), st.binary(max_size=20)))


def naive(wants: tuple[Wants, ...], client: bytes, server: bytes, flow: FlowFacts) -> tuple[Wants | None, bool]:
    answers = [(want, want.probe(client, server, flow)) for want in wants]
    said_yes = [want for want, answer in answers if answer]
    return (said_yes[0], False) if said_yes else (None, any(answer is None for _, answer in answers))


@pytest.mark.parametrize(("wants", "proto"), [(STREAM_WANTS, 6), (DATAGRAM_WANTS, 17)])
@settings(deadline=None, max_examples=400)
@given(data=st.data())
def test_all_probes_together_say_the_same(wants: tuple[Wants, ...], proto: int, data: st.DataObject) -> None:
    client, server = data.draw(HEADS), data.draw(HEADS)
    flow = FlowFacts(1, 1, 2, data.draw(PORTS), data.draw(PORTS), proto, 0)
    assert Recogniser(wants).ask(client, server, flow) == naive(wants, client, server, flow)


@pytest.mark.parametrize(("wants", "proto"), [(STREAM_WANTS, 6), (DATAGRAM_WANTS, 17)])
@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_what_is_not_asked_would_not_say_yes(wants: tuple[Wants, ...], proto: int, data: st.DataObject) -> None:
    want = data.draw(st.sampled_from([w for w in wants if w.opens != Opening()]))
    client, server = data.draw(st.one_of(st.just(b""), HEADS)), data.draw(HEADS)
    if not client and not server:
        return
    port = data.draw(PORTS)
    answer = want.probe(client, server, FlowFacts(1, 1, 2, port, port, proto, 0))
    candidates, sure, _ = Recogniser([want]).asked(client, server)
    assert sure or not answer
    assert candidates or answer is False


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(STREAM_WANTS), HEADS, PORTS)
def test_one_protocol_can_be_left_out(but: Wants, server: bytes, port: int) -> None:
    flow = FlowFacts(1, 1, 2, port, port, 6, 0)
    others = tuple(w for w in STREAM_WANTS if w.app_proto != but.app_proto)
    assert Recogniser(STREAM_WANTS).ask(b"", server, flow, but=but.app_proto) == naive(others, b"", server, flow)


@pytest.mark.parametrize(("client", "server", "most"), [
    (b"GET / HTTP/1.1", b"", 5), (b"\x16\x03\x01", b"\x16\x03\x03", 4), (b"", b"\xc5" * 64, 4),
    (b"", b"HTTP/1.1 200", 4),
])
def test_few_are_asked(client: bytes, server: bytes, most: int) -> None:
    assert len(Recogniser(STREAM_WANTS).asked(client, server).sure) <= most
