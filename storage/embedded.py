"""ClickHouse in this process (chDB) as an engine: nothing to install, nothing to start, one directory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from storage.block import Block, insert_settings
from storage.block_file import BlockFile
from storage.interface import Param, QueryResult
from storage.params import param_text
from storage.place import Place
from storage.trouble import asking, writing

MEMORY_BYTES = 1 << 30
"""What the engine may use for itself; a query that wants more is refused."""

_FORMAT = "JSONCompactEachRowWithNamesAndTypes"
_READING = ("output_format_json_quote_64bit_integers = 0", "output_format_json_quote_denormals = 1",
            "output_format_json_quote_decimals = 0", "date_time_output_format = 'simple'",
            "session_timezone = 'UTC'", "readonly = 1")


class EmbeddedEngine:
    """chDB over an owned directory; memory_bytes bounds the engine, not the process."""

    shared = False

    def __init__(self, place: Place, memory_bytes: int = MEMORY_BYTES) -> None:
        self.where = str(place.path)
        self._place, self._memory_bytes = place, memory_bytes

    def connect(self) -> EmbeddedConnection:
        """Open a session that may write."""
        return EmbeddedConnection(self._session(), self.where)

    def asker(self) -> EmbeddedAsker:
        """Open a session in which the engine itself refuses to write, read files or change settings."""
        return EmbeddedAsker(self._session(), self.where)

    def close(self) -> None:
        """Give the directory free."""
        self._place.release()

    def _session(self) -> Any:
        from chdb.session import Session  # here: loading the engine takes half a second

        with writing(self.where):
            return Session(f"{self._place.engine_path}?max_server_memory_usage={self._memory_bytes}")


class EmbeddedConnection:
    """A session that may write; see storage.engine.Connection."""

    def __init__(self, session: Any, where: str) -> None:
        self._session, self._where = session, where
        self._file: BlockFile | None = None

    def execute(self, sql: str, params: Mapping[str, Param] | None = None) -> None:
        """Run one statement."""
        with writing(self._where):
            self._session.query(sql, params={name: param_text(value) for name, value in (params or {}).items()})

    def insert(self, block: Block) -> None:
        """Store a block by way of a file in memory."""
        names = ", ".join(block.columns)
        with writing(self._where):
            self._file = self._file or BlockFile()
            self._file.write(block.data)
            self._session.query(f"INSERT INTO {block.table} ({names}) SELECT {names} FROM "
                                f"file('{self._file.path}', Native) "
                                f"SETTINGS {insert_settings(block.token)}")

    def close(self) -> None:
        """Close the session."""
        self._session.close()
        if self._file is not None:
            self._file.close()
            self._file = None


class EmbeddedAsker:
    """A session that cannot write; see storage.engine.Asker."""

    def __init__(self, session: Any, where: str) -> None:
        self._session, self._where = session, where
        for setting in _READING:
            session.query(f"SET {setting}")

    def ask(self, sql: str, params: Mapping[str, Param]) -> QueryResult:
        """Run one statement. After an error the session must be closed: what a failed query had written already
        would stand before the rows of the session's next one."""
        texts = {name: param_text(value) for name, value in params.items()}
        with asking(self._where):
            raw = self._session.query(sql, _FORMAT, params=texts).bytes()
        lines = [json.loads(line) for line in raw.decode("utf-8", "replace").split("\n") if line]
        if not lines:
            return QueryResult((), (), [])
        names, types, *rows = lines
        floats = [i for i, kind in enumerate(types) if "Float" in kind]
        for row in rows if floats else ():
            for i in floats:
                row[i] = float(row[i]) if isinstance(row[i], str | int) else row[i]
        return QueryResult(tuple(names), tuple(types), [tuple(row) for row in rows])

    def close(self) -> None:
        """Close the session."""
        self._session.close()
