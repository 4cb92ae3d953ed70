"""Opening a store by its name: a directory, or the address of a ClickHouse server."""

from __future__ import annotations

from pathlib import Path

from columns import TABLES
from columns.clickhouse import schema_digest
from storage.embedded import MEMORY_BYTES, EmbeddedEngine
from storage.engine import Engine
from storage.place import claim
from storage.settings import StoreSettings
from storage.store import ClickHouseStore
from storage.target import is_server, server_target
from storage.trouble import writing


def open_store(target: Path | str, *, create: bool = True, memory_bytes: int = MEMORY_BYTES,
               settings: StoreSettings | None = None) -> ClickHouseStore:
    """Open the store in a directory or on a server (clickhouse://USER@HOST:PORT/DATABASE), making what is missing.

    With create=False nothing is made: a store must be there. settings holds what an address leaves out. StoreError when
    the place cannot be used, UsageError for a wrong address. A directory: the one above must exist; memory_bytes bounds
    the engine, not the process; one process owns it, and a process owns one at a time; runs that a crash left running
    are marked interrupted. A server: several processes may write their runs to it at the same time.
    """
    engine = open_engine(target, create=create, memory_bytes=memory_bytes, settings=settings)
    try:
        with writing(engine.where):
            return ClickHouseStore(engine, create=create)
    except BaseException:
        engine.close()
        raise


def open_engine(target: Path | str, *, create: bool, memory_bytes: int = MEMORY_BYTES,
                settings: StoreSettings | None = None, older: bool = False) -> Engine:
    """Return the engine behind a store's name; see open_store(). older: a directory of an older schema will do."""
    if is_server(target):
        from storage.server import ServerEngine  # here: the driver is only loaded for a server

        return ServerEngine(server_target(str(target), settings or StoreSettings()), create=create)
    return EmbeddedEngine(claim(target, schema_digest(TABLES), create=create, older=older), memory_bytes)
