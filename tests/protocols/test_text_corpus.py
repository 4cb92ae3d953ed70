"""FTP, SIP, IRC, SNMP, DHCP, NTP and the recognised ones against Arkime, Zeek and Suricata's expected events."""

from __future__ import annotations

import ipaddress
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from columns.protocols.ftp import eve_object as ftp_object
from sensor.protocols import dhcp, ftp, irc, ntp, pop3, recognised, sip, snmp
from tests.support.corpus import corpus
from tests.support.eve_filters import event_of, filters_of, matches
from tests.support.naive_streams import parse_capture

Facts = Counter[tuple[str, str]]
_SNMP_TYPES = {"get_request": "GetRequest", "get_next_request": "GetNextRequest", "response": "GetResponse",
               "set_request": "SetRequest", "get_bulk_request": "GetBulkRequest"}
_SNMP_ERRORS = {2: "noSuchName"}


def arkime(name: str, field: str, keys: tuple[str, ...]) -> Facts:
    """What Arkime found in all sessions: key and value, each once per capture."""
    facts: set[tuple[str, str]] = set()
    for session in json.loads(corpus("arkime", f"{name}.test").read_text())["sessions3"]:
        found = session["body"].get(field, {})
        if found and field == "snmp" and "user" in session["body"]:
            found = {**found, "user": session["body"]["user"]}
        for key in keys:
            facts |= {(key, str(value)) for value in found.get(key, [])}
    return Counter(facts)


def ours(name: str, wants: Any, table: str, columns: dict[str, Any]) -> Facts:
    facts: set[tuple[str, str]] = set()
    for row in parse_capture(corpus("arkime", f"{name}.pcap"), wants).get(table, []):
        for key, of in columns.items():
            values = of(row)
            facts |= {(key, str(v)) for v in (values if isinstance(values, list) else [values]) if v not in ("", None)}
    return Counter(facts)


_ARKIME = [
    ("irc", "irc", irc.WANTS, "irc", {"nick": lambda r: r["nick"],
                                      "channel": lambda r: r["value"] if r["command"] == "JOIN" else ""}, ()),
    ("irc-cap-req", "irc", irc.WANTS, "irc", {"nick": lambda r: r["nick"],
                                              "channel": lambda r: r["value"] if r["command"] == "JOIN" else ""}, ()),
    ("gre-sample", "ntp", ntp.WANTS, "ntp", {
        "version": lambda r: r["version"], "stratum": lambda r: "secondary" if r["stratum"] > 1 else "",
        "mode": lambda r: r["mode"], "refId": lambda r: ipaddress.IPv4Address(r["reference_id"]).packed.hex()}, ()),
    ("wireshark-dhcp", "dhcp", dhcp.WANTS, "dhcp", {
        "id": lambda r: f"{r['id']:x}", "mac": lambda r: r["client_mac"],
        "requestIp": lambda r: r.get("requested_ip", ""),
        "type": lambda r: r["dhcp_type"].upper()}, ()),
    *[(name, "snmp", snmp.WANTS, "snmp", {
        "version": lambda r: r["version"], "community": lambda r: r.get("community", ""),
        "type": lambda r: _SNMP_TYPES.get(r.get("pdu_type", ""), ""), "engineId": lambda r: r.get("engine_id", ""),
        "secLevel": lambda r: r.get("security", ""), "user": lambda r: r.get("usm", ""),
        "variable": lambda r: json.loads(r.get("vars") or "[]"),
        "error": lambda r: _SNMP_ERRORS.get(r.get("error_status", 0), ""),
    }, missing) for name, missing in (("SNMPv2c_get_requests", ()), ("snmpv3_synthetic", (("version", "1"),)))],
    ("gtp-iphone", "sip", sip.WANTS, "sip", {
        "callid": lambda r: r.get("call_id", ""), "contact": lambda r: r.get("contact", ""),
        "from": lambda r: r.get("from_uri", ""), "to": lambda r: r.get("to_uri", ""), "via": lambda r: r.get("via", ""),
        "method": lambda r: r.get("method", ""), "statuscode": lambda r: r.get("code", ""),
        "useragent": lambda r: r.get("user_agent", "")}, ()),
]


@pytest.mark.parametrize(("name", "field", "wants", "table", "columns", "missing"), _ARKIME)
def test_as_arkime(name: str, field: str, wants: Any, table: str, columns: Any, missing: Any) -> None:
    wanted, had = arkime(name, field, tuple(columns)), ours(name, wants, table, columns)
    assert wanted
    assert sorted(wanted - had) == sorted(missing)


def test_ftp_as_zeek() -> None:
    folder = corpus("zeek", "scripts__base__protocols__ftp__ftp-auth-tls")
    capture = next(p for p in folder.iterdir() if ".pcap" in p.name or p.suffix == ".trace")
    rows = parse_capture(capture, ftp.WANTS)["ftp"]
    lines = [line.split("\t") for line in (folder / "ftp.log").read_text().splitlines() if not line.startswith("#")]
    wanted = [(line[8], line[9], line[12], line[13]) for line in lines]
    told = {line[0] for line in wanted}  # Zeek tells some commands alone
    had = [(r["command"] or "<init>", r["command_data"] or "-", json.loads(r["completion_code"])[-1],
            json.loads(r["reply"])[-1]) for r in rows if (r["command"] or "<init>") in told]
    assert had == wanted


_EVENTS = [
    ("events/ftp__ftp-too-long-command-buffered", ftp.WANTS), ("mixed/ftp__ftp-too-long-response", ftp.WANTS),
    ("mixed/output-eve-ftp-data", ftp.WANTS), ("options/bug-8489__bug-8489-02", ftp.WANTS),
    ("settings/ftp-retr-bypass-baseline", ftp.WANTS), ("settings/ftp__ftp-download-passive", ftp.WANTS),
    ("settings/ftp__ftp-upload-passive", ftp.WANTS), ("events/sip-pattern-matching", sip.WANTS),
    ("events/sip-tcp-pattern-matching", sip.WANTS), ("mixed/sip-body-frames", sip.WANTS),
    ("mixed/sip-tcp-body-frames", sip.WANTS), ("options/sip-tcp-request-line", sip.WANTS),
    ("options/sip-tcp-stat-msg", sip.WANTS), ("events/dhcp-request-flood", dhcp.WANTS),
]
_OTHERWISE = {"mixed/sip-body-frames": 10}  # a request from the responder, and its response, are messages too
_SHOWN = ("method", "uri", "version", "request_line", "code", "reason", "response_line", "command", "filename")


def _event(table: str, row: dict[str, Any]) -> dict[str, Any]:
    shown = ftp_object(row) if table == "ftp" else {k: v for k, v in row.items() if k in _SHOWN and v != ""}
    return event_of(row, table, shown)


@pytest.mark.parametrize(("name", "wants"), _EVENTS, ids=[e[0] for e in _EVENTS])
def test_as_suricata(name: str, wants: Any) -> None:
    case = corpus("suricata-verify", *name.split("/"))
    capture = next(p for p in Path(case).iterdir() if ".pcap" in p.name)
    tables = parse_capture(capture, wants)
    checked = 0
    for table in ("ftp", "ftp_data", "sip", "dhcp"):
        events = [_event(table, row) for row in tables.get(table, [])]
        for wanted in filters_of(case, table):
            found = sum(matches(e, wanted["match"]) for e in events)
            assert found == _OTHERWISE.get(name, wanted["count"]), wanted
            checked += 1
    assert checked


@pytest.mark.parametrize(("name", "protocol"), [("pop3-tag", "pop3"), ("mpls-basic", "telnet")])
def test_recognised_as_arkime(name: str, protocol: str) -> None:
    flows = parse_capture(corpus("arkime", f"{name}.pcap"), (*pop3.WANTS, *recognised.WANTS))["flows"]
    sessions = json.loads(corpus("arkime", f"{name}.test").read_text())["sessions3"]
    wanted = {(s["body"]["source"]["port"]) for s in sessions if protocol in s["body"].get("protocol", [])}
    assert {f["src_port"] for f in flows if f["app_proto"] == protocol} == wanted
