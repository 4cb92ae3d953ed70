"""Questions over HTTP to a ClickHouse on real sockets, as the user that may only read; answers like a store's."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from columns.errors import StoreError
from storage import QueryResult
from tests.support.clickhouse_listeners import READER, READER_PASSWORD, ClickHouseListeners

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n"})


class SocketStore:
    """Has the one method of a store that dashboards use."""

    def __init__(self, listeners: ClickHouseListeners, database: str) -> None:
        self._listeners, self._database = listeners, database

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> QueryResult:
        """Run one statement as the user ``grafana``; StoreError with the server's words where it refuses."""
        options = {"database": self._database, "default_format": "JSONCompactEachRowWithNamesAndTypes",
                   "output_format_json_quote_64bit_integers": "0", "output_format_json_quote_denormals": "1"}
        options |= {f"param_{name}": _text(value) for name, value in (params or {}).items()}
        lines = [json.loads(line) for line in self._post(sql.encode(), options, READER, READER_PASSWORD).splitlines()]
        names, types, *rows = lines
        return QueryResult(tuple(names), tuple(types), [tuple(row) for row in rows])

    def insert(self, table: str, columns: Sequence[str], native: bytes) -> None:
        """Insert a block in the format Native as ``default``."""
        sql = f"INSERT INTO {table} ({', '.join(columns)}) FORMAT Native"
        self._post(native, {"database": self._database, "query": sql}, "default", "")

    def _post(self, body: bytes, options: Mapping[str, str], user: str, password: str) -> bytes:
        url = f"http://{self._listeners.host}:{self._listeners.http_port}/?{urllib.parse.urlencode(options)}"
        headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": password}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise StoreError(error.read().decode("utf-8", "replace").strip(), where=url.partition("?")[0]) from None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, Sequence):
        return "[" + ", ".join("'" + v.translate(_ESCAPES).replace("'", "\\'") + "'" for v in value) + "]"
    return str(value)
