"""TLS 1.0 to 1.3 and the hellos of SSL: what is said before encryption."""

from __future__ import annotations

from columns.app import AppProto
from columns.protocols.tls import TLS
from sensor.protocols.parser import Wants
from sensor.protocols.tls.parser import TlsParser
from sensor.protocols.tls.probe import probe
from sensor.protocols.tls.settings import TlsSettings

WANTS: tuple[Wants, ...] = (Wants(AppProto.TLS, TlsParser, probe, (TLS,)),)
"""How TLS is recognised and followed."""

__all__ = ["WANTS", "TlsParser", "TlsSettings", "probe"]
