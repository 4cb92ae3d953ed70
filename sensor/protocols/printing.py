"""Bytes of protocols as text, as Suricata prints them."""

from __future__ import annotations

import json
from typing import Any

# no check for cycles: what is encoded was made here, of none
_encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), check_circular=False).encode


def printed(data: bytes | bytearray) -> str:
    """Return bytes as they are if they are UTF-8, else with ``\\xNN`` for all that is not ASCII."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("ascii", "backslashreplace")


def json_column(value: Any) -> str:
    """Return a list or dictionary as the text of a json column, "" where it is empty."""
    return _encode(value) if value else ""
