"""The table of what was looked at, by pair of zones and minute."""

from storage.migrations.migration import Migration

MIGRATION = Migration(4, "coverage of zone pairs")
