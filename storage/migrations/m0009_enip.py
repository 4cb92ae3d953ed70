"""EtherNet/IP among the protocols of flows, and its table."""

from storage.migrations.migration import Migration

MIGRATION = Migration(9, "ENIP as app_proto, and a table of its requests", tables=("flow",))
