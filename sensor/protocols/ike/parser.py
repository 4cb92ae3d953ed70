"""IKE over UDP: each message is told, with what was proposed and chosen, as far as it is in the clear."""

from __future__ import annotations

from typing import Any, ClassVar

from columns.app import AppProto
from columns.protocols.ike import IKE
from sensor.protocols.anomalies import Anomalies
from sensor.protocols.ike import message as m
from sensor.protocols.ike import names as n
from sensor.protocols.parser import Context, FlowFacts, Moment
from sensor.protocols.printing import json_column

_STRANGE, _SHOWN, _VENDORS = 8, 64, 32
_CHOSEN = ("alg_enc", "alg_hash", "alg_auth", "alg_dh")
_V2_CHOSEN = {n.ENCRYPTION: "alg_enc", n.INTEGRITY: "alg_auth", n.GROUP: "alg_dh"}


class IkeDatagrams:
    """Follows both sides; each message is a transaction of its own."""

    app_proto: ClassVar[AppProto] = AppProto.IKE

    def __init__(self, context: Context) -> None:
        self._context, self.done, self._number, self._strange = context, False, 0, 0
        self._anomalies = Anomalies(context, self.app_proto)

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next message; ESP in UDP and keep-alives of address translators are passed over."""
        if len(data) == 1 or (data[:4] != b"\0\0\0\0" and m.header_of(data) is None and 4500 in (
                self._context.flow.src_port, self._context.flow.dst_port)):
            return
        data = m.without_marker(data)
        message = m.message_of(data)
        if message is None:
            self._context.count("ike_malformed")
            self._strange += 1
            self.done = self._strange >= _STRANGE
            return
        self._strange = 0
        if not message.sound:
            self._context.count("ike_malformed")
            self._anomalies.tell("malformed_data", self._number, to_server, at)
        self._take(message, len(data), to_server, at)

    def end(self, at: Moment) -> None:
        """Nothing is left to tell."""

    def _take(self, message: m.Message, size: int, to_server: bool, at: Moment) -> None:
        header, names = message.header, n.PAYLOADS[message.header.major]
        initiator = to_server if message.from_initiator is None else message.from_initiator
        row: dict[str, Any] = {
            "to_server": int(to_server), "version_major": header.major, "version_minor": header.minor,
            "exchange_type": header.exchange,
            "exchange": n.EXCHANGES[header.major].get(header.exchange, str(header.exchange)),
            "message_id": header.message_id, "init_spi": header.init_spi.hex(), "resp_spi": header.resp_spi.hex(),
            "role": "initiator" if initiator else "responder", "encrypted": message.encrypted,
            "payload": json_column([names.get(kind, str(kind)) for kind in message.kinds]), "message_bytes": size}
        chosen = self._version_1(message, row, to_server) if header.major == 1 else self._version_2(message, row, at,
                                                                                                   to_server)
        if self._context.show:
            self._context.show(at, self._number, to_server, _buffers(message, to_server, chosen), True)
        self._number += 1
        self._context.emit(IKE, at, row)

    def _version_1(self, message: m.Message, row: dict[str, Any], to_server: bool) -> list[m.Attribute]:
        """Fill in what version 1 says; return the attributes that the responder chose."""
        attributes = [a for body in message.of(n.V1_SA) for t in m.transforms_v1(body) for a in t.attributes]
        side: dict[str, Any] = {}
        for name, kind in (("key_exchange_payload_length", n.V1_KEY), ("nonce_payload_length", n.V1_NONCE)):
            if bodies := message.of(kind):
                side[name] = len(bodies[0])
        if attributes:
            side["proposals"] = [_shown(a) for a in attributes[:_SHOWN]]
        if vendors := message.of(n.V1_VENDOR):
            side["vendors"] = [v.hex() for v in vendors[:_VENDORS]]
        whole: dict[str, Any] = {"encrypted_payloads": message.encrypted}
        if bodies := message.of(n.V1_SA):
            whole["doi"] = int.from_bytes(bodies[0][:4], "big")
        if side:
            whole["client" if to_server else "server"] = side
        row["ikev1"] = json_column(whole)
        chosen = [] if to_server else attributes
        for attribute in chosen:
            name = n.ATTRIBUTES.get(attribute.kind, "")
            if name in _CHOSEN:
                row.setdefault(name, n.VALUES[name].get(attribute.value, str(attribute.value)))
        return chosen

    def _version_2(self, message: m.Message, row: dict[str, Any], at: Moment, to_server: bool) -> list[m.Attribute]:
        """Fill in what version 2 says, and tell what is weak in it."""
        transforms = [t for body in message.of(n.SA) for t in m.transforms_v2(body)]
        events = [event for t in transforms for event in _weaknesses(t)]
        for event in dict.fromkeys(events):
            self._anomalies.tell(event, self._number, to_server, at)
        notify = [int.from_bytes(body[2:4], "big") for body in message.of(n.NOTIFY) if len(body) >= 4]
        whole: dict[str, Any] = {"errors": sum(1 for kind in notify if kind < 16384)}
        if notify:
            whole["notify"] = notify[:_SHOWN]
        row["ikev2"] = json_column(whole)
        if not message.from_initiator:
            for t in transforms:
                if name := _V2_CHOSEN.get(t.kind):
                    row.setdefault(name, n.TRANSFORMS[t.kind].get(t.number, str(t.number)))
        return []


def _weaknesses(transform: m.Transform) -> list[str]:
    found = []
    weak, event = n.WEAK.get(transform.kind, (frozenset(), ""))
    if transform.number in weak:
        found.append(event)
    number, event = n.NONE.get(transform.kind, (-1, ""))
    if transform.number == number:
        found.append(event)
    return found


def _shown(attribute: m.Attribute) -> dict[str, Any]:
    name = n.ATTRIBUTES.get(attribute.kind, "Unknown")
    value = n.VALUES.get(name, {}).get(attribute.value, "Unknown")
    return {"key": name, "value": value, "raw": attribute.value}


def _buffers(message: m.Message, to_server: bool, chosen: list[m.Attribute]) -> list[tuple[str, bytes]]:
    """Return the inspection buffers of a message: the index of who sent it, keys, nonces and vendors."""
    header = message.header
    key, nonce, vendor = (n.V1_KEY, n.V1_NONCE, n.V1_VENDOR) if header.major == 1 else (n.KEY, n.NONCE, n.VENDOR)
    found = [("ike.exchtype", b"%d" % header.exchange)]
    found.append(("ike.init_spi", header.init_spi.hex().encode()) if to_server else (
        "ike.resp_spi", header.resp_spi.hex().encode()))
    for name, kind in (("key_exchange_payload", key), ("nonce_payload", nonce)):
        for body in message.of(kind)[:1]:
            data = body[4:] if kind == n.KEY else body  # version 2 says the group before the key
            found += [(f"ike.{name}", data), (f"ike.{name}_length", b"%d" % len(data))]
    found += [("ike.vendor", body.hex().encode()) for body in message.of(vendor)[:_VENDORS]]
    return found + [("ike.chosen_sa_attribute", f"{n.ATTRIBUTES.get(a.kind, a.kind)}={a.value}".encode())
                    for a in chosen]


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is IKE: a header whose parts fit, behind the marker or without it."""
    if flow.proto != 17:
        return False
    heads = [m.without_marker(head) for head in (initiator, responder) if head]
    if not heads:
        return None
    headers = [m.header_of(head) for head in heads]
    if any(h is None or not _fits(h) for h in headers):
        return False
    return len({(h.init_spi, h.major) for h in headers if h is not None}) == 1


def _fits(header: m.Header) -> bool:
    """The parts of a header that are the same in every message of a version."""
    known = header.following in n.PAYLOADS[header.major]
    return known and header.length < 65_536 and not header.flags & (0xF8 if header.major == 1 else 0xC7)
