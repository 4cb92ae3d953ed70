"""IKE, the key exchange of IPsec (RFC 2408, RFC 7296), over UDP."""

from __future__ import annotations

from columns.app import AppProto
from columns.protocols.anomaly import ANOMALY
from columns.protocols.ike import IKE
from sensor.protocols.ike.parser import IkeDatagrams, probe
from sensor.protocols.parser import Wants

WANTS: tuple[Wants, ...] = (Wants(AppProto.IKE, IkeDatagrams, probe, (IKE, ANOMALY)),)
