"""Certificate messages up to TLS 1.2, and what a row tells of their certificates."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple

from sensor.protocols.tls.certificate import Certificate, read_certificate

_KEPT, _KEPT_BYTES = 1024, 8192  # servers send the same again and again; bounded, as anybody may make up others


class Chain(NamedTuple):
    """A chain as columns: of the first certificate and of all; number counts those beyond the limit too."""

    own: dict[str, str]
    all: dict[str, str]
    number: int
    causes: tuple[str, ...]


def read_chain(body: bytes, most: int) -> Chain:
    """Read the body of a Certificate message; most bounds the certificates that are read."""
    return (_kept if len(body) <= _KEPT_BYTES else _read)(body, most)


def chain_of(certificates: list[Certificate], number: int, causes: tuple[str, ...] = ()) -> Chain:
    """Return certificates as a chain."""
    causes += ("certificate unreadable",) * sum(c.damaged for c in certificates)
    if not certificates:
        return Chain({}, {}, number, causes)
    told = {"subjectaltname": _json(certificates[0].names), "chain": _json([_link(c) for c in certificates])}
    return Chain(_own(certificates[0]), told, number, causes)


def _read(body: bytes, most: int) -> Chain:
    certificates: list[Certificate] = []
    at, end, number = 3, min(len(body), 3 + int.from_bytes(body[:3], "big")), 0
    while at + 3 <= end:
        size = int.from_bytes(body[at : at + 3], "big")
        at += 3
        if at + size > end:
            return chain_of(certificates, number, ("certificate not whole",))
        number += 1
        if number <= most:
            certificates.append(read_certificate(body[at : at + size]))
        at += size
    return chain_of(certificates, number)


_kept = lru_cache(_KEPT)(_read)


def _own(c: Certificate) -> dict[str, str]:
    return {"subject": c.subject, "issuerdn": c.issuer, "serial": c.serial, "fingerprint": c.sha1,
            "notbefore": c.not_before, "notafter": c.not_after}


def _link(c: Certificate) -> dict[str, str]:
    return {"subject": c.subject, "issuerdn": c.issuer, "serial": c.serial, "sha1": c.sha1, "sha256": c.sha256,
            "notbefore": c.not_before, "notafter": c.not_after}


def _json(values: object) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else ""
