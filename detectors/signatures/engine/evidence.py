"""What an alert may show of the traffic itself where that is asked for: payload, packet, verdict, the client behind
a proxy. Under the names, and in the forms, of Suricata's EVE."""

from __future__ import annotations

import base64
import ipaddress
import struct
from typing import Any

from detectors.signatures.engine.judge import Match, Verdict
from detectors.signatures.engine.scene import PacketView
from detectors.signatures.engine.settings import SignatureSettings

_ETHERNET, _REASSEMBLED = 1, 2
_LINK_BYTES = {0: 4, 108: 4, 104: 4, 113: 16, 276: 20}
_POINT_TO_POINT = 9
_LONGEST_VALUE = 8192
_TARGETS = {"reject": "to_client", "rejectsrc": "to_client", "rejectdst": "to_server", "rejectboth": "both"}


def shown_evidence(match: Match, settings: SignatureSettings) -> dict[str, Any]:
    """Return the fields of the event that show the traffic, {} where nothing is asked for."""
    shown: dict[str, Any] = {}
    if settings.payload or settings.payload_printable:
        data, streamed = _payload(match)
        data = data[: settings.payload_bytes]
        if settings.payload:
            shown["payload"] = base64.b64encode(data).decode("ascii")
        if settings.payload_printable:
            shown["payload_printable"] = printable(data)
        shown["stream"] = int(streamed)
    if settings.packet and match.scene.packet is not None:
        shown["packet"] = base64.b64encode(packet_bytes(match.scene.packet)).decode("ascii")
    if settings.verdict and match.verdict is not None:
        shown["verdict"] = _verdict(match.verdict, settings)
    return shown


def printable(data: bytes) -> str:
    """Return bytes as text: what ASCII cannot print becomes a dot, line ends stay."""
    return "".join(chr(b) if 32 <= b < 127 or b in (10, 13) else "." for b in data)


def _payload(match: Match) -> tuple[bytes, bool]:
    """What was looked at of the stream, else the packet's payload; and whether it is the stream's."""
    scene = match.scene
    if scene.is_stream and scene.data:
        return scene.data, True
    packet = scene.packet
    of_stream = match.tx is not None and scene.proto == 6
    if packet is not None and packet.payload_captured_bytes:
        return packet.payload, of_stream
    return scene.data or b"", of_stream


def packet_bytes(packet: PacketView) -> bytes:
    """Return the packet from its link header on; one carried within another begins with its IP header."""
    if packet.fragment == _REASSEMBLED:
        return _made_link_header(packet) + _network_header(packet) + packet.transport
    if packet.network_offset < 0:
        return b""
    head = b"" if packet.tunnel_depth else _link_header(packet)
    return head + packet.network


def _made_link_header(packet: PacketView) -> bytes:
    """The header as a datagram that was put together would have it on Ethernet or PPP (its protocol in one byte, RFC
    1661, 6.5); elsewhere none."""
    if packet.link_type == _POINT_TO_POINT and not packet.tunnel_depth:
        return b"\x21" if packet.ip_version == 4 else b"\x57"
    if packet.link_type != _ETHERNET or packet.tunnel_depth:
        return b""
    tags = b"".join(struct.pack(">HH", 0x8100, tag) for tag in (packet.vlan, packet.vlan_inner) if tag)
    kind = 0x0800 if packet.ip_version == 4 else 0x86DD
    return _macs(packet) + tags + struct.pack(">H", kind)


def _macs(packet: PacketView) -> bytes:
    """Both addresses as Ethernet has them."""
    return packet.dst_mac.to_bytes(6, "big") + packet.src_mac.to_bytes(6, "big")


def _network_header(packet: PacketView) -> bytes:
    """The IP header of a datagram that was put together, without options."""
    size = len(packet.transport)
    src, dst = (getattr(packet, f"{end}_ip_hi") << 64 | getattr(packet, f"{end}_ip_lo") for end in ("src", "dst"))
    if packet.ip_version == 6:
        return struct.pack(">IHBB", 6 << 28 | packet.ip_tos << 20, size & 0xFFFF, packet.proto, packet.ip_ttl) + (
            src.to_bytes(16, "big") + dst.to_bytes(16, "big"))
    head = struct.pack(">BBHHHBBHII", 0x45, packet.ip_tos, (size + 20) & 0xFFFF, packet.ip_id & 0xFFFF, 0,
                       packet.ip_ttl, packet.proto, 0, src & 0xFFFFFFFF, dst & 0xFFFFFFFF)
    total = sum(struct.unpack(">10H", head))
    total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + head[12:]


def _link_header(packet: PacketView) -> bytes:
    kind = packet.link_type
    if kind == _ETHERNET:
        ends = _macs(packet)
        for size in (14, 18, 22, 26):
            head = packet.before_network(size)
            if len(head) == size and head.startswith(ends):
                return head
        return b""
    if kind == _POINT_TO_POINT:
        head = packet.before_network(4)
        return head if head.startswith(b"\xff\x03") else head[-2:] if head[-2:-1] == b"\0" else head[-1:]
    return packet.before_network(_LINK_BYTES.get(kind, 0))


def _verdict(verdict: Verdict, settings: SignatureSettings) -> dict[str, Any]:
    """Suricata 7 and 8 write the name of whom a reject goes to differently: both are there."""
    shown: dict[str, Any] = {"action": "drop" if verdict.dropped else "pass" if verdict.passed else "alert"}
    if verdict.reject:
        target = _TARGETS[verdict.reject]
        shown |= {"reject-target": target, "reject_target": target,
                  "reject": ["tcp-reset" if verdict.tcp else "icmp-prohib"]}
    return shown


def behind_proxy(match: Match, settings: SignatureSettings) -> str:
    """Return the address of the client behind a proxy as the header of the request says it, "" for none."""
    if settings.xff == "off" or match.tx is None:
        return ""
    wanted = settings.xff_header.lower().encode("latin-1", "replace")
    for name in ("http.request_header", "http.header"):
        for block in match.tx.sides[1].values(name):
            for line in block[:_LONGEST_VALUE].split(b"\r\n"):
                key, colon, value = line.partition(b":")
                if colon and key.strip().lower() == wanted:
                    return _address_of(value, settings.xff_deployment)
    return ""


def _address_of(value: bytes, deployment: str) -> str:
    parts = value.decode("latin-1").split(",")
    text = (parts[0] if deployment == "forward" else parts[-1]).strip().strip('"')
    for candidate in (text, text.strip("[]"), text.rpartition(":")[0].strip("[]")):
        try:
            return str(ipaddress.ip_address(candidate))
        except ValueError:
            continue
    return ""
