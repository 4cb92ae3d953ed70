"""What the engine reports, in words a user can act on."""

from __future__ import annotations

import re

from columns.errors import SekishoError, StoreError, UsageError

_NO_SPACE = re.compile(r"No space left on device|NOT_ENOUGH_SPACE|Cannot reserve|errno: 28\b|Disk quota exceeded"
                       r"|File too large")
_CODE = re.compile(r"Code: (\d+)\.")
_PREFIX = re.compile(r"Code: \d+\. DB::\w+: ")
_MEMORY, _READONLY, _OTHER_PATH, _LOCKED = 241, 164, 36, 76
# what the statement is not to blame for: reading, checksums, files, logical errors, memory, space, damaged or lost data
_ENGINE = frozenset({33, 40, 49, 74, 75, 76, 84, 107, 173, 210, 228, 232, 233, 236, 241, 243, 246, 261, 271, 290, 1001})


def code_of(error: BaseException) -> int:
    """Return ClickHouse's code of an error of the engine, or 0."""
    found = _CODE.search(str(error))
    return int(found.group(1)) if found else 0


def store_error(error: BaseException, path: str) -> SekishoError:
    """Return a StoreError for what the engine raised while the store at path was written or opened."""
    if isinstance(error, SekishoError):
        return error
    text, code = str(error), code_of(error)
    if _NO_SPACE.search(text):
        return StoreError("the disk is full", where=path, remedy="free space there and run again: "
                          "what was written stays, and the interrupted run is completed")
    if code == _MEMORY:
        return StoreError("the engine reached its memory limit", where=path,
                          remedy="ask for less at once: a shorter time, fewer columns, a LIMIT")
    if "already initialized with path" in text:
        return StoreError("this process has another store open", where=path, expected="one store at a time",
                          remedy="close the other one first")
    if code == _LOCKED and "lock" in text:
        return StoreError("the store is in use by another process", where=path, expected="one process at a time")
    return StoreError(f"the engine refused: {_brief(text)}", where=path,
                      remedy="if the store is damaged, restore it from a backup or replay into a new one")


def query_error(error: BaseException, path: str) -> SekishoError:
    """Return a UsageError for a statement that is wrong, and a StoreError for a store that cannot answer."""
    code = code_of(error)
    if code == _READONLY:
        return UsageError("only reading statements are allowed, without settings of their own", where="query",
                          expected="SELECT, WITH, SHOW, DESCRIBE or EXPLAIN over the tables of the store")
    if code and code not in _ENGINE and not _NO_SPACE.search(str(error)):
        return UsageError(_brief(str(error)), where="query",
                          remedy="sekisho columns lists tables and columns")
    return store_error(error, path)


def _brief(text: str) -> str:
    """First line of the engine's message, without its codes."""
    line = _PREFIX.sub("", text.strip().splitlines()[0] if text.strip() else "no reason given")
    line = re.sub(r"( \(version [^)]*\))?\. ?\([A-Z_0-9]+\)$", "", line)
    return line if len(line) <= 400 else line[:397] + "..."
