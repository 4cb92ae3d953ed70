"""RDP: what the rows say of a connection's beginning, however it was cut, and whom it is handed over to."""

from __future__ import annotations

import json
from struct import pack

import pytest
from hypothesis import given

from columns.app import AppProto
from columns.errors import UsageError
from sensor.protocols.parser import Handover, Moment
from sensor.protocols.rdp import RdpParser, RdpSettings, probe
from tests.support.speak import TCP_FLOW, Heard, babble, cuts, noise

CLIENT, SERVER = True, False


def tpkt(body: bytes) -> bytes:
    return b"\3\0" + pack(">H", len(body) + 4) + body


def connect(code: int, data: bytes) -> bytes:
    return tpkt(bytes([6 + len(data), code]) + bytes(5) + data)


def wide(text: str, size: int) -> bytes:
    return text.encode("utf-16-le").ljust(size, b"\0")


CORE = (pack("<IHHHHII", 0x80004, 1280, 720, 0xCA01, 0xAA03, 0x411, 2600) + wide("DESK", 32) + pack("<III", 7, 2, 12)
        + wide("ime.dll", 64) + pack("<HHIHHH", 0xCA01, 1, 0, 24, 7, 0x21) + wide("id-1", 64) + pack("<BBI", 6, 0, 0)
        + pack("<IIHII", 300, 200, 90, 150, 100))
NET = pack("<I", 2) + b"rdpdr\0\0\0" + bytes(4) + b"cliprdr\0" + bytes(4)
BLOCKS = pack("<HH", 0xC001, 4 + len(CORE)) + CORE + pack("<HH", 0xC003, 4 + len(NET)) + NET
MCS = b"\x7f\x65\x82\1\0" + bytes(80) + b"Duca" + pack(">H", 0x8000 | len(BLOCKS)) + BLOCKS
PLAIN = [(CLIENT, connect(0xE0, b"Cookie: mstshash=eve\r\n\1\0\x08\0\0\0\0\0")),
         (SERVER, connect(0xD0, b"\2\x09\x08\0\0\0\0\0")), (CLIENT, tpkt(b"\2\xf0\x80" + MCS)),
         (SERVER, tpkt(b"\2\xf0\x80\x7f\x66\3abc")), (CLIENT, bytes(50))]
SECURE = [(CLIENT, connect(0xE0, b"\1\x01\x08\0" + pack("<I", 11))),
          (SERVER, connect(0xD0, b"\2\0\x08\0" + pack("<I", 2)))]


def hear(talk, cut=(), **settings):
    return Heard(RdpParser, RdpSettings(**settings) if settings else None).say(talk, cut)


def test_a_connection_without_tls():
    heard = hear(PLAIN)
    request, response, client, server = heard.rows
    assert (request["event_type"], request["cookie"]) == ("initial_request", b"eve")
    assert json.loads(request["requested_protocols"]) == ["rdp"]
    assert (response["protocol"], json.loads(response["server_supports"])) == (
        "rdp", ["extended_client_data", "restricted_admin"])
    assert (client["client_name"], client["client_version"], client["build"], client["client_build"]) == (
        "DESK", "v5", "Windows XP", 2600)
    assert (client["keyboard_layout"], client["keyboard_type"], client["ime"]) == ("ja-JP", "jp", "ime.dll")
    assert (client["desktop_width"], client["desktop_height"], client["color_depth"]) == (1280, 720, 24)
    assert (client["client_id"], client["connection_hint"], client["scale_factor"]) == ("id-1", "lan", 150)
    assert json.loads(client["channels"]) == ["rdpdr", "cliprdr"]
    assert json.loads(client["capabilities"]) == ["support_errinfo_pdf", "valid_connection_type"]
    assert server["event_type"] == "connect_response"
    assert heard.parser.done
    assert heard.parser.successor is None
    assert heard.moments == [Moment(n, n) for n in (1, 2, 3, 4)]


def test_tls_takes_over_with_the_bytes_that_are_its_own():
    heard = Heard(RdpParser).say([SECURE[0], (CLIENT, b"\x03"), (SERVER, SECURE[1][1] + b"\x16\3\1")], end=False)
    assert heard.parser.done
    assert heard.parser.successor == Handover(AppProto.TLS, b"\x03", b"\x16\3\1")
    assert json.loads(heard.rows[0]["requested_protocols"]) == ["ssl", "hybrid", "hybrid_ex"]
    assert json.loads(heard.rows[0]["flags"]) == ["restricted_admin_mode_required"]
    assert heard.rows[1]["protocol"] == "hybrid"


def test_tls_takes_over_where_the_answer_is_missing():
    heard = hear([SECURE[0], (CLIENT, b"\x16\3\1\0\x50")])
    assert heard.parser.successor == Handover(AppProto.TLS, b"\x16\3\1\0\x50", b"")


def test_a_refusal():
    heard = hear([SECURE[0], (SERVER, connect(0xD0, b"\3\0\x08\0" + pack("<I", 5)))])
    assert (heard.rows[1]["error_code"], heard.rows[1]["reason"]) == (5, "hybrid required by server")
    assert heard.parser.successor is None


def test_nonsense_and_gaps_are_counted():
    heard = hear([PLAIN[0], (CLIENT, b"nonsense"), (SERVER, tpkt(b"\2\xf0\x80" + bytes(20000)))])
    assert heard.counters == {"no TPKT packet": 2}
    gap = Heard(RdpParser).say(PLAIN[:1], end=False)
    gap.parser.gap(True, 5, Moment(2, 2))
    assert gap.counters == {"gap in the beginning": 1}


@given(cuts())
def test_however_it_is_cut_the_rows_are_the_same(cut):
    for talk in (PLAIN, SECURE):
        whole, pieces = hear(talk), hear(talk, cut)
        assert (pieces.rows, pieces.moments) == (whole.rows, whole.moments)


@given(babble() | noise(PLAIN) | noise(SECURE), cuts())
def test_any_bytes_raise_nothing_and_their_cut_does_not_matter(said, cut):
    whole, pieces = hear(said), hear(said, cut)
    assert (pieces.rows, pieces.moments, pieces.counters) == (whole.rows, whole.moments, whole.counters)


@pytest.mark.parametrize(("client", "server", "port", "found"), [
    (PLAIN[0][1], b"", 443, True), (SECURE[0][1], b"", 9, True), (b"\3\0", b"", 3389, None),
    (connect(0xE0, b""), b"", 3389, True), (connect(0xE0, b""), b"", 102, False), (b"", SECURE[1][1], 1, True),
    (connect(0xE0, b"\xc0\1\x0a\xc1\2\1\0"), b"", 102, False), (b"GET /", b"", 3389, False), (b"", b"", 3389, None)])
def test_the_probe(client, server, port, found):
    assert probe(client[:64], server[:64], TCP_FLOW._replace(dst_port=port)) is found


def test_settings_have_ranges():
    with pytest.raises(UsageError, match="channels is 0"):
        RdpSettings(channels=0)
