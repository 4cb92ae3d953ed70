"""What a rule asks beside contents: of the packet, the flow, the transaction, its files."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from detectors.signatures.engine import raw
from detectors.signatures.engine.decode_events import events as decode_events
from detectors.signatures.engine.hooks import Hook
from detectors.signatures.engine.modbus import request_holds
from detectors.signatures.engine.scene import PacketView, Scene
from detectors.signatures.language import conditions as c
from detectors.signatures.language.integers import Index, IntTest, parse_int_test

_FIN, _SYN, _RST, _PSH, _ACK, _URG = 1, 2, 4, 8, 16, 32
_ICMP = (1, 58)


def flags_hold(wanted: c.Flags, flags: Any) -> Any:
    """Return whether TCP flags (an int or an array) are as wanted."""
    flags = flags & (0xFF & ~wanted.ignored)
    both = flags & wanted.flags
    match wanted.mode:
        case "+":
            return both == wanted.flags
        case "*":
            return both != 0
        case "!":
            return both != wanted.flags
    return flags == wanted.flags


def _bits_hold(mode: str, wanted: int, bits: int) -> bool:
    return {"+": bits & wanted == wanted, "*": bits & wanted != 0, "!": bits & wanted != wanted}.get(
        mode, bits == wanted)


def _column(name: str, protos: tuple[int, ...] = ()) -> Callable[[Any, Scene], bool]:
    def holds(condition: Any, scene: Scene) -> bool:
        if protos and scene.proto not in protos:
            return False
        return scene.packet is not None and bool(condition.test.holds(getattr(scene.packet, name)))
    return holds


def _raw(read: Callable[[PacketView], int | None]) -> Callable[[Any, Scene], bool]:
    def holds(condition: Any, scene: Scene) -> bool:
        value = read(scene.packet) if scene.packet is not None else None
        return value is not None and bool(condition.test.holds(value))
    return holds


def _flags(condition: c.Flags, scene: Scene) -> bool:
    return scene.packet is not None and scene.proto == 6 and bool(flags_hold(condition, scene.packet.tcp_flags))


def _frag_bits(condition: c.FragBits, scene: Scene) -> bool:
    bits = raw.fragment_bits(scene.packet) if scene.packet is not None else None
    return bits is not None and _bits_hold(condition.mode, condition.bits, bits)


def _ip_options(condition: c.IpOpts, scene: Scene) -> bool:
    if scene.packet is None:
        return False
    there = raw.ip_options(scene.packet)
    return (bool(there) if condition.name == "any" else condition.name in there) != condition.negated


def _vlan_id(condition: c.VlanId, scene: Scene) -> bool:
    if scene.packet is None:
        return False
    return index_holds(condition.index, condition.test, raw.vlan_tags(scene.packet))


def _vlan_layers(condition: c.VlanLayers, scene: Scene) -> bool:
    return scene.packet is not None and bool(condition.test.holds(len(raw.vlan_tags(scene.packet))))


def _checksum(condition: c.Checksum, scene: Scene) -> bool:
    valid = raw.checksum_valid(scene.packet, condition.header) if scene.packet is not None else None
    return valid is not None and valid == condition.valid


def _stream_size(condition: c.StreamSize, scene: Scene) -> bool:
    if scene.packet is None or scene.proto != 6 or not scene.flow_id:
        return False
    client, server = scene.packet.stream_sizes
    return _side_holds(condition.side, condition.test, client, server, ("client", "server"))


def _side_holds(side: str, test: IntTest, client: int, server: int, names: tuple[str, str]) -> bool:
    first, second = bool(test.holds(client)), bool(test.holds(server))
    if side == names[0]:
        return first
    if side == names[1]:
        return second
    return (first and second) if side == "both" else (first or second)


def _flow_age(condition: c.FlowAge, scene: Scene) -> bool:
    if scene.packet is None:
        return False
    return bool(condition.test.holds(max(scene.at.ts_ns // 10**9 - scene.packet.start_ns // 10**9, 0)))


def _flow_count(condition: c.FlowCount, scene: Scene) -> bool:
    if scene.packet is None:
        return False
    to_server, to_client, bytes_server, bytes_client = scene.packet.sums
    first, second = (to_server, to_client) if condition.what.startswith("p") else (bytes_server, bytes_client)
    if condition.side == "both":
        return bool(condition.test.holds(first + second))
    names = ("to_server", "to_client") if condition.side.startswith("to_") else ("toserver", "toclient")
    return _side_holds(condition.side, condition.test, first, second, names)


def app_matches(wanted: str, actual: str) -> bool:
    """Return whether a flow's protocol is the one a rule names; http is HTTP of any version."""
    return wanted == actual or (wanted == "http" and actual in ("http1", "http2")) or (
        wanted == "dns" and actual == "doh2")


def _app_layer_protocol(condition: c.AppLayerProtocol, scene: Scene) -> bool:
    memory = scene.memory
    apps = ["", ""] if memory is None else memory.apps
    seen = {"direction": [apps[scene.to_server]], "to_server": [apps[1]], "to_client": [apps[0]],
            "final": [memory.app if memory else ""], "either": apps, "both": apps}[condition.mode]
    if condition.name == "unknown":
        found = [not app for app in seen]
    else:
        if condition.negated and not any(seen):
            return False
        found = [app_matches(condition.name, app) for app in seen]
    there = all(found) if condition.mode == "both" else any(found)
    return there != condition.negated


def _app_layer_event(condition: c.AppLayerEvent, scene: Scene) -> bool:
    said = set(scene.tx.events) if scene.tx is not None else set()
    if scene.memory is not None:
        said |= scene.memory.said
    if not condition.name:
        return any(event.startswith(condition.proto + ".") for event in said)
    return f"{condition.proto}.{condition.name}" in said


def _uri_length(condition: c.UriLen, scene: Scene) -> bool:
    values = scene.tx.values("http.uri.raw" if condition.raw else "http.uri") if scene.tx is not None else ()
    return any(condition.test.holds(len(v)) for v in values)


def _app_integer(condition: c.AppInteger, scene: Scene) -> bool:
    if scene.tx is None or (not scene.tx.has(condition.field) and not scene.tx.done):
        return False
    return index_holds(condition.index, condition.test, [int(v) for v in scene.tx.values(condition.field)])


def index_holds(index: Index, test: IntTest, numbers: list[int]) -> bool:
    """Return whether a test holds of the elements of a list that an index names."""
    numbers = numbers[index.low : index.high]
    found = [bool(test.holds(n)) for n in numbers]
    match index.kind:
        case "any":
            return any(found)
        case "all":
            return bool(found) and all(found)
        case "all_or_absent":
            return all(found)
        case "or_absent":
            return not found or any(found)
        case "nb":
            return bool(index.count and index.count.holds(sum(found)))
    inside = -len(found) <= index.position < len(found)
    return found[index.position] if inside else index.kind == "oob_or"


def _app_count(condition: c.AppCount, scene: Scene) -> bool:
    return scene.tx is not None and bool(condition.test.holds(len(scene.tx.values(condition.field))))


def _app_words(condition: c.AppWords, scene: Scene) -> bool:
    """The field's value is one of the words; without words, that it is there."""
    if scene.tx is None or not scene.tx.has(condition.field):
        return False
    values = {v.decode("latin-1").lower() for v in scene.tx.values(condition.field)}
    if condition.field == "http2.settings":
        return any(_setting_holds(word, values) for word in condition.words)
    if condition.field == "cip_service":
        return any(_service_holds(condition.words, value) for value in values)
    if condition.field == "dnp3_obj":
        return ",".join(str(int(word)) for word in condition.words) in values
    words = {w.strip().lower() for w in condition.words}
    if condition.field == "ssl_version" and any(w.startswith("!") for w in words):
        words = {"!" + w.lstrip("! ") for w in words}  # one ! is for all of them
    listed, refused = {w for w in words if not w.startswith("!")}, {w[1:].strip() for w in words if w.startswith("!")}
    there = (not listed or bool(values & listed)) and not values & refused
    return there != condition.negated


def _service_holds(words: tuple[str, ...], value: str) -> bool:
    """Whether a service of CIP is meant, with one of its classes and attributes where the rule names them.

    value: SERVICE;CLASS,...;ATTRIBUTE,... An attribute with ! is any, as in Suricata.
    """
    service, *parts = value.split(";")
    return int(words[0]) == int(service) and all(
        word.startswith("!") or word in part.split(",") for word, part in zip(words[1:], parts, strict=False))


def _setting_holds(word: str, values: set[str]) -> bool:
    """Whether a setting of HTTP/2 passes a comparison, such as settings_max_frame_size>20000; or is there."""
    name = re.match(r"[a-z_ ]+", word)
    if name is None:
        return False
    rest = word[name.end() :].strip()
    test = parse_int_test(rest, 32) if rest else None
    told = [int(value.partition("=")[2]) for value in values if value.partition("=")[0] == name[0].strip()]
    return any(test is None or bool(test.holds(number)) for number in told)


def _dce_interface(condition: c.DceIface, scene: Scene) -> bool:
    """Interfaces that were bound are told as ``uuid version``."""
    if scene.tx is None:
        return False
    for value in scene.tx.values("dcerpc.iface"):
        uuid, _, version = value.decode("latin-1").partition(" ")
        if uuid == condition.uuid.lower() and (condition.test is None or condition.test.holds(int(version or 0))):
            return True
    return False


def _dce_opnum(condition: c.DceOpnum, scene: Scene) -> bool:
    numbers = [int(v) for v in scene.tx.values("dcerpc.opnum")] if scene.tx is not None else []
    return any(low <= n <= high for n in numbers for low, high in condition.ranges)


def _ftp_bounce(condition: c.FtpBounce, scene: Scene) -> bool:
    values = scene.tx.values("ftp.port_address") if scene.tx is not None else ()
    return any(int(v) != scene.src_ip for v in values)


def _modbus(condition: c.ModbusRequest, scene: Scene) -> bool:
    if scene.tx is None:
        return False
    requests = zip(scene.tx.values("modbus.request"), scene.tx.values("modbus.category"), strict=True)
    return any(request_holds(condition, message, category.decode("ascii")) for message, category in requests)


def _rpc(condition: c.Rpc, scene: Scene) -> bool:
    return raw.rpc_call(scene.data or b"", scene.proto == 6, condition.program, condition.version, condition.procedure)


def _same_ip(condition: c.SameIp, scene: Scene) -> bool:
    return scene.src_ip == scene.dst_ip


def _ip_rep(condition: c.IPRep, scene: Scene) -> bool:
    number = condition.known.categories[condition.category]

    def fits(address: int) -> bool:
        score = condition.known.score(address, number)
        if condition.test is None:
            return (score > 0) == condition.isset
        return score > 0 and bool(condition.test.holds(score))

    match condition.side:
        case "src":
            return fits(scene.src_ip)
        case "dst":
            return fits(scene.dst_ip)
        case "both":
            return fits(scene.src_ip) and fits(scene.dst_ip)
    return fits(scene.src_ip) or fits(scene.dst_ip)


def _event(condition: c.Event, scene: Scene) -> bool:
    if condition.layer == "stream":
        return condition.name in scene.stream_events
    return condition.layer == "decoder" and scene.packet is not None and condition.name in decode_events(scene.packet)


_HOLDS: dict[type, Callable[[Any, Scene], bool]] = {
    c.DSize: _column("payload_bytes"), c.Ttl: _column("ip_ttl"), c.Tos: _column("ip_tos"), c.IpId: _column("ip_id"),
    c.Itype: _column("icmp_type", _ICMP), c.Icode: _column("icmp_code", _ICMP), c.Seq: _column("tcp_seq", (6,)),
    c.Ack: _column("tcp_ack", (6,)), c.Window: _column("tcp_window", (6,)),
    c.FragOffset: _raw(raw.fragment_offset), c.IcmpId: _raw(raw.icmp_id), c.IcmpSeq: _raw(raw.icmp_seq),
    c.Icmpv6Mtu: _raw(raw.icmp6_mtu), c.TcpMss: _raw(raw.tcp_mss), c.VlanLayers: _vlan_layers, c.VlanId: _vlan_id,
    c.IpProto: lambda x, scene: bool(x.test.holds(scene.proto)), c.Flags: _flags, c.FragBits: _frag_bits,
    c.IpOpts: _ip_options, c.SameIp: _same_ip, c.L3Proto: lambda x, scene: scene.ip_version == x.version,
    c.Checksum: _checksum, c.Event: _event, c.Rpc: _rpc, c.StreamSize: _stream_size, c.FlowAge: _flow_age,
    c.FlowCount: _flow_count, c.AppLayerProtocol: _app_layer_protocol, c.AppLayerEvent: _app_layer_event,
    c.UriLen: _uri_length, c.AppInteger: _app_integer, c.AppCount: _app_count, c.AppWords: _app_words,
    c.DceIface: _dce_interface, c.DceOpnum: _dce_opnum, c.FtpBounce: _ftp_bounce,
    c.ModbusRequest: _modbus, c.IPRep: _ip_rep, c.Stored: lambda x, scene: True, Hook: Hook.reached,
}

CONDITIONS = frozenset(_HOLDS) - {Hook}
"""Classes of conditions that can be asked here; state, reputation and files are asked elsewhere."""


def holds(condition: Any, scene: Scene) -> bool:
    """Return whether a condition holds of what is looked at."""
    return _HOLDS[type(condition)](condition, scene)


def flow_holds(flow: c.Flow, scene: Scene) -> bool:
    """Return whether the flow keyword holds."""
    if flow.direction and (flow.direction == "to_server") != scene.to_server:
        return False
    if flow.state == "established" and not scene.established:
        return False
    if flow.state == "not_established" and scene.established:
        return False
    if flow.stream == "only_stream" and not (scene.is_stream or scene.tx is not None):
        return False
    if flow.stream == "no_stream" and scene.is_stream:
        return False
    if flow.frag:
        fragment = scene.packet is not None and scene.packet.fragment == 1
        return fragment == (flow.frag == "only_frag")
    return True
