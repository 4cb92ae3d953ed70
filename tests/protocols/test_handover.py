"""A conversation that begins as one protocol and goes on as another."""

from __future__ import annotations

from sensor.protocols import rdp, tls
from tests.protocols.test_rdp_connection import SECURE
from tests.protocols.test_tls_handshake import TALK12
from tests.support.capture_files import pcap, pcap_record
from tests.support.frames import ethernet, ipv4, tcp
from tests.support.naive_streams import parse_capture

_CLIENT, _SERVER = "192.0.2.1", "198.51.100.1"
_SYN, _PSH_ACK = 2, 0x18


def capture_of(talk) -> bytes:
    """What was said as a capture: a SYN each way, then a segment for each word."""
    at = {True: 1, False: 1}
    frames = [_segment(True, b"", 0, _SYN), _segment(False, b"", 0, _SYN | 0x10)]
    for to_server, data in talk:
        frames.append(_segment(to_server, data, at[to_server], _PSH_ACK))
        at[to_server] += len(data)
    return pcap([]) + b"".join(pcap_record(frame, seconds=n) for n, frame in enumerate(frames, 1))


def _segment(to_server: bool, data: bytes, seq: int, flags: int) -> bytes:
    ports = (40000, 3389) if to_server else (3389, 40000)
    ends = (_CLIENT, _SERVER) if to_server else (_SERVER, _CLIENT)
    return ethernet(ipv4(tcp(data, sport=ports[0], dport=ports[1], seq=seq, flags=flags), src=ends[0], dst=ends[1]))


def test_rdp_turns_to_tls(tmp_path):
    path = tmp_path / "rdp.pcap"
    path.write_bytes(capture_of([*SECURE, *TALK12]))
    told = parse_capture(path, (*rdp.WANTS, *tls.WANTS))
    assert [r["event_type"] for r in told["rdp"]] == ["initial_request", "initial_response"]
    assert [(r["sni"], r["from_proto"], r["established"]) for r in told["tls"]] == [(b"example.com", "rdp", 1)]
