"""Events of TCP that rules ask for: timestamps that cannot be."""

from __future__ import annotations

from pathlib import Path
from struct import pack

import pytest

from tests.support import frames as f
from tests.support.ruled import CLIENT, SERVER, alerts_of, rules_of

RULE = "alert tcp any any -> any any (stream-event:pkt_invalid_timestamp; sid:1;)"
SYN, ACK, RST, FIN = 2, 16, 4, 1
DAY_MS = 24 * 3600 * 1000


def segment(client: bool, flags: int, stamps: tuple[int, int] | None, *, before: bytes = b"\1\1") -> bytes:
    """Return a frame; stamps are the option's value and echo, before stands in front of it."""
    options = b"" if stamps is None else before + b"\x08\x0a" + pack(">II", *stamps)
    options += b"\0" * (-len(options) % 4)
    ports = {"sport": 40000, "dport": 80} if client else {"sport": 80, "dport": 40000}
    ends = {"src": CLIENT, "dst": SERVER} if client else {"src": SERVER, "dst": CLIENT}
    return f.ethernet(f.ipv4(f.tcp(b"", seq=1, ack=1, flags=flags, options=options, **ports), **ends))


OPENED = [segment(True, SYN, (100, 0), before=b"\2\4\5\xb4\4\2"), segment(False, SYN | ACK, (7, 100)),
          segment(True, ACK, (101, 7))]


@pytest.mark.parametrize("batch", [1, 4096])
@pytest.mark.parametrize(("said", "times"), [
    ([*OPENED, segment(False, ACK, (8, 101)), segment(True, ACK, (101, 8))], 0),
    ([*OPENED, segment(False, RST | ACK, (0, 101))], 1),
    ([*OPENED, segment(True, ACK, (99, 7)), segment(True, ACK, (102, 7)), segment(True, ACK, (101, 7))], 2),
    ([*OPENED, segment(True, ACK, None)], 0),
    ([segment(True, SYN, (0xFFFFFFFF, 0)), segment(False, SYN | ACK, (7, 0xFFFFFFFF)), segment(True, ACK, (3, 7))], 0),
    ([OPENED[0], segment(False, RST | ACK, (9, 5)), segment(False, FIN | ACK, (9, 5)), *OPENED[1:]], 2),
    ([segment(True, SYN, None), segment(False, RST | ACK, (9, 5))], 1),
    ([segment(True, SYN, None), segment(False, SYN | ACK, None), segment(True, ACK, (1, 1))], 0),
    ([*OPENED[2:], segment(True, ACK, (5, 7))], 0)])
def test_a_timestamp_neither_goes_back_nor_echoes_what_was_not_said(
        said: list[bytes], times: int, batch: int, tmp_path: Path) -> None:
    assert alerts_of(rules_of(tmp_path, RULE), said, batch)[1] == times


@pytest.mark.parametrize("before", [b"\3\1", b"\3\xff", b"\xfe\0", b"\2"])
def test_options_that_are_broken_hold_no_timestamp(before: bytes, tmp_path: Path) -> None:
    broken = [segment(True, SYN, (100, 0)), segment(False, RST | ACK, (9, 5), before=before)]
    assert alerts_of(rules_of(tmp_path, RULE), broken)[1] == 0
