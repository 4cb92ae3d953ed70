"""All leak detectors, in the order of the chain."""

from __future__ import annotations

from detectors.leaks.base import LeakDetector
from detectors.leaks.channels.dns_tunnel import DnsTunnel
from detectors.leaks.channels.icmp_tunnel import IcmpTunnel
from detectors.leaks.channels.ipv6 import Ipv6
from detectors.leaks.channels.stepping_stone import SteppingStone
from detectors.leaks.channels.time_and_answers import TimeAndAnswers
from detectors.leaks.channels.wireguard import WireGuard
from detectors.leaks.conduits.baseline import Baseline
from detectors.leaks.conduits.gateway_output import GatewayOutput
from detectors.leaks.conduits.listed_services import ListedServices
from detectors.leaks.conduits.paths import Paths
from detectors.leaks.conduits.printers import Printers
from detectors.leaks.conduits.volumes import Volumes
from detectors.leaks.names.given_away import GivenAway
from detectors.leaks.names.named_places import NamedPlaces
from detectors.leaks.segments.dual_homed import DualHomed
from detectors.leaks.segments.foreign_segment import ForeignSegment
from detectors.leaks.segments.routes import Routes
from detectors.leaks.segments.shared_address import SharedAddress
from detectors.leaks.segments.tethering import Tethering

LEAK_DETECTORS: tuple[type[LeakDetector], ...] = (
    DualHomed, ForeignSegment, Routes, SharedAddress, Tethering,
    NamedPlaces, GivenAway,
    Ipv6, WireGuard, DnsTunnel, IcmpTunnel, TimeAndAnswers, SteppingStone,
    ListedServices, Paths, GatewayOutput, Printers, Volumes, Baseline)
