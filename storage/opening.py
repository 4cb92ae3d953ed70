"""Opening a store by its name: a directory, or the address of a ClickHouse server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from columns import TABLES
from columns.clickhouse import schema_digest
from storage.embedded import MEMORY_BYTES, EmbeddedEngine
from storage.engine import Engine
from storage.place import claim
from storage.settings import StoreSettings
from storage.store import ClickHouseStore
from storage.target import ServerTarget, is_server, server_target
from storage.trouble import writing

if TYPE_CHECKING:
    from storage.spool.settings import SpoolSettings
    from storage.spooled import SpooledStore


def open_store(target: Path | str, *, create: bool = True, memory_bytes: int = MEMORY_BYTES,
               settings: StoreSettings | None = None,
               spool: SpoolSettings | None = None) -> ClickHouseStore | SpooledStore:
    """Open the store in a directory or on a server (clickhouse://USER@HOST:PORT/DATABASE), making what is missing.

    With create=False nothing is made: a store must be there. settings holds what an address leaves out. StoreError when
    the place cannot be used, UsageError for a wrong address. A directory: the one above must exist; memory_bytes bounds
    the engine, not the process; one process owns it, and a process owns one at a time; runs that a crash left running
    are marked interrupted. A server: several processes may write their runs to it at the same time; with spool, rows go
    through a spool on this machine, and a server that is away is no error. A directory needs none: the engine lives and
    dies with this process.
    """
    if spool is not None and is_server(target):
        return open_spooled(server_target(str(target), settings or StoreSettings()), spool)
    engine = open_engine(target, create=create, memory_bytes=memory_bytes, settings=settings)
    try:
        with writing(engine.where):
            return ClickHouseStore(engine, create=create)
    except BaseException:
        engine.close()
        raise


def open_spooled(target: ServerTarget, spool: SpoolSettings) -> SpooledStore:
    """Open the store on a server with a spool before it. The spool repeats what failed, so the driver does not."""
    from storage.server import ServerEngine  # here: the driver is only loaded for a server
    from storage.spooled import SpooledStore

    once = replace(target, options=replace(target.options, retries=0))
    return SpooledStore(lambda: ServerEngine(once, create=True), target.where, spool)


def open_engine(target: Path | str, *, create: bool, memory_bytes: int = MEMORY_BYTES,
                settings: StoreSettings | None = None, older: bool = False) -> Engine:
    """Return the engine behind a store's name; see open_store(). older: a directory of an older schema will do."""
    if is_server(target):
        from storage.server import ServerEngine  # here: the driver is only loaded for a server

        return ServerEngine(server_target(str(target), settings or StoreSettings()), create=create)
    return EmbeddedEngine(claim(target, schema_digest(TABLES), create=create, older=older), memory_bytes)
