"""Channels that carry what they should not, each with its benign twin: tunnels, stepping stones, time, reflection."""

from __future__ import annotations

import base64
import struct

from pcaps import frames, services, templates
from pcaps.city import CITY, SITES, far
from pcaps.dice import opaque
from pcaps.scene import MINUTE, SECOND, Host, Scene, ways
from pcaps.session import Session

STRANGER = far("192.0.2.66", 49)


def ike(scene: Scene) -> bytes:
    """Return an IKEv2 message that opens an association (RFC 7296)."""
    return opaque(scene.dice, 8) + bytes(8) + b"\x21\x20\x22\x08" + opaque(scene.dice, 180)


def ipsec_tunnel(scene: Scene, at_us: int) -> None:
    """Add IKE and ESP out of the LGWAN zone, and a VPN service that is reached through the proxy."""
    services.web_by_proxy(scene, at_us + 20 * SECOND, CITY.inet_desks[3], CITY.proxy, "vpn42.softether.net",
                          [(400, 3000)])
    desk, peer = CITY.lgwan_desks[3], far("192.0.2.160", 50)
    up, down = ways(desk, peer)
    for way in (up, down):
        scene.udp(at_us, way, 500, 500, ike(scene))
        at_us += 15_000
    for number in range(1, 13):
        way = up if number % 2 else down
        packet = struct.pack("!II", 0xC0FFEE00 + number % 2, number) + opaque(scene.dice, 96)
        scene.add(at_us + number * 9000, frames.frame(way, 50, packet, ip_id=number))


def ipsec_tunnel_benign(scene: Scene, at_us: int) -> None:
    """Add the same between two hosts of the zone, and datagrams of 148 bytes that are no handshake."""
    desk, peer = CITY.lgwan_desks[3], CITY.lgwan_desks[4]
    up, down = ways(desk, peer)
    for way in (up, down):
        scene.udp(at_us, way, 500, 500, ike(scene))
        at_us += 15_000
    up, down = ways(CITY.lgwan_desks[2], CITY.screens[2])
    for way, ports in ((up, (51820, 3389)), (down, (3389, 51820))):
        scene.udp(at_us, way, *ports, services.rdp_datagram(scene.dice, 1, 1, 148 - 29))


def dns_tunnel(scene: Scene, at_us: int) -> None:
    """Add a host that carries data out in names: long, unlike, below one domain, asked for as TXT."""
    desk = CITY.inet_desks[2]
    for number in range(75):
        label = base64.b32encode(opaque(scene.dice, 35)).decode().lower().rstrip("=")
        services.dns(scene, at_us + number * 800_000, desk, CITY.cloud_dns, f"{label[:50]}.t{number}.okiba.example",
                     qtype="TXT", exists=False)


def dns_tunnel_benign(scene: Scene, at_us: int) -> None:
    """Add many names below one domain, but short ones, and long ones of a reputation service."""
    desk = CITY.inet_desks[2]
    for number in range(75):
        services.dns(scene, at_us + number * 400_000, desk, CITY.cloud_dns, f"img{number}.cdn.haishin.example")
        label = base64.b32encode(opaque(scene.dice, 35)).decode().lower().rstrip("=")
        services.dns(scene, at_us + number * 400_000 + 90_000, desk, CITY.cloud_dns, f"{label[:50]}.avts.mcafee.com")


def echoes(scene: Scene, at_us: int, client: Host, server: Host, count: int, size: int, *, same: bool,
           varies: bool) -> None:
    """Add echo messages whose replies are the same as the request or not, and whose content varies or not."""
    up, down = ways(client, server)
    ident, fixed = scene.dice.below(65536), bytes(number & 0xFF for number in range(size))
    for seq in range(1, count + 1):
        sent = opaque(scene.dice, size) if varies else fixed
        back = sent if same else opaque(scene.dice, size)
        for way, reply, data, later in ((up, False, sent, 0), (down, True, back, 5000)):
            message = frames.echo(way, reply=reply, ident=ident, seq=seq, payload=data)
            scene.add(at_us + later, frames.frame(way, frames.ICMP_PROTO, message, ip_id=scene.dice.below(65536)))
        at_us += 700_000


def icmp_tunnel(scene: Scene, at_us: int) -> None:
    """Add a tunnel in echo messages from the Internet zone to the security cloud, where ping is permitted."""
    echoes(scene, at_us, CITY.inet_desks[1], CITY.cloud_dns, 24, 900, same=False, varies=True)


def icmp_tunnel_benign(scene: Scene, at_us: int) -> None:
    """Add large pings of one pattern, as a test of the packet size sends them, and ordinary ones."""
    echoes(scene, at_us, CITY.inet_directory, CITY.cloud_dns, 24, 1400, same=True, varies=False)
    services.ping(scene, at_us, CITY.inet_desks[1], CITY.cloud_dns, 6)


def ntp_misuse(scene: Scene, at_us: int) -> None:
    """Add an unapproved time server, and a query of mode 7 (monlist) to the security cloud's."""
    services.ntp(scene, at_us, CITY.inet_desks[6], far("192.0.2.123", 50))
    up, _ = ways(CITY.inet_desks[5], CITY.cloud_ntp)
    port = scene.port(CITY.inet_desks[5])
    scene.udp(at_us + SECOND, up, port, 123, b"\x17\x00\x03\x2a" + bytes(188))


def ntp_misuse_benign(scene: Scene, at_us: int) -> None:
    """Add the approved time servers of both zones."""
    services.ntp(scene, at_us, CITY.inet_directory, CITY.cloud_ntp)
    services.ntp(scene, at_us + SECOND, CITY.lgwan_directory, CITY.lgwan_ntp)


def stray_answers(scene: Scene, at_us: int) -> None:
    """Add half a minute of DNS answers, one or two a second, to a host that never asked: far too few for a flood."""
    desk = CITY.inet_desks[4]
    answer = templates.dns_answer("all.okiba.example", "A", "198.51.100.80", many=20)
    for number in range(40):
        _, down = ways(desk, CITY.cloud_dns)
        scene.udp(at_us, down, 53, 40_000 + number, number.to_bytes(2, "big") + answer[2:])
        at_us += 800_000


def stray_answers_benign(scene: Scene, at_us: int) -> None:
    """Add the same answers to questions."""
    for number in range(40):
        services.dns(scene, at_us + number * 800_000, CITY.inet_desks[4], CITY.cloud_dns, SITES[number % 8])


def keystrokes(scene: Scene, sessions: list[Session], count: int, lag_us: int = 9000) -> None:
    """Add keystrokes with pauses that run through a chain of connections, one after another, and the echo back."""
    now = max(session.now for session in sessions) + SECOND
    for _ in range(count):
        for number, session in enumerate(sessions):
            session.now = max(session.now, now + number * lag_us)
            session.say(opaque(scene.dice, 36)).hear(opaque(scene.dice, 36 + 36 * scene.dice.below(6)))
        now = max(session.now for session in sessions) + 600_000 + scene.dice.gap(2 * SECOND)
        for session in sessions:
            session.now = now


def ssh(scene: Scene, at_us: int, client: Host, server: Host, rtt_us: int) -> Session:
    """Open an SSH connection."""
    session = Session(scene, at_us, client, server, 22, rtt_us=rtt_us).open()
    return session.hear(b"SSH-2.0-OpenSSH_9.6\r\n").say(b"SSH-2.0-OpenSSH_9.3\r\n")


def stepping_stone(scene: Scene, at_us: int) -> None:
    """Add the maintenance vendor that goes on from the LGWAN server into the My Number zone."""
    first = ssh(scene, at_us, CITY.vendor, CITY.business_server, 5000)
    second = ssh(scene, first.now + 2 * SECOND, CITY.business_server, CITY.mynumber_directory, 700)
    keystrokes(scene, [first, second], 12)


def stepping_stone_benign(scene: Scene, at_us: int) -> None:
    """Add the vendor at work while somebody else works within the zone, each at a pace of his own."""
    vendor = ssh(scene, at_us, CITY.vendor, CITY.business_server, 5000)
    keystrokes(scene, [vendor], 12)
    clerk = ssh(scene, at_us + 777_000, CITY.lgwan_desks[5], CITY.lgwan_directory, 500)
    keystrokes(scene, [clerk], 12)


def relay(scene: Scene, at_us: int) -> None:
    """Add 300 kB from the My Number zone to an LGWAN work place, and from there to the Internet."""
    middle = CITY.lgwan_desks[0]
    end = services.https(scene, at_us, CITY.mynumber_desks[4], middle, "lg-0.kaku.example", [(300_000, 400)],
                         rtt_us=700)
    services.https(scene, end + 20 * SECOND, middle, STRANGER, "upload.okiba.example", [(301_500, 500)], rtt_us=12_000)


def relay_benign(scene: Scene, at_us: int) -> None:
    """Add a file that is fetched through the proxy and handed to the sanitizing gateway: the same volume, inwards."""
    desk = CITY.inet_desks[0]
    services.web_by_proxy(scene, at_us, desk, CITY.proxy, SITES[0], [(500, 300_000)])
    services.https(scene, at_us + MINUTE, desk, CITY.gateway_in, "in.mugai.kaku.example", [(300_000, 400)], rtt_us=700)


def side_channel(scene: Scene, at_us: int) -> None:
    """Add USB redirection beside a screen transfer."""
    client, screen = CITY.lgwan_desks[3], CITY.screens[3]
    services.screen_transfer(scene, at_us, client, screen, 1, rtt_us=900)
    session = Session(scene, at_us + 5 * SECOND, client, screen, 32111, rtt_us=900).open()
    session.say(opaque(scene.dice, 9000)).hear(opaque(scene.dice, 300)).close()


def side_channel_benign(scene: Scene, at_us: int) -> None:
    """Add the screen transfer alone, over TCP and UDP."""
    client, screen = CITY.lgwan_desks[3], CITY.screens[3]
    services.screen_transfer(scene, at_us, client, screen, 1, rtt_us=900)
    services.screen_transfer_udp(scene, at_us + 5 * SECOND, client, screen, 20)


