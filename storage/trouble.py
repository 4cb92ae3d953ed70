"""What an engine reports, in words a user can act on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from columns.errors import SekishoError, StoreAway, StoreError, UsageError

_NO_SPACE = re.compile(r"No space left on device|NOT_ENOUGH_SPACE|Cannot reserve|errno: 28\b|Disk quota exceeded"
                       r"|File too large")
_CODE = re.compile(r"Code: (\d+)\.")
_PREFIX = re.compile(r"^(Code: \d+\.\s*)?(DB::\w+: )?")
_MEMORY, _READONLY, _OTHER_PATH, _LOCKED, _DENIED = 241, 164, 36, 76, 497
# what the statement is not to blame for: reading, checksums, files, logical errors, memory, space, damaged or lost
# data, a server that is busy, slow, going down, or that does not know the user
_ENGINE = frozenset({33, 40, 49, 74, 75, 76, 84, 107, 159, 160, 173, 192, 193, 194, 202, 203, 209, 210, 228, 232, 233,
                     236, 241, 242, 243, 246, 252, 261, 271, 285, 290, 319, 394, 425, 516, 999, 1001})
_LOGIN = frozenset({192, 193, 194, 195, 516})
_BUSY = {
    159: "the server gave up after its time limit", 160: "the server gave up because the question is too slow",
    202: "the server has too many questions at once", 203: "the server has no connection free",
    236: "the server broke off", 242: "the tables of the server are read-only at the moment",
    252: "the server has too many parts to merge and takes no more rows for now",
    285: "too few replicas are alive", 319: "the server does not know whether it stored the rows",
    394: "the server broke off", 425: "the server cannot write its files now", 999: "the keeper cannot be reached",
}


def code_of(error: BaseException) -> int:
    """Return ClickHouse's code of an error of the engine, or 0."""
    code = getattr(error, "code", None)
    if isinstance(code, int):
        return code
    found = _CODE.search(str(error))
    return int(found.group(1)) if found else 0


def store_error(error: BaseException, where: str) -> SekishoError:
    """Return a StoreError for what was raised while a store was written or opened; where names the store."""
    if isinstance(error, SekishoError):
        return error
    text, code = str(error), code_of(error)
    if _NO_SPACE.search(text):
        return StoreAway("the disk is full", where=where, remedy="free space there and run again: "
                         "what was written stays, and the interrupted run is completed")
    if code == _MEMORY:
        return StoreAway("the engine reached its memory limit", where=where,
                         remedy="ask for less at once: a shorter time, fewer columns, a LIMIT")
    if code in _BUSY:
        return StoreAway(_BUSY[code], where=where, remedy=f"try again later ({_brief(text)})")
    if code in _LOGIN:
        return StoreError("the server refused user or password", where=where,
                          remedy="set SEKISHO_STORE_PASSWORD or password_file, and check the user in the address")
    if code == _DENIED:
        return StoreError(f"the user may not do this: {_brief(text)}", where=where,
                          remedy="grant it, or name a user who may")
    if "already initialized with path" in text:
        return StoreError("this process has another store open", where=where, expected="one store at a time",
                          remedy="close the other one first")
    if code == _LOCKED and "lock" in text:
        return StoreError("the store is in use by another process", where=where, expected="one process at a time")
    return StoreError(f"the engine refused: {_brief(text)}", where=where,
                      remedy="if the store is damaged, restore it from a backup or replay into a new one")


def query_error(error: BaseException, where: str) -> SekishoError:
    """Return a UsageError for a statement that is wrong, and a StoreError for a store that cannot answer."""
    if isinstance(error, SekishoError):
        return error
    code = code_of(error)
    if code == _READONLY:
        return UsageError("only reading statements are allowed, without settings of their own", where="query",
                          expected="SELECT, WITH, SHOW, DESCRIBE or EXPLAIN over the tables of the store")
    if code and code not in _ENGINE and not _NO_SPACE.search(str(error)):
        return UsageError(_brief(str(error)), where="query",
                          remedy="sekisho columns lists tables and columns")
    return store_error(error, where)


@contextmanager
def writing(where: str) -> Iterator[None]:
    """Turn what is raised inside into the errors of store_error()."""
    try:
        yield
    except Exception as error:
        told = store_error(error, where)
        if told is error:
            raise
        raise told from error


@contextmanager
def asking(where: str) -> Iterator[None]:
    """Turn what is raised inside into the errors of query_error()."""
    try:
        yield
    except Exception as error:
        told = query_error(error, where)
        if told is error:
            raise
        raise told from error


def _brief(text: str) -> str:
    """First line of the engine's message, without its codes and its stack."""
    text = _PREFIX.sub("", text.strip()).partition("Stack trace:")[0].strip()
    line = text.splitlines()[0] if text else "no reason given"
    line = re.sub(r"( \(version [^)]*\))?\. ?\([A-Z_0-9]+\)$", "", line).rstrip(". ")
    return line if len(line) <= 400 else line[:397] + "..."
