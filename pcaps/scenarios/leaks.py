"""Communication between zones that the policy does not permit, and how far it came."""

from __future__ import annotations

from pcaps import frames, services
from pcaps.city import CITY, far, router_of
from pcaps.day import maintain, update
from pcaps.dice import opaque
from pcaps.scene import SECOND, Host, Scene, ways
from pcaps.session import Session

STRANGER = far("192.0.2.66", 49)


def mynumber_to_internet_attempted(scene: Scene, at_us: int) -> None:
    """Add a My Number host that tries three Internet hosts: silence, RST, and a router that prohibits it."""
    client = CITY.mynumber_desks[3]
    Session(scene, at_us, client, STRANGER, 443).knock(tries=3)
    Session(scene, at_us + 30 * SECOND, client, far("192.0.2.67"), 443, rtt_us=11_000).refused()
    Session(scene, at_us + 50 * SECOND, client, far("192.0.2.68"), 443).rejected(router_of(client), 13)


def mynumber_to_internet_established(scene: Scene, at_us: int) -> None:
    """Add a My Number host that uploads to an Internet host."""
    services.https(scene, at_us, CITY.mynumber_desks[3], STRANGER, "upload.okiba.example",
                   [(600, 900), (160_000, 300)], rtt_us=11_000)


def lgwan_to_internet_no_conduit(scene: Scene, at_us: int) -> None:
    """Add an LGWAN work place that reaches the Internet directly, not by the breakout host."""
    services.https(scene, at_us, CITY.lgwan_desks[2], far("192.0.2.77"), "storage.okiba.example",
                   [(700, 4000), (30_000, 400)], rtt_us=13_000)
    Session(scene, at_us + 40 * SECOND, CITY.lgwan_desks[2], far("192.0.2.78"), 443).knock(tries=2)


def wrong_initiator(scene: Scene, at_us: int) -> None:
    """Add a screen server in the Internet zone that opens RDP to an LGWAN work place: the conduit turned round."""
    services.screen_transfer(scene, at_us, CITY.screens[2], CITY.lgwan_desks[2], 1, rtt_us=900)


def expired_conduit(scene: Scene, at_us: int) -> None:
    """Add updates over a conduit whose review-by date has passed."""
    update(scene, at_us)


def out_of_hours(scene: Scene, at_us: int) -> None:
    """Add the maintenance vendor in the evening: permitted only in working hours."""
    maintain(scene, at_us, 8)


def unattributed(scene: Scene, at_us: int) -> None:
    """Add a stray host of a tethering range and one of a private range nobody owns, both on the LGWAN segment."""
    stray = Host("192.168.43.57", vlan=120)
    Session(scene, at_us, stray, CITY.lgwan_directory, 445, rtt_us=400).refused()
    services.file_share(scene, at_us + 9 * SECOND, Host("172.16.5.9", vlan=120), CITY.business_server, 2, rtt_us=400)


def tunnel_6in4(scene: Scene, at_us: int) -> None:
    """Add an LGWAN host with an IPv6 tunnel (protocol 41) to a relay on the Internet, and HTTP inside it."""
    client, relay = CITY.lgwan_desks[6], far("192.0.2.41", 50)
    inner = Scene("inner", 6)
    inside = Host("2001:db8:6::46", ttl=64)
    services.http(inner, at_us, inside, Host("2001:db8:feed::80", ttl=55), "site.example",
                  "/", 14_000, rtt_us=25_000)
    up, down = ways(client, relay)
    for number, (sent_us, frame) in enumerate(inner.timed):
        packet = frame[14 : 14 + 40 + int.from_bytes(frame[18:20], "big")]
        way = up if packet[8:24] == inside.packed else down
        scene.add(sent_us, frames.frame(way, frames.SIXIN4_PROTO, packet, ip_id=number))


def rfc1918_at_edge(scene: Scene, at_us: int) -> None:
    """Add private sources on the untagged wire outside the edge router: an address that NAT missed, and a stray one."""
    missed = Host(CITY.inet_desks[4].ip, ttl=127)
    Session(scene, at_us, missed, far("192.0.2.90"), 443, rtt_us=9000).knock(tries=2)
    stray = Host("192.168.11.23", ttl=63)
    Session(scene, at_us + 12 * SECOND, stray, far("192.0.2.91"), 443, rtt_us=9000).knock(tries=2)


def fragmented_leak(scene: Scene, at_us: int) -> None:
    """Add a My Number host that sends to the Internet in fragments so small that no fragment shows the whole header."""
    plain = Scene("fragmented_leak", 8)
    services.http(plain, at_us, CITY.mynumber_desks[6], STRANGER, "okiba.example", "/kojin.csv", 300)
    for sent_us, frame in plain.timed:
        packet = frame[18 : 18 + int.from_bytes(frame[20:22], "big")]
        way = frames.Way(frame[6:12], frame[0:6], 110, packet[12:16], packet[16:20], packet[8])
        pieces = frames.fragments(way, frames.TCP_PROTO, packet[20:], ip_id=int.from_bytes(packet[4:6], "big"), size=8)
        for later, piece in enumerate(pieces):
            scene.add(sent_us + later, piece)


def second_interface(scene: Scene, at_us: int) -> None:
    """Add a printer protocol from the Internet zone into the My Number zone: a device that stands in both."""
    session = Session(scene, at_us, CITY.inet_desks[1], CITY.mynumber_desks[0], 9100, rtt_us=700).open()
    session.say(services.tls_data(scene.dice, 2000)).hear(b"@PJL READY\r\n").close()


def proxy_bypass(scene: Scene, at_us: int) -> None:
    """Add a desk of the Internet zone that goes past the security cloud: TLS and QUIC straight to a site."""
    desk, site = CITY.inet_desks[0], far("192.0.2.120", 51)
    services.https(scene, at_us, desk, site, "video.haishin.example", [(500, 9000)], rtt_us=12_000)
    up, down = ways(desk, site)
    port, at_us = scene.port(desk), at_us + 5 * SECOND
    for number in range(24):
        way, ports = (up, (port, 443)) if number % 3 == 0 else (down, (443, port))
        initial = b"\xc3\x00\x00\x00\x01\x08" + opaque(scene.dice, 8) + b"\x00\x00\x44\x9e"  # RFC 9000, 17.2.2
        head = initial if number < 3 else b"\x40"
        scene.udp(at_us, way, *ports, head + opaque(scene.dice, 1200 - len(head)))
        at_us += 6000 + scene.dice.below(3000)


def vpn_tunnel(scene: Scene, at_us: int) -> None:
    """Add a WireGuard tunnel from a desk of the LGWAN zone to the Internet: initiation of 148 bytes, response, data."""
    desk = CITY.lgwan_desks[5]
    up, down = ways(desk, far("192.0.2.51", 50))
    port = scene.port(desk)
    for way, ports, kind, size in ((up, (port, 51820), 1, 148), (down, (51820, port), 2, 92),
                                   *(((up, (port, 51820), 4, 128), (down, (51820, port), 4, 1312)) * 12)):
        scene.udp(at_us, way, *ports, bytes((kind, 0, 0, 0)) + opaque(scene.dice, size - 4))
        at_us += 14_000 + scene.dice.below(4000)


def smb_across_zones(scene: Scene, at_us: int) -> None:
    """Add file sharing from the Internet zone to an LGWAN server: one reads, one is refused."""
    services.file_share(scene, at_us, CITY.inet_desks[2], CITY.business_server, 2, rtt_us=800)
    Session(scene, at_us + 8 * SECOND, CITY.inet_desks[2], CITY.lgwan_directory, 445, rtt_us=800).refused()
