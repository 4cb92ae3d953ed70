"""DNS against real captures: Zeek's dns.log, Arkime's sessions, Suricata's expected events."""

from __future__ import annotations

import ipaddress
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from columns.protocols.dns import eve_object, event_type, opcode_name
from sensor.protocols.dns import WANTS
from tests.support.corpus import corpus
from tests.support.eve_filters import address, event_of, filters_of, matches
from tests.support.naive_streams import parse_capture

_ZEEK = ("opt__basic", "scripts__base__protocols__dns__zero-responses")
_ZEEK_FLAGS = {"AA": 0x0400, "TC": 0x0200, "RD": 0x0100, "RA": 0x0080}


def rows_of(capture: Path, *, any_port: bool = False) -> list[dict[str, Any]]:
    wants = [w._replace(probe=lambda initiator, responder, flow: True) for w in WANTS[1:]] if any_port else WANTS
    rows = parse_capture(capture, wants)["dns"]
    for row in rows:
        for name in ("queries", "answers", "grouped", "authorities", "additionals"):
            row[name] = json.loads(row[name] or b"[]")
        row["rrname"] = row["rrname"].decode()
    return rows


def capture_in(folder: Path) -> Path:
    return next(p for p in sorted(folder.iterdir()) if ".pcap" in p.name or p.suffix in (".trace", ".cap"))


# ---- Zeek


def zeek_log(path: Path) -> list[dict[str, str]]:
    lines = path.read_text().splitlines()
    fields = next(line for line in lines if line.startswith("#fields")).split("\t")[1:]
    return [dict(zip(fields, line.split("\t"), strict=True)) for line in lines if not line.startswith("#")]


def zeek_facts(log: list[dict[str, str]]) -> Counter[tuple[Any, ...]]:
    facts: Counter[tuple[Any, ...]] = Counter()
    for line in log:
        who = (line["id.orig_h"], int(line["id.orig_p"]), line["id.resp_h"], int(line["id.resp_p"]))
        for key in ("trans_id", "query", "qclass", "qtype", "rcode", "AA", "TC", "RD", "RA", "opcode", "answers",
                    "rtt"):
            facts[(who, int(line["trans_id"]), key, line[key].lower() if key == "query" else line[key])] += 1
    return facts


def _merged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Requests with their responses, as Zeek has one line for both; a question is known from the request alone."""
    merged: list[dict[str, Any]] = []
    waiting: dict[tuple[int, int], dict[str, Any]] = {}
    for row in rows:
        key = (row["flow_id"], row["id"])
        if row["message_type"] == "response" and key in waiting and row["variant"] != "mdns":
            waiting.pop(key)["response"] = row
        else:
            merged.append({"first": row})
            if row["message_type"] == "request":
                waiting[key] = merged[-1]
            else:
                merged[-1]["response"] = row
    return merged


def our_zeek_facts(rows: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    facts: Counter[tuple[Any, ...]] = Counter()
    types = {"A": "1", "AAAA": "28", "SRV": "33", "TXT": "16", "NB": "32", "PTR": "12"}
    for pair in _merged(rows):
        first, last = pair["first"], pair.get("response", pair["first"])
        answered = "response" in pair
        who = (address(first["src_ip"]), first["src_port"], address(first["dst_ip"]), first["dst_port"])
        records = [a for a in last["answers"] if answered and a["rrtype"] in ("A", "AAAA", "CNAME", "PTR", "SRV")]
        values = ",".join(a.get("rdata") or a["srv"]["name"] for a in records)
        name = first["rrname"].split("<")[0] if first["variant"] == "nbns" else first["rrname"]
        shown = {
            "trans_id": str(first["id"]),
            "query": (name or (last["answers"] or [{"rrname": "-"}])[0]["rrname"]).lower(),
            "qclass": str(first["rrclass"]) if first.get("rrclass") else "-",
            "qtype": types[first["rrtype"]] if first.get("rrtype") else "-",
            "rcode": str(last["flags"] & 15) if answered else "-", "opcode": str(first["opcode"]),
            "answers": values or "-",
            "rtt": f"{last['rtt_ns'] // 1000 / 1e6:.6f}" if values and first is not last else "-",
        }
        for flag, bit in _ZEEK_FLAGS.items():
            side = last if flag in ("AA", "TC", "RA") and (values or first is last) else first
            shown[flag] = "T" if side["flags"] & bit else "F"
        for key, value in shown.items():
            facts[(who, first["id"], key, value)] += 1
    return facts


@pytest.mark.parametrize("case", _ZEEK)
def test_as_zeek(case: str) -> None:
    folder = corpus("zeek", case)
    wanted, had = zeek_facts(zeek_log(folder / "dns.log")), our_zeek_facts(rows_of(capture_in(folder)))
    missing = wanted - had
    assert missing.total() <= 0, sorted(missing)[:20]
    assert wanted.total() >= 12


# ---- Arkime


def _arkime_answer(answer: dict[str, Any]) -> dict[str, Any]:
    kept = {"name": answer["rrname"] or "<root>", "type": answer["rrtype"], "ttl": answer["ttl"]}
    value = answer.get("rdata")
    name = {"A": "ip", "AAAA": "ip", "CNAME": "cname", "NS": "nameserver", "MX": "mx", "CAA": "caa", "TXT": "txt",
            "HTTPS": "https"}.get(answer["rrtype"])
    if name and value is not None:
        kept[name] = value.lower() if name != "txt" else value
    return kept


def _short(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _normal(answer: dict[str, Any]) -> tuple[Any, ...]:
    """An answer of either side in one form: no class, addresses short, CAA and HTTPS without their type and quotes."""
    kept = {k: v for k, v in answer.items() if k not in ("class", "priority")}
    if "ip" in kept:
        kept["ip"] = _short(kept["ip"])
    for key in ("caa", "https"):
        if key in kept:
            words = kept[key].removeprefix(key.upper() + " ").replace('"', "").split()
            kept[key] = " ".join(",".join(_short(a) for a in w[9:].split(",")).join([w[:9], ""]) if "hint=" in w
                                 else w for w in words)
    return tuple(sorted(kept.items()))


def arkime_facts(described: dict[str, Any]) -> Counter[tuple[Any, ...]]:
    facts: Counter[tuple[Any, ...]] = Counter()
    for session in described["sessions3"]:
        for dns in session["body"].get("dns", []):
            asked = (dns.get("queryHost"), dns.get("qt"))
            for key in ("opcode", "qc", "qt", "queryHost", "status", "headerFlags"):
                if key in dns:
                    facts[(asked, key, str(sorted(dns[key]) if key == "headerFlags" else dns[key]))] += 1
            for answer in dns.get("answers", []):
                facts[(asked, "answer", _normal(answer))] += 1
    return facts


def our_arkime_facts(rows: list[dict[str, Any]]) -> Counter[tuple[Any, ...]]:
    """What Arkime keeps: each of several messages with the same question once."""
    facts: Counter[tuple[Any, ...]] = Counter()
    names = {"AD": 0x20, "AA": 0x400, "TC": 0x200, "RD": 0x100, "RA": 0x80, "CD": 0x10}
    for row in rows:
        host = (row["rrname"] or "<root>").lower()
        asked = (host, row.get("rrtype"))
        facts[(asked, "opcode", opcode_name(row["opcode"]))] += 1
        facts[(asked, "qc", {1: "IN"}.get(row.get("rrclass"), "?"))] += 1
        facts[(asked, "qt", row.get("rrtype"))] += 1
        facts[(asked, "queryHost", host)] += 1
        facts[(asked, "status", {"NOTIMP": "NOTIMPL"}.get(row["rcode"], row["rcode"]))] += 1
        flags = sorted(name for name, bit in names.items() if row["flags"] & bit)
        facts[(asked, "headerFlags", str(flags))] += 1
        for answer in row["answers"] + row["authorities"] + row["additionals"]:
            facts[(asked, "answer", _normal(_arkime_answer(answer)))] += 1
    return facts


_ARKIME = ("dns-caa", "dns-flags0000", "dns-https", "dns-mx", "dns-notify", "dns-tcp", "dns-udp", "dns-update", "v6")


@pytest.mark.parametrize("name", _ARKIME)
def test_as_arkime(name: str) -> None:
    described = json.loads(corpus("arkime", f"{name}.test").read_text())
    wanted = arkime_facts(described)
    had = our_arkime_facts(rows_of(corpus("arkime", f"{name}.pcap")))
    missing = wanted - had
    assert wanted
    assert not missing, sorted(missing, key=str)[:10]


# ---- Suricata

_EVENTS = (
    "events/dns__bug-1158", "events/dns__dns-eve-log-https-only", "events/dns__dns-tcp-www-google-com",
    "events/dns__dns-udp-eve-dig", "events/dns__dns-udp-null", "events/dns__dns-udp-unsolicited-response",
    "events/dns__dns-eve-empty-format", "mixed/bug-5162", "mixed/decode-teredo-01",
    "mixed/dns__dns-additionals-rdata", "mixed/dns__dns-answer-emptydata", "mixed/dns__dns-corrupt-additionals",
    "mixed/dns__dns-z-bit", "mixed/issues__issue-4759", "mixed/mdns", "options/bug-5197",
    "options/dns__dns-truncated-rname",
)
_OTHER_PORT = "options/dns__dns-truncated-rname"  # its options name the port


@pytest.mark.parametrize("name", _EVENTS)
def test_as_suricata(name: str) -> None:
    case = corpus("suricata-verify", *name.split("/"))
    events = [event_of(row, event_type(row), eve_object(row), swapped=not row["to_server"])
              for row in rows_of(capture_in(case), any_port=name == _OTHER_PORT)]
    for wanted in filters_of(case, "dns") + filters_of(case, "mdns"):
        match = dict(wanted["match"])
        if name == _OTHER_PORT:  # Suricata names the acknowledgement of the packet that brought the message
            del match["pcap_cnt"]
        found = sum(matches(event, match) for event in events)
        assert found == wanted.get("count", 1), wanted
