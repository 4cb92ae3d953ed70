"""Whole replays against Suricata's expected events, packet numbers of acknowledgements included."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sekisho.replaying import Request, run_replay
from tests.support.corpus import corpus
from tests.support.eve_filters import filters_of, matches

CASES = {
    "dnp3__dnp3-file-write": ("dnp3", "flow"), "ldap-add": ("ldap",), "geneve-decoder": ("flow",),
    "mac-eve-single": ("flow", "dns"), "imap-detection": ("flow",),
    "bittorrent-dht": ("bittorrent_dht", "anomaly", "flow"), "dcerpc__dcerpc-udp-scapy": ("dcerpc", "flow"),
    "pgsql__pgsql-copy-data-out": ("pgsql",), "pgsql__pgsql-pwd-output-disabled": ("pgsql", "flow"),
    "rfb-protocol-3.7": ("rfb", "flow"), "mqtt-limit-log-2": ("mqtt",), "derive-counter-01": ("stats",),
    "sip-tcp-pattern-matching": ("stats", "sip"), "output-eve-anomaly-02": ("anomaly",),
}


@pytest.mark.parametrize("name", CASES)
def test_as_suricata(name: str, tmp_path: Path) -> None:
    case = corpus("suricata-verify", "events", name)
    eve = tmp_path / "eve.json"
    run_replay(Request([case / "input.pcap"], eve=eve, checksums="ignore", quiet=True, keep=False))
    events = [json.loads(line) for line in eve.read_text().splitlines()]
    checked = 0
    for event_type in CASES[name]:
        for wanted in filters_of(case, event_type):
            match = dict(wanted["match"])
            absent = match.pop("not-has-key", "")
            ours = [e for e in events if matches(e, match) and not (absent and _has(e, absent))]
            assert len(ours) == wanted["count"], wanted
            checked += 1
    assert checked


def _has(event: object, path: str) -> bool:
    for name in path.split("."):
        if not isinstance(event, dict) or name not in event:
            return False
        event = event[name]
    return True
