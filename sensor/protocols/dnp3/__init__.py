"""DNP3 over TCP and UDP."""

from __future__ import annotations

from columns.app import AppProto
from columns.protocols.anomaly import ANOMALY
from columns.protocols.dnp3 import DNP3
from sensor.protocols.dnp3.parser import Dnp3Datagrams, Dnp3Parser, Dnp3Settings, probe, probe_datagrams
from sensor.protocols.parser import Opening, Wants

WANTS: tuple[Wants, ...] = (Wants(AppProto.DNP3, Dnp3Parser, probe, (DNP3, ANOMALY), Opening(b"\5", b"\5")),
                            Wants(AppProto.DNP3, Dnp3Datagrams, probe_datagrams, (DNP3, ANOMALY),
                                  Opening(b"\5", b"\5")))

__all__ = ["WANTS", "Dnp3Datagrams", "Dnp3Parser", "Dnp3Settings", "probe", "probe_datagrams"]
