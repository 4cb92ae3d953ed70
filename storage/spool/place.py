"""The folder of a spool: that it is one, for which server it holds rows, and that one process owns it."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from columns.errors import StoreError

MARKER = "sekisho-spool.json"
LOCK = "owner.lock"
_VERSION = 1


class SpoolPlace:
    """An owned folder; release() gives it free, and so does the kernel when the process dies."""

    def __init__(self, path: Path, lock: int, target: str) -> None:
        self.path, self.target = path, target
        self._lock = lock

    def release(self) -> None:
        """Give the folder free."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def claim_spool(path: Path | str, target: str, *, create: bool = True) -> SpoolPlace:
    """Take possession of a spool's folder, making it where there is none and create allows it.

    target: the server and database it is for, without secrets; "" takes it as it is. StoreError when the folder cannot
    be used: no such parent, other files in it, not writable, owned by another process, or filled for another server.
    """
    path = Path(path).absolute()
    try:
        _check(path, create)
        path.mkdir(mode=0o700, exist_ok=True)
        lock = _take_lock(path)
    except OSError as error:
        raise refused(path, error) from error
    try:
        return SpoolPlace(path, lock, _claimed_target(path, target))
    except OSError as error:
        os.close(lock)
        raise refused(path, error) from error
    except BaseException:
        os.close(lock)
        raise


def marked_target(path: Path) -> str:
    """Return the server that a spool's folder says it is for; StoreError where it says nothing that can be read."""
    try:
        marker = json.loads((path / MARKER).read_text())
        if marker["spool"] != _VERSION:
            raise StoreError(f"the spool has format {marker['spool']}", where=str(path), expected=f"format {_VERSION}",
                             remedy="empty it with the version that wrote it: sekisho spool drain")
        return str(marker["server"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError("the spool's description is damaged", where=str(path / MARKER),
                         expected=_marker("clickhouse://HOST:PORT/DATABASE"),
                         remedy="write this line into it with the server it was for") from error


def refused(path: Path, error: OSError) -> StoreError:
    """Return the error for a folder that the system does not let us use."""
    return StoreError(f"the spool cannot be opened ({error.strerror or error})", where=str(path),
                      expected="a folder on a disk with room that this user may write",
                      remedy="name another with path in [spool]")


def _check(path: Path, create: bool) -> None:
    if path.is_dir():
        foreign = [p.name for p in path.iterdir() if p.name != LOCK]
        if foreign and not (path / MARKER).exists():
            raise StoreError("this folder holds other files and is not a spool", where=str(path),
                             expected=f"an empty folder, or one with {MARKER}", remedy="name another folder")
        if foreign or create:
            return
    elif path.exists() or path.is_symlink():
        raise StoreError("not a folder", where=str(path), expected="the folder of a spool")
    if not create:
        raise StoreError("there is no spool here", where=str(path),
                         remedy="a replay into a server makes one; name the right folder with --spool")
    if not path.parent.is_dir():
        raise StoreError("the folder above the spool does not exist", where=str(path.parent),
                         remedy=f"create it: mkdir -p {path.parent}")


def _take_lock(path: Path) -> int:
    lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(lock, 32, 0).decode("ascii", "replace").strip()
        os.close(lock)
        raise StoreError(f"the spool is in use by process {owner or 'of unknown number'}", where=str(path),
                         expected="one process at a time", remedy="wait until it has ended, or give this one a spool "
                         "of its own: path in [spool]") from None
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    except OSError:
        pass  # a full disk: the lock holds all the same, only its owner's number is not told
    return lock


def _claimed_target(path: Path, target: str) -> str:
    """Return whom the spool is for, writing it down where it is empty."""
    marker = path / MARKER
    if marker.exists():
        found = marked_target(path)
        if not target or found == target:
            return found
        if any(path.glob("*.seg")):
            raise StoreError(f"the spool holds rows for {found}", where=str(path), expected=f"a spool for {target}",
                             remedy="send them there first (sekisho spool drain), or name another with path in [spool]")
    draft = path / f"{MARKER}.new"
    draft.write_text(_marker(target) + "\n")
    draft.replace(marker)
    return target


def _marker(target: str) -> str:
    return json.dumps({"spool": _VERSION, "server": target})
