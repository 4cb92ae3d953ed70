"""EtherNet/IP: the encapsulation of the Common Industrial Protocol (CIP) over TCP and UDP."""

from __future__ import annotations

from columns.app import AppProto
from columns.protocols.anomaly import ANOMALY
from columns.protocols.enip import ENIP
from sensor.protocols.enip.names import COMMANDS
from sensor.protocols.enip.parser import EnipDatagrams, EnipStream, probe, probe_datagrams
from sensor.protocols.parser import Opening, Wants

_OPENS = bytes({command & 0xFF for command in COMMANDS})

WANTS: tuple[Wants, ...] = (
    Wants(AppProto.ENIP, EnipStream, probe, (ENIP, ANOMALY), Opening(alone=_OPENS)),
    Wants(AppProto.ENIP, EnipDatagrams, probe_datagrams, (ENIP, ANOMALY), Opening(_OPENS, _OPENS)))
