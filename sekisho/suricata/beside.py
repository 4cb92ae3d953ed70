"""The suricata.yaml that stands beside rules: what they were written for, so they mean here what they mean there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sekisho.config import load_settings, override
from sekisho.settings import SECTIONS, Settings, default_settings, plain_fields, section_class
from sekisho.suricata.taking import TakenOver, take_over

NAME = "suricata.yaml"


def yaml_beside(rules: Iterable[Path]) -> Path | None:
    """Return the first suricata.yaml in the folder of rules (files, or folders of them), or above a folder "rules"."""
    for path in rules:
        folder = path if path.is_dir() else path.parent
        above = [folder.resolve().parent] if folder.resolve().name == "rules" else []
        for place in (folder, *above):
            if (place / NAME).is_file():
                return place / NAME
    return None


def settings_for(config: Path | None, rules: Iterable[Path],
                 changes: Sequence[str] = ()) -> tuple[Settings, TakenOver | None]:
    """Return the settings of a configuration, over those of the suricata.yaml beside the rules if there is one.

    changes are KEY=VALUE of that file, and go before the configuration, too. A configuration that names a file itself,
    or says [rules] ``suricata_yaml_beside = false``, is left as it is, and so it is where there is none: None then.
    """
    settings = load_settings(config)
    found = yaml_beside(rules) if settings.rules.suricata_yaml_beside and not settings.rules.suricata_yaml else None
    if found is None:
        return settings, None
    taken = take_over(default_settings(), found, changes)
    taken.remarks.insert(0, "stands beside the rules and is taken over (--no-suricata-yaml, or [rules] "
                            "suricata_yaml_beside = false, leaves it out)")
    settings = load_settings(config, taken.settings)
    if changes:
        settings = _with_changes(settings, take_over(default_settings(), found).settings, taken.settings)
    return settings, taken


def _with_changes(settings: Settings, before: Settings, after: Settings) -> Settings:
    """Return settings with what differs between two others as it is in the second."""
    for section in SECTIONS:
        was, now = before.section(section), after.section(section)
        changed = {f.name: getattr(now, f.name) for f in plain_fields(section_class(section))
                   if getattr(was, f.name) != getattr(now, f.name)}
        settings = override(settings, section, changed, "--set")
    return settings
