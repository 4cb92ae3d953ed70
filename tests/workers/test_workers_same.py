"""However many workers look into what is said, the replay tells the same, line by line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pcaps.manifest import cached, load_manifest
from tests.support.corpus import corpus
from zones import EXAMPLE

_RULES = """\
alert http any any -> any any (msg:"one"; http.user_agent; content:"ozilla"; sid:1;)
alert tls any any -> any any (msg:"two"; tls.sni; content:"o"; sid:2;)
alert dns any any -> any any (msg:"three"; dns.query; content:"."; sid:3;)
alert tcp any any -> any any (msg:"four"; flow:established; content:"e"; xbits:set,seen,track ip_src,expire 60; sid:4;)
alert tcp any any -> any any (msg:"five"; flow:established; content:"a"; xbits:isset,seen,track ip_src; sid:5;)
alert ip any any -> any any (msg:"six"; content:"s"; threshold:type limit, track by_src, count 2, seconds 60; sid:6;)
alert smtp any any -> any any (msg:"seven"; file.data; content:"e"; sid:7;)
alert http any any -> any any (msg:"eight"; flow:to_client; http.stat_code; content:"200"; content:"t"; sid:8;)
"""
_PEAK = re.compile(r'"pages_peak":\d+')


class Told(NamedTuple):
    """What a replay reports, and its EVE file as lines."""

    report: dict[str, Any]
    eve: list[str]


def told(workers: int, folder: Path, captures: Sequence[Path], *more: str | Path) -> Told:
    """Replay with so many workers; what is left out differs with them: seconds, and the peaks of memory."""
    eve = folder / f"eve-{workers}.json"
    done = subprocess.run(
        [sys.executable, "-m", "sekisho", "replay", "--json", "--no-store", "--eve", eve, "--zones", EXAMPLE,
         "--workers", str(workers), *more, *captures], env=os.environ, capture_output=True, text=True, timeout=280,
        check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert ("workers" in report["seconds"]) == (workers > 1), "who looks into what is said is not who was asked"
    del report["counters"]["streams"]["pages_peak"]
    names = ("packets", "flows", "transactions", "alerts", "digest", "counters", "refused")
    return Told({name: report[name] for name in names}, _PEAK.sub("", eve.read_text()).splitlines())


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "some.rules"
    path.write_text(_RULES)
    return path


def assert_same(mine: Told, expected: Told) -> None:
    assert mine.report == expected.report
    assert len(mine.eve) == len(expected.eve)
    for number, (line, wanted) in enumerate(zip(mine.eve, expected.eve, strict=True), 1):
        assert line == wanted, f"EVE line {number}"


def test_a_day_with_rules(tmp_path: Path, rules: Path) -> None:
    day = cached(load_manifest()["demo_day"], tmp_path)
    expected = told(1, tmp_path, [day], "--rules", rules)
    assert expected.report["transactions"]
    assert expected.report["counters"]["signatures"]["alerts"] > 10
    assert_same(told(2, tmp_path, [day], "--rules", rules), expected)
    small = ("--rules", rules, "--batch", "1000")  # EVE lists table after table, portion by portion
    assert_same(told(5, tmp_path, [day], *small), told(1, tmp_path, [day], *small))


def test_alerts_that_wait_for_answers(tmp_path: Path, rules: Path) -> None:
    day, config = cached(load_manifest()["demo_day"], tmp_path), tmp_path / "sekisho.toml"
    config.write_text("[eve]\nanswered_alerts = true\n[signatures]\npayload = true\n")
    more = ("--rules", rules, "--config", config, "--batch", "1000")
    expected = told(1, tmp_path, [day], *more)
    assert any('"event_type":"alert"' in line and '"detector":"signatures"' in line for line in expected.eve)
    assert_same(told(3, tmp_path, [day], *more), expected)


def test_rules_that_are_switched_off(tmp_path: Path, rules: Path) -> None:
    day, config = cached(load_manifest()["demo_day"], tmp_path), tmp_path / "sekisho.toml"
    config.write_text('[detectors]\noff = ["signatures"]\n')
    more = ("--rules", rules, "--config", config)
    assert_same(told(2, tmp_path, [day], *more), told(1, tmp_path, [day], *more))


def test_a_day_without_rules(tmp_path: Path) -> None:
    day = cached(load_manifest()["demo_day"], tmp_path)
    assert_same(told(3, tmp_path, [day]), told(1, tmp_path, [day]))


@pytest.mark.parametrize("with_rules", [False, True])
@pytest.mark.parametrize("folder", ["zeek", "arkime"])
def test_real_captures(tmp_path: Path, rules: Path, folder: str, with_rules: bool) -> None:
    captures = sorted(p for p in corpus(folder).rglob("*.pcap") if p.stat().st_size < 1 << 20)
    more = ("--rules", rules) if with_rules else ()
    expected = told(1, tmp_path, captures, *more)
    assert len(expected.report["transactions"]) > 10
    assert_same(told(3, tmp_path, captures, *more), expected)
