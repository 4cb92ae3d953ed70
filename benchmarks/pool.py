"""The bytes that seeded packets carry: DNS messages, HTTP requests, and random bytes as under encryption."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_NAMES = 512
_RANDOM_BYTES = 1 << 22


class Pool(NamedTuple):
    """Payload bytes and where each kind starts; queries, answers and requests are int64[k, 2] of (start, length)."""

    data: np.ndarray
    queries: np.ndarray
    answers: np.ndarray
    requests: np.ndarray
    random_bytes: int  # data[:random_bytes] may be cut anywhere


def payload_pool(rng: np.random.Generator) -> Pool:
    """Build the pool; random bytes first, then the messages."""
    parts = [rng.integers(0, 256, _RANDOM_BYTES, np.uint8).tobytes()]
    at = len(parts[0])
    places: list[list[tuple[int, int]]] = [[], [], []]
    for n in range(_NAMES):
        for kind, message in enumerate((_dns(n, False), _dns(n, True), _http(n))):
            places[kind].append((at, len(message)))
            parts.append(message)
            at += len(message)
    tables = [np.array(p, np.int64) for p in places]
    return Pool(np.frombuffer(b"".join(parts), np.uint8), *tables, random_bytes=_RANDOM_BYTES)


def _dns(n: int, answer: bool) -> bytes:
    """Return a query for host n, or its answer with an address record (RFC 1035)."""
    labels = (f"host{n:03d}", f"dept{n % 37}", "city", "example")
    name = b"".join(bytes([len(x)]) + x.encode() for x in labels) + b"\0"
    question = name + b"\0\x01\0\x01"
    header = (0x1000 + n).to_bytes(2, "big") + (b"\x81\x80" if answer else b"\x01\0") + b"\0\x01"
    if not answer:
        return header + b"\0\0\0\0\0\0" + question
    record = b"\xc0\x0c\0\x01\0\x01\0\0\x01\x2c\0\x04" + bytes([192, 0, 2, n % 256])
    return header + b"\0\x01\0\0\0\0" + question + record


def _http(n: int) -> bytes:
    """Return a request as a proxy gets it; its length differs from host to host."""
    cookie = "sid=" + "0123456789abcdef" * (1 + n % 40)
    return (
        f"GET http://www{n % 61}.example.com/page/{n}?view=full HTTP/1.1\r\nHost: www{n % 61}.example.com\r\n"
        f"User-Agent: Bench/1.0\r\nAccept: text/html,*/*\r\nCookie: {cookie}\r\n\r\n"
    ).encode()
