"""The configuration file: TOML, read strictly. A wrong key or value is an error that names file, key and remedy."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import tomllib
import types
from collections.abc import Iterable
from dataclasses import MISSING, Field
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from columns.errors import ConfigError, SekishoError
from sekisho.settings import SECTIONS, Settings, default_settings, plain_fields, result_fields, section_class

CONFIG_ENV = "SEKISHO_CONFIG"
_PATHS = {"replay": ("zones",), "store": ("target", "password_file", "ca_file", "cert_file", "key_file"),
          "spool": ("path",), "leaks": ("lists",),
          "rules": ("files", "directory", "vars_file", "classification", "reference", "threshold", "suricata_yaml",
                    "reputation_categories", "reputation",
                    "disable", "enable", "modify", "drop")}


def load_settings(path: Path | None = None, base: Settings | None = None) -> Settings:
    """Return the effective settings of a configuration file, or of $SEKISHO_CONFIG, over base (else the defaults).

    A file that is absent, not TOML, or holds an unknown section or key, a wrong type or a value out of its range
    raises ConfigError. Relative paths are taken from the file's folder. A suricata.yaml that [rules] names is taken
    over first, so that what the file itself says goes before it.
    """
    if path is None and os.environ.get(CONFIG_ENV):
        path = Path(os.environ[CONFIG_ENV])
    base = base or default_settings()
    if path is None:
        return base
    document = _read(path)
    named = document.get("rules", {})
    if isinstance(named, dict) and isinstance(named.get("suricata_yaml"), str) and named["suricata_yaml"]:
        from sekisho.suricata.taking import take_over

        base = take_over(base, Path(_beside(path, named["suricata_yaml"]))).settings
    settings = settings_of(document, str(path), base)
    for section, keys in _PATHS.items():
        given = document.get(section, {})
        named = {key: _beside(path, getattr(settings.section(section), key)) for key in keys if key in given}
        settings = override(settings, section, named, str(path))
    return settings


def _beside(path: Path, name: Any) -> Any:
    if isinstance(name, tuple):
        return tuple(_beside(path, one) for one in name)
    return str(path.parent / name) if name and "://" not in name else name


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", where=str(path),
                          remedy="`sekisho dump --config` prints a complete file to start from") from None
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text", where=str(path), expected="a TOML file") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not TOML: {error}", where=str(path), remedy="mend the line it names") from None


def settings_of(document: dict[str, Any], where: str, base: Settings | None = None) -> Settings:
    """Return the settings of a parsed document over those of base; where is the file's name in messages."""
    settings = base or default_settings()
    for section, values in document.items():
        if section not in SECTIONS:
            raise ConfigError(f"unknown section [{section}]", where=where,
                              expected="one of " + ", ".join(f"[{s}]" for s in SECTIONS),
                              remedy=f"nearest is [{_nearest(section, SECTIONS)}]")
        if not isinstance(values, dict):
            raise ConfigError(f"{section} is a value", where=where, expected=f"a section [{section}] with keys")
        settings = override(settings, section, values, where)
    return settings


def override(settings: Settings, section: str, values: dict[str, Any], where: str) -> Settings:
    """Return settings with some keys of one section replaced, each checked like a key of a file."""
    cls = section_class(section)
    hints, known = get_type_hints(cls), {f.name: f for f in plain_fields(cls)}
    checked = all_fields(settings.section(section))
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"unknown key {key} in [{section}]", where=where,
                              remedy=f"nearest valid key is {_nearest(key, known)}")
        checked[key] = _checked(value, hints[key], known[key], f"[{section}] {key}", where)
    try:
        return settings.with_section(section, cls(**checked))
    except SekishoError as error:
        raise ConfigError(error.what, where=f"{where}: {error.where or section}", expected=error.expected,
                          remedy=error.remedy) from None
    except (ValueError, TypeError) as error:
        raise ConfigError(str(error), where=f"{where}: [{section}]") from None


def all_fields(section: Any) -> dict[str, Any]:
    """Return every field of a section by name."""
    return {f.name: getattr(section, f.name) for f in plain_fields(section)}


def config_digest(settings: Settings) -> str:
    """Return the sha256 (hex) of the canonical form of every setting that can change what is found."""
    document = {name: found for name in SECTIONS if (found := result_fields(settings.section(name)))}
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _nearest(word: str, valid: Iterable[str]) -> str:
    return difflib.get_close_matches(word, list(valid), n=1, cutoff=0.0)[0]


def _checked(value: Any, hint: Any, field: Field, key: str, where: str) -> Any:
    """Return the value in the type of its field, or raise ConfigError with what was expected."""
    expected = expectation(hint, field)
    remedy = f"the default is {json.dumps(default_of(field), ensure_ascii=False)}"
    try:
        typed = _typed(value, hint)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{key} = {json.dumps(value, default=str, ensure_ascii=False)} {error}", where=where,
                          expected=expected, remedy=remedy) from None
    low, high = bounds(field)
    for number in typed if isinstance(typed, tuple) else (typed,):
        if low is not None and not low <= number <= high:
            raise ConfigError(f"{key} = {number} is out of range", where=where, expected=expected, remedy=remedy)
    return typed


def _typed(value: Any, hint: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        if value not in arguments or type(value) not in {type(a) for a in arguments}:
            raise ValueError("is none of its values")
        return value
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise TypeError("is not a list")
        return tuple(_typed(v, arguments[0]) for v in value)
    if origin is dict:
        if not isinstance(value, dict):
            raise TypeError("is not a table")
        return {name: _typed(v, arguments[1]) for name, v in value.items()}
    if origin in (Union, types.UnionType):
        return _typed(value, next(a for a in arguments if a is not type(None)))
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise TypeError("is of the wrong type")
    return value


def default_of(field: Field) -> Any:
    """Return the default of a settings field."""
    return field.default if field.default is not MISSING else field.default_factory()  # type: ignore[misc]


def bounds(field: Field) -> tuple[Any, Any]:
    """Return the lowest and highest value of a settings field, both allowed; (None, None) where it has no range."""
    return field.metadata.get("range") or (field.metadata.get("low"), field.metadata.get("high"))


_TYPE_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def expectation(hint: Any, field: Field) -> str:
    """Return in words what a field takes: its type, choices, range and unit."""
    arguments = [a for a in get_args(hint) if a is not type(None)]
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(json.dumps(a) for a in arguments)
    if get_origin(hint) is tuple:
        words = "a list of " + {str: "texts", int: "whole numbers", float: "numbers"}.get(arguments[0], "values")
    elif get_origin(hint) is dict:
        words = "a table of names and " + {str: "texts", int: "whole numbers"}.get(arguments[1], "values")
    else:
        words = _TYPE_WORDS.get(arguments[0] if arguments else hint, "a value")
    unit = field.metadata.get("unit", "")
    low, high = bounds(field)
    if low is not None:
        words += f" {low} to {high}"
    return f"{words} ({unit})" if unit else words
