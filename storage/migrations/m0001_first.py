"""The first schema: flow, alert, sensor_health and runs, by run and month of insertion."""

from storage.migrations.migration import Migration

MIGRATION = Migration(1, "flows, alerts, sensor health and runs")
