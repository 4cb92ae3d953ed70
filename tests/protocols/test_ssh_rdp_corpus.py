"""SSH and RDP against what others say of real captures; docs/protocols has each difference with its reason."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import Any

from columns.protocols.rdp import RDP
from columns.protocols.ssh import SSH
from sensor.protocols import rdp, ssh
from tests.support.corpus import corpus
from tests.support.facts import Comparison, agrees, either_way, ends, eve_events, eve_of, text, zeek_log
from tests.support.naive_streams import parse_capture

_ZEEK = {"cipher_alg": "cipher", "mac_alg": "mac", "compression_alg": "compression", "kex_alg": "kex",
         "host_key_alg": "host_key_algorithm"}
_ON_ACKNOWLEDGEMENT = {"bug-4903__bug-4903-04"}  # asks for the packet that acknowledges the banner


def banner(row: dict[str, Any], side: str) -> str:
    """The banner, put together again."""
    version, software, comments = (text(row.get(f"{side}_{name}", "")) for name in
                                   ("proto_version", "software_version", "comments"))
    return f"SSH-{version}-{software}{' ' if comments else ''}{comments}"


def key_of(blob: bytes) -> str:
    return "SHA256:" + base64.b64encode(sha256(blob).digest()).decode().rstrip("=")


def test_ssh_fields_of_arkime():
    seen = Comparison()
    for told in sorted(corpus("arkime").glob("*.test")):
        if '"ssh"' not in told.read_text():
            continue
        rows = parse_capture(told.with_suffix(".pcap"), ssh.WANTS).get("ssh", [])
        for body in (session["body"] for session in json.loads(told.read_text())["sessions3"]):
            if said := body.get("ssh"):
                src, dst = body["source"], body["destination"]
                found = either_way(rows, ends(src["ip"], src["port"], dst["ip"], dst["port"]))
                _arkime(seen, told.stem, said, found[0])
    assert seen.compared.total() >= 10
    assert not seen.differences


def _arkime(seen: Comparison, where: str, said: dict[str, Any], row: dict[str, Any]) -> None:
    ours = sorted({b for side in ("client", "server") if (b := banner(row, side).lower()) != "ssh--"})
    seen.fact(where, "version", sorted(said.get("version", ours)), ours)
    for name, column in (("hassh", "client_hassh_hash"), ("hasshServer", "server_hassh_hash")):
        if name in said:
            seen.fact(where, name, said[name], [row[column]])
    if "key" in said:
        seen.fact(where, "key", [key_of(base64.b64decode(key)) for key in said["key"]], [row["host_key"]])


def test_the_ssh_log_of_zeek():
    seen = Comparison()
    for log in sorted(corpus("zeek").glob("*/ssh.log")):
        capture = next(p for p in log.parent.iterdir() if p.suffix in (".pcap", ".pcapng", ".trace"))
        rows = parse_capture(capture, ssh.WANTS)["ssh"]
        for said in zeek_log(log):
            key = ends(said["id.orig_h"], said["id.orig_p"], said["id.resp_h"], said["id.resp_p"])
            row = either_way(rows, key)[0]
            for side in ("client", "server"):
                seen.fact(log.parent.name, side, said[side], banner(row, side))
            for name, column in _ZEEK.items():
                seen.fact(log.parent.name, name, said.get(name, ""), row.get(column, ""))
            known = said.get("host_key_fingerprint", "")
            seen.fact(log.parent.name, "host_key", known, row["host_key"][: len(known)])
    assert seen.compared.total() >= 180
    assert not seen.differences


def test_events_of_suricata_verify():
    seen = Comparison()
    for name, table, wants in (("ssh", SSH, ssh.WANTS), ("rdp", RDP, rdp.WANTS)):
        for told in sorted(corpus("suricata-verify").glob("*/*/case.json")):
            filters = list(eve_events(told.parent, name))
            if not filters or told.parent.name in _ON_ACKNOWLEDGEMENT:
                continue
            events = [eve_of(table, r) for r in parse_capture(told.parent / "input.pcap", wants)[name]]
            for match, number in filters:
                seen.fact(told.parent.name, str(match), number, sum(agrees(event, match) for event in events))
    assert seen.compared.total() >= 5
    assert not seen.differences
