"""Each scenario raises exactly the alerts of its manifest row, whatever the batch size, and nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from pcaps.manifest import ALERT_KEYS, load_manifest
from pcaps.scenarios import NAMES

replaying = pytest.importorskip("tests.support.replay", reason="the replay helper is not there")

ROOT = Path(__file__).parents[2]
MANIFEST_ROWS = load_manifest()
SILENT = [name for name in NAMES if not MANIFEST_ROWS[name].alerts]


def last_revisions(alerts: list[dict]) -> list[dict]:
    """Return the last revision of each alert."""
    last: dict[int, dict] = {}
    for alert in alerts:
        known = last.get(alert["alert_id"])
        if known is None or known["revision"] < alert["revision"]:
            last[alert["alert_id"]] = alert
    return list(last.values())


def kinds(alerts: list[dict]) -> Counter[tuple]:
    """Count alerts by the columns that the manifest fixes."""
    return Counter(tuple(alert[key] for key in ALERT_KEYS) for alert in last_revisions(alerts))


def replay(name: str, capture: Path, batch: int):
    return replaying.replay(capture, policy=ROOT / MANIFEST_ROWS[name].policy, batch=batch)


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_raises_exactly_the_alerts_of_its_manifest_row(name, capture_of):
    report = replay(name, capture_of(name), 65536)
    assert kinds(report.alerts) == MANIFEST_ROWS[name].expected()


@pytest.mark.parametrize("batch", [1, 7, 4096])
@pytest.mark.parametrize("name", NAMES)
def test_the_batch_size_changes_nothing(name, batch, capture_of):
    whole, pieces = replay(name, capture_of(name), 65536), replay(name, capture_of(name), batch)
    assert pieces.digest == whole.digest
    assert sorted(map(str, pieces.alerts)) == sorted(map(str, whole.alerts))


def test_an_alert_says_which_packet_and_when(capture_of):
    report = replay("mynumber_to_internet_established", capture_of("mynumber_to_internet_established"), 4096)
    for alert in report.alerts:
        assert 0 < alert["packet_number"] <= MANIFEST_ROWS["mynumber_to_internet_established"].packets
        assert alert["start_ns"] <= alert["end_ns"] <= alert["ts_ns"]
        assert alert["why"]
        assert alert["why_ja"]


def test_what_must_stay_silent_is_a_fair_share():
    assert {"ordinary_day", "busy_server", "fragments", "silent_host"} <= set(SILENT)
    assert len(SILENT) < len(NAMES) // 2
