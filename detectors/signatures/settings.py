"""Settings of the rules: which are loaded, under which variables, and the lists for importing them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

DEFAULT_DIRECTORY = "sekisho-rules"


def _path(meaning: str, *, result: bool = False) -> str:
    return field(default="", metadata={"result": result, "meaning": meaning})  # type: ignore[return-value]


@dataclass(frozen=True)
class RulesSettings:
    """Rules in Suricata's language. The rules have a digest of their own, so that most keys are not in this one."""

    files: tuple[str, ...] = field(default=(), metadata={
        "result": False, "meaning": "files and folders of rules (*.rules), relative to this file"})
    directory: str = _path("folder that `sekisho rules update` keeps sekisho.rules in, loaded if it is there; without "
                           f"one: ./{DEFAULT_DIRECTORY}")
    vars: dict[str, str] = field(default_factory=dict, metadata={
        "meaning": "variables of addresses and ports by name, over Suricata's defaults: HOME_NET = \"[10.0.0.0/8]\""})
    vars_file: str = _path("file with `vars:` as suricata.yaml has it; vars above goes before it", result=True)
    classification: str = _path("classification.config, on top of the class types that are known", result=True)
    reference: str = _path("reference.config, on top of the reference types that are known")
    threshold: str = _path("threshold.config: suppress, threshold, rate_filter", result=True)
    reputation_categories: str = _path("file of the categories of iprep: lines NUMBER,NAME,DESCRIPTION", result=True)
    reputation: tuple[str, ...] = field(default=(), metadata={
        "meaning": "files of the reputations of addresses for iprep: lines ADDRESS,CATEGORY,SCORE"})
    suricata_yaml: str = _path("suricata.yaml to take over, whatever has a counterpart (docs/suricata.md); what this "
                               "file says goes before it")
    suricata_yaml_beside: bool = field(default=True, metadata={
        "result": False, "meaning": "without one: take over that which stands beside the rules of the command line"})
    invalid: Literal["auto", "refuse", "note"] = field(default="auto", metadata={
        "result": False,
        "meaning": "rules that are wrong by themselves: refuse ends the command, note goes on without them; auto "
        "refuses those of files that the command line names, and notes those of folders and of the configuration"})
    disable: str = _path("list of rules that `rules update` switches off")
    enable: str = _path("list of rules that `rules update` switches on, after disable")
    modify: str = _path("list of changes that `rules update` makes to the text of rules")
    drop: str = _path("list of rules that `rules update` makes drop out of alert")
