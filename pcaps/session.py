"""TCP connections from a compact script: open, say, hear, wait, close."""

from __future__ import annotations

from pcaps import frames, templates
from pcaps.frames import ACK, FIN, PSH, RST, SYN, Way
from pcaps.scene import Host, Scene, ways

WIRE_US_PER_SEGMENT = 13
"""A full segment on a gigabit line."""


class Session:
    """One TCP connection as the tap beside the client sees it; ``now`` (microseconds) moves on with each step.

    lossy: percent of data segments that are sent once more, as after a loss behind the tap.
    """

    def __init__(self, scene: Scene, at_us: int, client: Host, server: Host, port: int, *, rtt_us: int = 2000,
                 lossy: int = 0, seen: tuple[Way, Way] | None = None) -> None:
        self.scene, self.dice, self.now, self.rtt_us, self.lossy = scene, scene.dice, at_us, rtt_us, lossy
        self.up, self.down = seen or ways(client, server)
        self.client_port, self.server_port = scene.port(client), port
        self.client_seq, self.server_seq = self.dice.below(1 << 32), self.dice.below(1 << 32)
        self.client_id, self.server_id = self.dice.below(65536), self.dice.below(65536)
        self.mss = 1460 if len(self.up.src) == 4 else 1440

    def segment(self, at_us: int, upward: bool, flags: int, payload: bytes = b"", *, again: bool = False) -> None:
        """Add one segment and advance the sender's sequence number (``again``: repeat the same one)."""
        if upward:
            self.client_id += 1
            seq, ack = self.client_seq, self.server_seq if flags & ACK else 0
            data = frames.tcp(self.up, self.client_port, self.server_port, seq, ack, flags, payload)
            self.scene.add(at_us, frames.frame(self.up, frames.TCP_PROTO, data, ip_id=self.client_id))
            self.client_seq += 0 if again else len(payload) + bool(flags & (SYN | FIN))
        else:
            self.server_id += 1
            data = frames.tcp(self.down, self.server_port, self.client_port, self.server_seq, self.client_seq, flags,
                              payload)
            self.scene.add(at_us, frames.frame(self.down, frames.TCP_PROTO, data, ip_id=self.server_id))
            self.server_seq += 0 if again else len(payload) + bool(flags & (SYN | FIN))

    def open(self) -> Session:
        """Shake hands."""
        self.segment(self.now, True, SYN)
        self.segment(self.now + self.rtt_us, False, SYN | ACK)
        self.now += self.rtt_us + 40 + self.dice.below(60)
        self.segment(self.now, True, ACK)
        return self

    def say(self, payload: bytes) -> Session:
        """Send data from the client to the server."""
        return self._send(True, payload)

    def hear(self, payload: bytes) -> Session:
        """Send data from the server to the client, after a round trip and some thinking."""
        self.now += self.rtt_us + self.dice.gap(1500)
        return self._send(False, payload)

    def wait(self, pause_us: int) -> Session:
        """Let time pass."""
        self.now += pause_us
        return self

    def _send(self, upward: bool, payload: bytes) -> Session:
        answer_us = self.rtt_us if upward else 60
        pieces = [payload[at : at + self.mss] for at in range(0, len(payload), self.mss)]
        acknowledged = self.now
        for number, piece in enumerate(pieces, 1):
            last = number == len(pieces)
            flags = ACK | PSH if last else ACK
            if self.dice.chance(self.lossy):
                self.segment(self.now, upward, flags, piece, again=True)
                self.now += 210_000 + self.dice.below(30_000)
            self.segment(self.now, upward, flags, piece)
            if last or number % 2 == 0:
                acknowledged = self.now + answer_us + self.dice.below(40)
                self.segment(acknowledged, not upward, ACK)
            self.now += WIRE_US_PER_SEGMENT + self.dice.below(30)
        self.now = max(self.now, acknowledged + 20)
        return self

    def close(self, *, by_client: bool = True) -> Session:
        """End in peace: FIN and ACK both ways."""
        first, second = by_client, not by_client
        self.segment(self.now, first, FIN | ACK)
        self.now += self.rtt_us if by_client else 70
        self.segment(self.now, second, FIN | ACK)
        self.now += 70 if by_client else self.rtt_us
        self.segment(self.now, first, ACK)
        return self

    def reset(self, *, by_client: bool) -> Session:
        """End at once with a RST."""
        self.segment(self.now, by_client, RST | ACK)
        return self

    def knock(self, *, tries: int = 1) -> Session:
        """Send the SYN and no more, again after 1, 2, 4 ... seconds: nobody answers."""
        for attempt in range(tries):
            self.segment(self.now + ((1 << attempt) - 1) * 1_000_000, True, SYN, again=attempt < tries - 1)
        self.now += ((1 << tries - 1) - 1) * 1_000_000
        return self

    def refused(self) -> Session:
        """Send a SYN to a closed port: the answer is a RST."""
        self.segment(self.now, True, SYN)
        self.now += self.rtt_us
        self.server_seq = 0
        self.segment(self.now, False, RST | ACK)
        return self

    def rejected(self, router: Host, code: int) -> Session:
        """Send a SYN; a router answers with an ICMP destination unreachable that quotes it (RFC 792)."""
        way = Way(self.up.dst_mac, self.up.src_mac, self.up.vlan, router.packed, self.up.src, router.ttl)
        data = frames.tcp(self.up, self.client_port, self.server_port, self.client_seq, 0, SYN)
        self.scene.add(self.now, frames.frame(self.up, frames.TCP_PROTO, data, ip_id=self.client_id))
        quoted = frames.ip(self.up, frames.TCP_PROTO, data, ip_id=self.client_id)[:28]
        self.now += self.rtt_us
        message = frames.icmp(way, templates.unreachable(code) + quoted)
        self.scene.add(self.now, frames.frame(way, frames.ICMP_PROTO, message, ip_id=self.dice.below(65536)))
        return self
