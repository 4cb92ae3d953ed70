"""The text of an office document's XML: runs of one paragraph or cell joined, the others on lines of their own.

ECMA-376 (WordprocessingML, SpreadsheetML, DrawingML) and ODF keep text between tags that may stand amid a word.
"""

from __future__ import annotations

import numpy as np

from columns.kernel import inlined, kernel, part
from columns.wire import be64, copy_bytes

_MOST_TAG_BYTES = 2000
_OPEN, _CLOSE, _SLASH, _COLON, _LINE = 0x3C, 0x3E, 0x2F, 0x3A, 0x0A
_ONES, _HIGHS, _NONE = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080), np.uint64(0)
_BIT_APART, _CLOSES = np.uint64(0x0202020202020202), np.uint64(0x3E3E3E3E3E3E3E3E)
_NAMES = tuple(np.uint64(int.from_bytes(name, "big")) for name in (b"p", b"c", b"tc", b"si", b"br", b"cr", b"tab",
                                                                   b"row"))
_P, _C, _TC, _SI, _BR, _CR, _TAB, _ROW = _NAMES
_CELL = np.frombuffer(b"table-cell", np.uint8)


def text_of_xml(data: bytes) -> bytes:
    """Return what stands between the tags, and a line break for the end of a paragraph, cell or row, and for breaks.

    What begins like a tag and does not end within 2,000 bytes, or before another begins, is text.
    """
    out = np.empty(len(data), np.uint8)
    return out[: strip_tags(np.frombuffer(data, np.uint8), out)].tobytes()


@inlined
def _in_name(c):
    """Return whether a byte may be part of the name of a tag, up to its hyphens."""
    return 0x61 <= c <= 0x7A or 0x41 <= c <= 0x5A or 0x30 <= c <= 0x39 or c == 0x5F


@part
def _ends_line(b, p, end):
    """Return whether the tag between p (behind its <) and end (its >) ends a paragraph, a cell, a row or a line."""
    closing = b[p] == _SLASH
    if closing:
        p += 1
    local, prefixed, name = p, False, np.uint64(0)
    while p < end and (_in_name(b[p]) or (b[p] == _COLON and not prefixed and p > local)):
        name = name << np.uint64(8) | np.uint64(b[p])
        if b[p] == _COLON:
            local, prefixed, name = p + 1, True, np.uint64(0)
        p += 1
    if not closing:
        return name == _BR or name == _TAB or name == _CR
    if p == end:
        return name == _P or name == _TC or name == _C or name == _SI or name == _ROW
    if end - local != _CELL.size:
        return False
    same = 0
    while same < _CELL.size and b[local + same] == _CELL[same]:
        same += 1
    return same == _CELL.size


@part
def _next_bracket(b, p, hi):
    """Return where in b[p:hi] the next angle bracket stands, or hi; eight bytes without one are passed together.

    The two differ in one bit.
    """
    while p + 8 <= hi:
        differs = (be64(b, p) | _BIT_APART) ^ _CLOSES
        if (differs - _ONES) & ~differs & _HIGHS != _NONE:
            break
        p += 8
    while p < hi and b[p] != _OPEN and b[p] != _CLOSE:
        p += 1
    return p


@kernel
def strip_tags(b, out):
    """Write the text of b to out (as long as b) and return its size."""
    size, p, text = 0, 0, 0
    while p < b.size:
        p = _next_bracket(b, p, b.size)
        if p == b.size:
            break
        end = _next_bracket(b, p + 1, min(b.size, p + _MOST_TAG_BYTES + 2))
        if b[p] == _CLOSE or end >= min(b.size, p + _MOST_TAG_BYTES + 2) or b[end] == _OPEN:
            p += 1
            continue
        copy_bytes(out, size, b, text, p - text)
        size += p - text
        if end > p + 1 and _ends_line(b, p + 1, end):
            out[size] = _LINE
            size += 1
        p = text = end + 1
    copy_bytes(out, size, b, text, b.size - text)
    return size + b.size - text
