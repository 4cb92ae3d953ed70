"""A capture in the making: hosts, the way between them past the tap, the frames with their times, the file."""

from __future__ import annotations

import datetime
import ipaddress
import struct
from functools import cached_property
from pathlib import Path

from pcaps import frames
from pcaps.dice import Dice
from pcaps.frames import Way

SECOND = 1_000_000
MINUTE = 60 * SECOND
WORKING_DAY = datetime.date(2026, 6, 10)
"""The day of all captures where a scenario does not say another: a Wednesday."""

JST = datetime.timezone(datetime.timedelta(hours=9))


def clock(text: str, day: datetime.date = WORKING_DAY) -> int:
    """Return a Japanese time of day, "09:30" or "09:30:15", as microseconds since 1970."""
    local = datetime.datetime.combine(day, datetime.time.fromisoformat(text), JST)
    return (local - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(microseconds=1)


def mac_of(third: int, fourth: int, fifth: int) -> bytes:
    """Return the MAC address of the city's numbering plan: the last octets of the address, read as digits."""
    return bytes((2, 0, 0, *(int(str(n), 16) if n < 100 else n for n in (third, fourth, fifth))))


class Host:
    """A host: address, VLAN (0: beyond the tap), MAC address, TTL with which its packets pass the tap."""

    def __init__(self, ip: str, *, vlan: int = 0, ttl: int = 128, mac: bytes | None = None, name: str = "") -> None:
        self.ip, self.vlan, self.ttl, self.name = ip, vlan, ttl, name
        self.given_mac = mac

    @cached_property
    def packed(self) -> bytes:
        """Return the address as 4 or 16 bytes."""
        return ipaddress.ip_address(self.ip).packed

    @cached_property
    def mac(self) -> bytes:
        """Return the given MAC address, or the one of the numbering plan."""
        return self.given_mac or mac_of(*self.packed[-3:])

    @cached_property
    def router_mac(self) -> bytes:
        """Return the MAC address of the router of this host's VLAN; VLAN 120 and 121 are the segment 10.20."""
        return mac_of(self.vlan - 101 if self.vlan in (111, 121) else self.vlan - 100, 0, 254)


EDGE_INSIDE, EDGE_OUTSIDE = mac_of(99, 0, 253), mac_of(99, 0, 254)
"""The two routers at the Internet edge, where no VLAN tag is seen."""


def ways(client: Host, server: Host, *, vlan: int | None = None, client_mac: bytes | None = None,
         server_mac: bytes | None = None) -> tuple[Way, Way]:
    """Return the two directions between hosts as one tap sees them.

    Within a VLAN the hosts' own MAC addresses are seen; between zones the tap lies on the client's VLAN (or the
    server's, if the client has none), where the far host's frames carry the router's MAC address.
    """
    if client.vlan and client.vlan == server.vlan:
        near, far, seen = client.mac, server.mac, client.vlan
    elif client.vlan:
        near, far, seen = client.mac, client.router_mac, client.vlan
    elif server.vlan:
        near, far, seen = server.router_mac, server.mac, server.vlan
    else:
        near, far, seen = EDGE_INSIDE, EDGE_OUTSIDE, 0
    near, far, seen = client_mac or near, server_mac or far, seen if vlan is None else vlan
    return (Way(near, far, seen, client.packed, server.packed, client.ttl),
            Way(far, near, seen, server.packed, client.packed, server.ttl))


class Scene:
    """The frames of one capture with their times in microseconds, and the dice they are thrown with."""

    def __init__(self, name: str, seed: int) -> None:
        self.dice = Dice(name, seed)
        self.timed: list[tuple[int, bytes]] = []
        self.ports: dict[str, int] = {}

    def add(self, at_us: int, frame: bytes) -> None:
        """Add a frame; frames may come in any order."""
        self.timed.append((at_us, frame))

    def port(self, host: Host) -> int:
        """Return the next ephemeral port of a host."""
        port = self.ports.get(host.ip, 49152 + self.dice.below(8000)) + 1 + self.dice.below(3)
        self.ports[host.ip] = port if port < 65500 else 49152
        return self.ports[host.ip]

    def udp(self, at_us: int, way: Way, sport: int, dport: int, payload: bytes) -> None:
        """Add one UDP datagram in one frame."""
        self.add(at_us, frames.frame(way, frames.UDP_PROTO, frames.udp(way, sport, dport, payload),
                                     ip_id=self.dice.below(65536)))

    def capture(self) -> bytes:
        """Return the frames in order of time (equal times: in order of adding) as a pcap file of microseconds."""
        parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
        for at_us, frame in sorted(self.timed, key=lambda timed: timed[0]):
            parts += (struct.pack("<IIII", *divmod(at_us, SECOND), len(frame), len(frame)), frame)
        return b"".join(parts)

    def write(self, path: Path) -> None:
        """Write the capture; a reader never sees half of it."""
        part = path.with_suffix(path.suffix + ".part")
        part.write_bytes(self.capture())
        part.replace(path)
