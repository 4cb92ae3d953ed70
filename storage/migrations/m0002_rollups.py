"""The site of every row, flows sorted by hour, zone pair and service, rollups, and what people did about alerts."""

from storage.migrations.migration import Migration

_SITE = {"site": "'main'"}

MIGRATION = Migration(
    2, "site, smaller and sorted tables, rollups, alert actions",
    tables=("runs", "flow", "alert", "sensor_health"),
    fills={"runs": _SITE, "flow": _SITE, "alert": _SITE, "sensor_health": _SITE},
    rollups=("traffic_1m", "traffic_1h", "talkers_1h", "alerts_1m", "alerts_1h"),
)
