"""The manifest: what every scenario shows, what its capture is, and which alerts it must raise, and no others."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from columns.errors import UsageError
from pcaps.scenarios import NAMES, generate

HERE = Path(__file__).parent
MANIFEST = HERE / "manifest.toml"
README = HERE / "README.md"
TABLE_START, TABLE_END = "<!-- scenarios: made from manifest.toml -->", "<!-- end of scenarios -->"
ALERT_KEYS = ("signature_id", "src_ip", "dst_ip", "outcome", "severity", "state")


@dataclass(frozen=True)
class Scenario:
    """One row of the manifest.

    zones: numbers of the leak scenarios of the zone model that it shows; policy: path from the project's root; sensor:
    the one of the policy's sensors that looks, "" where that is not said;
    alerts: expected last revisions, each with ALERT_KEYS and ``count``; "*" stands for any value.
    """

    name: str
    ja: str
    en: str
    zones: tuple[int, ...]
    policy: str
    seed: int
    packets: int
    sha256: str
    alerts: tuple[dict[str, Any], ...]
    sensor: str = ""

    def unexpected(self, alerts: list[dict[str, Any]]) -> list[str]:
        """Return what is wrong with the last revisions of all alerts: one line per alert too many or too few."""
        missing = Counter({tuple(alert[key] for key in ALERT_KEYS): alert.get("count", 1) for alert in self.alerts})
        wrong = []
        for alert in alerts:
            values = tuple(alert[key] for key in ALERT_KEYS)
            for kind in sorted(missing, key=lambda kind: kind.count("*")):
                if missing[kind] and all(want in ("*", value) for want, value in zip(kind, values, strict=True)):
                    missing[kind] -= 1
                    break
            else:
                wrong.append(f"too many: {values}")
        return wrong + [f"too few (by {count}): {kind}" for kind, count in missing.items() if count]


def load_manifest(path: Path = MANIFEST) -> dict[str, Scenario]:
    """Return the scenarios by name, in the order of the file."""
    data = tomllib.loads(path.read_text("utf-8"))
    common = {"policy": data["policy"], "seed": data["seed"]}
    return {
        name: Scenario(name=name, **{**common, **row, "zones": tuple(row["zones"]), "alerts": tuple(row["alerts"])})
        for name, row in data["scenario"].items()
    }


def chosen(names: list[str]) -> list[Scenario]:
    """Return the named scenarios, or all. UsageError for a name that is not there."""
    scenarios = load_manifest()
    for name in names:
        if name not in scenarios:
            raise UsageError(f"no scenario {name!r}", where="--only", expected="one of " + ", ".join(NAMES))
    return [scenarios[name] for name in names or NAMES]


def cached(scenario: Scenario, folder: Path) -> Path:
    """Return the capture of a scenario inside a folder, made now unless the file with its digest is there."""
    path = folder / f"{scenario.name}.pcap"
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != scenario.sha256:
        folder.mkdir(parents=True, exist_ok=True)
        generate(scenario.name, scenario.seed).write(path)
    return path


def sealed(text: str) -> str:
    """Return the manifest's text with packets and sha256 of every scenario as they come out now."""
    data = tomllib.loads(text)
    for name, row in data["scenario"].items():
        scene = generate(name, row.get("seed", data["seed"]))
        digest = hashlib.sha256(scene.capture()).hexdigest()
        before = rf"(\[scenario\.{name}\]\n(?:(?!\[scenario).*\n)*?)"
        text = re.sub(before + r'packets = \d+\nsha256 = "[0-9a-f]*"',
                      rf'\g<1>packets = {len(scene.timed)}\nsha256 = "{digest}"', text)
    return text


def readme_table(scenarios: dict[str, Scenario]) -> str:
    """Return the table of scenarios as it stands in the README."""
    lines = ["| scenario | what it shows | ZONES | packets | alerts it must raise, and no others |",
             "|---|---|---|---|---|"]
    for s in scenarios.values():
        raised = Counter[tuple[int, str, str]]()
        for alert in s.alerts:
            raised[alert["signature_id"], alert["severity"], alert["outcome"]] += alert.get("count", 1)
        alerts = "; ".join(f"{n} × {sid} ({severity}, {outcome})" for (sid, severity, outcome), n in raised.items())
        zones = ", ".join(f"#{n}" for n in s.zones) or "-"
        lines.append(f"| `{s.name}` | {s.ja}<br>{s.en} | {zones} | {s.packets:,} | {alerts or 'none'} |")
    return "\n".join(lines)


def with_table(readme: str) -> str:
    """Return the README's text with the table brought up to date."""
    before, rest = readme.split(TABLE_START)
    return f"{before}{TABLE_START}\n{readme_table(load_manifest())}\n{TABLE_END}{rest.split(TABLE_END)[1]}"
