"""A file in memory by which a block reaches the engine.

The engine's own streaming insert returns success when the disk is full and nothing was written; INSERT ... SELECT
from a file says so. It costs a tenth more.
"""

from __future__ import annotations

import os
import tempfile


class BlockFile:
    """One file, written over by each block; in memory where the system can, else in the directory for such files."""

    def __init__(self) -> None:
        self._named = None
        if hasattr(os, "memfd_create"):
            self._file = os.memfd_create("sekisho-block")
            self.path = f"/proc/self/fd/{self._file}"
        else:
            self._named = tempfile.NamedTemporaryFile(prefix="sekisho-block-")  # noqa: SIM115 (close() ends it)
            self._file, self.path = self._named.fileno(), self._named.name

    def write(self, block: bytes) -> None:
        """Make the block the whole content; over what was there, because new memory costs more than the copying."""
        written = 0
        while written < len(block):
            written += os.pwrite(self._file, memoryview(block)[written:], written)
        os.ftruncate(self._file, written)

    def close(self) -> None:
        """Give the file free."""
        if self._named is not None:
            self._named.close()
        else:
            os.close(self._file)
