"""Settings of the detectors: the defaults hold, what is out of range is named, and the manual knows each of them."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from columns.errors import ConfigError
from detectors.chain import ChainSettings
from detectors.flood import FloodDetector, FloodSettings
from detectors.scan import ScanDetector, ScanSettings
from detectors.storm import STORM

SECTIONS = {"scan": ScanSettings, "flood": FloodSettings, "chain": ChainSettings}
FIELDS = [(section, f) for section, kind in SECTIONS.items() for f in fields(kind)]
MANUAL = Path(__file__).parents[2] / "docs" / "detectors.md"


@pytest.mark.parametrize(("section", "field"), FIELDS, ids=[f"{s}.{f.name}" for s, f in FIELDS])
def test_each_field_has_unit_meaning_and_a_range_that_is_kept(section: str, field: Any) -> None:
    assert field.metadata["unit"]
    assert field.metadata["meaning"]
    kind = SECTIONS[section]
    if "range" not in field.metadata:
        assert kind(**{field.name: ["10.0.0.0/8"]}) == kind(**{field.name: ("10.0.0.0/8",)})
        bad: list[Any] = ["10.0.0.0/8", ["10.0.0.1/8"], ["nonsense"], 5]
    else:
        low, high = field.metadata["range"]
        assert low <= field.default <= high
        bad = [low - 1, high * 2 + 1, "1", None, True]
    for value in bad:
        with pytest.raises(ConfigError, match=rf"\[{section}\] {field.name}") as error:
            kind(**{field.name: value})
        assert error.value.expected


def test_the_defaults_are_valid_and_frozen() -> None:
    for kind in SECTIONS.values():
        with pytest.raises((FrozenInstanceError, AttributeError)):
            setattr(kind(), fields(kind)[0].name, 1)


def test_tables_are_powers_of_two() -> None:
    with pytest.raises(ConfigError, match="not a power of two") as error:
        FloodSettings(max_hosts=1000)
    assert "512 or 1024" in str(error.value)


def test_a_scanner_that_succeeds_more_often_than_others_is_refused() -> None:
    with pytest.raises(ConfigError, match="scanner_success"):
        ScanSettings(scanner_success=0.9)


def test_the_manual_has_every_setting_with_its_default_and_every_signature() -> None:
    manual = MANUAL.read_text("utf-8")
    for section, field in FIELDS:
        default = field.default if "range" in field.metadata else "[]"
        assert f"| `{field.name}` | {default:g} |" in manual if isinstance(default, (int, float)) else (
            f"| `{field.name}` | {default} |" in manual), f"[{section}] {field.name} = {default}"
    for signature in (*ScanDetector.signatures, *FloodDetector.signatures, STORM):
        assert f"{signature.signature_id}" in manual
        assert signature.signature in manual


def test_signature_ids_are_unique_and_complete_in_both_languages() -> None:
    signatures = (*ScanDetector.signatures, *FloodDetector.signatures, STORM)
    assert len({s.signature_id for s in signatures}) == len(signatures)
    for s in signatures:
        assert s.signature.isascii()
        assert not s.signature_ja.isascii()
        assert s.runbook
