"""Columns into ClickHouse and EVE JSON."""

from storage.embedded import EmbeddedStore, open_store
from storage.eve_file import EveWriter
from storage.interface import Param, QueryResult, Store
from storage.run import Begun, Run, RunSummary

__all__ = ["Begun", "EmbeddedStore", "EveWriter", "Param", "QueryResult", "Run", "RunSummary", "Store", "open_store"]
