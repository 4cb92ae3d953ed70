"""Parsers as machine code tell what they tell as Python: rows, steps for rules, alerts and counters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.corpus import corpus

ROOT = Path(__file__).resolve().parents[2]
_SOURCES = ("columns", "detectors", "sekisho", "sensor", "zones")
_RULES = """\
alert http any any -> any any (msg:"one"; http.user_agent; content:"ozilla"; sid:1;)
alert tls any any -> any any (msg:"two"; tls.sni; content:"o"; sid:2;)
alert smb any any -> any any (msg:"three"; content:"|FE|SMB"; sid:3;)
alert smtp any any -> any any (msg:"four"; file.data; content:"e"; sid:4;)
alert dns any any -> any any (msg:"five"; dns.query; content:"."; sid:5;)
alert tcp any any -> any any (msg:"six"; flow:established; content:"GET"; sid:6;)
"""


@pytest.fixture(scope="module")
def compiled() -> Path:
    place = ROOT / "build" / "compiled"
    ready = place / ".ready"
    if not ready.is_file():
        pytest.skip("no compiled parsers: `make compiled` builds them")
    changed = max(p.stat().st_mtime for room in _SOURCES for p in (ROOT / room).rglob("*.py"))
    if changed > ready.stat().st_mtime:
        pytest.skip("the compiled parsers are older than the sources: `make compiled` builds them anew")
    return place


def told(place: Path, *arguments: str | Path) -> dict[str, Any]:
    """Run a replay with the modules of a place and return what it reports, but for what differs in every run."""
    done = subprocess.run([sys.executable, "-P", "-m", "sekisho", "replay", "--json", "--no-store", "--payload",
                           *map(str, arguments)], env={**os.environ, "PYTHONPATH": str(place)}, cwd=place,
                          capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    return {name: report[name] for name in ("packets", "transactions", "alerts", "digest", "counters")}


def parsers_of(place: Path) -> str:
    """Return what ``sekisho check`` says of the parsers of a place."""
    done = subprocess.run([sys.executable, "-P", "-m", "sekisho", "check", "--json"], cwd=place,
                          env={**os.environ, "PYTHONPATH": str(place)}, capture_output=True, text=True, check=False)
    return json.loads(done.stdout)["parsers"]["detail"]


def test_check_says_which_they_are(compiled: Path) -> None:
    assert parsers_of(compiled) == "compiled to machine code"
    assert parsers_of(ROOT).startswith("interpreted")


@pytest.mark.parametrize("with_rules", [False, True])
@pytest.mark.parametrize("folder", ["zeek", "arkime"])
def test_the_same_is_told(compiled: Path, tmp_path: Path, folder: str, with_rules: bool) -> None:
    captures = sorted(p for p in corpus(folder).rglob("*.pcap") if p.stat().st_size < 4 << 20)
    rules = tmp_path / "some.rules"
    rules.write_text(_RULES)
    more = ("--rules", rules) if with_rules else ()
    expected = told(ROOT, *captures, *more)
    assert told(compiled, *captures, *more) == expected
    assert expected["transactions"]
    assert not [name for name in expected["counters"]["protocols"] if name.startswith("failed")]
