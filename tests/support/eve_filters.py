"""Expected events of suricata-verify: does an event match a filter of dotted paths?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from columns.address import address_text, proto_text

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def value_at(event: Any, path: str) -> Any:
    """Return what stands at a path such as ``dns.answers[0].rdata``; ``__len`` is a length; None where nothing is."""
    for name, index in _STEP.findall(path):
        if name == "__len":
            return len(event) if event is not None else None
        if index:
            event = event[int(index)] if isinstance(event, list) and int(index) < len(event) else None
        else:
            event = event.get(name) if isinstance(event, dict) else None
    return event


def matches(event: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Tell whether all paths of a filter hold in an event."""
    return all(value_at(event, path) == value for path, value in wanted.items())


def filters_of(case: Path, event_type: str) -> list[dict[str, Any]]:
    """Return the filters of a case about an event type that hold for Suricata 8."""
    found = []
    described = json.loads((case / "case.json").read_text())
    for check in described["other_checks"]:
        one = check.get("filter", {})
        old = "lt_version" in one
        if one.get("match", {}).get("event_type") == event_type and not old:
            found.append(one)
    return found


def address(value: int) -> str:
    """Return an address of a row as EVE has it."""
    return address_text(value >> 64, value & 0xFFFFFFFFFFFFFFFF)


def event_of(row: dict[str, Any], event_type: str, shown: dict[str, Any], *, swapped: bool = False) -> dict[str, Any]:
    """Return an event with the object of a row, with source and destination exchanged for an answer."""
    sides = [(address(row["src_ip"]), row["src_port"]), (address(row["dst_ip"]), row["dst_port"])]
    if swapped:
        sides.reverse()
    return {
        "event_type": event_type, "pcap_cnt": row["packet_number"], "proto": proto_text(row["proto"]),
        "src_ip": sides[0][0], "src_port": sides[0][1], "dest_ip": sides[1][0], "dest_port": sides[1][1],
        event_type: shown,
    }
