"""The end that speaks second is held against the protocol of the first; who speaks is who opened the connection."""

from __future__ import annotations

from typing import Any

import pytest

from columns.address import address_int
from sensor.protocols import STREAM_WANTS
from tests.support.dissecting import dissected, portions
from tests.support.segments import ACK, FIN, handshake, segment

REQUEST, PAGE = b"GET / HTTP/1.0\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\nhello"
HELLO = bytes.fromhex("160303003a0200") + b"\x03" * 60


def told(client: bytes, *server: bytes, batch: int = 4096,
         server_first: bool = False) -> dict[str, list[dict[str, Any]]]:
    answers, place = [], 0
    for data in server:
        answers.append(segment(data, place, server=True))
        place += len(data)
    asked = [segment(client)]
    said = [*answers, *asked] if server_first else [*asked, *answers]
    ends = [segment(b"", len(client), flags=ACK | FIN), segment(b"", place, server=True, flags=ACK | FIN)]
    return dissected(portions([*handshake(), *said, *ends], batch), STREAM_WANTS).rows


@pytest.mark.parametrize("server", [
    (b"SSH-2.0-x\r\n",), (b"S", b"SH", b"-2.0-x\r\n"), (b"\r\nhello\r\nSSH-2.0-x\r\n",), (b"* OK IMAP4\r\n",),
    (HELLO,), (HELLO[:3], HELLO[3:]), (b"\x20\x02\x00\x00",), (b"220 x FTP server\r\n",), (b"+OK hello\r\n",),
])
def test_another_protocol_of_the_server_is_told_once(server: tuple[bytes, ...]) -> None:
    (row,) = told(REQUEST, *server)["anomaly"]
    assert row["event"] == "APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS"
    assert (row["app_proto"], row["to_server"], row["layer"]) == ("http", 0, "proto_detect")


@pytest.mark.parametrize("server", [(PAGE,), (PAGE[:3], PAGE[3:]), (b"\xc5" * 200,), (b"\xc5",) * 80, (b"hello\n",)])
def test_the_same_protocol_and_none_are_not_told(server: tuple[bytes, ...]) -> None:
    assert "anomaly" not in told(REQUEST, *server)


def test_the_client_is_held_against_a_server_that_spoke_first() -> None:
    (row,) = told(REQUEST, b"SSH-2.0-x\r\n", server_first=True)["anomaly"]
    assert (row["app_proto"], row["to_server"]) == ("ssh", 1)


@pytest.mark.parametrize("server_first", [True, False])
@pytest.mark.parametrize("batch", [1, 4096])
def test_source_is_who_opened_the_connection(server_first: bool, batch: int) -> None:
    (row,) = told(b"SSH-2.0-a\r\n", b"SSH-2.0-b\r\n", batch=batch, server_first=server_first)["ssh"]
    assert (row["src_port"], row["dst_port"]) == (40000, 80)
    assert (row["src_ip_hi"], row["src_ip_lo"]) == (0, address_int("192.0.2.1"))
    assert (row["dst_ip_hi"], row["dst_ip_lo"]) == (0, address_int("198.51.100.1"))
    assert row["src_mac"] % 256 == (2 if server_first else 1)  # of that packet, which is the same both ways here
