"""Properties of MQTT 5 (OASIS MQTT 5.0, 2.2.2), and the lengths of all its versions."""

from __future__ import annotations

from struct import calcsize, unpack_from
from typing import Any

from sensor.protocols.printing import printed

_MOST = 64
_BYTE, _SHORT, _LONG, _VARINT, _TEXT, _PAIR = ">B", ">H", ">I", "varint", "text", "pair"
_PROPERTIES = {
    1: ("payload_format_indicator", _BYTE), 2: ("message_expiry_interval", _LONG), 3: ("content_type", _TEXT),
    8: ("response_topic", _TEXT), 9: ("correlation_data", _TEXT), 11: ("subscription_identifier", _VARINT),
    17: ("session_expiry_interval", _LONG), 18: ("assigned_client_identifier", _TEXT),
    19: ("server_keep_alive", _SHORT), 21: ("authentication_method", _TEXT), 22: ("authentication_data", _TEXT),
    23: ("request_problem_information", _BYTE), 24: ("will_delay_interval", _LONG),
    25: ("request_response_information", _BYTE), 26: ("response_information", _TEXT),
    28: ("server_reference", _TEXT), 31: ("reason_string", _TEXT), 33: ("receive_maximum", _SHORT),
    34: ("topic_alias_maximum", _SHORT), 35: ("topic_alias", _SHORT), 36: ("maximum_qos", _BYTE),
    37: ("retain_available", _BYTE), 38: ("user_property", _PAIR), 39: ("maximum_packet_size", _LONG),
    40: ("wildcard_subscription_available", _BYTE), 41: ("subscription_identifiers_available", _BYTE),
    42: ("shared_subscription_available", _BYTE),
}


def varint(data: bytes, at: int) -> tuple[int, int] | None:
    """Return (value, place behind it) of a length of one to four bytes, or None."""
    value = 0
    for k in range(4):
        if at + k >= len(data):
            return None
        value |= (data[at + k] & 0x7F) << 7 * k
        if data[at + k] < 0x80:
            return value, at + k + 1
    return None


def properties(data: bytes, at: int) -> tuple[dict[str, Any], int]:
    """Return (properties, place behind them); IndexError or struct.error where they are none."""
    read = varint(data, at)
    if read is None or read[1] + read[0] > len(data):
        raise IndexError
    at, stop = read[1], read[1] + read[0]
    found: dict[str, Any] = {}
    for _ in range(_MOST):
        if at >= stop:
            break
        name, form = _PROPERTIES.get(data[at], ("", ""))
        if not form:
            break
        value, at = _value(data[:stop], at + 1, form)
        if form == _PAIR:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found, stop


def _value(data: bytes, at: int, form: str) -> tuple[Any, int]:
    if form == _VARINT:
        read = varint(data, at)
        if read is None:
            raise IndexError
        return read
    if form == _TEXT:
        return _text(data, at)
    if form == _PAIR:
        name, at = _text(data, at)
        value, at = _text(data, at)
        return {"name": name, "value": value}, at
    return unpack_from(form, data, at)[0], at + calcsize(form)


def _text(data: bytes, at: int) -> tuple[str, int]:
    stop = at + 2 + unpack_from(">H", data, at)[0]
    if stop > len(data):
        raise IndexError
    return printed(data[at + 2 : stop]), stop
