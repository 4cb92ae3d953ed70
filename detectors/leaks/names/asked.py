"""Names that were asked for, whatever protocol says them: DNS questions, SNI in TLS and QUIC, hosts of HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from columns import text_equals, text_values
from columns.said import Said
from detectors.leaks.book import Ends
from detectors.leaks.ground import judged
from detectors.leaks.rows import batches_of, ends_of
from zones import Policy


class Asked(NamedTuple):
    """A name that an initiator asked for, where, and what the policy says of the flow."""

    kind: str
    name: str
    ends: Ends
    ts_ns: int
    number: int
    verdict: int
    conduit: int


_SOURCES = (("dns", "rrname"), ("tls", "sni"), ("quic", "sni"), ("http", "hostname"))


def asked(policy: Policy, said: Said, where: Callable[[Any], np.ndarray],
          matters: Callable[[str], Any]) -> Iterator[Asked]:
    """Yield the names asked for in what was said, in the order of the tables; DNS answers ask nothing.

    where: which rows of a batch are looked at at all (bool); matters: called with a name as it was said, which is left
    out where nothing comes back.
    """
    for table, column in _SOURCES:
        for batch in batches_of(said, table):
            rows = np.flatnonzero(where(batch) & _asks(table, batch))
            names = text_values(getattr(batch, column), rows)
            chosen = [k for k, name in enumerate(names) if name and matters(name)]
            if chosen:
                yield from _asked(policy, table, batch, rows[chosen], [names[k] for k in chosen])


def _asked(policy: Policy, table: str, batch: Any, rows: np.ndarray, names: list[str]) -> Iterator[Asked]:
    found = judged(policy, batch, rows)
    for values in zip(_kinds(table, batch, rows), map(plain, names), ends_of(batch, rows), batch.ts_ns[rows].tolist(),
                      batch.packet_number[rows].tolist(), found.verdict.tolist(), found.conduit.tolist(), strict=True):
        yield Asked(*values)


def plain(name: str) -> str:
    """Return a name as it is compared with others."""
    return name.lower().rstrip(".")


def _asks(table: str, batch: Any) -> np.ndarray:
    """Return which rows ask for a name: bool."""
    if table == "dns":
        return text_equals(batch.variant, "dns") & text_equals(batch.message_type, "request")
    if table == "quic":
        return text_equals(batch.sender, "client")
    return np.ones(batch.ts_ns.size, bool)


def _kinds(table: str, batch: Any, rows: np.ndarray) -> list[str]:
    if table == "http":
        return ["CONNECT" if method == "CONNECT" else "HTTP" for method in text_values(batch.http_method, rows)]
    return [table.upper()] * rows.size
