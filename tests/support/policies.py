"""Zone policies for tests: the example as a dictionary to change, and back to the text of a file."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from pathlib import Path
from typing import Any

from zones import EXAMPLE

TODAY = dt.date(2026, 11, 23)


def city() -> dict[str, Any]:
    """The example policy without the conduits that are there to be found: C10 (expired) and C18 (both ways)."""
    document = tomllib.loads(EXAMPLE.read_text("utf-8"))
    del document["conduit"]["C10"], document["conduit"]["C18"]
    return document


def company() -> dict[str, Any]:
    """A small free policy of a company."""
    conduit = {"owner": "it", "justification": "work", "review_by": dt.date(2027, 6, 1), "services": ["https"]}
    return {
        "schema": 1, "city": "a company", "model": "free", "default": "deny", "approved_by": "board",
        "approved_on": dt.date(2026, 1, 5), "timezone": "UTC",
        "zone": {
            "office": {"rank": 2, "kind": "internal", "cidr": ["10.1.0.0/16", "2001:db8:1::/48"], "owner": "it"},
            "plant": {"rank": 3, "kind": "internal", "cidr": ["10.2.0.0/16"], "owner": "ot"},
            "net": {"rank": 0, "kind": "external", "cidr": ["0.0.0.0/0", "::/0"], "owner": "-"},
        },
        "sensor": {"core": {"expects": ["office", "plant", "net"]}},
        "service": {"https": ["tcp/443"], "ssh": ["tcp/22"]},
        "conduit": {"web": {"from": "office", "to": "net", **conduit}},
    }


def toml_text(document: dict[str, Any]) -> str:
    """Write a document of the shapes that policies have as TOML."""
    lines = [f"{json.dumps(k)} = {_value(v)}" for k, v in document.items() if not isinstance(v, dict)]
    for section, entries in document.items():
        if isinstance(entries, dict):
            lines.append(f"[{json.dumps(section)}]")
            lines += [f"{json.dumps(name, ensure_ascii=False)} = {_value(value)}" for name, value in entries.items()]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k, ensure_ascii=False)} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, float) and value != value:
        return "nan"
    return json.dumps(value, ensure_ascii=False)


def policy_file(folder: Path, document: dict[str, Any] | str) -> Path:
    """Write a policy to a file in folder and return its path."""
    path = folder / "zones.toml"
    path.write_text(document if isinstance(document, str) else toml_text(document), "utf-8")
    return path
