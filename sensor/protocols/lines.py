"""Lines of a text protocol, put together from pieces of any size within a limit."""

from __future__ import annotations

from collections.abc import Iterator


class Lines:
    """Cuts one direction of a stream at line feeds; at most ``limit`` bytes of one are held, the rest passed over."""

    def __init__(self, limit: int) -> None:
        self._limit, self._held, self._cut = limit, bytearray(), False

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """Yield each line that is complete, without CR LF, and whether it was cut to the limit."""
        pos = 0
        while True:
            end = data.find(b"\n", pos)
            stop = len(data) if end < 0 else end
            room = self._limit + 1 - len(self._held)  # one more than the limit, where the CR of a full line stands
            self._held += data[pos : min(stop, pos + max(room, 0))]
            self._cut = self._cut or stop - pos > room
            if end < 0:
                return
            line = bytes(self._held)
            line = line[:-1] if line.endswith(b"\r") and not self._cut else line
            cut = self._cut or len(line) > self._limit
            self.forget()
            pos = end + 1
            yield line[: self._limit], cut

    def forget(self) -> None:
        """Drop the line that is under way, as after a gap."""
        self._held.clear()
        self._cut = False
