"""Alerts as detectors make them: one id rule, one place where a signature's words and numbers enter a row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from columns import ALERT, Alerts
from columns.schema import chosen_text
from detectors.contract import Signature

_WORDS = ("signature", "signature_ja", "category", "technique", "clause", "runbook")


def alert_id(detector: str, key: str, start_ns: int) -> int:
    """Return the 53-bit id of an alert (exact in JSON numbers) from what it is about, and from nothing else.

    key names signature and endpoints; start_ns is the event time of the first evidence. No batch size, row number or
    wall clock enters, so each replay of the same rows gives the same ids.
    """
    return int.from_bytes(_hashed(detector, key, start_ns), "big") >> 11


def alert_ids(detector: str, keys: Iterable[str], start_ns: Iterable[int]) -> np.ndarray:
    """Return the alert_id of each key and event time: uint64."""
    hashed = [_hashed(detector, key, start) for key, start in zip(keys, start_ns, strict=True)]
    return np.frombuffer(b"".join(hashed), ">u8").astype(np.uint64) >> np.uint64(11)


def _hashed(detector: str, key: str, start_ns: int) -> bytes:
    return hashlib.blake2b(f"{detector}\0{key}\0{start_ns}".encode(), digest_size=8).digest()


def alert_row(detector: str, signature: Signature, **values: Any) -> dict[str, Any]:
    """Return one row for ``ALERT.from_rows``: the signature's columns, then the values given by column name."""
    return {
        "detector": detector,
        "gid": signature.gid,
        "signature_id": signature.signature_id,
        "rev": signature.rev,
        "signature": signature.signature,
        "signature_ja": signature.signature_ja,
        "category": signature.category,
        "severity": int(signature.severity),
        "property": int(signature.property),
        "technique": signature.technique,
        "clause": signature.clause,
        "runbook": signature.runbook,
        "dst_prefix_bits": 128,
        **values,
    }


def signature_columns(signatures: Sequence[Signature], which: np.ndarray) -> dict[str, Any]:
    """Return, for ``ALERT.from_columns``, what alert_row puts into a row, of ``signatures[which[i]]`` in row i.

    severity and property are left to the caller.
    """
    numbers = {name: np.array([getattr(s, name) for s in signatures])[which] for name in ("gid", "signature_id", "rev")}
    words = {name: chosen_text([getattr(s, name) for s in signatures], which) for name in _WORDS}
    return {**numbers, **words, "dst_prefix_bits": 128}


def round_to(value: float, *, digits: int) -> int:
    """Return an estimate as an integer with no more digits than it deserves."""
    return int(round(value, digits - max(len(str(round(value))), digits)))


def seconds_text(duration_ns: int) -> str:
    """Return a duration as seconds, with as many digits as say something."""
    seconds = max(duration_ns, 0) / 1e9
    return f"{seconds:,.0f}" if seconds >= 100 else f"{seconds:.1f}" if seconds >= 1 else f"{seconds:.3f}"


def alerts_of(rows: list[dict[str, Any]]) -> Alerts:
    """Return rows as an alert batch; no rows give an empty batch."""
    return ALERT.from_rows(rows)
