"""Files of values for dataset and datarep: read once for a set of rules, checked line by line, bounded."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
from pathlib import Path
from typing import Any

from detectors.signatures.language.addresses import V4_LOW
from detectors.signatures.language.matches import DataRep, Dataset
from detectors.signatures.language.problems import FileAbsent, RuleError, ValueProblem
from detectors.signatures.language.rule import Rule
from detectors.signatures.language.ruleset import DatasetFile

MAX_FILE_BYTES = 512 << 20
_HEX = {"md5": 16, "sha256": 32}
_COST = 64
"""Bytes that each value takes beside itself, for memcap."""


class DatasetFiles:
    """The sets that rules name. A name has one kind and one use: membership or reputation, never both."""

    def __init__(self) -> None:
        self.sets: dict[str, DatasetFile] = {}
        self._read: dict[tuple, DatasetFile] = {}

    def take(self, rule: Rule) -> None:
        """Read what a rule's sets load; RuleError where one cannot be used."""
        for group in rule.groups:
            for match in group.matches:
                if isinstance(match, (Dataset, DataRep)):
                    try:
                        self._take(match)
                    except ValueProblem as problem:
                        raise RuleError(type(match).__name__.lower(), problem.what, problem.remedy,
                                        valid=isinstance(problem, FileAbsent)) from None

    def _take(self, match: Dataset | DataRep) -> None:
        reputation = isinstance(match, DataRep)
        known = self.sets.get(match.name)
        if known is not None:
            if match.kind and known.kind != match.kind:
                raise ValueProblem(f"the set {match.name} is of type {known.kind} in another rule",
                                   "give it one type, or another name")
            if known.reputation != reputation and (match.load or known.values):
                raise ValueProblem(f"the set {match.name} is used by dataset and by datarep", "give it another name")
            if known.values or not match.load:
                return
        elif not match.kind:
            raise ValueProblem(f"the set {match.name} has no type", "write type string, or another")
        self.sets[match.name] = self._loaded(match, reputation)

    def _loaded(self, match: Dataset | DataRep, reputation: bool) -> DatasetFile:
        if not match.load:
            return DatasetFile(match.name, match.kind, reputation, {})
        form = "csv" if reputation else match.format
        key = (match.load, match.kind, reputation, form)
        if key not in self._read:
            text = _text(Path(match.load))
            values = (_csv(text, match, reputation) if form == "csv" else _json(text, match, form))
            self._read[key] = DatasetFile(match.name, match.kind, reputation, values)
        found = self._read[key]
        size = sum(len(value) + _COST for value in found.values)
        if match.memcap_bytes and size > match.memcap_bytes:
            raise ValueProblem(f"the set {match.name} takes {size} bytes, and its memcap is {match.memcap_bytes}",
                               "raise memcap")
        return DatasetFile(match.name, match.kind, reputation, found.values)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueProblem(f"{path} is too large", f"at most {MAX_FILE_BYTES >> 20} MiB are read")
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise FileAbsent(f"{path} cannot be read ({error.strerror})", "put the file beside the rules") from None


def _value(text: str, kind: str) -> bytes:
    """Return a value's bytes: string is base64, hashes are hex, addresses text; ValueError otherwise."""
    if kind == "string":
        return base64.b64decode(text, validate=True)
    if kind in _HEX:
        raw = bytes.fromhex(text)
        if len(raw) != _HEX[kind]:
            raise ValueError(f"is no {kind}")
        return raw
    address = ipaddress.ip_address(text)
    if kind == "ipv4" and address.version != 4:
        raise ValueError("is no IPv4 address")
    return (int(address) + (V4_LOW if address.version == 4 else 0)).to_bytes(16, "big")


def _csv(text: str, match: Dataset | DataRep, reputation: bool) -> dict[bytes, Any]:
    found: dict[bytes, Any] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line:
            continue
        first, comma, second = line.partition(",")
        try:
            if bool(comma) != reputation:
                raise ValueError("has no reputation after a comma" if reputation else
                                 "has a value after a comma, as a set for datarep has")
            value = _value(first.strip(), match.kind)
            rate = int(second) if reputation else None
            if rate is not None and not 0 <= rate <= 65_535:
                raise ValueError("has a reputation beyond 0 to 65535")
        except (ValueError, binascii.Error) as error:
            raise ValueProblem(f"line {number} of {match.load}: {line[:60]} {error}",
                               f"write values of type {match.kind}") from None
        found[value] = rate
    return found


def _json(text: str, match: Dataset, form: str) -> dict[bytes, Any]:
    found: dict[bytes, Any] = {}
    for number, entry in _entries(text, match, form):
        value: Any = entry
        for step in match.value_key.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if value is None:
            continue
        if not isinstance(value, str):
            raise ValueProblem(f"entry {number} of {match.load}: {match.value_key} is not a string", "quote it")
        try:
            raw = value.encode() if match.kind == "string" else _value(value, match.kind)
        except ValueError as error:
            raise ValueProblem(f"entry {number} of {match.load}: {value[:60]} {error}",
                               f"write values of type {match.kind}") from None
        found[raw] = json.dumps(entry, separators=(",", ":"))
    if not found:
        raise ValueProblem(f"no entry of {match.load} has the key {match.value_key}", "mend value_key or array_key")
    return found


def _entries(text: str, match: Dataset, form: str):
    try:
        if form == "jsonline":
            for number, line in enumerate(text.splitlines(), 1):
                if line.strip():
                    yield number, json.loads(line)
            return
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueProblem(f"{match.load} is not JSON: {error}", "mend it") from None
    for step in filter(None, match.array_key.split(".")):
        document = document.get(step) if isinstance(document, dict) else None
    if not isinstance(document, list):
        raise ValueProblem(f"{match.load} has no list at {match.array_key or 'its top'}", "name it by array_key")
    yield from enumerate(document, 1)
