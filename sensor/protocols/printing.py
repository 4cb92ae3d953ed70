"""Bytes of protocols as text, as Suricata prints them, and values as texts of json columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from json import encoder
from typing import Any


def _made_once(whole: json.JSONEncoder) -> Callable[[Any], str]:
    """Return an encoder's ``encode``; json itself makes the compiled half of it anew for every value."""
    make: Any = getattr(encoder, "c_make_encoder", None)
    if make is None:  # a Python without the compiled half
        return whole.encode
    quoted = encoder.encode_basestring_ascii if whole.ensure_ascii else encoder.encode_basestring
    pieces = make(None, whole.default, quoted, None, whole.key_separator, whole.item_separator,
                  whole.sort_keys, whole.skipkeys, whole.allow_nan)
    return lambda value: "".join(pieces(value, 0))


_compact = _made_once(json.JSONEncoder(separators=(",", ":")))
_spaced = _made_once(json.JSONEncoder(ensure_ascii=False))


def printed(data: bytes | bytearray) -> str:
    """Return bytes as they are if they are UTF-8, else with ``\\xNN`` for all that is not ASCII."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("ascii", "backslashreplace")


def json_column(value: Any) -> str:
    """Return a list or dictionary as the text of a json column, "" where it is empty."""
    return _compact(value) if value else ""


def json_words(value: Any) -> str:
    """Return the same with characters as they are and blanks between the parts."""
    return _spaced(value) if value else ""
