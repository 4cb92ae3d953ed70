"""What both sides offer and agree upon: KEXINIT and HASSH (RFC 4253, 7.1; salesforce/hassh)."""

from __future__ import annotations

from hashlib import md5
from typing import NamedTuple

KEX_INIT = 20
_LISTS = 10
_COOKIE_BYTES = 16


class Offer(NamedTuple):
    """Name lists of a KEXINIT, as they stand in it; cs is client to server, sc the other way."""

    kex: str
    host_key: str
    cipher_cs: str
    cipher_sc: str
    mac_cs: str
    mac_sc: str
    compression_cs: str
    compression_sc: str
    language_cs: str
    language_sc: str


def read_offer(payload: bytes) -> Offer | None:
    """Return the lists of a KEXINIT; None where they are not whole."""
    at, lists = 1 + _COOKIE_BYTES, []
    for _ in range(_LISTS):
        size = int.from_bytes(payload[at : at + 4], "big")
        at += 4
        if at + size > len(payload):
            return None
        lists.append(payload[at : at + size].decode("ascii", "replace"))
        at += size
    return Offer(*lists)


def hassh(offer: Offer, client: bool) -> tuple[str, str]:
    """Return HASSH of a client, or HASSHServer: the MD5 and the text it is of."""
    text = ";".join((offer.kex, offer.cipher_cs, offer.mac_cs, offer.compression_cs) if client
                    else (offer.kex, offer.cipher_sc, offer.mac_sc, offer.compression_sc))
    return md5(text.encode(), usedforsecurity=False).hexdigest(), text


def agreed(client: str, server: str) -> str:
    """Return the first of the client's algorithms that the server has too, or ""."""
    has = frozenset(server.split(","))
    return next((name for name in client.split(",") if name in has), "")
