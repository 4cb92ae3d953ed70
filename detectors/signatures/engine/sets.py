"""Datasets and reputations: sets of values that rules ask about, add to and take from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from detectors.signatures.language.matches import DataRep, Dataset
from detectors.signatures.language.ruleset import DatasetFile

_MOST = 1 << 20


class Sets:
    """The values of all sets by name; what rules add is kept up to a limit and counted beyond it."""

    def __init__(self, files: Mapping[str, DatasetFile]) -> None:
        self._values: dict[str, dict[bytes, Any]] = {name: dict(f.values) for name, f in files.items()}
        self.full = 0

    def dataset(self, match: Dataset, data: bytes, variables: Any) -> bool:
        """Ask, add or take out the value of a buffer; a set or unset that changes nothing does not match."""
        known = self._values.setdefault(match.name, {})
        key = _key(match.kind, data)
        if key is None:
            return False
        match match.op:
            case "isset":
                if key in known and isinstance(known[key], str):
                    variables.captured.append(("context", match.enrichment_key or match.name, known[key].encode()))
                return key in known
            case "isnotset":
                return key not in known
            case "unset":
                return known.pop(key, _MISSING) is not _MISSING
        if key in known:
            return False
        if len(known) >= _MOST:
            self.full += 1
            return False
        known[key] = None
        return True

    def datarep(self, match: DataRep, data: bytes) -> bool:
        """Compare the reputation of the value of a buffer."""
        key = _key(match.kind, data)
        value = self._values.get(match.name, {}).get(key) if key is not None else None
        return isinstance(value, int) and bool(match.test.holds(value))


_MISSING = object()


def _key(kind: str, data: bytes) -> bytes | None:
    match kind:
        case "md5":
            return data if len(data) == 16 else hashlib.md5(data, usedforsecurity=False).digest()
        case "sha256":
            return data if len(data) == 32 else hashlib.sha256(data).digest()
        case "ipv4" | "ip":
            if len(data) == 4:
                return b"\0" * 10 + b"\xff\xff" + data
            return data if len(data) == 16 else None
    return data
