"""What rules ask of a file: its size and its hashes."""

from __future__ import annotations

import hashlib
from typing import Any

from detectors.signatures.language.conditions import FileHash, FileSize

SIZE, STATE = "file.size", "file.state"
"""Numbers and words that parsers tell with a file: its size in bytes; closed, truncated."""


def file_holds(condition: Any, file: dict[str, list[bytes]]) -> bool:
    """Return whether a condition holds of a file, as told by its parser."""
    if isinstance(condition, FileSize):
        sizes = file.get(SIZE)
        return bool(sizes and condition.test.holds(int(sizes[0])))
    if isinstance(condition, FileHash):
        told = file.get(f"file.{condition.algorithm}")
        if told:
            digest = told[0]
        elif file.get("file.data") and int(file.get(SIZE, [b"0"])[0]) == len(file["file.data"][0]):
            digest = hashlib.new(condition.algorithm, file["file.data"][0], usedforsecurity=False).digest()
        else:
            return False
        return (digest in condition.hashes) != condition.negated
    return False
