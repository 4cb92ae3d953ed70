"""PostgreSQL, protocol version 3.0."""

from sensor.protocols.pgsql.parser import WANTS, PgsqlStream
from sensor.protocols.pgsql.settings import PgsqlSettings

__all__ = ["WANTS", "PgsqlSettings", "PgsqlStream"]
