"""What the spool knows besides its records: how far each lane is acknowledged, and what was given up.

The file has two places of fixed size that are overwritten in turn, so that it never grows (a full disk cannot keep an
acknowledgement from being written) and one of the two is always whole.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from storage.spool.record import Lane

STATE = "state"
_PLACE_BYTES = 32 << 10
_HEAD = struct.Struct("<4sQII")
_MAGIC = b"SkS1"
_MOST_LIVES = 256
ANY = "*"


@dataclass
class State:
    """done: highest acknowledged number of each lane. sending: number of the record whose outcome is unknown, or -1.

    run: the run that is open at the server ({} for none): run_id, life, skip (the server had all of it), and by table
    the rows of the newest second of insertion, as [second, rows]. lost: rows given up by table and cause. torn: records
    that were not whole, and their bytes. inserted: blocks that each table had taken when it was asked last. lossy:
    lives of which rows were given up, until their end is acknowledged; ANY stands for more than are remembered.
    """

    done: list[int] = field(default_factory=lambda: [-1] * len(Lane))
    sending: int = -1
    run: dict[str, Any] = field(default_factory=dict)
    lost: dict[str, dict[str, int]] = field(default_factory=dict)
    torn: int = 0
    torn_bytes: int = 0
    inserted: dict[str, int] = field(default_factory=dict)
    lossy: list[str] = field(default_factory=list)

    def lose(self, table: str, cause: str, rows: int, life: str) -> None:
        """Count rows of a life that were given up."""
        causes = self.lost.setdefault(table, {})
        causes[cause] = causes.get(cause, 0) + rows
        if not self.is_lossy(life):
            self.lossy.append(life if len(self.lossy) < _MOST_LIVES else ANY)

    def is_lossy(self, life: str) -> bool:
        """Whether rows of a life may have been given up."""
        return life in self.lossy or ANY in self.lossy


class StateFile:
    """The file of the state; state is what it held, or a fresh one. OSError where it cannot be made."""

    def __init__(self, folder: Path, *, writable: bool = True, sync: bool = True) -> None:
        path = folder / STATE
        flags = os.O_RDWR | os.O_CREAT if writable else os.O_RDONLY
        self._file = os.open(path, flags | os.O_CLOEXEC, 0o600)
        found = [s for s in map(self._read, (0, 1)) if s is not None]
        self._generation, self.state = max(found, key=lambda pair: pair[0], default=(0, State()))
        if writable and not found:
            self._allocate(sync=sync)

    def save(self, *, sync: bool = False) -> None:
        """Write the state; sync waits until it is on the disk."""
        text = json.dumps(asdict(self.state), separators=(",", ":")).encode()
        self._generation += 1
        place = (self._generation % 2) * _PLACE_BYTES
        head = _HEAD.pack(_MAGIC, self._generation, len(text), zlib.crc32(text))
        os.pwrite(self._file, (head + text)[:_PLACE_BYTES], place)
        if sync:
            os.fsync(self._file)

    def close(self) -> None:
        """Give the file free."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _allocate(self, *, sync: bool) -> None:
        """Take all the space that the file will ever need."""
        os.pwrite(self._file, bytes(2 * _PLACE_BYTES), 0)
        self.save()
        self.save(sync=sync)

    def _read(self, place: int) -> tuple[int, State] | None:
        raw = os.pread(self._file, _PLACE_BYTES, place * _PLACE_BYTES)
        if len(raw) < _HEAD.size or not raw.startswith(_MAGIC):
            return None
        _, generation, length, crc = _HEAD.unpack_from(raw)
        text = raw[_HEAD.size : _HEAD.size + length]
        if len(text) != length or zlib.crc32(text) != crc:
            return None
        return generation, State(**json.loads(text))
