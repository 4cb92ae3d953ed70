"""Which store a command works on: the option, the environment, the configuration, or the default, in this order."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sekisho.settings import Settings
    from storage import SpoolSettings, Store, StoreSettings

STORE_ENV = "SEKISHO_STORE"
DEFAULT_STORE = "sekisho-store"


@dataclass(frozen=True)
class StorePlace:
    """A store by name (a directory, or the address of a server) and how a server is spoken to."""

    target: str
    settings: StoreSettings

    def __str__(self) -> str:
        return self.target

    def open(self, *, create: bool = True, spool: SpoolSettings | None = None) -> Store:
        """Open it; see storage.open_store(). spool: for one who writes, how rows wait for a server that is away."""
        from storage import open_store

        return open_store(self.target, create=create, settings=self.settings, spool=spool)


def store_place(option: str | None, settings: Settings) -> StorePlace:
    """Return the store: the option, else $SEKISHO_STORE, else [store] target, else ./sekisho-store."""
    return _place(option, settings.store)


def named_store(option: str | None, config: Path | None = None) -> StorePlace:
    """Return the store for a command that needs no other setting; without a configuration file none is loaded."""
    from sekisho.config import CONFIG_ENV, load_settings
    from storage import StoreSettings

    if config is None and not os.environ.get(CONFIG_ENV):
        return _place(option, StoreSettings())
    return _place(option, load_settings(config).store)


def _place(option: str | None, settings: StoreSettings) -> StorePlace:
    return StorePlace(option or os.environ.get(STORE_ENV) or settings.target or DEFAULT_STORE, settings)
