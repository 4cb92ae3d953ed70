"""HTTP, mail and files in real captures, beside what Zeek, Arkime and suricata-verify expect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from columns.protocols.fileinfo import FILEINFO, eve_object
from columns.protocols.http import HTTP
from columns.protocols.smtp import SMTP
from sensor.protocols import http, smtp
from sensor.protocols.files import FileSettings
from sensor.protocols.http import HttpParser, HttpSettings
from sensor.protocols.smtp import SmtpSettings
from tests.support.conversations import hear
from tests.support.corpus import corpus
from tests.support.naive_streams import parse_capture, pieces_of
from tests.support.web_facts import arkime, event, matches, zeek_http

HASHES = FileSettings(hashes=("md5", "sha1", "sha256"))
OTHER = {
    "http2-nghttp2": "HTTP/2", "sctp-www": "HTTP over SCTP", "socks-http-pass": "behind SOCKS",
    "socks5-http-302": "behind SOCKS", "gre-erspan-vxlan": "a tunnel that is not opened",
}
"""Captures of Arkime that hold no HTTP/1.x over TCP that a parser could be given."""


def rows_of(capture: Path) -> dict[str, list[dict[str, Any]]]:
    rows = parse_capture(capture, http.WANTS, HttpSettings(files=HASHES))
    mail = parse_capture(capture, smtp.WANTS, SmtpSettings(files=HASHES, md5=True))
    return rows | {"smtp": mail.get("smtp", []), "fileinfo": rows.get("fileinfo", []) + mail.get("fileinfo", [])}


def share(facts: list[tuple[str, Any, Any]]) -> tuple[float, list[str]]:
    wrong = [f"{what}: {expected!r} != {got!r}" for what, expected, got in facts if expected != got]
    return 1 - len(wrong) / max(len(facts), 1), wrong


def test_zeek() -> None:
    facts = []
    for log in sorted(corpus("zeek").glob("*/http.log")):
        capture = next(p for p in log.parent.iterdir() if p.suffix != ".log")
        facts += [(f"{log.parent.name} {w}", e, g) for w, e, g in zeek_http(log, rows_of(capture))]
    equal, wrong = share(facts)
    assert len(facts) > 200
    assert equal >= 0.99, wrong


def test_arkime() -> None:
    facts = []
    for test in sorted(corpus("arkime").glob("*.test")):
        text = test.read_text()
        if test.stem in OTHER or ('"method"' not in text and '"email"' not in text):
            continue
        facts += [(f"{test.stem} {w}", e, g) for w, e, g in arkime(test, rows_of(test.with_suffix(".pcap")))]
    equal, wrong = share(facts)
    assert len(facts) > 200
    assert equal >= 0.97, wrong


UNDECIDABLE = ("ether", "http2", "pkt_src", "pcap_cnt", "smb.")
TABLES = {"http": HTTP, "fileinfo": FILEINFO, "smtp": SMTP}


def events_of(rows: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    made = []
    for name, table in TABLES.items():
        for row in rows.get(name, []):
            one = event(table, row)
            if name == "fileinfo":
                one["fileinfo"] = eve_object(row)
                if not row["to_server"]:
                    one |= {"src_ip": one["dest_ip"], "dest_ip": one["src_ip"], "src_port": one["dest_port"],
                            "dest_port": one["src_port"]}
            made.append(one)
    return made


def test_suricata_verify_events() -> None:
    facts = []
    for folder in sorted(corpus("suricata-verify", "events").iterdir()):
        case = json.loads((folder / "case.json").read_text())
        filters = [c["filter"] for c in case["other_checks"] if "filter" in c]
        filters = [f for f in filters if f["match"].get("event_type") in TABLES and "lt_version" not in f
                   and not any(k.startswith(UNDECIDABLE) or "http2" in k for k in f["match"])]
        if not filters or folder.name.startswith(("http2", "smb")):
            continue
        made = events_of(rows_of(folder / (case.get("pcap") or "input.pcap")))
        facts += [(f"{folder.name} {f['match']}", f["count"], sum(matches(e, f["match"]) for e in made))
                  for f in filters]
    equal, wrong = share(facts)
    assert len(facts) > 60
    assert equal >= 0.83, wrong


EVADER = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


@pytest.mark.slow
def test_http_evader_shows_what_the_end_host_would_have_seen() -> None:
    missed = []
    for folder in sorted(corpus("suricata-verify", "http-evader").iterdir()):
        case = json.loads((folder / "case.json").read_text())
        said: dict[int, list[tuple[bool, bytes]]] = {}
        for piece in pieces_of(folder / (case.get("pcap") or "input.pcap")):
            if piece.data:
                said.setdefault(piece.flow.flow_id, []).append((piece.to_server, piece.data))
        heard = [hear(HttpParser, s, HttpSettings(lzma=True)) for s in said.values()]
        names = [f["filename"] for h in heard for f in h.table("fileinfo")]
        wanted = [c["filter"]["match"]["fileinfo.filename"] for c in case["other_checks"] if "filter" in c]
        if not any(EVADER in h.inspected.get("http.response_body", b"") for h in heard) or names != wanted:
            missed.append((folder.name, names, wanted))
    assert not missed
