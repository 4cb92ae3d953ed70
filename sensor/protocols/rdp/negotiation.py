"""The X.224 negotiation: cookie, protocols asked for, protocol chosen (MS-RDPBCGR 2.2.1.1 and 2.2.1.2)."""

from __future__ import annotations

import json
from struct import unpack_from
from typing import Any

_REQUEST, _RESPONSE, _FAILURE = 1, 2, 3
_COOKIE, _HASH = b"Cookie: ", b"mstshash="
_MOST_COOKIE_BYTES = 512

_PROTOCOLS = {0: "rdp", 1: "ssl", 2: "hybrid", 4: "rds_tls", 8: "hybrid_ex"}
_REQUEST_FLAGS = {1: "restricted_admin_mode_required", 2: "redirected_authentication_mode_required",
                  8: "correlation_info_present"}
_RESPONSE_FLAGS = {1: "extended_client_data", 2: "dynvc_gfx", 8: "restricted_admin", 16: "redirected_authentication"}
_REASONS = {1: "ssl required by server", 2: "ssl not allowed by server", 3: "ssl cert not on server",
            4: "inconsistent flags", 5: "hybrid required by server", 6: "ssl with user auth required by server"}


def request_row(data: bytes) -> dict[str, Any]:
    """Return the columns of a connection request."""
    row: dict[str, Any] = {"event_type": "initial_request"}
    end = data.find(b"\r\n", 0, _MOST_COOKIE_BYTES)
    if data.startswith(_COOKIE) and end >= 0:
        cookie = data[len(_COOKIE) : end]
        row["cookie"] = cookie.removeprefix(_HASH)
        data = data[end + 2 :]
    if found := _negotiation(data):
        kind, flags, protocols = found
        if kind == _REQUEST:
            offered = [name for bit, name in _PROTOCOLS.items() if bit & protocols] or ["rdp"]
            row |= {"flags": named_flags(flags, _REQUEST_FLAGS), "requested_protocols": json.dumps(offered)}
    return row


def response_row(data: bytes) -> dict[str, Any]:
    """Return the columns of a connection confirmation."""
    row: dict[str, Any] = {"event_type": "initial_response"}
    if found := _negotiation(data):
        kind, flags, value = found
        if kind == _RESPONSE:
            row |= {"server_supports": named_flags(flags, _RESPONSE_FLAGS),
                    "protocol": _PROTOCOLS.get(value, str(value))}
        elif kind == _FAILURE:
            row |= {"error_code": value, "reason": _REASONS.get(value, "")}
    return row


def is_negotiation(data: bytes) -> bool:
    """Return True when user data of a request are RDP's: a cookie, or a negotiation."""
    return data.startswith(_COOKIE) or (data[:1] == b"\1" and data[2:4] == b"\x08\0")


def is_answer(data: bytes) -> bool:
    """Return True when user data of a confirmation are RDP's."""
    return data[:1] in (b"\2", b"\3") and data[2:4] == b"\x08\0"


def named_flags(value: int, names: dict[int, str]) -> str:
    """Return the names of the bits that are set, as a JSON array; "" for none."""
    found = [name for bit, name in names.items() if value & bit]
    return json.dumps(found) if found else ""


def _negotiation(data: bytes) -> tuple[int, int, int] | None:
    if len(data) < 8 or data[2:4] != b"\x08\0":
        return None
    return unpack_from("<BBxxI", data)
