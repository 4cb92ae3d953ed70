"""The schema's history: numbered, forward only, one module per step; the present schema itself is in columns/.

A migration says which tables it changed and what their new columns hold for old rows. How a table is brought to its
present definition is the same for all of them (storage.migrate): so a store that is several numbers behind is copied
once, and always ends with the tables that a new store has.
"""

from storage.migrations import (
    m0001_first,
    m0002_rollups,
    m0003_protocols,
    m0004_coverage,
    m0005_more_protocols,
    m0006_signatures,
    m0007_insert,
    m0008_ike,
    m0009_enip,
    m0010_sdp,
)
from storage.migrations.migration import Migration

MIGRATIONS: tuple[Migration, ...] = (
    m0001_first.MIGRATION, m0002_rollups.MIGRATION, m0003_protocols.MIGRATION, m0004_coverage.MIGRATION,
    m0005_more_protocols.MIGRATION, m0006_signatures.MIGRATION, m0007_insert.MIGRATION, m0008_ike.MIGRATION,
    m0009_enip.MIGRATION, m0010_sdp.MIGRATION,
)
"""All migrations, oldest first; the numbers are 1, 2, 3 and so on."""

SCHEMA_NUMBER = MIGRATIONS[-1].number
"""The schema that this program writes."""

FIRST_DIGEST = "e5666444ec62ca27"
"""Digest of the tables of schema 1, whose stores do not say their number."""

__all__ = ["FIRST_DIGEST", "MIGRATIONS", "SCHEMA_NUMBER", "Migration"]
