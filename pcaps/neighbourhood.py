"""What every segment murmurs: ARP, DHCP, IPv6 neighbour discovery, multicast DNS, spanning tree."""

from __future__ import annotations

import ipaddress

from pcaps import frames, templates
from pcaps.frames import Way
from pcaps.scene import Host, Scene

BROADCAST = b"\xff" * 6
ARP_TYPE, IPV6_TYPE = 0x0806, 0x86DD


def text_of(mac: bytes) -> str:
    """Return a MAC address as text."""
    return mac.hex(":")


def link_local(host: Host) -> str:
    """Return the IPv6 link-local address of a host from its MAC address (RFC 4291, modified EUI-64)."""
    mac = host.mac
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + bytes((mac[0] ^ 2,)) + mac[1:3] + b"\xff\xfe" + mac[3:]))


def arp(scene: Scene, at_us: int, asker: Host, owner: Host) -> None:
    """Add an ARP request to all and the owner's reply."""
    ask = templates.arp(False, text_of(asker.mac), asker.ip, templates.NO_MAC, owner.ip)
    answer = templates.arp(True, text_of(owner.mac), owner.ip, text_of(asker.mac), asker.ip)
    to_all = Way(asker.mac, BROADCAST, asker.vlan, asker.packed, owner.packed, 0)
    back = Way(owner.mac, asker.mac, asker.vlan, owner.packed, asker.packed, 0)
    scene.add(at_us, frames.link(to_all, ARP_TYPE, ask))
    scene.add(at_us + 90 + scene.dice.below(80), frames.link(back, ARP_TYPE, answer))


def dhcp(scene: Scene, at_us: int, client: Host, server: Host, name: str = "") -> None:
    """Add discover, offer, request and ack, all as broadcasts; the client may give its name."""
    transaction = scene.dice.below(1 << 32)
    everyone = b"\xff" * 4
    ask = Way(client.mac, BROADCAST, client.vlan, bytes(4), everyone, 128)
    answer = Way(server.mac, BROADCAST, client.vlan, server.packed, everyone, 64)
    for step, kind in enumerate(("discover", "offer", "request", "ack")):
        message = templates.dhcp(kind, client.mac, client.ip, server.ip, transaction, name)
        way, sport, dport = (ask, 68, 67) if step % 2 == 0 else (answer, 67, 68)
        scene.udp(at_us + step * 1800 + scene.dice.below(700), way, sport, dport, message)


def neighbour(scene: Scene, at_us: int, asker: Host, owner: Host) -> None:
    """Add an IPv6 neighbour solicitation (to the solicited-node group) and the advertisement."""
    source, target = ipaddress.IPv6Address(link_local(asker)).packed, ipaddress.IPv6Address(link_local(owner)).packed
    group = bytes.fromhex("ff0200000000000000000001ff") + target[13:]
    ask = Way(asker.mac, b"\x33\x33" + group[12:], asker.vlan, source, group, 255)
    back = Way(owner.mac, asker.mac, asker.vlan, target, source, 255)
    for later, way, advertise, mac in ((0, ask, False, asker.mac), (200, back, True, owner.mac)):
        message = frames.icmp(way, templates.neighbour(advertise, link_local(owner), text_of(mac)))
        scene.add(at_us + later, frames.frame(way, frames.ICMP6_PROTO, message))


def mdns(scene: Scene, at_us: int, host: Host) -> None:
    """Add a multicast DNS announcement over IPv4 and over IPv6."""
    message = templates.mdns_announcement(f"{host.name}.local.", host.ip)
    four = Way(host.mac, bytes.fromhex("01005e0000fb"), host.vlan, host.packed, bytes((224, 0, 0, 251)), 255)
    six = Way(host.mac, bytes.fromhex("3333000000fb"), host.vlan, ipaddress.IPv6Address(link_local(host)).packed,
              ipaddress.IPv6Address("ff02::fb").packed, 255)
    scene.udp(at_us, four, 5353, 5353, message)
    scene.udp(at_us + 400, six, 5353, 5353, message)


def spanning_tree(scene: Scene, at_us: int, bridge_mac: bytes) -> None:
    """Add one untagged spanning tree BPDU."""
    scene.add(at_us, templates.spanning_tree(text_of(bridge_mac)).ljust(frames.MIN_FRAME, b"\0"))
