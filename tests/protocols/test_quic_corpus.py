"""QUIC against what others say of real captures; docs/protocols/quic.md has each difference with its reason."""

from __future__ import annotations

import json
from typing import Any

from columns.protocols.quic import QUIC
from sensor.protocols.quic import WANTS
from tests.support.corpus import corpus
from tests.support.facts import Comparison, agrees, either_way, ends, eve_events, eve_of, listed, text, zeek_log
from tests.support.naive_streams import parse_capture

_ARKIME = (("quic", "host", "sni"), ("quic", "useragent", "ua"), ("quic", "version", "version_name"),
           ("tls", "ja3", "ja3_hash"), ("tls", "ja3string", "ja3_string"), ("tls", "ja4", "ja4"))


def test_the_fields_of_arkime():
    seen = Comparison()
    for told in sorted(corpus("arkime").glob("quic*.test")):
        rows = parse_capture(told.with_suffix(".pcap"), WANTS).get("quic", [])
        for session in json.loads(told.read_text())["sessions3"]:
            body = session["body"]
            src, dst = body["source"], body["destination"]
            found = either_way(rows, ends(src["ip"], src["port"], dst["ip"], dst["port"]))
            for group, name, column in _ARKIME:
                if name in body.get(group, {}):
                    ours = sorted({text(r[column]) for r in found if r.get(column)})
                    seen.fact(told.stem, name, sorted(body[group][name]), ours)
    assert seen.compared.total() >= 17
    assert not seen.differences


def test_the_logs_of_zeek():
    seen = Comparison()
    for folder in sorted(p.parent for p in corpus("zeek").glob("*quic*/ssl.log")):
        capture = next(p for p in folder.iterdir() if p.suffix.startswith(".pcap"))
        rows = parse_capture(capture, WANTS)["quic"]
        for log in ("quic.log", "ssl.log"):
            for said in zeek_log(folder / log) if (folder / log).exists() else ():
                key = ends(said["id.orig_h"], said["id.orig_p"], said["id.resp_h"], said["id.resp_p"])
                found = {r["sender"]: r for r in either_way(rows, key)}
                _zeek(seen, f"{folder.name}/{log}", said, found["client"], found["server"])
    assert seen.compared.total() >= 45
    assert not seen.differences


def _zeek(seen: Comparison, where: str, said: dict[str, str], client: dict[str, Any], server: dict[str, Any]) -> None:
    seen.fact(where, "server_name", said.get("server_name", ""), text(client["sni"]))
    if where.endswith("quic.log"):
        seen.fact(where, "version", said["version"], client["version_name"])
        seen.fact(where, "client_initial_dcid", said["client_initial_dcid"], client["client_dcid"])
        seen.fact(where, "client_scid", said["client_scid"], client["client_scid"])
        seen.fact(where, "server_scid", said["server_scid"], server["server_scid"])
        seen.fact(where, "client_protocol", said["client_protocol"], listed(client["alpns"])[0])
    else:
        seen.fact(where, "version", said["version"], server["tls_version"].replace("TLS 1.", "TLSv1"))
        seen.fact(where, "cipher", said["cipher"], server["cipher"])
        seen.fact(where, "curve", said["curve"], server["named_group"])
        seen.fact(where, "resumed", said["resumed"], "FT"[server["resumed"]])


def test_the_events_of_suricata_verify():
    seen = Comparison()
    for told in sorted(corpus("suricata-verify").glob("*/*/case.json")):
        if filters := list(eve_events(told.parent, "quic")):
            events = [eve_of(QUIC, r) for r in parse_capture(told.parent / "input.pcap", WANTS)["quic"]]
            for match, number in filters:
                seen.fact(told.parent.name, str(match), number, sum(agrees(event, match) for event in events))
    assert seen.compared.total() >= 17
    assert not seen.differences
