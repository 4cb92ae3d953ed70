"""Limits of the PostgreSQL parser."""

from __future__ import annotations

from dataclasses import dataclass, field

from columns.limits import limit, limited


@limited("pgsql")
@dataclass(frozen=True)
class PgsqlSettings:
    """Settings of PostgreSQL; a value outside its range raises UsageError."""

    message_bytes: int = limit(65_536, 256, 1 << 24, "bytes", "looked at of a message")
    query_bytes: int = limit(16_384, 64, 1 << 20, "bytes", "kept of a statement")
    pending: int = limit(256, 1, 65_535, "", "requests of a connection that wait for their answers")
    passwords: bool = field(default=False, metadata={"meaning": "keep passwords, or their hashes, in rows"})
