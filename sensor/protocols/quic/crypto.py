"""The CRYPTO stream of one direction: frames in any order become handshake messages (RFC 9000, 19)."""

from __future__ import annotations

from collections.abc import Iterator

from sensor.protocols.quic.packet import varint

_PADDING, _PING, _ACK, _ACK_ECN, _CRYPTO, _CLOSE = 0, 1, 2, 3, 6, 0x1C
_MOST_FRAMES = 1024


def crypto_frames(frames: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield offset and content of the CRYPTO frames of an Initial packet, up to the first frame that is none of it."""
    at, size = 0, len(frames)
    for _ in range(_MOST_FRAMES):
        if at < size and frames[at] == _PADDING:
            at = size - len(frames[at:].lstrip(b"\0"))
        if at >= size:
            return
        kind = frames[at]
        if kind == _PING:
            at += 1
        elif kind in (_ACK, _ACK_ECN):
            at = _after_ack(frames, at)
        elif kind == _CRYPTO:
            offset, start = varint(frames, at + 1)
            length, start = varint(frames, start)
            if offset < 0 or length < 0 or start + length > size:
                return
            yield offset, frames[start : start + length]
            at = start + length
        else:  # CONNECTION_CLOSE ends it; others do not belong here
            return
        if at < 0:
            return


def _after_ack(frames: bytes, at: int) -> int:
    """The place after an ACK frame; -1 where it is not whole."""
    ecn = frames[at] == _ACK_ECN
    at += 1
    fields = [0] * 4  # largest, delay, ranges, first range
    for i in range(4):
        fields[i], at = varint(frames, at)
        if fields[i] < 0:
            return -1
    for _ in range(min(2 * fields[2], len(frames)) + 3 * ecn):
        value, at = varint(frames, at)
        if value < 0:
            return -1
    return at


class CryptoStream:
    """Puts the beginning of a stream together, within a limit of bytes and of pieces that wait."""

    def __init__(self, limit: int, pieces: int) -> None:
        self.data = bytearray()
        self._limit, self._pieces = limit, pieces
        self._waiting: dict[int, bytes] = {}

    def add(self, offset: int, piece: bytes) -> bool:
        """Take a piece; False where it is beyond a limit. What came first counts."""
        if offset + len(piece) > self._limit:
            return False
        if offset > len(self.data):
            if len(self._waiting) >= self._pieces:
                return False
            if len(piece) > len(self._waiting.get(offset, b"")):
                self._waiting[offset] = piece
            return True
        self.data += piece[len(self.data) - offset :]
        for place in sorted(self._waiting):
            if place > len(self.data):
                break
            waited = self._waiting.pop(place)
            self.data += waited[len(self.data) - place :]
        return True

    def message(self) -> tuple[int, bytes] | None:
        """Return type and body of the first handshake message as soon as it is whole."""
        size = 4 + int.from_bytes(self.data[1:4], "big")
        if len(self.data) < max(size, 4):
            return None
        return self.data[0], bytes(self.data[4:size])

    @property
    def waits(self) -> bool:
        """Whether something has come, but no whole message."""
        return bool(self.data or self._waiting) and self.message() is None
