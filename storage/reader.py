"""Questions to an engine: parameters in, typed rows out, from any thread."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping

from columns.errors import StoreError, UsageError
from storage.engine import Asker
from storage.interface import Param, QueryResult

_IDLE = 4
_STATEMENTS = ("SELECT", "WITH", "SHOW", "DESCRIBE", "EXPLAIN", "EXISTS", "(")
_LITERALS = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\"")


class Reader:
    """Asks through conversations that cannot write, one for each question at a time; a few are kept for the next."""

    def __init__(self, asker: Callable[[], Asker], where: str) -> None:
        self._asker, self._where = asker, where
        self._idle: list[Asker] = []
        self._lock, self._closed = threading.Lock(), False

    def query(self, sql: str, params: Mapping[str, Param] | None = None) -> QueryResult:
        """Run a statement and return its rows; UsageError or StoreError says what went wrong."""
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed", where=self._where)
            asker = self._idle.pop() if self._idle else None
        asker = asker or self._asker()
        try:
            found = asker.ask(sql, params or {})
        except BaseException:
            asker.close()
            raise
        with self._lock:
            keep = not self._closed and len(self._idle) < _IDLE
            if keep:
                self._idle.append(asker)
        if not keep:
            asker.close()
        return found

    def check(self, sql: str) -> None:
        """Raise UsageError unless the text is one statement that reads and leaves file and format to us."""
        parsed = self.query("SELECT formatQuerySingleLine({sql:String})", {"sql": sql}).rows[0][0]
        plain = _LITERALS.sub("''", parsed).rstrip()
        if not plain.upper().startswith(_STATEMENTS) or re.search(r"\bINSERT INTO\b", plain):
            raise UsageError(f"{plain.split()[0]} is not a reading statement", where="query",
                             expected="SELECT, WITH, SHOW, DESCRIBE, EXPLAIN or EXISTS")
        if re.search(r"\bINTO OUTFILE\b|\bFORMAT \w+$|\bFORMAT \w+ SETTINGS\b", plain):
            raise UsageError("a file or format in the statement", where="query", expected="only the question",
                             remedy="leave INTO OUTFILE and FORMAT out; --json gives JSON")

    def close(self) -> None:
        """End the conversations; a question that comes later is refused."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for asker in idle:
            asker.close()
