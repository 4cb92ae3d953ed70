"""Which captures a run reads, and the id that the same replay gets every time."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from columns.errors import CaptureError

CAPTURE_SUFFIXES = (".pcap", ".pcapng", ".cap", ".dmp", ".dump")
COMPRESSED_SUFFIXES = (".gz", ".zst")
STDIN = Path("-")
_WHOLE_BYTES = 16 << 20
_SAMPLE_BYTES = 64 << 10


@contextmanager
def input_captures(arguments: Sequence[Path]) -> Iterator[list[Path]]:
    """Give the capture files that the arguments name: a folder stands for its captures in order of name.

    ``-`` is standard input, copied to a temporary file for the time of the replay, because captures are mapped.
    A folder without captures raises CaptureError; a file is not looked into here.
    """
    with tempfile.TemporaryDirectory(prefix="sekisho-") as folder:
        yield [path for argument in arguments for path in _expanded(argument, Path(folder))]


def _expanded(argument: Path, spool: Path) -> list[Path]:
    if argument == STDIN:
        copy = spool / "stdin"
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
        return [copy]
    if not argument.is_dir():
        return [argument]
    found = sorted(p for p in argument.iterdir() if p.is_file() and is_capture_name(p.name))
    if not found:
        raise CaptureError("no captures in this folder", where=str(argument),
                           expected="files named " + ", ".join("*" + s for s in CAPTURE_SUFFIXES) + ", also .gz and .zst")
    return found


def is_capture_name(name: str) -> bool:
    """Return True for a file name that ends as captures do, compressed or not."""
    name = name.lower()
    for suffix in COMPRESSED_SUFFIXES:
        name = name.removesuffix(suffix)
    return name.endswith(CAPTURE_SUFFIXES)


def run_id(captures: Sequence[Path], sensor: str, *digests: str) -> str:
    """Return 16 hex digits that name a replay: the same captures under the same digests always get the same id.

    A capture that cannot be read raises CaptureError.
    """
    digest = hashlib.blake2b(digest_size=8)
    for part in (sensor, *digests, *[_fingerprint(path) for path in captures]):
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()


def _fingerprint(path: Path) -> str:
    """Return a digest of a file's content. Of a large file, 256 samples stand for it, with its size and its
    modification time: reading all of it would take longer than the replay."""
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
