"""Filters of LDAP searches as text (RFC 4515), without recursion."""

from __future__ import annotations

from sensor.protocols.ber import Element, elements
from sensor.protocols.printing import printed

_NODES, _WIDTH = 256, 64
_JOINTS = {0xA0: "&", 0xA1: "|", 0xA2: "!"}
_COMPARISONS = {0xA3: "=", 0xA5: ">=", 0xA6: "<=", 0xA8: "~="}
_SUBSTRINGS, _PRESENT, _EXTENSIBLE = 0xA4, 0x87, 0xA9


def filter_text(data: bytes, outer: Element, most: int) -> str:
    """Return a filter as text of at most so many characters; what is malformed within it shows as ``?``."""
    out: list[str] = []
    todo: list[Element | str] = [outer]
    for _ in range(_NODES):
        if not todo:
            break
        one = todo.pop()
        if isinstance(one, str):
            out.append(one)
        elif one.tag in _JOINTS:
            out.append(f"({_JOINTS[one.tag]}")
            todo.append(")")
            todo.extend(reversed(elements(data, one.start, one.stop, _WIDTH)))
        else:
            out.append(f"({_leaf(data, one)})")
    return "".join(out)[:most]


def _leaf(data: bytes, one: Element) -> str:
    if one.tag == _PRESENT:
        return printed(data[one.start : one.stop]) + "=*"
    parts = elements(data, one.start, one.stop, 4)
    texts = [printed(data[p.start : p.stop]) for p in parts]
    if one.tag in _COMPARISONS and len(texts) > 1:
        return texts[0] + _COMPARISONS[one.tag] + texts[1]
    if one.tag == _SUBSTRINGS and len(parts) > 1:
        return f"{texts[0]}={_pattern(data, parts[1])}"
    if one.tag == _EXTENSIBLE:
        found = {p.tag: t for p, t in zip(parts, texts, strict=True)}
        names = ":dn" if found.get(0x84, "\0") != "\0" else ""
        rule = f":{found[0x81]}" if 0x81 in found else ""
        return f"{found.get(0x82, '')}{names}{rule}:={found.get(0x83, '')}"
    return "?"


def _pattern(data: bytes, pieces: Element) -> str:
    """A value with ``*`` where anything may stand: initial, any and final pieces."""
    out = ""
    last = 0
    for piece in elements(data, pieces.start, pieces.stop, _WIDTH):
        text = printed(data[piece.start : piece.stop])
        out += text if piece.tag == 0x80 else f"*{text}"
        last = piece.tag
    return out if last == 0x82 else f"{out}*"
