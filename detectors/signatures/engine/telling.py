"""Matches as rows of ALERT."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from columns.address import address_int, address_text
from columns.codes import AlertState, Certainty, Outcome, Property, Severity
from detectors.alerts import alert_id
from detectors.signatures.engine import raw
from detectors.signatures.engine.context import app_objects
from detectors.signatures.engine.evidence import behind_proxy, shown_evidence
from detectors.signatures.engine.judge import DROPS, Match
from detectors.signatures.engine.scene import Scene
from detectors.signatures.engine.settings import SignatureSettings
from detectors.signatures.language.classification import REFERENCES
from detectors.signatures.language.rule import PAYLOAD

NAME = "signatures"
_MOST_BITS, _TRAFFIC = 64, "traffic/"
_LOW = 0xFFFFFFFFFFFFFFFF
_LOWEST = int(max(Severity))


def row_of(match: Match, digest: str, settings: SignatureSettings) -> dict[str, Any]:
    """Return the alert of a match, under the digest of its rule set; settings say what it shows of the traffic."""
    scene, rule = match.scene, match.rule.rule
    at = scene.at
    key = f"{match.rule.where} {scene.flow_id} {at.packet_number} {scene.tx_id} {int(scene.to_server)} {match.serial}"
    buffers = list(dict.fromkeys(_shown(g.buffer) for g in match.rule.groups))
    found = ", ".join(buffers) or "header"
    context = _context(match) | shown_evidence(match, settings)
    within: dict[str, Any] = {"action": "blocked"} if settings.inline and match.action in DROPS else {}
    ends = {"src_ip": scene.src_ip, "dst_ip": scene.dst_ip}
    if client := behind_proxy(match, settings):
        if settings.xff == "overwrite":
            ends["src_ip" if scene.to_server else "dst_ip"] = address_int(client)
        else:
            within["xff"] = client
    if within:
        context = {"alert": within, **context}
    technique = next(iter(rule.metadata_values("mitre_technique_id")), "")
    return {
        "detector": NAME, "gid": rule.gid, "signature_id": rule.sid, "rev": rule.rev, "signature": rule.msg,
        "signature_ja": rule.msg, "category": rule.class_description,
        "severity": min(max(rule.priority, 1), _LOWEST), "property": int(Property.INTEGRITY), "technique": technique,
        "runbook": "signature", "alert_id": alert_id(NAME, key, at.ts_ns), "revision": 1,
        "state": int(AlertState.SINGLE), "ts_ns": at.ts_ns, "start_ns": at.ts_ns, "end_ns": at.ts_ns,
        "peak_ns": at.ts_ns, **ends, "src_port": scene.src_port,
        "dst_port": scene.dst_port, "proto": scene.proto, "vlan": scene.vlan, "dst_prefix_bits": 128,
        "flow_id": scene.flow_id, "packet_number": at.packet_number,
        "direction_certainty": int(Certainty.SYN_SEEN if scene.established else Certainty.GUESSED),
        "outcome": int(Outcome.ESTABLISHED if scene.established else Outcome.UNKNOWN),
        "measured": 1.0, "peak": 1.0, "threshold": 1.0, "measure": "matches", "events": 1,
        "why": f"Rule {match.rule.where} ({rule.action}) matched {_way(scene.to_server)} in {found}.",
        "why_ja": f"ルール {match.rule.where}（{rule.action}）が {found} で一致。",
        "ruleset_digest": digest, "action": match.action, "metadata": _metadata(match),
        "references": _references(match),
        "context": json.dumps(context, ensure_ascii=False, separators=(",", ":")),
    }


def _shown(buffer: str) -> str:
    return "payload" if buffer == PAYLOAD else buffer


def _way(to_server: bool) -> str:
    return "to the server" if to_server else "to the client"


def _metadata(match: Match) -> str:
    grouped: dict[str, list[str]] = {}
    for key, value in match.rule.rule.metadata:
        grouped.setdefault(key, []).append(value)
    return json.dumps(grouped, ensure_ascii=False, separators=(",", ":")) if grouped else ""


def _references(match: Match) -> str:
    links = [REFERENCES[kind] + value for kind, value in match.rule.rule.references if kind in REFERENCES]
    return json.dumps(links, ensure_ascii=False, separators=(",", ":")) if links else ""


def _packet_info(number: int) -> dict[str, Any]:
    named = _LINKS.get(number)
    return {"linktype": number} | ({"linktype_name": named} if named else {})


_RAW = 12
_LINKS = {0: "NULL", 1: "EN10MB", 9: "PPP", 12: "RAW", 101: "RAW", 104: "C_HDLC", 108: "LOOP", 113: "LINUX_SLL",
          228: "IPv4", 229: "IPv6", 276: "LINUX_SLL2"}


def _context(match: Match) -> dict[str, Any]:
    """Top-level fields of the EVE event."""
    scene, shown = match.scene, dict[str, Any]()
    if scene.memory is not None and scene.memory.app:
        shown["app_proto"] = _app(scene.memory.app)
    shown["direction"] = "to_server" if scene.to_server else "to_client"
    if match.tx is not None:
        shown["tx_id"] = scene.tx_id
        if scene.guessed:
            shown["tx_guessed"] = True
    if scene.packet is not None and scene.packet.vlan_inner:
        shown["vlan"] = raw.vlan_tags(scene.packet)
    shown |= {"ip_v": scene.ip_version, "pkt_src": scene.origin}
    if scene.proto in (1, 58) and scene.packet is not None:
        shown |= {"icmp_type": scene.packet.icmp_type, "icmp_code": scene.packet.icmp_code}
    if scene.packet is not None:
        shown["packet_info"] = _packet_info(_RAW if scene.packet.tunnel_depth else scene.packet.link_type)
        if (outer := scene.packet.outer()) is not None:
            shown["tunnel"] = outer
    frames = [g for g in match.rule.groups if g.layer == "frame"]
    if frames and scene.tx is not None:
        shown["frame"] = _frame(frames[0].buffer, scene)
    shown |= app_objects(match)
    variables: dict[str, list[Any]] = {}
    for kind, name, value in match.variables.captured:
        where = {"pkt": "pktvars", "flow": "flowvars"}.get(kind)
        if where:
            variables.setdefault(where, []).append({name: value[:256].decode("utf-8", "replace")})
    bits = sorted(scene.memory.bits)[:_MOST_BITS] if scene.memory is not None else []
    if plain := [bit for bit in bits if not bit.startswith(_TRAFFIC)]:
        variables = {"flowbits": plain, **variables}
    if variables:
        shown["metadata"] = variables
    if traffic := {name: found for name in ("id", "label") if (found := [
            bit[len(_TRAFFIC) + len(name) + 1 :] for bit in bits if bit.startswith(f"{_TRAFFIC}{name}/")])}:
        shown["traffic"] = traffic
    if scene.packet is not None and scene.flow_id:
        to_server, to_client, bytes_server, bytes_client = scene.packet.sums
        shown["flow"] = {
            "pkts_toserver": to_server, "pkts_toclient": to_client, "bytes_toserver": bytes_server,
            "bytes_toclient": bytes_client, "start": time_text(scene.packet.start_ns),
            **_flow_ends(scene)}
    return shown


def time_text(ns: int) -> str:
    """Return a time as EVE has it: UTC with microseconds."""
    at = datetime.fromtimestamp(ns // 10**9, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{ns % 10**9 // 1000:06d}+0000"


def _flow_ends(scene: Scene) -> dict[str, Any]:
    """The ends of the flow: the source is the initiator, whoever sent what matched."""
    ends = ((scene.src_ip, scene.src_port), (scene.dst_ip, scene.dst_port))
    client, server = ends if scene.to_server else ends[::-1]
    return {"src_ip": address_text(client[0] >> 64, client[0] & _LOW), "src_port": client[1],
            "dest_ip": address_text(server[0] >> 64, server[0] & _LOW), "dest_port": server[1]}


def _frame(buffer: str, scene: Scene) -> dict[str, Any]:
    """Return what EVE tells of a frame."""
    name = buffer.removeprefix("frame:").partition(".")[2]
    found = scene.tx.values(buffer)
    return {"type": name, "length": len(found[0]) if found else 0, "complete": True,
            "direction": "toserver" if scene.to_server else "toclient"}


def _app(name: str) -> str:
    return "http" if name == "http1" else name
