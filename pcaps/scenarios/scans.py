"""Somebody looks for open doors, within one zone: the zone policy has nothing to say, the scan detector has."""

from __future__ import annotations

from pcaps import frames, services, templates
from pcaps.city import CITY, own, router_of
from pcaps.frames import RST
from pcaps.scene import SECOND, Host, Scene, mac_of, ways
from pcaps.session import Session


def probe(scene: Scene, at_us: int, client: Host, server: Host, port: int, answer: str) -> None:
    """Add one SYN and what comes back: "open" (the scanner resets), "closed" (RST) or "silent"."""
    session = Session(scene, at_us, client, server, port, rtt_us=250)
    if answer == "open":
        session.open().segment(session.now + 50, True, RST)
    elif answer == "closed":
        session.refused()
    else:
        session.knock()


def port_scan(scene: Scene, at_us: int) -> None:
    """Add a scan of 600 ports of one server in 12 seconds."""
    open_ports = {53, 88, 135, 139, 389, 445}
    for port in scene.dice.shuffled(range(1, 601)):
        probe(scene, at_us, CITY.inet_desks[7], CITY.inet_directory, port, "open" if port in open_ports else "closed")
        at_us += 20_000


def host_sweep(scene: Scene, at_us: int) -> None:
    """Add a worm that asks every address of two segments for SMB: most are silent, the router reports a few."""
    worm, router = CITY.lgwan_desks[7], router_of(CITY.lgwan_desks[7])
    alive = {10, 25, 40, 41, 42, 43}
    for number in scene.dice.shuffled(range(1, 255)):
        target = own(f"10.20.4.{number}", 120)
        if number in alive:
            services.file_share(scene, at_us, worm, target, 1, rtt_us=300)
        elif number % 16 == 0:
            Session(scene, at_us, worm, target, 445).rejected(router, 1)
        else:
            Session(scene, at_us, worm, target, 445).knock()
        at_us += 35_000 + scene.dice.below(20_000)


def patient_sweep(scene: Scene, at_us: int) -> None:
    """Add a sweep for one service with half a minute or so between two hosts, for more than an hour."""
    scanner = CITY.mynumber_desks[5]
    for number in scene.dice.shuffled(range(150)):
        target = own(f"10.10.2.{20 + number}", 110)
        probe(scene, at_us, scanner, target, 3389, "closed" if number % 3 == 0 else "silent")
        at_us += scene.dice.between(20, 40) * SECOND


def slow_scan(scene: Scene, at_us: int) -> None:
    """Add a scan that never asks one host, or for one service, often: 60 pairs of host and port in an hour."""
    scanner, ports = CITY.mynumber_desks[2], sorted({scene.dice.between(20, 9000) for _ in range(40)})[:30]
    for number in range(60):
        target = own(f"10.10.3.{20 + number % 20}", 110)
        probe(scene, at_us, scanner, target, ports[number % 30], "closed" if number % 2 else "silent")
        at_us += scene.dice.between(40, 80) * SECOND


def sweep_ipv6(scene: Scene, at_us: int) -> None:
    """Add a sweep over the low addresses of an IPv6 segment of the Internet zone."""
    scanner = CITY.inet_desks6[1]
    for number in range(1, 161):
        target = Host(f"2001:db8:30:5::{number:x}", vlan=130, mac=mac_of(30, 5, number % 100))
        probe(scene, at_us, scanner, target, 22, "closed" if number % 20 == 0 else "silent")
        at_us += 60_000


def udp_scan(scene: Scene, at_us: int) -> None:
    """Add a scan of UDP ports of one server, which answers with ICMP port unreachable."""
    scanner, target = CITY.inet_desks[6], CITY.inet_directory
    up, down = ways(scanner, target)
    source = scene.port(scanner)
    for port in scene.dice.shuffled(range(1, 301)):
        datagram = frames.udp(up, source, port, bytes(8))
        ip_id = scene.dice.below(65536)
        quoted = frames.ip(up, frames.UDP_PROTO, datagram, ip_id=ip_id)
        scene.add(at_us, frames.frame(up, frames.UDP_PROTO, datagram, ip_id=ip_id))
        message = frames.icmp(down, templates.unreachable(3) + quoted[:36])
        scene.add(at_us + 300, frames.frame(down, frames.ICMP_PROTO, message, ip_id=scene.dice.below(65536)))
        at_us += 50_000
