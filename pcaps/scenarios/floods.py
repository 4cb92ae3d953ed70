"""Somebody wants a service down: floods against one host, and against a whole block."""

from __future__ import annotations

from pcaps import frames, templates
from pcaps.city import far, own
from pcaps.dice import Dice, opaque
from pcaps.frames import RST, SYN, Way
from pcaps.scene import SECOND, Host, Scene, ways

PUBLIC = own("203.0.113.5", 131, ttl=64)
"""The public server by its public address, in the DMZ."""

MONLIST = bytes.fromhex("d700032a00060048")
"""Head of an NTP mode 7 answer with six entries of 72 bytes, as open servers send it to whoever seems to ask."""


def relayed(dice: Dice) -> Host:
    """Return an address of the security cloud, whose requests to the public server are permitted (C08)."""
    return far(f"198.51.100.{dice.between(1, 254)}", 60)


def spoofed(dice: Dice) -> Host:
    """Return a random source on the Internet, out of the space for benchmarks (RFC 2544)."""
    return far(f"198.18.{dice.below(256)}.{dice.between(1, 254)}", dice.between(40, 60))


def bare(scene: Scene, at_us: int, way: Way, proto: int, payload: bytes) -> None:
    """Add one packet."""
    scene.add(at_us, frames.frame(way, proto, payload, ip_id=scene.dice.below(65536)))


def syn_flood(scene: Scene, at_us: int, per_second: int = 600, seconds: int = 7) -> None:
    """Add a SYN flood that comes by the permitted way, so that only its rate is wrong."""
    syns(scene, at_us, [relayed(scene.dice) for _ in range(per_second * seconds)], per_second)


def syn_flood_spoofed(scene: Scene, at_us: int, per_second: int = 500, seconds: int = 6) -> None:
    """Add a SYN flood from spoofed Internet sources: every one of them a flow without a conduit."""
    syns(scene, at_us, [spoofed(scene.dice) for _ in range(per_second * seconds)], per_second)


def syns(scene: Scene, at_us: int, sources: list[Host], per_second: int) -> None:
    """Add one SYN from each source; the server answers some, refuses a few, and is never acknowledged."""
    dice = scene.dice
    for number, source in enumerate(sources):
        now = at_us + number * SECOND // per_second + dice.below(400)
        up, down = ways(source, PUBLIC)
        port, seq = dice.between(1024, 65535), dice.below(1 << 32)
        bare(scene, now, up, frames.TCP_PROTO, frames.tcp(up, port, 443, seq, 0, SYN))
        if number % 8 == 0:
            answer = frames.tcp(down, 443, port, dice.below(1 << 32), seq + 1, SYN | frames.ACK)
            bare(scene, now + 300, down, frames.TCP_PROTO, answer)
        elif number % 50 == 1:
            bare(scene, now + 300, down, frames.TCP_PROTO, frames.tcp(down, 443, port, 0, seq + 1, RST | frames.ACK))


def udp_flood(scene: Scene, at_us: int, per_second: int = 1300, seconds: int = 4) -> None:
    """Add a DNS reflection: big answers from 8 open resolvers that nobody asked."""
    dice = scene.dice
    answer = templates.dns_answer("any.example", "TXT", "x" * 200, many=5)
    for number in range(per_second * seconds):
        way, _ = ways(far(f"192.0.2.{10 + dice.below(8)}", 50), PUBLIC)
        datagram = frames.udp(way, 53, 30_000 + number % 16, dice.below(65536).to_bytes(2, "big") + answer[2:])
        bare(scene, at_us + number * SECOND // per_second + dice.below(300), way, frames.UDP_PROTO, datagram)


def icmp_flood(scene: Scene, at_us: int, per_second: int = 800, seconds: int = 5) -> None:
    """Add echo requests from four hosts; the server answers the first hundred of them."""
    dice = scene.dice
    for number in range(per_second * seconds):
        now = at_us + number * SECOND // per_second + dice.below(300)
        up, down = ways(far(f"192.0.2.{200 + number % 4}", 49), PUBLIC)
        data = opaque(dice, 120)
        bare(scene, now, up, frames.ICMP_PROTO, frames.echo(up, reply=False, ident=7, seq=number, payload=data))
        if number < 100:
            reply = frames.echo(down, reply=True, ident=7, seq=number, payload=data)
            bare(scene, now + 250, down, frames.ICMP_PROTO, reply)


def carpet_bombing(scene: Scene, at_us: int, per_second: int = 1900, seconds: int = 4) -> None:
    """Add an NTP reflection over the unused rest of the city's public /24: little for each, much for the block."""
    dice = scene.dice
    for number in range(per_second * seconds):
        way, _ = ways(far(f"192.0.2.{10 + dice.below(80)}", 50), far(f"203.0.113.{16 + number * 37 % 240}", 64))
        datagram = frames.udp(way, 123, 40_000 + dice.below(8), MONLIST + opaque(dice, 432))
        bare(scene, at_us + number * SECOND // per_second + dice.below(200), way, frames.UDP_PROTO, datagram)
