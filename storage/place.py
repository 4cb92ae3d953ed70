"""The directory of an embedded store: whose it is, which schema it has, and that one process owns it."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from columns.errors import StoreError, StoreMissing
from storage.migrations import FIRST_DIGEST, SCHEMA_NUMBER
from storage.versions import check_number

MARKER = "sekisho-store.json"
LOCK = "owner.lock"
ENGINE = "clickhouse"


class Place:
    """An owned store directory; release() gives it free. The kernel does so too when the process dies."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @property
    def engine_path(self) -> Path:
        """Where the engine keeps its files."""
        return self.path / ENGINE

    def release(self) -> None:
        """Give the directory free."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def claim(path: Path | str, schema: str, *, create: bool, older: bool = False) -> Place:
    """Take possession of a store directory, making an empty one where there is none and create allows it.

    schema: digest of the tables this program writes; with older, a store of an older schema will do. StoreError when
    the place cannot be used: no such parent, not a directory, not writable, somebody else's files, made for other
    tables, or owned by another process.
    """
    path = Path(path).absolute()
    if "?" in str(path):
        raise StoreError("a store's path may not hold '?'", where=str(path), remedy="choose another directory")
    try:
        exists = _check(path, create)
        if not exists:
            path.mkdir(exist_ok=True)
        lock = _take_lock(path)
    except OSError as error:
        raise _refused(path, error) from error
    try:
        _check_marker(path, schema, older)
    except OSError as error:
        os.close(lock)
        raise _refused(path, error) from error
    except BaseException:
        os.close(lock)
        raise
    return Place(path, lock)


def _check(path: Path, create: bool) -> bool:
    """Whether the directory exists; raises StoreError where it cannot become a store."""
    if path.is_dir():
        foreign = sorted(p.name for p in path.iterdir() if p.name != LOCK)
        if foreign and not (path / MARKER).exists():
            raise StoreError("this directory holds other files and is not a store", where=str(path),
                             expected=f"an empty directory, or one with {MARKER}",
                             remedy="name another directory, for example one inside it")
        if not create and not foreign:
            raise _missing(path)
        return True
    if path.exists() or path.is_symlink():
        raise StoreError("not a directory", where=str(path), expected="the directory of a store")
    if not create:
        raise _missing(path)
    if not path.parent.is_dir():
        raise StoreError("the directory above the store does not exist", where=str(path.parent),
                         remedy=f"create it: mkdir -p {path.parent}")
    return False


def _missing(path: Path) -> StoreMissing:
    return StoreMissing("there is no store here", where=str(path),
                        remedy="write one with sekisho replay CAPTURE --store DIR, or name the right directory")


def _take_lock(path: Path) -> int:
    lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(lock, 32, 0).decode("ascii", "replace").strip()
        os.close(lock)
        raise StoreError(f"the store is in use by process {owner or 'of unknown number'}", where=str(path),
                         expected="one process at a time",
                         remedy="wait until it has ended, or use another store") from None
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    except OSError:
        os.close(lock)
        raise
    return lock


def mark(path: Path, schema: str) -> None:
    """Write down that a directory is a store of this program's schema."""
    draft = path / f"{MARKER}.new"
    draft.write_text(json.dumps({"store": "sekisho", "schema": schema, "number": SCHEMA_NUMBER}) + "\n")
    draft.replace(path / MARKER)


def _check_marker(path: Path, schema: str, older: bool) -> None:
    marker = path / MARKER
    if not marker.exists():
        mark(path, schema)
        return
    try:
        found = json.loads(marker.read_text())
        digest, number = str(found["schema"]), int(found.get("number", 0))
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError("the store's description is damaged", where=str(marker),
                         expected=json.dumps({"store": "sekisho", "schema": schema, "number": SCHEMA_NUMBER}),
                         remedy="restore this file from a backup, or replay into a new store") from error
    number = number or (1 if digest == FIRST_DIGEST else SCHEMA_NUMBER)
    if not (older and number < SCHEMA_NUMBER):
        check_number(number, str(path))
    if number == SCHEMA_NUMBER and digest != schema:
        raise StoreError("the store was written by another version of the program", where=str(path),
                         expected=f"tables {schema}, found {digest}",
                         remedy="replay the captures into a new store, or use the version that wrote this one")


def _refused(path: Path, error: OSError) -> StoreError:
    return StoreError(f"the store cannot be opened ({error.strerror or error})", where=str(path),
                      expected="a directory that this user may write", remedy="change its owner, or choose another")
