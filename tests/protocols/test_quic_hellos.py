"""QUIC: hellos out of Initial packets, however they were put in, and of what is not one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from columns.errors import UsageError
from sensor.protocols.parser import Moment
from sensor.protocols.quic import QuicParser, QuicSettings, probe
from sensor.protocols.quic.crypto import CryptoStream, crypto_frames
from sensor.protocols.quic.packet import long_packet, varint
from sensor.protocols.quic.protection import _expand, _full_number
from tests.support.quic_packets import crypto, google_hello, initial, retry
from tests.support.speak import UDP_FLOW, Heard
from tests.support.tls_messages import (
    alpn,
    client_hello,
    extension,
    message,
    numbers,
    server_hello,
    server_name,
    signatures,
    versions,
)

DCID, CSCID, SSCID = bytes(range(8)), b"", b"\xaa" * 5
HELLO = message(1, client_hello(server_name(b"a.example"), alpn(b"h3"), versions(0x0304), signatures(0x0403),
                                extension(57, bytes(1500)), ciphers=[0x1301, 0x1302]))
ANSWER = message(2, server_hello(extension(43, numbers([0x0304])), extension(51, numbers([29, 0])), cipher=0x1301))


def client(*frames, number=0, version=1, dcid=DCID, **more):
    return True, initial(b"".join(frames), True, dcid, dcid=dcid, scid=CSCID, number=number, version=version, **more)


def server(*frames, number=0, version=1, keyed_by=DCID):
    return False, initial(b"".join(frames), False, keyed_by, dcid=CSCID, scid=SSCID, number=number, version=version)


def hear(said, end=True, **settings):
    heard = Heard(QuicParser, QuicSettings(**settings) if settings else None, flow=UDP_FLOW)
    for number, (to_server, data) in enumerate(said, 1):
        if not heard.parser.done:
            heard.parser.datagram(to_server, data, Moment(number, number))
    if end and not heard.parser.done:
        heard.parser.end(Moment(99, 99))
    return heard


@pytest.mark.parametrize(("version", "name"), [(1, "1"), (0x6B3343CF, "2"), (0xFF00001D, "draft-29"),
                                                (0xFF00001B, "draft-27"), (0xFF000022, "draft-34")])
def test_both_hellos_give_a_row_each(version, name):
    heard = hear([client(crypto(0, HELLO[:900]), version=version),
                  client(crypto(900, HELLO[900:]), number=1, version=version),
                  server(b"\2\0\0\0\0", crypto(0, ANSWER), version=version)])
    offered, chosen = heard.rows
    assert (offered["version"], offered["version_name"], offered["sender"]) == (str(version), name, "client")
    assert (offered["sni"], offered["ja4"][:10]) == (b"a.example", "q13d0205h3")
    assert offered["client_dcid"] == DCID.hex()
    assert [e.get("name") for e in json.loads(offered["extensions"])] == [
        "server_name", "alpn", "supported_versions", "signature_algorithms", "quic_transport_parameters"]
    assert json.loads(offered["extensions"])[0]["values"] == ["a.example"]
    assert (chosen["sender"], chosen["cipher"], chosen["named_group"], chosen["server_scid"]) == (
        "server", "TLS_AES_128_GCM_SHA256", "x25519", SSCID.hex())
    assert heard.moments == [Moment(2, 2), Moment(3, 3)]
    assert heard.parser.done
    assert not heard.counters


def test_keys_and_numbers_as_in_the_rfcs():
    import hmac
    secret = hmac.digest(bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), bytes.fromhex("8394c8f03e515708"),
                         "sha256")
    own = _expand(secret, b"client in", 32)
    assert _expand(own, b"quic key", 16).hex() == "1f369613dd76d5467730efcbe3b1a22d"  # RFC 9001, A.1
    assert _expand(own, b"quic hp", 16).hex() == "9f50449e04a0e810283a1e9933adedd2"
    assert _full_number(0x9B32, 2, 0xA82F30EA) == 0xA82F9B32  # RFC 9000, A.3
    assert varint(bytes.fromhex("c2197c5eff14e88c"), 0) == (151288809941952652, 8)  # RFC 9000, A.1


@given(st.permutations(range(8)), st.integers(0, 3))
def test_pieces_in_any_order_and_doubled(order, number_bytes):
    step = len(HELLO) // 7
    packets = [client(crypto(i * step, HELLO[i * step : (i + 1) * step + 5]), number=i, number_bytes=number_bytes + 1)
               for i in order]
    assert hear(packets).rows[0]["sni"] == b"a.example"


def test_coalesced_packets_and_what_follows_them():
    one = client(crypto(0, HELLO[:700]))[1] + client(crypto(700, HELLO[700:]), number=1)[1] + b"\x40rest"
    heard = hear([(True, one)])
    assert heard.row["sni"] == b"a.example"


def test_after_a_retry_the_hello_is_told_again():
    new = b"\x77" * 8
    heard = hear([client(crypto(0, HELLO)), (False, retry(1, CSCID, new)), client(crypto(0, HELLO), number=1, dcid=new),
                  server(crypto(0, ANSWER), keyed_by=new)])
    assert [(r["sender"], r["retries"]) for r in heard.rows] == [("client", 0), ("client", 1), ("server", 1)]


def test_what_cannot_be_decrypted_is_counted_and_said():
    broken = bytearray(client(crypto(0, HELLO))[1])
    broken[-1] ^= 1
    heard = hear([(True, bytes(broken))])
    assert heard.counters == {"Initial not decrypted": 1}
    assert (heard.row["sender"], heard.row["version"]) == ("none", "1")


def test_limits_of_bytes_and_of_datagrams():
    said = [client(crypto(5000, b"x" * 100)), client(crypto(900, b"x"), number=1)] * 3
    heard = hear(said, crypto_bytes=2048, datagrams=4)
    assert heard.counters == {"CRYPTO beyond limit": 2, "hello not whole": 1}
    assert heard.parser.done
    assert heard.row["sender"] == "none"
    stream = CryptoStream(1000, 2)
    assert [stream.add(at, b"x") for at in (5, 7, 9)] == [True, True, False]


def test_googles_hello():
    data = google_hello(b"Q043", {"PAD": b"--", "SNI": b"g.example", "VER": b"Q043", "UAID": b"Chrome"})
    assert probe(data[:64], b"", UDP_FLOW) is True
    row = hear([(True, data)]).row
    assert (row["version"], row["version_name"], row["sni"], row["ua"]) == (
        "1362113587", "Q043", b"g.example", b"Chrome")
    assert json.loads(row["cyu"])[0]["string"] == "43,PAD-SNI-VER-UAID"


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=100) | st.builds(
    lambda tail: b"\xc3\0\0\0\1\x08" + bytes(8) + b"\0\0\x40" + tail, st.binary(max_size=100))), max_size=8))
def test_any_datagrams_raise_nothing(said):
    hear(said)


@given(st.binary(max_size=200), st.integers(0, 220))
def test_any_frames_raise_nothing(frames, at):
    assert len(list(crypto_frames(frames))) <= len(frames)
    long_packet(frames, min(at, len(frames)))


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=5), st.integers(0, 1600))
def test_damaged_packets_raise_nothing(changes, size):
    data = bytearray(client(crypto(0, HELLO))[1])
    for at, value in changes:
        data[at] = value
    hear([(True, bytes(data[:size])), client(crypto(0, HELLO)), server(crypto(0, ANSWER))])


@pytest.mark.parametrize(("first", "second", "found"), [
    (client(crypto(0, HELLO))[1][:64], b"", True), (b"", server(crypto(0, ANSWER))[1][:64], True),
    (b"\xc0\0\0\0\7" + bytes(40), b"", False), (b"\x40" + bytes(40), b"", False), (b"", b"", None)])
def test_the_probe(first, second, found):
    assert probe(first, second, UDP_FLOW) is found


def test_settings_have_ranges():
    with pytest.raises(UsageError, match="datagrams is 0"):
        QuicSettings(datagrams=0)
