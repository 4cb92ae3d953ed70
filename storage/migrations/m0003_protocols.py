"""The protocol of each flow by its content, and the tables of protocol transactions."""

from storage.migrations.migration import Migration

MIGRATION = Migration(
    3, "app_proto of flows, tables of protocol transactions",
    tables=("flow",),
    fills={"flow": {"app_proto": "'unknown'"}},
    rollups=("traffic_1m", "traffic_1h"),
)
