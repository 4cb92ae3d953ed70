"""Columns into ClickHouse and EVE JSON."""

from storage.eve_file import EveWriter
from storage.interface import Param, QueryResult, Store
from storage.opening import open_store
from storage.run import Begun, Run, RunSummary
from storage.settings import StoreSettings
from storage.spool.settings import SpoolSettings

__all__ = [
    "Begun", "EveWriter", "Param", "QueryResult", "Run", "RunSummary", "SpoolSettings", "Store", "StoreSettings",
    "open_store",
]
