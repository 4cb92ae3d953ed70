"""LDAP protected by SASL (RFC 4422, 3.7) with Kerberos (RFC 4121, 4.2.6.2) or NTLM (MS-NLMP, 2.2.2.9.1)."""

from __future__ import annotations

from struct import unpack_from

WRAP_HEAD_BYTES = 6
_KERBEROS, _NTLM = b"\x05\x04", b"\x01\x00"
_HEADER_BYTES, _SEALED, _SEQUENCE = 16, 0x02, 0x30
_LONGEST = 1 << 24


def wrapped_size(head: bytes) -> int:
    """How long a protected buffer is by its first six bytes, 0 when more are needed, -1 for none."""
    if len(head) < WRAP_HEAD_BYTES:
        return 0
    size = int.from_bytes(head[:4], "big")
    return 4 + size if head[4:6] in (_KERBEROS, _NTLM) and _HEADER_BYTES < size <= _LONGEST else -1


def unwrapped(buffer: bytes) -> bytes | None:
    """Return what a buffer holds that is signed only; None where it is sealed, or the wrap is unknown."""
    token = buffer[4:]
    if len(token) <= _HEADER_BYTES:
        return None
    if token[:2] == _NTLM:
        return token[_HEADER_BYTES:] if token[_HEADER_BYTES] == _SEQUENCE else None
    extra, rotated = unpack_from(">HH", token, 4)
    if token[2] & _SEALED or rotated not in (0, extra):
        return None
    inner = token[_HEADER_BYTES + rotated :]
    return (inner if rotated else inner[: len(inner) - extra]) or None
