"""Bodies of records: compressed for the disk, and the newest ones kept in memory as they were."""

from __future__ import annotations

RECENT_BYTES = 64 << 20
"""Of this much, a server that keeps up never makes the spool read its files."""

_LEVEL = 1


class RecentBodies:
    """Bodies by number of their record, the first ones up to RECENT_BYTES."""

    def __init__(self) -> None:
        self._kept: dict[int, bytes] = {}
        self._bytes = 0

    def keep(self, number: int, body: bytes) -> None:
        """Keep a body, if there is room."""
        if self._bytes + len(body) <= RECENT_BYTES:
            self._kept[number] = body
            self._bytes += len(body)

    def get(self, number: int) -> bytes | None:
        """Return a body that is kept, or None."""
        return self._kept.get(number)

    def forget(self, number: int) -> None:
        """Forget a body."""
        self._bytes -= len(self._kept.pop(number, b""))


def compressed(body: bytes) -> bytes:
    """Return a body as it stands in a file."""
    import zstandard

    return zstandard.ZstdCompressor(level=_LEVEL).compress(body) if body else b""


def expanded(packed: bytes, raw_bytes: int) -> bytes | None:
    """Return a body of raw_bytes as it was, or None where it cannot have been one."""
    import zstandard

    try:
        body = zstandard.ZstdDecompressor().decompress(packed, max_output_size=raw_bytes) if packed else b""
    except zstandard.ZstdError:
        return None
    return body if len(body) == raw_bytes else None
