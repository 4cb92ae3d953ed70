"""Names of servers that a conduit lists, as TLS, QUIC and HTTP tell them, and whose tenant a name speaks of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

TENANT = "<tenant>"
"""In a listed name: stands for the conduit's own tenant."""

PERMITTED, ANOTHER_NAME, ANOTHER_TENANT = 1, 0, 2
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


class NameRule(NamedTuple):
    """What a conduit says of names: its list, and the tenant that TENANT in it stands for."""

    names: tuple[str, ...]
    tenant: str


def server_name(text: str) -> str:
    """Return a listed name in lower case: ``host.example``, ``*.example`` (any name below it), ``<tenant>.example``.

    Internationalized names become what is seen on the wire. ValueError for anything else.
    """
    plain = text.strip().rstrip(".").lower()
    body = plain.removeprefix("*.").replace(TENANT, "tenant")
    try:
        labels = body.encode("idna").decode().split(".") if not body.isascii() else body.split(".")
    except UnicodeError as error:
        raise ValueError(f"{text!r} is no server name: {error}") from None
    if len(body) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{text!r} is no server name such as cloud.example, *.cloud.example or {TENANT}.cloud.example")
    return plain if body.isascii() else ("*." if plain.startswith("*.") else "") + ".".join(labels)


def name_matches(name: str, rule: NameRule) -> int:
    """Return PERMITTED, ANOTHER_TENANT (listed but for the tenant in it), or ANOTHER_NAME.

    ``*.example`` stands for every name below example, at any depth, and not for example itself. name is compared
    without regard to case or a final dot.
    """
    name, found = name.rstrip(".").lower(), ANOTHER_NAME
    for listed in rule.names:
        if TENANT in listed:
            if _is(name, listed.replace(TENANT, rule.tenant)):
                return PERMITTED
            before, _, after = listed.removeprefix("*.").partition(TENANT)
            inside = name[len(before):len(name) - len(after)]
            if name.startswith(before) and name.endswith(after) and inside and "." not in inside:
                found = ANOTHER_TENANT
        elif _is(name, listed):
            return PERMITTED
    return found


def _is(name: str, listed: str) -> bool:
    if listed.startswith("*."):
        return name.endswith(listed[1:]) and len(name) > len(listed) - 1
    return name == listed


def may_share_a_name(a: Sequence[str], b: Sequence[str]) -> bool:
    """Return whether some name may be in both lists; an empty list stands for all names."""
    if not a or not b:
        return True
    return any(_overlap(x, y) for x in a for y in b)


def _overlap(a: str, b: str) -> bool:
    if a.startswith("*.") and b.startswith("*."):
        return a.endswith(b[1:]) or b.endswith(a[1:])
    return _is(a, b) or _is(b, a)
