"""Which captures a replay reads, and what identifies their content."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from columns.errors import CaptureError

CAPTURE_SUFFIXES = (".pcap", ".pcapng", ".cap", ".dmp", ".dump")
COMPRESSED_SUFFIXES = (".gz", ".zst")
STDIN = Path("-")
_WHOLE_BYTES = 16 << 20
_SAMPLE_BYTES = 64 << 10


def input_captures(arguments: Sequence[Path]) -> list[Path]:
    """Return the captures that the arguments name: a folder stands for the captures in it, in order of name.

    A folder without captures raises CaptureError; what else an argument names is not looked into here.
    """
    return [path for argument in arguments for path in _expanded(argument)]


def _expanded(argument: Path) -> list[Path]:
    if argument == STDIN or not argument.is_dir():
        return [argument]
    found = sorted(p for p in argument.iterdir() if p.is_file() and is_capture_name(p.name))
    if not found:
        names = ", ".join("*" + suffix for suffix in CAPTURE_SUFFIXES)
        raise CaptureError("no captures in this folder", where=str(argument),
                           expected=f"files named {names}, also .gz and .zst")
    return found


def capture_name(path: Path) -> str:
    """Return the name under which a capture is remembered: absolute, so that it is found again from anywhere."""
    return str(path) if path == STDIN else str(path.absolute())


def is_capture_name(name: str) -> bool:
    """Return True for a file name that ends as captures do, compressed or not."""
    name = name.lower()
    for suffix in COMPRESSED_SUFFIXES:
        name = name.removesuffix(suffix)
    return name.endswith(CAPTURE_SUFFIXES)


def run_id(captures: Sequence[Path], *parts: str) -> str:
    """Return "r-" and 16 hex digits: the same captures in the same order, with the same parts, are the same run.

    CaptureError when a capture cannot be read.
    """
    digest = hashlib.blake2b(digest_size=8)
    for part in (*parts, *[capture_fingerprint(path) for path in captures]):
        digest.update(f"{len(part)}:{part}".encode())
    return f"r-{digest.hexdigest()}"


def capture_fingerprint(path: Path) -> str:
    """Return a digest of a file's content.

    Of a large file, 256 samples stand for it, with its size and its
    modification time: reading all of it would take longer than the replay. CaptureError when it cannot be read.
    Standard input, a pipe or a device never has the same content twice as far as anybody can tell.
    """
    if path == STDIN or (path.exists() and not path.is_file()):
        return f"stream {time.time_ns()}"
    try:
        status = path.stat()
        digest = hashlib.blake2b(f"{status.st_size}".encode(), digest_size=16)
        with path.open("rb") as file:
            if status.st_size <= _WHOLE_BYTES:
                digest.update(file.read())
            else:
                digest.update(f" {status.st_mtime_ns}".encode())
                for i in range(256):
                    file.seek((status.st_size - _SAMPLE_BYTES) * i // 255)
                    digest.update(file.read(_SAMPLE_BYTES))
    except OSError as error:
        raise CaptureError(f"cannot be read ({error.strerror})", where=str(path),
                           expected="a capture file that exists and may be read") from None
    return digest.hexdigest()
