"""PostgreSQL and BitTorrent's DHT among the protocols of flows, and the tables of what is followed since."""

from storage.migrations.migration import Migration

MIGRATION = Migration(
    5, "PostgreSQL and BitTorrent's DHT as app_proto, more tables of protocol transactions",
    tables=("flow",),
)
