"""DNS, with multicast DNS, LLMNR and NetBIOS names, which share its messages."""

from __future__ import annotations

from columns.app import AppProto
from columns.protocols.dns import DNS
from sensor.protocols.dns.flows import DnsFlows
from sensor.protocols.dns.parser import DnsDatagrams, DnsStream
from sensor.protocols.dns.probe import probe
from sensor.protocols.dns.settings import DnsSettings
from sensor.protocols.parser import FlowFacts, Wants

__all__ = ["WANTS", "DnsDatagrams", "DnsSettings", "DnsStream"]


def _over_tcp(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    return probe(initiator, responder, flow) if flow.proto == 6 else False


def _over_udp(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    return probe(initiator, responder, flow) if flow.proto == 17 else False


WANTS: tuple[Wants, ...] = (
    Wants(AppProto.DNS, DnsDatagrams, _over_udp, (DNS,), at_once=DnsFlows),
    Wants(AppProto.DNS, DnsStream, _over_tcp, (DNS,)),
)
