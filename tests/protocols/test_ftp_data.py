"""FTP's data connections are found by the port that was agreed between two hosts, whatever address they tell of it."""

from __future__ import annotations

from typing import Any

import pytest

from sensor.protocols import STREAM_WANTS
from tests.support.dissecting import dissected, portions
from tests.support.frames import ethernet, ipv4, tcp

FIN, SYN, ACK = 1, 2, 16
CLIENT, SERVER, OTHER = "192.0.2.1", "198.51.100.1", "203.0.113.9"
FILE = b"%PDF-1.4\n" + b"x" * 200
Talk = list[tuple[bool, bytes]]


def connection(ends: tuple[tuple[str, int], tuple[str, int]], talk: Talk) -> list[bytes]:
    """Return the frames of a connection from the first end to the second; talk is (whether the first says it, what)."""
    seq = [1000, 9000]

    def frame(side: int, flags: int, data: bytes = b"") -> bytes:
        (src, sport), (dst, dport) = ends[side], ends[1 - side]
        made = tcp(data, seq=seq[side], ack=seq[1 - side], flags=flags, sport=sport, dport=dport)
        seq[side] += len(data) + (flags & (SYN | FIN) != 0)
        return ethernet(ipv4(made, src=src, dst=dst))

    opened = [frame(0, SYN), frame(1, SYN | ACK), frame(0, ACK)]
    said = [frame(int(not first), ACK, data) for first, data in talk]
    return [*opened, *said, frame(0, FIN | ACK), frame(1, FIN | ACK)]


def files(agreed: Talk, data_ends: tuple[tuple[str, int], tuple[str, int]], batch: int) -> list[dict[str, Any]]:
    control = connection(((CLIENT, 40000), (SERVER, 21)), [
        (False, b"220 an FTP server\r\n"), (True, b"USER a\r\n"), (False, b"230 in\r\n"), *agreed,
        (True, b"RETR plan.pdf\r\n"), (False, b"150 here it comes\r\n")])
    data = connection(data_ends, [(data_ends[0][0] == SERVER, FILE)])
    rows = dissected(portions([*control, *data], batch), STREAM_WANTS).rows
    return [row for row in rows.get("fileinfo", []) if row["app_proto"] == "ftp_data"]


@pytest.mark.parametrize("batch", [1, 4096])
@pytest.mark.parametrize("told", ["198,51,100,1", "10,0,0,7"])  # the second: as the server sees itself
def test_passive(told: str, batch: int) -> None:
    agreed = [(True, b"PASV\r\n"), (False, b"227 Entering Passive Mode (%s,200,10)\r\n" % told.encode())]
    (row,) = files(agreed, ((CLIENT, 40001), (SERVER, 51210)), batch)
    assert row["filename"] == "plan.pdf"
    assert row["size"] == len(FILE)


@pytest.mark.parametrize("told", ["192,0,2,1", "10,0,0,8"])
def test_active(told: str) -> None:
    agreed = [(True, b"PORT %s,200,10\r\n" % told.encode()), (False, b"200 good\r\n")]
    (row,) = files(agreed, ((SERVER, 20), (CLIENT, 51210)), 4096)
    assert row["filename"] == "plan.pdf"


@pytest.mark.parametrize("ends", [
    ((CLIENT, 40001), (SERVER, 51211)), ((CLIENT, 40001), (OTHER, 51210)), ((OTHER, 40001), (SERVER, 51210)),
    ((SERVER, 20), (CLIENT, 51210))])
def test_another_connection_is_no_data_connection(ends: tuple[tuple[str, int], tuple[str, int]]) -> None:
    agreed = [(True, b"PASV\r\n"), (False, b"227 Entering Passive Mode (198,51,100,1,200,10)\r\n")]
    assert not files(agreed, ends, 4096)
