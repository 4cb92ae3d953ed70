"""Columns into ClickHouse and EVE JSON."""
