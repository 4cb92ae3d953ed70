"""Bytes of a protocol as text for a column."""

from __future__ import annotations


def shown(raw: bytes) -> str:
    """Return bytes as text: UTF-8 where they are that, else what is not ASCII as ``\\xhh``, as in EVE."""
    if raw.isascii():
        return raw.decode("ascii") if b"\0" not in raw else raw.decode("ascii").replace("\0", "\\x00")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("ascii", "backslashreplace")
    return text.replace("\0", "\\x00") if "\0" in text else text
