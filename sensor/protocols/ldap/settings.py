"""The settings of LDAP."""

from __future__ import annotations

from dataclasses import dataclass

from columns.limits import limit, limited


@limited("ldap")
@dataclass(frozen=True)
class LdapSettings:
    """Limits of the LDAP parser; a value outside its range raises ConfigError."""

    message_bytes: int = limit(65_536, 1024, 1 << 24, "bytes", "of a message are looked at")
    pending: int = limit(256, 1, 65_536, "requests", "of a flow wait for their responses")
    responses: int = limit(16, 1, 4096, "responses", "to a request are kept; all are counted")
    listed: int = limit(32, 1, 4096, "items", "of a list within a message are kept")
    value_bytes: int = limit(512, 16, 65_536, "bytes", "of a value are kept")
