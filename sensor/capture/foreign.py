"""Inputs that are not captures, called by their names: a clear refusal instead of "bad magic"."""

from __future__ import annotations

from columns.errors import CaptureError

_CONVERT = "convert it with editcap -F pcapng IN OUT"
_UNPACK = "unpack it first"
_SIGNATURES: tuple[tuple[int, bytes, str, str], ...] = (  # place, bytes, name, remedy
    (0, b"snoop\0\0\0", "a snoop capture", _CONVERT),
    (0, b"btsnoop\0", "a Bluetooth snoop capture", _CONVERT),
    (0, b"RTSS", "a Network Monitor 1 capture", _CONVERT),
    (0, b"GMBU", "a Network Monitor 2 capture", _CONVERT),
    (0, b"TRSNIFF data", "a Sniffer capture", _CONVERT),
    (0, b"XCP\0", "a NetXRay capture", _CONVERT),
    (0, b"iptrace ", "an AIX iptrace capture", _CONVERT),
    (0, b"\xac\x01\x00\x1c", "an Ixia capture", _CONVERT),
    (0, b"\xab\x01\x00\x1c", "an Ixia capture", _CONVERT),
    (0, b"PK\x03\x04", "a zip archive", _UNPACK),
    (0, b"\xfd7zXZ\0", "xz-compressed data", _UNPACK),
    (0, b"BZh", "bzip2-compressed data", _UNPACK),
    (0, b"\x04\x22\x4d\x18", "lz4-compressed data", _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (0, b"Rar!", "a rar archive", _UNPACK),
    (0, b"\x1f\x8b", "gzip-compressed data, compressed twice", _UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard-compressed data, compressed twice", _UNPACK),
    (257, b"ustar", "a tar archive", _UNPACK),
    (0, b"\x7fELF", "a program", ""),
    (0, b"MZ", "a program", ""),
    (0, b"%PDF", "a PDF document", ""),
    (0, b"SQLite format 3", "an SQLite database", ""),
)
_CAPTURE_NEEDED = "give the capture that it was made from"
EXPECTED = "pcap or pcapng, plain, .gz or .zst"


def refusal(head: bytes, where: str, faults: list[str]) -> CaptureError:
    """Return the error for an input that begins with these bytes and is no capture; faults met on the way go first."""
    if not head and faults:
        return CaptureError(faults[0], where=where, expected=EXPECTED, remedy="copy it again")
    if not head:
        return CaptureError("is empty", where=where, expected=EXPECTED, remedy="capture again, or check the copy")
    name, remedy = _name(head)
    return CaptureError(f"is not a capture but {name}", where=where, expected=EXPECTED, remedy=remedy)


def _name(head: bytes) -> tuple[str, str]:
    for place, signature, name, remedy in _SIGNATURES:
        if head[place:place + len(signature)] == signature:
            return name, remedy
    if not head.strip(b"\0"):
        return "only zero bytes", "copy it again"
    if _is_erf(head):
        return "perhaps an ERF capture", _CONVERT
    if _is_text(head):
        return _name_text(head)
    return f"unknown data that begins with {head[:8].hex(' ')}", ""


def _is_text(head: bytes) -> bool:
    return all(byte >= 32 or byte in b"\t\n\r\f\x1b" for byte in head)


def _name_text(head: bytes) -> tuple[str, str]:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in (b"{", b"["):
        return ("EVE JSON" if b'"event_type"' in head else "JSON"), _CAPTURE_NEEDED
    if start.startswith(b"#separator"):
        return "a Zeek log", _CAPTURE_NEEDED
    if start[:5].lower() in (b"<html", b"<!doc", b"<?xml"):
        return "a web page or XML", "download the file itself"
    return "text", _CAPTURE_NEEDED


def _is_erf(head: bytes) -> bool:
    """Return True when two ERF records in a row make sense: type, length, and seconds that do not run apart."""
    place, seconds = 0, None
    for _ in range(2):
        record = head[place:place + 16]
        if len(record) < 16:
            return False
        length, kind = int.from_bytes(record[10:12], "big"), record[8] & 0x7F
        now = int.from_bytes(record[4:8], "little")
        if not 1 <= kind <= 48 or length < 16 or now < 2**29 or (seconds is not None and abs(now - seconds) > 86_400):
            return False
        place, seconds = place + length, now
    return True
