"""IKE among the protocols of flows, and its table."""

from storage.migrations.migration import Migration

MIGRATION = Migration(8, "IKE as app_proto, and a table of its messages", tables=("flow",))
