"""Each scenario raises exactly the alerts of its manifest row, whatever the batch size, and nothing else."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import dpkt
import pytest

from pcaps.manifest import load_manifest
from pcaps.scenarios import NAMES
from sekisho.settings import default_settings

replaying = pytest.importorskip("tests.support.replay", reason="the replay helper is not there")

ROOT = Path(__file__).parents[2]
MANIFEST_ROWS = load_manifest()
CALLS = 800
"""Batches to a replay; of a capture with more of them an excerpt is replayed, and the whole in the slow tests."""

SILENT = [name for name in NAMES if not MANIFEST_ROWS[name].alerts]


def last_revisions(alerts: list[dict]) -> list[dict]:
    """Return the last revision of each alert."""
    last: dict[int, dict] = {}
    for alert in alerts:
        known = last.get(alert["alert_id"])
        if known is None or known["revision"] < alert["revision"]:
            last[alert["alert_id"]] = alert
    return list(last.values())


def replay(name: str, capture: Path, batch: int):
    row, settings = MANIFEST_ROWS[name], default_settings()
    if row.sensor:
        settings = settings.with_section("replay", dataclasses.replace(settings.replay, sensor=row.sensor))
    return replaying.replay(capture, policy=ROOT / row.policy, batch=batch, settings=settings)


def excerpt(capture: Path, frames: int, folder: Path) -> Path:
    """Return a capture of so many frames out of the middle of another one, or that one if it has no more."""
    with capture.open("rb") as file:
        records = list(dpkt.pcap.Reader(file))
    if len(records) <= frames:
        return capture
    start = (len(records) - frames) // 2
    path = folder / capture.name
    with path.open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for ts, frame in records[start : start + frames]:
            writer.writepkt(frame, ts)
    return path


def same(name: str, capture: Path, batch: int) -> bool:
    """Replay a capture in one batch and in small ones, and compare all that is found."""
    whole, pieces = replay(name, capture, 65536), replay(name, capture, batch)
    assert sorted(map(str, pieces.alerts)) == sorted(map(str, whole.alerts))
    return pieces.digest == whole.digest and pieces.report.packets == whole.report.packets


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_raises_exactly_the_alerts_of_its_manifest_row(name, capture_of):
    report = replay(name, capture_of(name), 65536)
    assert MANIFEST_ROWS[name].unexpected(last_revisions(report.alerts)) == []


@pytest.mark.parametrize("batch", [7, *(pytest.param(batch, marks=pytest.mark.slow) for batch in (1, 4096))])
@pytest.mark.parametrize("name", NAMES)
def test_the_batch_size_changes_nothing(name, batch, capture_of, tmp_path):
    assert same(name, excerpt(capture_of(name), CALLS * batch, tmp_path), batch)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("name", [name for name in NAMES if MANIFEST_ROWS[name].packets > CALLS])
def test_the_batch_size_changes_nothing_in_a_long_capture(name, batch, capture_of):
    assert same(name, capture_of(name), batch)


def test_an_alert_says_which_packet_and_when(capture_of):
    report = replay("mynumber_to_internet_established", capture_of("mynumber_to_internet_established"), 4096)
    for alert in report.alerts:
        assert 0 < alert["packet_number"] <= MANIFEST_ROWS["mynumber_to_internet_established"].packets
        assert alert["start_ns"] <= alert["end_ns"] <= alert["ts_ns"]
        assert alert["why"]
        assert alert["why_ja"]


def test_an_alert_too_many_too_few_or_different_is_told():
    row = MANIFEST_ROWS["expired_conduit"]
    good = [dict(row.alerts[0])]
    assert row.unexpected(good) == []
    assert row.unexpected([]) == [f"too few (by 1): {tuple(row.alerts[0].values())}"]
    assert len(row.unexpected(good * 2)) == 1
    assert len(row.unexpected([{**good[0], "severity": "low"}])) == 2


def test_what_must_stay_silent_is_a_fair_share():
    assert {"ordinary_day", "busy_server", "fragments", "midstream", "silent_host"} <= set(SILENT)
    assert len(SILENT) < len(NAMES) // 2
