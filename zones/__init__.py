"""Zones and conduits: a policy file becomes a validated policy, lookup columns, and a verdict for each flow."""

from pathlib import Path

from zones.judge import Differs, FlowKeys, Judgement
from zones.judging import flow_keys, judge, judge_flows, label_ends
from zones.loading import check_policy, load_policy
from zones.policy import Policy
from zones.problems import CODES, Level, Problem
from zones.register import conduit_rows, problem_rows, zone_rows

EXAMPLE = Path(__file__).parent / "examples" / "city.toml"
"""The policy of a fictional city that the documentation, the tests and the demo captures share."""

__all__ = [
    "CODES", "EXAMPLE", "Differs", "FlowKeys", "Judgement", "Level", "Policy", "Problem",
    "check_policy", "conduit_rows", "flow_keys", "judge", "judge_flows", "label_ends", "load_policy", "problem_rows",
    "zone_rows",
]
