"""Bytes of a protocol as text for a column."""

from __future__ import annotations

import json
from collections.abc import Sequence

json_text = json.JSONEncoder(ensure_ascii=False).encode
"""Text of a json column: characters as they are."""


def shown(raw: bytes) -> str:
    """Return bytes as text: UTF-8 where they are that, else what is not ASCII as ``\\xhh``, as in EVE."""
    if raw.isascii():
        return raw.decode("ascii") if b"\0" not in raw else raw.decode("ascii").replace("\0", "\\x00")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("ascii", "backslashreplace")
    return text.replace("\0", "\\x00") if "\0" in text else text


def shown_all(raws: Sequence[bytes]) -> list[str]:
    """Return what ``shown`` makes of each; where all are plain, as they mostly are, of all at once."""
    joined = b"\0".join(raws)
    if joined.isascii() and joined.count(b"\0") == len(raws) - 1:
        return joined.decode("ascii").split("\0")
    return [shown(raw) for raw in raws]
