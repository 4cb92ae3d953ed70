"""Frames through the whole way up to the signature detector, in portions of any size; rules as text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from columns import PACKET, slice_rows, text_values
from columns.said import Said
from detectors.signatures.detector import SignatureDetector
from detectors.signatures.engine.capabilities import CAPABILITIES
from detectors.signatures.language.loading import load_rules
from detectors.signatures.language.ruleset import RuleSet
from sensor.decode import Decoder, DecodeSettings
from sensor.flow import FlowSettings, FlowTable
from sensor.protocols import DATAGRAM_WANTS, STREAM_WANTS, Dissector
from sensor.streams import Streams
from tests.support import frames as f
from tests.support.dissecting import NOTHING, portions

CLIENT, SERVER = "10.0.0.1", "198.51.100.7"
_SYN, _ACK, _FIN = 2, 16, 1


def rules_of(tmp_path: Path, *lines: str) -> RuleSet:
    """Return rules as the engine takes them; every one must be evaluable."""
    path = tmp_path / "test.rules"
    path.write_text("\n".join(lines))
    ruleset = load_rules([path], evaluable=CAPABILITIES)
    assert not ruleset.refused, [str(p) for p in ruleset.refused]
    return ruleset


class Sensor:
    """Everything before the detector, kept between calls."""

    def __init__(self, detector: SignatureDetector) -> None:
        self.detector = detector
        self.decoder = Decoder(DecodeSettings(checksums="ignore"))
        self.table = FlowTable(FlowSettings(max_flows=1024))
        self.streams = Streams(None, 1024)
        self.dissector = Dissector(self.streams, STREAM_WANTS, DATAGRAM_WANTS, inspected=True)
        self.alerts: list[dict[str, Any]] = []

    def take(self, frames: Sequence[bytes], batch: int = 4096, link_type: int = 1) -> None:
        """Take frames in portions."""
        for block in portions(frames, batch):
            block.link_type[:] = link_type
            for packets, buffers in self.decoder.decode(block):
                for a, b, flows in self.table.update(packets):
                    self._hand_on(slice_rows(packets, a, b), flows, buffers)

    def end(self) -> None:
        """All flows are over."""
        for flows in self.table.finish():
            self._hand_on(PACKET.none, flows, NOTHING)

    def _hand_on(self, packets: Any, flows: Any, buffers: Any) -> None:
        said: Said = self.dissector.update(packets, flows, self.streams.update(packets, flows, *buffers), buffers)
        alerts = self.detector.update(packets, flows, said)
        columns = (text_values(alerts.why), text_values(alerts.action), text_values(alerts.context))
        for k, (why, action, context) in enumerate(zip(*columns, strict=True)):
            self.alerts.append({"sid": int(alerts.signature_id[k]), "packet": int(alerts.packet_number[k]), "why": why,
                                "id": int(alerts.alert_id[k]), "action": action, "context": json.loads(context),
                                "src": int(alerts.src_ip_lo[k]), "dst": int(alerts.dst_ip_lo[k])})


def alerts_of(ruleset: RuleSet, frames: Sequence[bytes], batch: int = 4096) -> Counter[int]:
    """Return how often each sid was told."""
    sensor = Sensor(SignatureDetector(ruleset))
    sensor.take(frames, batch)
    sensor.end()
    assert len({a["id"] for a in sensor.alerts}) == len(sensor.alerts)  # every alert has an id of its own
    return Counter(a["sid"] for a in sensor.alerts)


def talk(*said: tuple[bool, bytes], port: int = 80, client_port: int = 40000,
         pieces: Iterable[int] = ()) -> list[bytes]:
    """Return the frames of a TCP conversation: (whether the client speaks, bytes); pieces are sizes of segments."""
    sizes = list(pieces) or [1400]
    seq = {True: 1000, False: 5000}

    def frame(client: bool, data: bytes, flags: int) -> bytes:
        ends = (client_port, port) if client else (port, client_port)
        ack = seq[not client] if flags & _ACK else 0
        segment = f.tcp(data, sport=ends[0], dport=ends[1], seq=seq[client], ack=ack, flags=flags)
        seq[client] += len(data) + bool(flags & (_SYN | _FIN))
        src, dst = (CLIENT, SERVER) if client else (SERVER, CLIENT)
        return f.ethernet(f.ipv4(segment, src=src, dst=dst))

    made = [frame(True, b"", _SYN), frame(False, b"", _SYN | _ACK), frame(True, b"", _ACK)]
    k = 0
    for client, data in said:
        at = 0
        while at < len(data):
            size = sizes[k % len(sizes)]
            made.append(frame(client, data[at : at + size], _ACK))
            at, k = at + size, k + 1
        made.append(frame(not client, b"", _ACK))
    return [*made, frame(True, b"", _FIN | _ACK), frame(False, b"", _FIN | _ACK), frame(True, b"", _ACK)]


def datagram(data: bytes, *, client: bool = True, port: int = 53, client_port: int = 40000) -> bytes:
    """Return a UDP frame."""
    ends = (client_port, port) if client else (port, client_port)
    src, dst = (CLIENT, SERVER) if client else (SERVER, CLIENT)
    return f.ethernet(f.ipv4(f.udp(data, sport=ends[0], dport=ends[1]), src=src, dst=dst))


GET = b"GET /a/%41?x=1 HTTP/1.1\r\nHost: Www.Example.com\r\nUser-Agent: probe/1.0\r\nCookie: k=v\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 12\r\n\r\nEVIL-PAYLOAD"
HTTP = ((True, GET), (False, OK))
