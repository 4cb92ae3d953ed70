"""Follows the forms of records: reads one field after another and writes it as text."""

from __future__ import annotations

import numpy as np

from columns.kernel import part
from sensor.protocols.dns.forms import (
    CODE,
    CONSTANTS,
    CONSTANTS_AT,
    DATA,
    END_DATA,
    NEXT_CODE,
    PARAMETER_NAME,
    STEPS,
    STEPS_AT,
    TYPE_NAME,
    UNKNOWN,
    Op,
)
from sensor.protocols.dns.names import read_name
from sensor.protocols.dns.text import (
    BASE64,
    COMMA,
    DASH,
    EQUALS,
    HEX,
    SPACE,
    put_address,
    put_byte,
    put_digits,
    put_number,
    put_span,
    put_text,
)

_UNKNOWN_BYTES = 256
_CONSTANT, _VALUE, _NUMBER, _NAME, _DOTTED, _ADDRESS, _STRING, _TEXT = (int(op) for op in list(Op)[:8])
_DIGITS, _COUNTED, _TYPE, _TYPES, _OPTIONS, _SERVICE, _SIZE, _SKIP = (int(op) for op in list(Op)[8:])
_OTHER_KEY = PARAMETER_NAME.size - 1


@part
def number(data, at, size):
    """Return the big-endian number of so many bytes."""
    value = np.int64(0)
    for i in range(size):
        value = value << 8 | np.int64(data[at + i])
    return value


@part
def put_constant(out, at, which):
    """Write a constant."""
    return put_span(out, at, CONSTANTS, CONSTANTS_AT[which], CONSTANTS_AT[which + 1])


@part
def put_type(out, at, kind, netbios):
    """Write the name of a record type, or its number where it has none."""
    place = kind + UNKNOWN + 1 - 32 if netbios and (kind == 32 or kind == 33) else min(kind, UNKNOWN)
    if TYPE_NAME[place] < 0:
        return put_number(out, at, kind)
    return put_constant(out, at, TYPE_NAME[place])


@part
def put_form(out, at, form, data, base, start, stop, scratch):
    """Write the data start..stop of a record in a form (a type) as `,"key":value`.

    Returns the place after it, -1 where the data does not fit the form, and the place where the value begins.
    """
    pos, value = start, at
    for k in range(STEPS_AT[form], STEPS_AT[form + 1]):
        op, arg = STEPS[k, 0], STEPS[k, 1]
        size = np.int64(0)
        if op == _NUMBER or op == _ADDRESS or op == _SKIP:
            size = arg
        elif op == _TYPE:
            size = np.int64(2)
        elif op == _STRING or op == _COUNTED:
            if pos >= stop:
                return -1, value
            size, pos = np.int64(data[pos]), pos + 1
        elif op == _TEXT or op == _DIGITS or op == _TYPES or op == _OPTIONS or op == _SERVICE:
            size = stop - pos
        if pos + size > stop or (op == _ADDRESS and pos + size != stop):
            return -1, value
        if op == _CONSTANT:
            at = put_constant(out, at, arg)
        elif op == _VALUE:
            value = at
        elif op == _NAME or op == _DOTTED:
            pos, length, _ = read_name(data, base, stop, pos, scratch, False)
            if pos < 0:
                return -1, value
            if length == 0 and op == _DOTTED:
                scratch[0], length = 46, 1
            at = put_text(out, at, scratch, np.int64(0), length, True)
        elif op == _SIZE:
            at = put_number(out, at, stop - start)
        elif op != _SKIP:
            at = _field(out, at, op, arg, data, pos, pos + size, form == UNKNOWN)
            if at < 0:
                return -1, value
        pos += size
    return at, value


@part
def _field(out, at, op, arg, data, start, stop, unknown):
    """Write a field that needs nothing but its own bytes; -1 where it is malformed."""
    if op == _NUMBER:
        return put_number(out, at, number(data, start, arg))
    if op == _ADDRESS:
        return put_address(out, at, data, start, arg)
    if op == _STRING or op == _TEXT:
        return put_text(out, at, data, start, stop, True)
    if op == _DIGITS or op == _COUNTED:
        if op == _COUNTED and start == stop:
            return put_byte(out, at, DASH)
        return put_digits(out, at, data, start, min(stop, start + _UNKNOWN_BYTES) if unknown else stop, arg)
    if op == _TYPE:
        return put_type(out, at, number(data, start, 2), False)
    if op == _TYPES:
        return _types(out, at, data, start, stop)
    return _pairs(out, at, op == _SERVICE, data, start, stop)


@part
def _types(out, at, data, pos, stop):
    """Types that a bitmap of windows names (RFC 4034, 4.1.2)."""
    while pos < stop:
        if pos + 2 > stop:
            return -1
        window, size = np.int64(data[pos]) << 8, np.int64(data[pos + 1])
        if size > 32 or pos + 2 + size > stop:
            return -1
        for i in range(size * 8):
            if data[pos + 2 + i // 8] >> (7 - i % 8) & 1:
                at = put_type(out, put_byte(out, at, SPACE), window | i, False)
        pos += 2 + size
    return at


@part
def _pairs(out, at, service, data, pos, stop):
    """EDNS options as objects of code and data, or the parameters of a service as ``key=value``."""
    first = pos
    while pos < stop:
        if pos + 4 > stop or pos + 4 + number(data, pos + 2, 2) > stop:
            return -1
        key, start, end = number(data, pos, 2), pos + 4, pos + 4 + number(data, pos + 2, 2)
        if service:
            at = _parameter(out, put_byte(out, at, SPACE), key, data, start, end)
            if at < 0:
                return -1
        else:
            at = put_number(out, put_constant(out, at, CODE if pos == first else NEXT_CODE), key)
            at = put_digits(out, put_constant(out, at, DATA), data, start, end, HEX)
            at = put_constant(out, at, END_DATA)
        pos = end
    return at


@part
def _key(out, at, key):
    at = put_constant(out, at, PARAMETER_NAME[min(key, _OTHER_KEY)])
    return put_number(out, at, key) if key >= _OTHER_KEY else at


@part
def _parameter(out, at, key, data, pos, stop):
    """One parameter: lists of names, numbers or addresses; else text (RFC 9460)."""
    at = _key(out, at, key)
    if pos < stop:
        at = put_byte(out, at, EQUALS)
    if key == 5:
        return put_digits(out, at, data, pos, stop, BASE64)
    if key == 2 or key > 6:
        return put_text(out, at, data, pos, stop, True)
    first = pos
    while pos < stop:
        size = np.int64(data[pos]) + 1 if key == 1 else 4 if key == 4 else 16 if key == 6 else 2
        if pos + size > stop:
            return -1
        if pos > first:
            at = put_byte(out, at, COMMA)
        if key == 1:
            at = put_text(out, at, data, pos + 1, pos + size, True)
        elif size == 2:
            number_here = number(data, pos, 2)
            at = _key(out, at, number_here) if key == 0 else put_number(out, at, number_here)
        else:
            at = put_address(out, at, data, pos, size)
        pos += size
    return at
