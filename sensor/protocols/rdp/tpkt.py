"""TPKT packets of one direction (RFC 1006; X.224)."""

from __future__ import annotations

from collections.abc import Iterator

CONNECT_REQUEST, CONNECT_CONFIRM, DATA = 0xE0, 0xD0, 0xF0
_HEADER_BYTES = 4


class TpktReader:
    """Cuts packets out of a direction; holds at most one, within a limit. broken: what came is no packet."""

    def __init__(self, limit: int) -> None:
        self.broken = False
        self.held = bytearray()
        self._limit = limit

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Take the next bytes; yield code and user data of the packets that they complete."""
        self.held += data
        while len(self.held) >= _HEADER_BYTES and not self.broken:
            size = self.held[2] << 8 | self.held[3]
            if self.held[0] != 3 or not 7 <= size <= self._limit:
                self.broken = True
            elif len(self.held) < size:
                return
            else:
                packet = bytes(self.held[_HEADER_BYTES:size])
                del self.held[:size]
                code = packet[1] & 0xF0
                yield code, packet[3 if code == DATA else 7 :]
