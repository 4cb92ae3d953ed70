"""What rules ask of a Modbus request (MODBUS Application Protocol 1.1b3): function, access, address, value written."""

from __future__ import annotations

from struct import unpack_from

from detectors.signatures.language import conditions as c
from detectors.signatures.language.integers import IntTest

_UNIT, _FUNCTION, _BODY = 6, 7, 8
_READS = {1: "coils", 2: "discretes", 3: "holding", 4: "input", 23: "holding"}
_WRITES = {5: "coils", 6: "holding", 15: "coils", 16: "holding", 22: "holding", 23: "holding"}
_SINGLE, _MULTIPLE, _MASK, _READ_WRITE, _DIAGNOSTIC = (5, 6), (15, 16), 22, 23, 8


def request_holds(wanted: c.ModbusRequest, message: bytes, category: str) -> bool:
    """Return whether a request, from its transaction number on, is as wanted; category is that of its function."""
    if len(message) < _BODY or (wanted.unit is not None and not wanted.unit.holds(message[_UNIT])):
        return False
    code, body = message[_FUNCTION], message[_BODY:]
    if wanted.access:
        return _accesses(wanted, code, body)
    if wanted.categories:
        return category in wanted.categories
    if wanted.function is None:
        return True
    subfunction = int.from_bytes(body[:2], "big") if code == _DIAGNOSTIC and len(body) >= 2 else None
    return code == wanted.function and wanted.subfunction in (None, subfunction)


def _accesses(wanted: c.ModbusRequest, code: int, body: bytes) -> bool:
    memory = (_READS if wanted.access == "read" else _WRITES).get(code, "")
    if not memory or wanted.memory not in ("", memory):
        return False
    if wanted.address is None:
        return True
    reach = _addresses(code, wanted.access, body)
    if reach is None or not _meets(wanted.address, *reach):
        return False
    return wanted.value is None or _written_holds(wanted.value, code, body, wanted.address.value - reach[0])


def _addresses(code: int, access: str, body: bytes) -> tuple[int, int] | None:
    """Return the first and last address that a request touches; people count them from 1, the wire from 0."""
    place = 4 if code == _READ_WRITE and access == "write" else 0
    if len(body) < place + 4:
        return None
    first, count = unpack_from(">HH", body, place)
    return first + 1, first + (1 if code in _SINGLE or code == _MASK else count)


def _meets(test: IntTest, low: int, high: int) -> bool:
    """Return whether a comparison can hold of an address from low to high, ends of ranges excluded."""
    match test.op:
        case "<":
            return low < test.value
        case ">":
            return test.value < high
        case "range":
            return test.value < high and low < test.high
    return low <= test.value <= high


def _written_holds(test: IntTest, code: int, body: bytes, place: int) -> bool:
    """Return whether the value that is written at a place behind the first address is as wanted."""
    if code in _SINGLE:
        value = int.from_bytes(body[2:4], "big")
        return bool(test.holds(int(value != 0) if _WRITES[code] == "coils" else value))
    if code not in _MULTIPLE and code != _READ_WRITE:
        return False
    data = body[5 if code in _MULTIPLE else 9 :]
    if _WRITES[code] == "coils":
        return place // 8 < len(data) and bool(test.holds(data[place // 8] >> place % 8 & 1))
    return 2 * place + 2 <= len(data) and bool(test.holds(int.from_bytes(data[2 * place : 2 * place + 2], "big")))
