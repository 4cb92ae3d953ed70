"""Headers of mail: unfolding, encoded words (RFC 2047), parameters with continuations and charsets (RFC 2231)."""

from __future__ import annotations

import binascii
import re
from typing import NamedTuple

from sensor.protocols.shown import shown

_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_WORD = re.compile(rb"=\?([A-Za-z0-9_.:+\-]{1,40})(?:\*[A-Za-z0-9\-]{0,20})?\?([BbQq])\?([^?\r\n]{0,4096})\?=")
_GAP = re.compile(rb"(\?=)[ \t]+(?==\?)")
_PARAMETER = re.compile(rb";\s*([A-Za-z0-9_\-]{1,40})(\*\d{1,3})?(\*)?\s*=\s*"
                        rb"(?:\"((?:[^\"\\]|\\.)*)(?:\"|$)|([^\s;]*))", re.S)
_SAFE_CHARSETS = re.compile(r"(utf[-_]?(8|7|16|16le|16be|32)|us-?ascii|ascii"
                            r"|(x-)?(iso|windows|cp|koi8|gb|big5|euc|mac|shift|sjis)[a-z0-9_\-]*)\Z", re.I)
_AT_MOST = 256  # parameters, encoded words, addresses of one header


class Field(NamedTuple):
    """A header: name in lower case, value unfolded."""

    name: bytes
    value: bytes


def parse_fields(block: bytes, most: int) -> list[Field]:
    """Return the headers that a block holds, at most so many; lines without a colon are left out."""
    found: list[Field] = []
    for line in _FOLD.sub(b"", block).split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon and name.strip() and len(found) < most:
            found.append(Field(name.strip().lower(), value.strip()))
    return found


def first(fields: list[Field], name: bytes) -> bytes:
    """Return the first value of that name, or nothing."""
    return next((f.value for f in fields if f.name == name), b"")


def readable(value: bytes) -> str:
    """Return a header's value as text, with its encoded words decoded; white space between two of them goes."""
    if b"=?" not in value:
        return shown(value)
    value = _GAP.sub(rb"\1", value)
    out, at = [], 0
    pending: tuple[str, bytes] | None = None  # adjoining words of one charset may share a character
    for word in _WORD.finditer(value[:65_536]):
        if word.start() > at or pending is None or pending[0] != word[1].decode().lower():
            if pending:
                out.append(_decoded(*pending))
                pending = None
            out.append(shown(value[at : word.start()]))
        charset = word[1].decode().lower()
        raw = _b_decoded(word[3]) if word[2] in b"Bb" else _q_decoded(word[3])
        pending, at = (charset, (pending[1] if pending else b"") + raw), word.end()
    if pending:
        out.append(_decoded(*pending))
    return "".join(out) + shown(value[at:])


def _decoded(charset: str, raw: bytes) -> str:
    if _SAFE_CHARSETS.match(charset):
        if charset == "gb2312":
            charset = "gbk"  # its superset, which is what is meant
        try:
            return raw.decode(charset, "replace")
        except (LookupError, ValueError):
            pass
    return shown(raw)


def _b_decoded(text: bytes) -> bytes:
    text = re.sub(rb"[^A-Za-z0-9+/]", b"", text)
    text = text[: len(text) - 1] if len(text) % 4 == 1 else text
    try:
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4))
    except binascii.Error:
        return b""


def _q_decoded(text: bytes) -> bytes:
    return binascii.a2b_qp(text, header=True)


def parameters(value: bytes) -> dict[str, str]:
    """Return the parameters of a Content-Type or Content-Disposition, continuations joined, charsets decoded."""
    pieces: dict[str, list[tuple[int, bool, bytes]]] = {}
    for n, found in enumerate(_PARAMETER.finditer(b";" + value.partition(b";")[2])):
        if n == _AT_MOST:
            break
        quoted, plain = found[4], found[5]
        raw = re.sub(rb"\\(.)", rb"\1", quoted) if quoted is not None else plain
        order = int(found[2][1:]) if found[2] else -1
        pieces.setdefault(found[1].decode().lower(), []).append((order, bool(found[3]), raw))
    return {name: _joined(parts) for name, parts in pieces.items()}


def _joined(parts: list[tuple[int, bool, bytes]]) -> str:
    parts.sort(key=lambda p: p[0])
    if parts[0][0] < 0 and (len(parts) == 1 or parts[1][0] < 0):
        parts = [next((p for p in parts if p[1]), parts[0])]  # the extended form wins (RFC 6266 4.3)
    elif parts[0][0] < 0:
        parts = [p for p in parts if p[0] >= 0]
    charset, raw = "", b""
    for i, (_, extended, piece) in enumerate(parts):
        if extended and i == 0 and piece.count(b"'") >= 2:
            named, _, piece = piece.split(b"'", 2)
            charset = named.decode("ascii", "replace")
        raw += re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes((int(m[1], 16),)), piece) if extended else piece
    return _decoded(charset, raw) if charset else readable(raw)


def addresses(value: bytes) -> list[str]:
    """Return the addresses of a header as they are written, parted at commas outside quotes, brackets, comments."""
    out, begin, quoted, depth, angled, i = [], 0, False, 0, False, 0
    for found in re.finditer(rb"[\"\\()<>,]", value[:65_536]):
        char = found[0]
        if found.start() < i:
            continue
        if char == b"\\":
            i = found.start() + 2
        elif char == b'"' and depth == 0:
            quoted = not quoted
        elif not quoted and char == b"(":
            depth += 1
        elif not quoted and char == b")":
            depth = max(depth - 1, 0)
        elif not quoted and depth == 0 and char in b"<>":
            angled = char == b"<"
        elif char == b"," and not quoted and depth == 0 and not angled:
            out.append(value[begin : found.start()])
            begin = found.end()
    out.append(value[begin:])
    return [readable(a.strip()) for a in out if a.strip()][:_AT_MOST]
