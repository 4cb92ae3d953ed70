"""A probe that is not asked, because of the first bytes, would have said no."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns.said import FlowFacts
from sensor.protocols import DATAGRAM_WANTS, STREAM_WANTS
from sensor.protocols.parser import Opening, Wants
from sensor.protocols.recognising import Recogniser

PORTS = st.sampled_from([21, 25, 53, 67, 69, 80, 110, 123, 137, 143, 389, 445, 502, 3389, 5432, 6667, 40_000])
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
])
HEADS = st.builds(lambda word, cut, rest: (word[:cut] + rest)[:64], WORDS, st.integers(0, 64), st.binary(max_size=20))


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


OPENINGS = [(want, proto) for wants, proto in ((STREAM_WANTS, 6), (DATAGRAM_WANTS, 17)) for want in wants
            if want.opens != Opening()]


@settings(deadline=None, max_examples=600)
@given(st.sampled_from(OPENINGS), HEADS, HEADS, PORTS)
def test_what_is_not_asked_would_say_no(asked: tuple[Wants, int], client: bytes, server: bytes, port: int) -> None:
    want, proto = asked
    if not client and not server:
        return
    if not Recogniser([want]).candidates(client, server):
        assert want.probe(client, server, FlowFacts(1, 1, 2, port, port, proto, 0)) is False


def test_few_are_asked() -> None:
    recogniser = Recogniser(STREAM_WANTS)
    assert len(recogniser.candidates(b"GET / HTTP/1.1", b"")) < len(STREAM_WANTS) / 2
    assert len(recogniser.candidates(b"\x16\x03\x01", b"\x16\x03\x03")) < len(STREAM_WANTS) / 2
