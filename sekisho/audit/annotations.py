"""What the store does not hold: texts that people write into a TOML file, by section."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from columns.errors import ConfigError

KEYS = {
    "scope": ("title", "auditor", "standards", "remarks"),
    "clock": ("text",),
    "sanitization": ("text",),
    "suppression": ("text",),
    "tests": ("text", "webhook_drill", "results"),
    "retention": ("text",),
    "access": ("text",),
    "previous": ("text", "findings"),
    "risks": ("text",),
    "incidents": ("text", "malicious"),
    "remarks": ("text",),
}
"""Sections of the file and their keys."""

RESULT_KEYS = ("name", "expected", "fired", "result")
FINDING_KEYS = ("finding", "measure", "due", "state")
_LISTS = {"results": RESULT_KEYS, "findings": FINDING_KEYS}


@dataclass(frozen=True)
class Annotations:
    """The file's sections, and its SHA-256 ("" where there is none)."""

    sections: dict[str, dict[str, Any]] = field(default_factory=dict)
    digest: str = ""

    def text(self, section: str, key: str = "text") -> str:
        """Return a text, "" where it was not written."""
        return str(self.sections.get(section, {}).get(key, "")).strip()

    def table(self, section: str, key: str) -> list[tuple[str, ...]]:
        """Return the rows of a list, in the order of its keys."""
        return [tuple(str(row.get(k, "")) for k in _LISTS[key]) for row in self.sections.get(section, {}).get(key, [])]


def read_annotations(path: Path | None) -> Annotations:
    """Read the file; ConfigError names what is wrong in it, and the nearest key that there is."""
    if path is None:
        return Annotations()
    try:
        raw = path.read_bytes()
        document = tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"is not TOML: {error}", where=str(path)) from None
    for section, values in document.items():
        _check(path, "section", section, tuple(KEYS))
        if not isinstance(values, dict):
            raise ConfigError(f"{section} is a value", where=str(path), expected=f"a section [{section}] with keys")
        for key, value in values.items():
            _check(path, f"key in [{section}]", key, KEYS[section])
            _check_value(path, section, key, value)
    return Annotations(document, hashlib.sha256(raw).hexdigest())


def _check_value(path: Path, section: str, key: str, value: Any) -> None:
    where = f"{path}: [{section}] {key}"
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise ConfigError(
                "is not a list of tables", where=where, expected=f"[[{section}.{key}]] with " + ", ".join(_LISTS[key])
            )
        for row in value:
            for name in row:
                _check(path, f"key in [[{section}.{key}]]", name, _LISTS[key])
    elif key == "malicious":
        if not isinstance(value, list) or not all(type(one) is int for one in value):
            raise ConfigError("is not a list of alert ids", where=where, expected="[1234, 5678]")
    elif not isinstance(value, str):
        raise ConfigError(f"{value!r} is no text", where=where, expected="a text in quotes")


def _check(path: Path, what: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
        raise ConfigError(
            f"unknown {what}: {name}",
            where=str(path),
            expected="one of " + ", ".join(known),
            remedy=f"nearest is {nearest}",
        )
