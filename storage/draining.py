"""Sending what a spool holds without writing anything new: for the command line, after an outage or a crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from storage.spool.place import marked_target
from storage.spool.settings import SpoolSettings
from storage.spool.spool import Waiting, open_spool
from storage.spool.status import read_status
from storage.target import is_server, server_target

if TYPE_CHECKING:
    from pathlib import Path

    from columns.errors import SekishoError
    from storage.settings import StoreSettings


@dataclass(frozen=True)
class Drained:
    """What became of a spool: what was counted, what still waits, and why the server did not take it."""

    counters: dict[str, int]
    waiting: Waiting
    error: SekishoError | None


def drain_spool(target: Path | str, settings: StoreSettings, spool: SpoolSettings,
                progress: Callable[[Waiting], None] = lambda _: None) -> Drained:
    """Send what waits in a spool, until nothing does or the server has been silent for wait_s.

    target: the server; where it names a directory, the server that the spool was filled for. StoreError when there is
    no spool, another process owns it, or it was filled for another server.
    """
    from storage.server import ServerEngine  # here: the driver is only loaded for a server
    from storage.spool.delivery import connected
    from storage.spool.drain import Drain

    read_status(spool.folder)
    address = str(target) if is_server(target) else marked_target(spool.folder)
    server = server_target(address, settings)
    once = replace(server, options=replace(server.options, retries=0))
    opened = open_spool(spool, server.where, create=False)
    drain = Drain(opened, lambda: connected(lambda: ServerEngine(once, create=True)))
    try:
        drain.start()
        while not drain.wait(lambda: opened.idle, patience_s=spool.wait_s, limit_s=1.0):
            progress(opened.waiting())
            if drain.link.failing and drain.link.away_s() >= spool.wait_s:
                break
        return Drained(opened.counters.counts(), opened.waiting(), drain.link.error)
    finally:
        drain.close()
        opened.close()


def clear_spool(spool: SpoolSettings) -> int:
    """Give up all that waits in a spool, and return how many rows it was. StoreError as with drain_spool()."""
    opened = open_spool(spool, "", create=False)
    try:
        rows = opened.waiting().rows
        opened.clear()
        return rows
    finally:
        opened.close()
