"""Objects of DNP3 (IEEE 1815, 11 and annex A): their headers, points of those that switch, time, move files."""

from __future__ import annotations

from struct import error, unpack_from
from typing import Any

_SIZES = {
    **{(2, v): s for v, s in ((1, 1), (2, 7), (3, 3))}, **{(4, v): s for v, s in ((1, 1), (2, 7), (3, 3))},
    (1, 2): 1, (3, 2): 1, (10, 2): 1, (11, 1): 1, (11, 2): 7, (12, 1): 11, (12, 2): 11, (13, 1): 1, (13, 2): 7,
    **{(20, v): s for v, s in enumerate((5, 3, 5, 3, 4, 2, 4, 2), 1)},
    **{(21, v): s for v, s in ((1, 5), (2, 3), (5, 11), (6, 9), (9, 4), (10, 2))},
    **{(g, v): s for g in (22, 23) for v, s in ((1, 5), (2, 3), (5, 11), (6, 9))},
    **{(30, v): s for v, s in enumerate((5, 3, 4, 2, 5, 9), 1)},
    **{(31, v): s for v, s in enumerate((5, 3, 11, 9, 4, 2, 5, 9), 1)},
    **{(g, v): s for g in (32, 33, 42, 43) for v, s in enumerate((5, 3, 11, 9, 5, 9, 11, 15), 1)},
    **{(g, v): s for g in (40, 41) for v, s in enumerate((5, 3, 5, 9), 1)},
    (34, 1): 2, (34, 2): 4, (34, 3): 4, (50, 1): 6, (50, 2): 10, (50, 3): 6, (50, 4): 11, (51, 1): 6, (51, 2): 6,
    (52, 1): 2, (52, 2): 2}
_BITS = {(1, 1): 1, (3, 1): 2, (10, 1): 1, (12, 3): 1, (80, 1): 1}
_BY_LENGTH = frozenset({110, 111, 112, 113})  # the variation is the length
_INDEX_BYTES = {1: 1, 2: 2, 3: 4, 4: 1, 5: 2, 6: 4}
_SIZED = frozenset({4, 5, 6})
_START_STOP = {0: "<BB", 1: "<HH", 2: "<II"}
_COUNT = {7: "<B", 8: "<H", 9: "<I", 11: "<B"}


def objects_of(data: bytes, with_data: bool, most: int) -> tuple[list[dict[str, Any]], bool]:
    """Return the objects of a message, and whether all could be walked to the end.

    with_data: the function is one whose objects carry data. most: headers, and points of each, that are kept.
    """
    found: list[dict[str, Any]] = []
    at = 0
    try:
        while at < len(data):
            if len(found) >= most:
                return found, False
            one, at = _header(data, at)
            found.append(one)
            if with_data and one["range_code"] != 6:
                at = _points(data, at, one, most)
                if at < 0:
                    return found, False
    except (error, IndexError):
        return found, False
    return found, at == len(data)


def _header(data: bytes, at: int) -> tuple[dict[str, Any], int]:
    group, variation, qualifier = data[at], data[at + 1], data[at + 2]
    code, start, stop, count = qualifier & 0x0F, 0, 0, 0
    at += 3
    if form := _START_STOP.get(code):
        start, stop = unpack_from(form, data, at)
        at += (1, 2, 4)[code] * 2
        count = max(stop - start + 1, 0)
    elif form := _COUNT.get(code):
        count = unpack_from(form, data, at)[0]
        at += {7: 1, 8: 2, 9: 4, 11: 1}[code]
    elif code != 6:
        raise IndexError
    return {"group": group, "variation": variation, "qualifier": qualifier, "prefix_code": qualifier >> 4 & 7,
            "range_code": code, "start": start, "stop": stop, "count": count}, at


def _points(data: bytes, at: int, one: dict[str, Any], most: int) -> int:
    """Walk over the points; return where they end, -1 where that cannot be known."""
    kind, count, prefix = (one["group"], one["variation"]), one["count"], one["prefix_code"]
    index_bytes = _INDEX_BYTES.get(prefix, 0)
    if bits := _BITS.get(kind):
        return at + (count * bits + 7) // 8 if prefix == 0 else -1
    size = kind[1] if kind[0] in _BY_LENGTH else _SIZES.get(kind)
    points: list[dict[str, Any]] = []
    if size is not None and prefix not in _SIZED and kind not in _READERS:
        end = at + count * (index_bytes + size)
        return end if end <= len(data) else -1
    for place in range(min(count, len(data))):
        number = int.from_bytes(data[at : at + index_bytes], "little")
        at += index_bytes
        length = number if prefix in _SIZED else size
        if length is None or at + length > len(data):
            return -1
        if kind in _READERS and len(points) < most:
            index = place + one["start"] if prefix == 0 or prefix in _SIZED else number
            points.append({"prefix": number, "index": index, **_READERS[kind](data[at : at + length])})
        at += length
    if points:
        one["points"] = points
    return at


def _control(raw: bytes) -> dict[str, Any]:
    """Control relay output block (annex A, group 12 variation 1)."""
    code, count, on_ms, off_ms, status = unpack_from("<BBIIB", raw)
    return {"op_type": code & 0x0F, "qu": code >> 4 & 1, "cr": code >> 5 & 1, "tcc": code >> 6, "count": count,
            "ontime": on_ms, "offtime": off_ms, "status_code": status & 0x7F, "reserved": status >> 7}


def _time(raw: bytes) -> dict[str, Any]:
    return {"timestamp": int.from_bytes(raw[:6], "little")}


def _file_command(raw: bytes) -> dict[str, Any]:
    offset, size, created, low, permissions, key, file_size, mode, block, request = unpack_from("<HHIHHIIHHH", raw)
    return {"filename_offset": offset, "filename_size": size, "created": created | low << 32,
            "permissions": permissions, "authentication_key": key, "file_size": file_size, "operational_mode": mode,
            "maximum_block_size": block, "request_id": request,
            "filename": raw[26 : 26 + size].decode("utf-8", "replace"), "size": len(raw)}


def _file_status(raw: bytes) -> dict[str, Any]:
    handle, size, block, request, status = unpack_from("<IIHHB", raw)
    return {"file_handle": handle, "file_size": size, "maximum_block_size": block, "request_id": request,
            "status_code": status, "optional_text": raw[13:].decode("utf-8", "replace"), "size": len(raw)}


_READERS = {
    (12, 1): _control, (50, 1): _time, (51, 1): _time, (51, 2): _time, (70, 3): _file_command, (70, 4): _file_status,
    (52, 1): lambda raw: {"delay_secs": int.from_bytes(raw, "little")},
    (52, 2): lambda raw: {"delay_ms": int.from_bytes(raw, "little")}}
