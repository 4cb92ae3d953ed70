"""DNS's inspection buffers: names of all sections as bytes, numbers as decimal text (RFC 1035)."""

from __future__ import annotations

from columns.protocols.dns_names import RECORD_TYPES

Buffers = list[tuple[str, bytes]]

_MOST_RECORDS, _MOST_POINTERS, _NAME_BYTES = 256, 127, 1025
_RESPONSE, _TRUNCATED_Z = 0x8000, 0x0040
_SECTIONS = ("queries", "answers", "authorities", "additionals")


def message_buffers(data: bytes, multicast: bool) -> Buffers:
    """Return the buffers of a message, as far as it can be read; what is odd as events."""
    flags = int.from_bytes(data[2:4], "big")
    response = bool(flags & _RESPONSE)
    prefix = "mdns" if multicast else "dns"
    found: Buffers = [("dns.opcode", b"%d" % (flags >> 11 & 15)), ("dns.head", b"%d" % int.from_bytes(data[:4], "big"))]
    if response:
        found.append(("dns.rcode", b"%d" % (flags & 15)))
    if flags & _TRUNCATED_Z:
        found.append(("event", b"dns.z_flag_set"))
    if flags >> 11 & 15 >= 7:
        found.append(("event", b"dns.invalid_opcode"))
    at = 12
    for k, section in enumerate(_SECTIONS):
        for _ in range(min(int.from_bytes(data[4 + 2 * k : 6 + 2 * k], "big"), _MOST_RECORDS)):
            read = _record(data, at, k == 0)
            if read is None:
                cause = "malformed_data" if k == 0 else f"invalid_{section}"
                found.append(("event", f"{prefix}.{cause}".encode()))
                return found + [("event", f"{prefix}.malformed_data".encode())] * (k == 0)
            name, kind, at, content = read
            found += _named(prefix, section, name, kind, content, response)
    return found


def _named(prefix: str, section: str, name: bytes, kind: int, content: bytes, response: bool) -> Buffers:
    found: Buffers = [(f"{prefix}.{section}.rrname", name)]
    if prefix == "dns" and section == "queries":
        found += [("dns.query.name", name), ("dns.query_type", RECORD_TYPES.get(kind, str(kind)).encode())]
        if not response:
            found += [("dns.query", name), ("dns.rrtype", b"%d" % kind)]
    if prefix == "dns" and section == "answers":
        found += [("dns.answer.name", name), ("dns.answer_type", RECORD_TYPES.get(kind, str(kind)).encode())]
        if response:
            found.append(("dns.rrtype", b"%d" % kind))
    if response and section != "queries":
        found.append((f"{prefix}.response.rrname", name))
        if content:
            found.append((f"{prefix}.response.rrname", content))
    elif response:
        found.append((f"{prefix}.response.rrname", name))
    return found


_NAMED_DATA = {2: 0, 5: 0, 12: 0, 15: 2, 6: 0, 33: 6}
"""Types whose data begins with a name, after so many bytes."""


def _record(data: bytes, at: int, question: bool) -> tuple[bytes, int, int, bytes] | None:
    """Return name, type, the place after a record, and the name in its data; None where it is cut off."""
    named = read_name(data, at)
    if named is None:
        return None
    name, at = named
    kind = int.from_bytes(data[at : at + 2], "big")
    if question:
        return (name, kind, at + 4, b"") if at + 4 <= len(data) else None
    stop = at + 10 + int.from_bytes(data[at + 8 : at + 10], "big")
    if at + 10 > len(data) or stop > len(data):
        return None
    inside = b""
    if kind in _NAMED_DATA and (read := read_name(data, at + 10 + _NAMED_DATA[kind])) is not None:
        inside = read[0]
    return name, kind, stop, inside


def read_name(data: bytes, at: int) -> tuple[bytes, int] | None:
    """Return the name at a place, its labels joined by dots, and the place after it; None where it is malformed."""
    labels: list[bytes] = []
    after, pointers, size = -1, 0, 0
    while at < len(data):
        length = data[at]
        if length == 0:
            return b".".join(labels)[:_NAME_BYTES], at + 1 if after < 0 else after
        if length >= 0xC0:
            if at + 1 >= len(data) or pointers == _MOST_POINTERS:
                return None
            after = at + 2 if after < 0 else after
            at = (length & 0x3F) << 8 | data[at + 1]
            pointers += 1
            continue
        if length > 63 or at + 1 + length > len(data):
            return None
        if size < _NAME_BYTES:
            labels.append(data[at + 1 : at + 1 + length])
        size += length + 1
        at += 1 + length
    return None
