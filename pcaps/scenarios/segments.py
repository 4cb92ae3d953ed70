"""Leaks that show on a segment, each with its benign twin: two interfaces, trunks, routes, NAT, telephones."""

from __future__ import annotations

import ipaddress
import struct

from pcaps import frames, neighbourhood, services
from pcaps.city import CITY, own, router_of
from pcaps.frames import Way
from pcaps.scene import EDGE_INSIDE, EDGE_OUTSIDE, MINUTE, SECOND, Host, Scene, mac_of, ways
from pcaps.session import Session

ALL_ROUTERS = Way(b"", bytes.fromhex("01005e000009"), 0, b"", bytes((224, 0, 0, 9)), 1)
OSPF_ROUTERS = Way(b"", bytes.fromhex("01005e000005"), 0, b"", bytes((224, 0, 0, 5)), 1)


def dual_homed(scene: Scene, at_us: int) -> None:
    """Add a work place that takes an address in the LGWAN zone and, three minutes later, one in the Internet zone."""
    inside, outside = own("10.20.1.61", 120), own("10.30.2.61", 130)
    neighbourhood.dhcp(scene, at_us, inside, router_of(inside), "soumu-07")
    neighbourhood.dhcp(scene, at_us + 3 * MINUTE, outside, router_of(outside), "SOUMU-07")
    card = mac_of(77, 1, 62)
    one, two = Host("10.20.1.62", vlan=120, mac=card), Host("10.30.2.62", vlan=130, mac=card)
    neighbourhood.arp(scene, at_us + MINUTE, one, router_of(one))
    neighbourhood.arp(scene, at_us + 2 * MINUTE, two, router_of(two))


def dual_homed_benign(scene: Scene, at_us: int) -> None:
    """Add two work places of different names, one that renews, and a virtual router address that both zones have."""
    first, second = own("10.20.1.61", 120), own("10.30.2.61", 130)
    neighbourhood.dhcp(scene, at_us, first, router_of(first), "soumu-07")
    neighbourhood.dhcp(scene, at_us + MINUTE, second, router_of(second), "kikaku-03")
    neighbourhood.dhcp(scene, at_us + 2 * MINUTE, first, router_of(first), "soumu-07")
    virtual = bytes.fromhex("00005e000101")
    for later, (ip, vlan) in enumerate((("10.20.1.253", 120), ("10.30.2.253", 130))):
        host = Host(ip, vlan=vlan, mac=virtual)
        neighbourhood.arp(scene, at_us + later * SECOND, host, router_of(host))


def trunk_leak(scene: Scene, at_us: int) -> None:
    """Add the My Number VLAN on a wire of other zones, ARP of its hosts on VLAN 120, and its bridge."""
    desk = CITY.mynumber_desks[2]
    neighbourhood.arp(scene, at_us, desk, router_of(desk))
    neighbourhood.mdns(scene, at_us + 2 * SECOND, desk)
    astray = Host("10.10.1.31", vlan=120)
    neighbourhood.arp(scene, at_us + 5 * SECOND, astray, Host("10.10.1.254", vlan=120))
    spanning_tree_of(scene, at_us + 8 * SECOND, mac_of(10, 0, 253), 110)


def trunk_leak_benign(scene: Scene, at_us: int) -> None:
    """Add ARP and bridges of the zones that belong on this wire."""
    for desk in (CITY.lgwan_desks[2], CITY.inet_desks[2]):
        neighbourhood.arp(scene, at_us, desk, router_of(desk))
        neighbourhood.mdns(scene, at_us + 2 * SECOND, desk)
        spanning_tree_of(scene, at_us + SECOND, desk.router_mac, desk.vlan)


def spanning_tree_of(scene: Scene, at_us: int, bridge_mac: bytes, vlan: int) -> None:
    """Add an untagged BPDU whose bridge identifier ends in a VLAN id (IEEE 802.1D, 9.2.5)."""
    identifier = struct.pack("!H", 0x8000 | vlan) + bridge_mac
    timers = struct.pack("!HHHHH", 0x8001, 0, 0x1400, 0x200, 0xF00)
    message = b"\0\0\0\0\0" + identifier + bytes(4) + identifier + timers
    frame = bytes.fromhex("0180c2000000") + bridge_mac + struct.pack("!H", 3 + len(message)) + b"\x42\x42\x03" + message
    scene.add(at_us, frame.ljust(frames.MIN_FRAME, b"\0"))


def rip(scene: Scene, at_us: int, router: Host, prefixes: list[str]) -> None:
    """Add a RIP version 2 response (RFC 2453)."""
    entries = b"".join(
        b"\0\x02\0\0" + net.network_address.packed + net.netmask.packed + bytes(4) + struct.pack("!I", 1)
        for net in map(ipaddress.ip_network, prefixes))
    way = ALL_ROUTERS._replace(src_mac=router.mac, vlan=router.vlan, src=router.packed)
    scene.udp(at_us, way, 520, 520, b"\x02\x02\0\0" + entries)


def ospf(scene: Scene, at_us: int, router: Host, prefixes: list[str]) -> None:
    """Add an OSPF link state update with an external route for each prefix (RFC 2328, A.3.5 and A.4.5)."""
    lsas = b"".join(
        struct.pack("!HBB", 1, 2, 5) + net.network_address.packed + router.packed + struct.pack("!IHH", 1, 0, 36)
        + net.netmask.packed + struct.pack("!III", 20, 0, 0) for net in map(ipaddress.ip_network, prefixes))
    body = struct.pack("!I", len(prefixes)) + lsas
    head = struct.pack("!BBH", 2, 4, 24 + len(body)) + router.packed + bytes(4)
    total = frames.checksum(head + bytes(4) + body)
    message = head + struct.pack("!HH", total, 0) + bytes(8) + body
    way = OSPF_ROUTERS._replace(src_mac=router.mac, vlan=router.vlan, src=router.packed)
    scene.add(at_us, frames.frame(way, 89, message))


def redirect(scene: Scene, at_us: int, router: Host, host: Host, gateway: str) -> None:
    """Add an ICMP redirect for a network (RFC 792), with the packet that it quotes."""
    quoted = frames.ip(Way(b"", b"", 0, host.packed, bytes((198, 51, 100, 80)), 128), frames.TCP_PROTO, bytes(20))[:28]
    way = Way(router.mac, host.mac, host.vlan, router.packed, host.packed, 64)
    message = frames.icmp(way, b"\x05\x01\0\0" + ipaddress.ip_address(gateway).packed + quoted)
    scene.add(at_us, frames.frame(way, frames.ICMP_PROTO, message))


def route_leak(scene: Scene, at_us: int) -> None:
    """Add routes to the My Number zone told in the Internet zone (RIP, OSPF), and a redirect to another zone."""
    router = router_of(CITY.inet_desks[0])
    rip(scene, at_us, router, ["10.10.0.0/16"])
    ospf(scene, at_us + 10 * SECOND, Host("10.30.0.253", vlan=130), ["10.10.5.0/24"])
    redirect(scene, at_us + 20 * SECOND, router_of(CITY.lgwan_desks[0]), CITY.lgwan_desks[0], "10.30.0.254")


def route_leak_benign(scene: Scene, at_us: int) -> None:
    """Add routes between zones that conduits join, and a redirect within the zone."""
    rip(scene, at_us, router_of(CITY.inet_desks[0]), ["10.30.0.0/16", "10.25.0.0/24", "198.51.100.0/24"])
    ospf(scene, at_us + 10 * SECOND, Host("10.30.0.253", vlan=130), ["10.20.0.0/16"])
    redirect(scene, at_us + 20 * SECOND, router_of(CITY.lgwan_desks[0]), CITY.lgwan_desks[0], "10.20.1.253")


def rfc1918_at_edge_benign(scene: Scene, at_us: int) -> None:
    """Add visits to the public server on the untagged wire at the edge: translated addresses only."""
    for number in range(3):
        session = Session(scene, at_us + number * SECOND, CITY.waf[number], Host("203.0.113.5", ttl=63), 443,
                          seen=ways(CITY.waf[number], Host("203.0.113.5", ttl=63), vlan=0, client_mac=EDGE_OUTSIDE,
                                    server_mac=EDGE_INSIDE))
        services.tls_exchange(session.open(), "www.kaku.example", [(300, 2000)]).close()


def syn(scene: Scene, at_us: int, client: Host, server: Host, *, ttl: int = 0, stamp: int | None = None) -> None:
    """Add a SYN and the refusal, with a TTL and a TCP timestamp (RFC 7323) of one's own."""
    up, down = ways(client, server)
    up = up._replace(ttl=ttl or client.ttl)
    port, seq = scene.port(client), scene.dice.below(1 << 32)
    options = b"\x02\x04\x05\xb4" + (b"\x04\x02\x08\x0a" + struct.pack("!II", stamp, 0) if stamp is not None else b"")
    segment = struct.pack("!HHIIBBHHH", port, 8080, seq, 0, (20 + len(options)) << 2, frames.SYN, 64240, 0, 0) + options
    total = frames.checksum(frames.pseudo_header(up, frames.TCP_PROTO, len(segment)) + segment)
    scene.add(at_us, frames.frame(up, frames.TCP_PROTO, segment[:16] + total.to_bytes(2, "big") + segment[18:]))
    refusal = frames.tcp(down, 8080, port, 0, seq + 1, frames.RST | frames.ACK)
    scene.add(at_us + 6000, frames.frame(down, frames.TCP_PROTO, refusal))


def neighbours(scene: Scene, at_us: int) -> None:
    """Add SYNs of a dozen work places, each with the TTL of its system."""
    for number in range(12):
        desk = own(f"10.30.2.{70 + number}", 130, ttl=64 if number % 3 else 128)
        syn(scene, at_us + number * 300_000, desk, CITY.proxy)


def rogue_nat(scene: Scene, at_us: int) -> None:
    """Add a private router in the Internet zone: its packets have one hop behind them, and two clocks take turns."""
    neighbours(scene, at_us)
    router = own("10.30.2.90", 130)
    for number in range(6):
        now_s = 10 + number * 20
        stamp = (5_000_000 + now_s * 1000) if number % 2 else (1_900_000_000 + now_s * 250)
        syn(scene, at_us + now_s * SECOND, router, CITY.proxy, ttl=63, stamp=stamp)


def rogue_nat_benign(scene: Scene, at_us: int) -> None:
    """Add work places of two systems, and one that restarts: its clock begins anew, once."""
    neighbours(scene, at_us)
    desk = own("10.30.2.90", 130)
    for number in range(6):
        now_s = 10 + number * 20
        stamp = (5_000_000 + now_s * 1000) if number < 3 else (1000 + now_s * 1000)
        syn(scene, at_us + now_s * SECOND, desk, CITY.proxy, ttl=64, stamp=stamp)


def rogue_dhcp(scene: Scene, at_us: int) -> None:
    """Add a private router that hands out its own addresses on the Internet zone's VLAN."""
    client = Host("192.168.3.101", vlan=130, mac=mac_of(30, 2, 45))
    neighbourhood.dhcp(scene, at_us, client, Host("192.168.3.1", vlan=130, mac=mac_of(88, 3, 1), ttl=64))


def rogue_dhcp_benign(scene: Scene, at_us: int) -> None:
    """Add the zone's own DHCP server."""
    client = own("10.30.2.95", 130)
    neighbourhood.dhcp(scene, at_us, client, router_of(client))


def tethering_benign(scene: Scene, at_us: int) -> None:
    """Add a host without an address of the zone: it asks for one, gives itself a link-local one, and calls out."""
    host = Host("169.254.43.57", vlan=120)
    neighbourhood.mdns(scene, at_us, Host("169.254.43.57", vlan=120, name="lg-9"))
    way = Way(host.mac, b"\xff" * 6, 120, host.packed, bytes((169, 254, 255, 255)), 128)
    scene.udp(at_us + SECOND, way, 137, 137, bytes(50))


def advertisement(scene: Scene, at_us: int, router: Host, prefix: str) -> None:
    """Add an IPv6 router advertisement with one prefix (RFC 4861, 4.2 and 4.6.2)."""
    source = ipaddress.IPv6Address(neighbourhood.link_local(router)).packed
    way = Way(router.mac, bytes.fromhex("333300000001"), router.vlan, source,
              ipaddress.IPv6Address("ff02::1").packed, 255)
    option = b"\x03\x04\x40\xc0" + struct.pack("!III", 86400, 14400, 0) + ipaddress.IPv6Address(prefix).packed
    message = b"\x86\0\0\0" + struct.pack("!BBHII", 64, 0, 1800, 0, 0) + option
    scene.add(at_us, frames.frame(way, frames.ICMP6_PROTO, frames.icmp(way, message)))


def rogue_ipv6(scene: Scene, at_us: int) -> None:
    """Add a host of the LGWAN VLAN that advertises itself as IPv6 router, one that follows, and a 6to4 address."""
    advertisement(scene, at_us, Host("10.20.1.99", vlan=120), "2001:db8:bad::")
    follower = Host("2001:db8:bad::44", vlan=120, mac=mac_of(20, 1, 44))
    Session(scene, at_us + 5 * SECOND, follower, Host("2001:db8:feed::80", ttl=55), 443, rtt_us=9000).knock()
    six = Host("2002:a14:12c::1", vlan=130, mac=mac_of(30, 2, 44))
    Session(scene, at_us + 9 * SECOND, six, Host("2001:db8:feed::81", ttl=55), 443, rtt_us=9000).knock()


def rogue_ipv6_benign(scene: Scene, at_us: int) -> None:
    """Add the router of the Internet zone, which has IPv6, and a host that uses it."""
    advertisement(scene, at_us, router_of(CITY.inet_desks[0]), "2001:db8:30:2::")
    services.web_by_proxy(scene, at_us + SECOND, CITY.inet_desks6[1], CITY.proxy6, "tenki.example", [(300, 2000)])


def monitor_bridges(scene: Scene, at_us: int) -> None:
    """Add the log server that opens a connection into the LGWAN zone."""
    Session(scene, at_us, CITY.log_server, CITY.lgwan_directory, 22, rtt_us=700).open().hear(b"SSH-2.0-x\r\n").close()


def monitor_bridges_benign(scene: Scene, at_us: int) -> None:
    """Add the log server as it should be: it receives."""
    services.https(scene, at_us, CITY.log_forwarder, CITY.log_server, "log.kaku.example", [(900, 100)], port=6514)


