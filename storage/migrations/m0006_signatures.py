"""What a rule asks for, its metadata and what the conversation was about, beside each alert."""

from storage.migrations.migration import Migration

MIGRATION = Migration(
    6, "action, metadata, references and context of alerts", tables=("alert",),
    fills={"alert": {"action": "''", "metadata": "''", "references": "''", "context": "''"}})
