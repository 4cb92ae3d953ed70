"""TLS 1.0 to 1.3 and the hellos of SSL: what is said before encryption."""

from __future__ import annotations

from columns.app import AppProto
from columns.protocols.tls import TLS
from sensor.protocols.parser import Opening, Wants
from sensor.protocols.tls.parser import TlsParser
from sensor.protocols.tls.probe import probe
from sensor.protocols.tls.settings import TlsSettings

_OPENS = bytes((0x15, 0x16, *range(0x80, 0x100)))  # an alert, a handshake, a hello of SSL 2

WANTS: tuple[Wants, ...] = (Wants(AppProto.TLS, TlsParser, probe, (TLS,), Opening(_OPENS, alone=_OPENS)),)
"""How TLS is recognised and followed."""

__all__ = ["WANTS", "TlsParser", "TlsSettings", "probe"]
