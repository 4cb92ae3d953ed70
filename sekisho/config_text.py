"""The settings as text: a complete, commented configuration file, and the page of the documentation."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import Field, fields
from typing import Any, get_type_hints

from sekisho.config import default_of, expectation
from sekisho.settings import SECTIONS, Settings, plain_fields, section_class

_HEAD = """\
# Configuration of Sekisho: every key with its effective value; what is left out keeps its default.
# Used with --config FILE or $SEKISHO_CONFIG; an unknown key or a value out of range is an error.
"""

_PAGE = """\
# Configuration

<!-- Written by `python -m sekisho.documents`; the tests compare it with the settings. -->

Sekisho runs without a configuration file. To change a setting, write the keys that differ into a TOML file and give
it with `--config FILE` or in `$SEKISHO_CONFIG`; options of the command line override it. `sekisho dump --config`
prints a complete file, `sekisho check --config FILE` checks one. An unknown section or key, a wrong type and a value
out of its range are errors that name the file, the key and the remedy; nothing falls back to a default in silence.

Each alert carries the digest of the configuration it was made under: SHA-256 over every setting that can change a
result. The keys marked ° cannot, and are left out of it.
"""


_TABLE_HEAD = "| key | default | takes | meaning |\n|---|---|---|---|\n"


def config_toml(settings: Settings) -> str:
    """Return a complete configuration file with the given settings and what each key means."""
    parts = [_HEAD]
    for section in SECTIONS:
        values = settings.section(section)
        parts.append(f"\n# {_summary(section)}\n[{section}]\n")
        for field, expected in _described(section):
            parts.append(f"# {meaning(section_class(section), field)} ({expected})\n")
            parts.append(f"{field.name} = {toml_value(getattr(values, field.name))}\n")
    return "".join(parts)


def config_page() -> str:
    """Return docs/configuration.md."""
    parts = [_PAGE]
    for section in SECTIONS:
        parts.append(f"\n## [{section}]\n\n{_summary(section)}\n\n{_TABLE_HEAD}")
        for field, expected in _described(section):
            mark = "" if field.metadata.get("result", True) else "°"
            parts.append(f"| `{field.name}`{mark} | `{toml_value(default_of(field))}` | {expected} | "
                         f"{meaning(section_class(section), field)} |\n")
    return "".join(parts)


def _summary(section: str) -> str:
    text = (inspect.getdoc(section_class(section)) or "").split("\n\n")[0].replace("\n", " ")
    return re.split(r";|\. ", text)[0].rstrip(".") + "."


def meaning(cls: type, field: Field) -> str:
    """Return what a field means: its metadata, or its part (``name: …``) of the class's docstring."""
    if "meaning" in field.metadata:
        return field.metadata["meaning"]
    text = " ".join((inspect.getdoc(cls) or "").split())
    names = "|".join(f.name for f in fields(cls))
    found = re.search(rf"\b{field.name}: (.*?)(?: (?:{names}): |$)", text)
    return found.group(1).rstrip(".").replace("``", "") if found else ""


def _described(section: str) -> Iterator[tuple[Field, str]]:
    cls = section_class(section)
    hints = get_type_hints(cls)
    for field in plain_fields(cls):
        yield field, expectation(hints[field.name], field)


def toml_value(value: Any) -> str:
    """Return a setting's value as TOML."""
    if isinstance(value, tuple):
        return "[" + ", ".join(toml_value(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)} = {toml_value(v)}" for k, v in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
