"""PostgreSQL messages as EVE shows them (PostgreSQL documentation, 55.7 Message Formats)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from struct import error, unpack_from
from typing import Any

from sensor.protocols.printing import printed

SSL, GSS, CANCEL, VERSION_3 = 80877103, 80877104, 80877102, 0x00030000
STARTUP_HEAD_BYTES, HEAD_BYTES, LONGEST_STARTUP = 8, 5, 10_000
_PARAMETERS = 64
_AUTHENTICATION = {0: "authentication_ok", 2: "authentication_kerberos_v5", 3: "authentication_cleartext_password",
                   6: "authentication_scm_credential", 7: "authentication_gss", 8: "authentication_gss_continue",
                   9: "authentication_sspi", 10: "authentication_sasl", 11: "authentication_sasl_continue",
                   12: "authentication_sasl_final"}
_MD5 = 5
_FIELDS = {b"S": "severity_localizable", b"V": "severity_non_localizable", b"C": "code", b"M": "message",
           b"D": "detail", b"H": "hint", b"P": "position", b"s": "schema_name", b"t": "table_name",
           b"c": "column_name", b"F": "file", b"L": "line", b"R": "routine"}
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def startup(body: bytes) -> dict[str, Any]:
    """Return the request of a startup message whose length and version are cut off."""
    given = list(_pairs(body))
    user = next((value for name, value in given if name == "user"), "")
    return {"protocol_version": "3.0", "startup_parameters": {
        "user": user, "optional_parameters": [{name: value} for name, value in given if name != "user"]}}


def authentication(body: bytes) -> tuple[dict[str, Any], bool]:
    """Return what an authentication message shows, and whether the server waits for the client now."""
    kind = unpack_from(">I", body, 0)[0] if len(body) >= 4 else -1
    if kind == _MD5:
        return {"authentication_md5_password": printed(body[4:8])}, True
    shown: dict[str, Any] = {"message": _AUTHENTICATION.get(kind, f"authentication_{kind}")}
    if kind == 10:
        shown["authentication_sasl_mechanisms"] = [printed(m) for m in body[4:].split(b"\0") if m][:_PARAMETERS]
    return shown, kind not in (0, 12)


def parameter(body: bytes) -> dict[str, str]:
    """Return a parameter of the session; its name in lower case with underscores (DateStyle: date_style)."""
    return {_CAPITAL.sub("_", name).lower(): value for name, value in _pairs(body)}


def error_fields(body: bytes) -> dict[str, str]:
    """Return the fields of an error or notice."""
    found = {}
    for field in body.split(b"\0")[:_PARAMETERS]:
        if name := _FIELDS.get(field[:1]):
            found[name] = printed(field[1:])
    return found


def key_data(body: bytes) -> dict[str, int]:
    """Return what a cancel request would need."""
    try:
        process, secret = unpack_from(">II", body, 0)
    except error:
        return {}
    return {"process_id": process, "secret_key": secret}


def columns_in(body: bytes) -> int:
    """Return the number of columns that a row or its description begins with."""
    return unpack_from(">H", body, 0)[0] if len(body) >= 2 else 0


def text_of(body: bytes, most: int) -> tuple[bytes, bytes]:
    """Return (a string up to its end, at most so many bytes; what follows it)."""
    text, _, rest = body.partition(b"\0")
    return text[:most], rest


def _pairs(body: bytes) -> Iterator[tuple[str, str]]:
    parts = body.split(b"\0")
    for k in range(0, min(len(parts) - 1, 2 * _PARAMETERS), 2):
        if parts[k]:
            yield printed(parts[k]), printed(parts[k + 1])
