"""Scenarios that must stay silent: a day's work, crowds, fragments, captures that begin in the middle."""

from __future__ import annotations

from pcaps import frames, services, templates
from pcaps.city import CITY, SITES, own
from pcaps.scene import SECOND, Host, Scene, ways
from pcaps.session import Session


def busy_server(scene: Scene, at_us: int) -> None:
    """Add an evacuation notice that many read at once, a speed test and a video call over the screen transfer."""
    for _ in range(160):
        services.http(scene, at_us, scene.dice.pick(CITY.waf), CITY.public_web, "www.kaku.example", "/bosai", 1200,
                      rtt_us=400)
        at_us += scene.dice.gap(45_000)
    services.web_by_proxy(scene, at_us, CITY.inet_desks[3], CITY.proxy, SITES[6], [(400, 900_000), (300_000, 200)],
                          rtt_us=6000)
    up, down = ways(CITY.lgwan_desks[2], CITY.screens[2])
    port = scene.port(CITY.lgwan_desks[2])
    for number in range(1000):
        way, ports = (up, (port, 3389)) if number % 5 == 0 else (down, (3389, port))
        size = 120 if number % 5 == 0 else 1100
        scene.udp(at_us, way, *ports, services.rdp_datagram(scene.dice, number, number, size))
        at_us += 1800 + scene.dice.below(500)


def fragments(scene: Scene, at_us: int) -> None:
    """Add permitted traffic in fragments: big DNS answers over IPv4 and IPv6, TCP, in order, out of order, reversed."""
    dns6 = Host("2001:db8:98::53", ttl=60)
    for number in range(24):
        six = number % 3 == 2
        client, server = (CITY.inet_desks6[number % 8], dns6) if six else (CITY.inet_desks[number % 8], CITY.cloud_dns)
        up, down = ways(client, server)
        port, ident = scene.port(client), scene.dice.below(65536).to_bytes(2, "big")
        name, kind, data = SITES[number % 8], "AAAA" if six else "A", "2001:db8:98::80" if six else "198.51.100.80"
        scene.udp(at_us, up, port, 53, ident + templates.dns_query(name, kind)[2:])
        answer = ident + templates.dns_answer(name, kind, data, many=40 + 3 * number)[2:]
        pieces = frames.fragments(down, frames.UDP_PROTO, frames.udp(down, 53, port, answer),
                                  ip_id=scene.dice.below(65536), size=(1480, 1448, 760)[number % 3])
        if number % 4 == 1:
            pieces.reverse()
        elif number % 4 == 2:
            pieces = scene.dice.shuffled(pieces)
        for later, piece in enumerate(pieces):
            scene.add(at_us + 5000 + later * 80, piece)
        at_us += 3 * SECOND
    fragmented_tcp(scene, at_us)


def fragmented_tcp(scene: Scene, at_us: int) -> None:
    """Add one permitted connection whose every data segment comes in fragments of 576 bytes, the last piece first."""
    plain = Scene("fragmented_tcp", scene.dice.below(1 << 32))
    services.web_by_proxy(plain, at_us, CITY.inet_desks[5], CITY.proxy, SITES[0], [(900, 9000)])
    for sent_us, frame in plain.timed:
        packet = frame[18 : 18 + int.from_bytes(frame[20:22], "big")]
        if len(packet) <= 576:
            scene.add(sent_us, frame)
            continue
        way = frames.Way(frame[6:12], frame[0:6], 130, packet[12:16], packet[16:20], packet[8])
        ip_id = int.from_bytes(packet[4:6], "big")
        pieces = frames.fragments(way, frames.TCP_PROTO, packet[20:], ip_id=ip_id, size=552)
        for later, piece in enumerate(reversed(pieces)):
            scene.add(sent_us + later, piece)


def midstream(scene: Scene, at_us: int) -> None:
    """Add connections whose beginning was not captured, some of which only one direction passed the tap."""
    pairs = ((CITY.lgwan_desks[1], CITY.screens[1], 3389), (CITY.lgwan_desks[4], CITY.screens[4], 3389),
             (CITY.inet_desks[2], CITY.proxy, 8080), (CITY.waf[0], CITY.public_web, 443),
             (CITY.lgwan_desks[5], CITY.lgwan_asp, 443), (CITY.exchange_server, CITY.intermediate_server, 443))
    for number, (client, server, port) in enumerate(pairs * 2):
        whole = Scene("midstream", number)
        session = Session(whole, at_us + number * 7 * SECOND, client, server, port, rtt_us=3000)
        for _ in range(4):
            session.say(services.tls_data(whole.dice, 300)).hear(services.tls_data(whole.dice, 2500)).wait(2 * SECOND)
        if number % 2:
            session.close()
        keep_down, one_sided = session.down.src, number >= len(pairs)
        at = 14 + 4 * bool(session.up.vlan) + 12
        for sent_us, frame in whole.timed:
            if not one_sided or frame[at : at + 4] == keep_down:
                scene.add(sent_us, frame)


def silent_host(scene: Scene, at_us: int) -> None:
    """Add a work place that tries a switched-off screen server all morning: failures, but no scan."""
    for _ in range(12):
        Session(scene, at_us, CITY.lgwan_desks[6], own("10.30.8.40", 130), 3389).knock(tries=3)
        at_us += 20 * SECOND
