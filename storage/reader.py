"""Questions to the engine: parameters in, typed rows out, and no way to write."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from columns.errors import UsageError
from storage.interface import Param, QueryResult

_FORMAT = "JSONCompactEachRowWithNamesAndTypes"
_SETTINGS = ("output_format_json_quote_64bit_integers = 0", "output_format_json_quote_denormals = 1",
             "output_format_json_quote_decimals = 0", "date_time_output_format = 'simple'",
             "session_timezone = 'UTC'", "readonly = 1")
_STATEMENTS = ("SELECT", "WITH", "SHOW", "DESCRIBE", "EXPLAIN", "EXISTS", "(")
_LITERALS = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\"")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"})


class Reader:
    """Sessions in which the engine itself refuses to write, read files or change settings."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._session: Any = None

    def query(self, sql: str, params: Mapping[str, Param] | None = None) -> QueryResult:
        """Run a statement and return its rows; the engine's exceptions pass through."""
        texts = {name: param_text(value) for name, value in (params or {}).items()}
        try:
            raw = self._opened().query(sql, _FORMAT, params=texts).bytes()
        except RuntimeError:
            # what a failed query had written already would stand before the rows of the session's next one
            self.close()
            raise
        lines = [json.loads(line) for line in raw.decode("utf-8", "replace").split("\n") if line]
        if not lines:
            return QueryResult((), (), [])
        names, types, *rows = lines
        floats = [i for i, kind in enumerate(types) if "Float" in kind]
        for row in rows if floats else ():
            for i in floats:
                row[i] = float(row[i]) if isinstance(row[i], str | int) else row[i]
        return QueryResult(tuple(names), tuple(types), [tuple(row) for row in rows])

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
        """End the session; a further question opens another."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _opened(self) -> Any:
        if self._session is None:
            session = self._connect()
            for setting in _SETTINGS:
                session.query(f"SET {setting}")
            self._session = session
        return self._session


def param_text(value: Param) -> str:
    """Return a parameter as the engine reads it: text escaped, a list as an array literal."""
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return "[" + ", ".join(_element(v) for v in value) + "]"


def _element(value: str | int) -> str:
    if not isinstance(value, str):
        return repr(value)
    quote = "\\'"
    return "'" + value.translate(_ESCAPES).replace("'", quote) + "'"
