"""Detectors by name: all stand in the chain, any can be left out, and a name that does not exist is refused."""

from __future__ import annotations

import pytest

from columns.errors import ConfigError, UsageError
from detectors.signatures.language.ruleset import RuleSet
from detectors.switches import NAMES, DetectorSettings
from sekisho.config import config_digest, settings_of
from sekisho.detection import build_chain, rules_detector
from sekisho.settings import Settings, default_settings
from zones import EXAMPLE, load_policy

POLICY = load_policy(EXAMPLE)


def without(*names: str) -> Settings:
    return default_settings().with_section("detectors", DetectorSettings(names))


def names_in(settings: Settings) -> tuple[str, ...]:
    chain = build_chain(settings, POLICY, lambda: rules_detector(settings, RuleSet()))
    return tuple(d.name for d in chain.detectors)


def test_the_names_are_those_of_the_chain_in_its_order():
    assert names_in(default_settings()) == NAMES


def test_what_is_switched_off_is_not_in_the_chain():
    assert names_in(without("baseline", "scan", "signatures", "mynumber")) == tuple(
        name for name in NAMES if name not in ("baseline", "scan", "signatures", "mynumber"))


def test_a_chain_with_everything_off_refuses_to_look_healthy():
    with pytest.raises(UsageError, match="no detector is switched on"):
        build_chain(without(*NAMES), POLICY)


@pytest.mark.parametrize("off", [["stepping_stones"], ["scan", "stepping_stones"]])
def test_an_unknown_name_is_refused_with_the_names_there_are(off):
    with pytest.raises(ConfigError, match="no detector 'stepping_stones'") as error:
        settings_of({"detectors": {"off": off}}, "sekisho.toml")
    assert "sekisho.toml" in str(error.value)
    assert all(name in error.value.expected for name in NAMES)
    assert "nearest is stepping_stone" in error.value.remedy


def test_the_order_in_which_names_are_given_changes_no_digest():
    one, other = without("flood", "scan"), without("scan", "flood", "scan")
    assert config_digest(one) == config_digest(other) != config_digest(default_settings())
