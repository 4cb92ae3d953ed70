"""One direction of SSH up to encryption: lines of the banner, then packets (RFC 4253, 4.2 and 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sensor.protocols.ssh.settings import SshSettings

NEW_KEYS = 21


class SshStream:
    """Yields the banner (bytes that begin with SSH-), then payloads of packets, until NEWKEYS.

    over is True when nothing more can be read; broken when that is not because of NEWKEYS. A side of SSH 1 is over
    after its banner.
    """

    def __init__(self, settings: SshSettings, count: Callable[[str], None]) -> None:
        self.over = self.broken = False
        self.banner = b""
        self.keep_raw, self.raw = False, b""  # the last packet as it came, where somebody inspects it
        self._settings, self._count = settings, count
        self._held = bytearray()
        self._searched = self._lines = self._packets = 0
        self._needed = 5

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take the next bytes; yield what they complete."""
        self._held += data
        while not self.over and not self.banner and (line := self._line()) is not None:
            if line.startswith(b"SSH-"):
                self.banner = line
                yield line
        while not self.over and self.banner and (payload := self._packet()) is not None:
            self.over = payload[:1] == bytes([NEW_KEYS])
            yield payload
        if self.over:
            self._held.clear()

    def give_up(self, cause: str) -> None:
        """Read nothing more, for a reason that is counted."""
        if not self.over:
            self.over = self.broken = True
            self._held.clear()
            self._count(cause)

    def _line(self) -> bytes | None:
        """The next line, without its end."""
        limit, held = self._settings.banner_bytes, self._held
        stop = held.find(b"\n", self._searched, limit + 1)
        if stop < 0:
            self._searched = len(held)
            if len(held) > limit:
                self.give_up("banner too long")
            return None
        line = bytes(held[:stop]).removesuffix(b"\r")
        del held[: stop + 1]
        self._searched = 0
        self._lines += 1
        if self._lines > self._settings.lines:
            self.give_up("too many lines before the banner")
            return None
        return line

    def _packet(self) -> bytes | None:
        """The payload of the next packet."""
        held = self._held
        if len(held) < self._needed:
            return None
        size = int.from_bytes(held[:4], "big")
        if not 2 <= size <= self._settings.packet_bytes or held[4] >= size - 1:
            self.give_up("no packet")
            return None
        if len(held) < 4 + size:
            self._needed = 4 + size
            return None
        payload = bytes(held[5 : 4 + size - held[4]])
        if self.keep_raw:
            self.raw = bytes(held[: 4 + size])
        del held[: 4 + size]
        self._needed = 5
        self._packets += 1
        if self._packets > self._settings.packets:
            self.give_up("too many packets before encryption")
            return None
        return payload
