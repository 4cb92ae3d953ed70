"""A bounded spool on disk between the sensor and a ClickHouse server: what the server could not take waits here."""

from storage.spool.drain import Drain, Link
from storage.spool.place import SpoolPlace, claim_spool
from storage.spool.record import Entry, Kind, Lane
from storage.spool.sender import Away, BlockRefused, Sender
from storage.spool.settings import SpoolSettings
from storage.spool.spool import Spool, open_spool
from storage.spool.status import SpoolStatus, read_status

__all__ = [
    "Away", "BlockRefused", "Drain", "Entry", "Kind", "Lane", "Link", "Sender", "Spool", "SpoolPlace", "SpoolSettings",
    "SpoolStatus", "claim_spool", "open_spool", "read_status",
]
