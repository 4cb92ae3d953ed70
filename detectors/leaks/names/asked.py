"""Names that were asked for, whatever protocol says them: DNS questions, SNI in TLS and QUIC, hosts of HTTP."""

from __future__ import annotations

from typing import Any, NamedTuple

from columns import text_values
from columns.said import Said
from detectors.leaks.book import Ends
from detectors.leaks.ground import judged
from detectors.leaks.rows import ends_of
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


def asked(policy: Policy, said: Said) -> list[Asked]:
    """Return the names asked for in what was said, in the order of the tables; DNS answers ask nothing."""
    found: list[Asked] = []
    for table, column in _SOURCES:
        for known, batch in said.rows:
            if known.name != table:
                continue
            judgement = judged(policy, batch)
            names = text_values(getattr(batch, column))
            chosen = _chosen(table, batch)
            for k, (name, ends) in enumerate(zip(names, ends_of(batch), strict=True)):
                if name and chosen[k]:
                    found.append(Asked(chosen[k], name.lower().rstrip("."), ends, int(batch.ts_ns[k]),
                                       int(batch.packet_number[k]), int(judgement.verdict[k]),
                                       int(judgement.conduit[k])))
    return found


def _chosen(table: str, batch: Any) -> list[str]:
    """Return the kind of each row, "" for one that asks nothing."""
    if table == "dns":
        pairs = zip(text_values(batch.variant), text_values(batch.message_type), strict=True)
        return ["DNS" if pair == ("dns", "request") else "" for pair in pairs]
    if table == "http":
        return ["CONNECT" if method == "CONNECT" else "HTTP" for method in text_values(batch.http_method)]
    if table == "quic":
        return ["QUIC" if sender == "client" else "" for sender in text_values(batch.sender)]
    return ["TLS"] * batch.ts_ns.size
