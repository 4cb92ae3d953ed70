"""Alerts as detectors make them: one id rule, one place where a signature's words and numbers enter a row."""

from __future__ import annotations

import hashlib
from typing import Any

from columns import ALERT, Alerts
from detectors.contract import Signature


def alert_id(detector: str, key: str, start_ns: int) -> int:
    """Return the 53-bit id of an alert (exact in JSON numbers) from what it is about, and from nothing else.

    key names signature and endpoints; start_ns is the event time of the first evidence. No batch size, row number or
    wall clock enters, so each replay of the same rows gives the same ids.
    """
    digest = hashlib.blake2b(f"{detector}\0{key}\0{start_ns}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 11


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
