"""docs/leaks.md: every leak scenario with what finds it, in which capture, and which twin stays silent.

What the captures raise is the manifest's word, which test_scenarios_alerts.py holds the program to.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from columns.codes import Severity
from detectors.contract import Signature
from detectors.leaks.all import LEAK_DETECTORS
from detectors.leaks.leak import Leak
from detectors.leaks.lists import FILES, load_lists
from detectors.leaks.settings import LeakSettings
from detectors.mynumber import MyNumberDetector
from detectors.zone_signatures import BY_CODE
from pcaps.manifest import Scenario, load_manifest
from tests.support.generated import brought_up_to_date

PAGE = Path(__file__).parents[2] / "docs" / "leaks.md"
MANIFEST_ROWS = load_manifest()
LEAKS: tuple[Leak, ...] = tuple(s for d in LEAK_DETECTORS for s in d.signatures)
NAMES = {
    1: "dual-homed PC", 2: "VLAN misconfiguration, trunk leak", 3: "route leak", 4: "NAT miss",
    5: "rogue NAT or access point", 6: "tethering", 7: "DNS leak", 8: "header leak", 9: "IPv6 tunnel",
    10: "other tunnel, VPN", 11: "remote-access tool", 12: "proxy bypass", 13: "bypass of the security cloud",
    14: "screen channel used for files", 15: "wrong initiator", 16: "gateway skipped", 17: "text-ization failed",
    18: "CDR failed", 19: "個人番号 in clear text", 20: "stepping stone", 21: "DNS tunnel", 22: "ICMP tunnel",
    23: "NTP misuse, reflection",
    24: "cloud upload", 25: "wrong tenant", 26: "multifunction printer in two zones", 27: "update path",
    28: "SMB, directory across zones", 29: "shared hypervisor, storage, backup", 30: "vendor maintenance drift",
    31: "permitted but excessive", 32: "the monitor bridges zones"}
BY_VERDICT = {3: (900101, 900122), 4: (900121,), 6: (900105,), 9: (900111, 900112, 900113, 900114), 13: (900101,),
              14: (900106,), 15: (900102,), 17: (900108,), 19: (900191,), 25: (900107,), 30: (900103, 900104),
              31: (900106,)}
"""What other detectors find of a scenario; their words are in docs/zones.md and docs/detectors.md."""


def found_by(number: int) -> list[Signature]:
    """Return the signatures of a scenario."""
    zone = {s.signature_id: s for s in (*BY_CODE, *MyNumberDetector.signatures) if s}
    return [*(zone[n] for n in BY_VERDICT.get(number, ())), *(s for s in LEAKS if s.scenario == number)]


def captures(number: int, *, benign: bool) -> list[Scenario]:
    """Return the captures of a scenario that raise something, or its benign twins."""
    return [row for row in MANIFEST_ROWS.values() if number in row.zones and bool(row.alerts) != benign
            and row.name != "demo_day"]


def raised(row: Scenario, signature: Signature) -> int:
    """Return how many alerts of a signature a capture raises."""
    return sum(a.get("count", 1) for a in row.alerts if a["signature_id"] == signature.signature_id)


def scenario_table() -> str:
    """Return the table of scenarios: what was found where, and the twin."""
    lines = ["| # | scenario | detected in (alerts by signature) | silent twin |", "| --- | --- | --- | --- |"]
    for number, name in NAMES.items():
        ids = {s.signature_id for s in found_by(number)}
        told = []
        for row in captures(number, benign=False):
            counts: dict[int, int] = {}
            for alert in row.alerts:
                if alert["signature_id"] in ids:
                    counts[alert["signature_id"]] = counts.get(alert["signature_id"], 0) + alert.get("count", 1)
            if counts:
                told.append(f"`{row.name}`: " + ", ".join(f"{n} × {sid}" for sid, n in sorted(counts.items())))
        twins = ", ".join(f"`{row.name}`" for row in captures(number, benign=True))
        lines.append(f"| {number} | {name} | {'<br>'.join(told)} | {twins} |")
    return "\n".join(lines)


def signature_table() -> str:
    """Return the table of signatures: words, severity, evidence and blind spots."""
    lines = ["| id | # | signature | 検知 | at most | property | ATT&CK | clause | evidence | blind spots |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for s in sorted(LEAKS, key=lambda s: s.signature_id):
        lines.append(f"| {s.signature_id} | {s.scenario} | {s.signature} | {s.signature_ja} | "
                     f"{Severity(s.severity).name.lower()} | {s.property.name.lower()} | {s.technique} | {s.clause} | "
                     f"{s.evidence} | {s.blind} |")
    return "\n".join(lines)


def list_table() -> str:
    """Return the table of lists."""
    lists = load_lists()
    lines = ["| file | リスト | date | entries |", "| --- | --- | --- | --- |"]
    lines += [f"| `{name}.toml` | {lists[name].title} | {lists[name].date} | {len(lists[name].entries)} |"
              for name in sorted(FILES)]
    return "\n".join(lines)


@pytest.mark.parametrize(("mark", "made"), [
    ("scenarios", scenario_table), ("signatures", signature_table), ("lists", list_table)])
def test_the_tables_of_the_page_are_up_to_date(mark, made):
    text = PAGE.read_text("utf-8")
    wanted = brought_up_to_date(text, mark, made())
    if os.environ.get("SEKISHO_UPDATE_GOLDEN"):
        PAGE.write_text(wanted, "utf-8")
    assert PAGE.read_text("utf-8") == wanted, "run with SEKISHO_UPDATE_GOLDEN=1"


@pytest.mark.parametrize("number", NAMES)
def test_each_scenario_is_detected_in_a_capture_and_has_a_silent_twin(number):
    detected = [row.name for row in captures(number, benign=False) for s in found_by(number) if raised(row, s)]
    assert detected
    assert captures(number, benign=True)


@pytest.mark.parametrize("signature", LEAKS, ids=lambda s: str(s.signature_id))
def test_each_signature_is_raised_by_some_capture(signature):
    assert [row.name for row in MANIFEST_ROWS.values() if raised(row, signature)]


def test_signatures_are_complete_and_their_numbers_tell_the_scenario():
    assert len({s.signature_id for s in LEAKS}) == len(LEAKS)
    for s in LEAKS:
        assert s.signature_id // 10 == 90100 + s.scenario
        assert s.gid == 9000
        assert s.runbook
        assert s.clause
        assert s.evidence
        assert s.blind
        assert s.severity > Severity.CRITICAL


def test_every_setting_is_named_on_the_page_or_in_a_signature():
    text = PAGE.read_text("utf-8")
    for name in LeakSettings.__dataclass_fields__:
        assert f"`{name}`" in text, name
