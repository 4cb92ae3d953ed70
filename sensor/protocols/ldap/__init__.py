"""LDAP over TCP and UDP (RFC 4511), up to StartTLS or SASL protection."""

from __future__ import annotations

from columns.app import AppProto
from columns.protocols.ldap import LDAP
from sensor.protocols.ldap.parser import LdapDatagrams, LdapParser, probe, probe_datagrams
from sensor.protocols.ldap.settings import LdapSettings
from sensor.protocols.parser import Opening, Wants

WANTS: tuple[Wants, ...] = (Wants(AppProto.LDAP, LdapParser, probe, (LDAP,), Opening(b"0", b"0")),
                            Wants(AppProto.LDAP, LdapDatagrams, probe_datagrams, (LDAP,), Opening(b"0", b"0")))

__all__ = ["WANTS", "LdapDatagrams", "LdapParser", "LdapSettings", "probe", "probe_datagrams"]
