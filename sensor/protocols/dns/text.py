"""Text written by kernels: bytes as JSON strings, numbers, addresses, hex and base64.

All parts take an output array and a place in it and return the place after what they wrote. What does not fit is not
written but counted in the place, so the caller sees by the place alone that the output was too small. They are few and
called in few places: every call is compiled into its caller, and that is what the first start waits for.
"""

from __future__ import annotations

import numpy as np

from columns.kernel import part

SPACE, QUOTATION, COMMA, DASH, DOT, NAUGHT, COLON, LESS, EQUALS, GREATER, OPENING, BACKSLASH, CLOSING, BEGIN, END = (
    np.int64(character) for character in b' ",-.0:<=>[\\]{}')
"""What is written by itself. All of one type: each plain int would compile put_byte once more."""
HEX, HEX_COLONS, BASE32, BASE64 = np.int64(4), np.int64(16), np.int64(5), np.int64(6)
"""Ways to write bytes: bits a digit, and one that puts colons between the bytes."""

_DIGITS = np.frombuffer(b"0123456789abcdefghijklmnopqrstuv"
                        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", np.uint8)
_AT_BASE64, _U = 32, np.int64(117)


@part
def put_byte(out, at, byte):
    """Write one byte."""
    if at < out.size:
        out[at] = byte
    return at + 1


@part
def put_span(out, at, text, start, stop):
    """Write text[start:stop]; text may be the output itself."""
    if at + stop - start <= out.size:
        for i in range(stop - start):
            out[at + i] = text[start + i]
    return at + stop - start


@part
def put_number(out, at, value):
    """Write an integer, at least 0, in decimal."""
    digits, rest = 1, value // 10
    while rest > 0:
        digits += 1
        rest //= 10
    rest = value
    for i in range(digits - 1, -1, -1):
        if at + i < out.size:
            out[at + i] = 48 + rest % 10
        rest //= 10
    return at + digits


@part
def put_digits(out, at, data, start, stop, way):
    """Write bytes as hex, hex with colons, base32 with the extended hex alphabet (RFC 5155), or base64 (RFC 4648)."""
    bits = 4 if way == HEX_COLONS else way
    table = _AT_BASE64 if way == BASE64 else 0
    word, held, written = np.int64(0), 0, 0
    for i in range(start, stop):
        word, held = (word << 8 | np.int64(data[i])) & 0xFFFFF, held + 8
        if way == HEX_COLONS and i > start:
            at = put_byte(out, at, COLON)
        while held >= bits or (held > 0 and i == stop - 1):
            digit = word >> (held - bits) if held >= bits else word << (bits - held)
            at = put_byte(out, at, np.int64(_DIGITS[table + (digit & (1 << bits) - 1)]))
            held, written = held - bits, written + 1
    while way == BASE64 and written % 4:
        at, written = put_byte(out, at, EQUALS), written + 1
    return at


@part
def put_address(out, at, data, start, size):
    """Write an IPv4 address (4 bytes), or an IPv6 address (16) in full, as Suricata prints them."""
    if size == 4:
        for i in range(4):
            at = put_byte(out, put_number(out, at, np.int64(data[start + i])), DOT)
    else:
        for i in range(0, 16, 2):
            at = put_byte(out, put_digits(out, at, data, start + i, start + i + 2, HEX), COLON)
    return at - 1


@part
def is_utf8(data, start, stop):
    """Tell whether bytes are UTF-8 as a whole (RFC 3629, no surrogates)."""
    i = start
    while i < stop:
        lead = np.int64(data[i])
        if lead < 0x80:
            i += 1
            continue
        size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
        if lead < 0xC2 or lead > 0xF4 or i + size > stop:
            return False
        second = np.int64(data[i + 1])
        if (lead == 0xE0 and second < 0xA0) or (lead == 0xED and second > 0x9F):
            return False
        if (lead == 0xF0 and second < 0x90) or (lead == 0xF4 and second > 0x8F):
            return False
        for k in range(1, size):
            if data[i + k] & 0xC0 != 0x80:
                return False
        i += size
    return True


@part
def put_text(out, at, data, start, stop, quoted):
    """Write bytes as they are if they are UTF-8, else with ``\\xNN`` for all that is not ASCII, as Suricata does.

    quoted: as the inside of a JSON string, with quotes, backslashes and controls escaped.
    """
    plain = True
    for i in range(start, stop):
        byte = data[i]
        plain = plain and 0x20 <= byte < 0x7F and byte != 34 and byte != 92
    if plain:
        return put_span(out, at, data, start, stop)
    whole = is_utf8(data, start, stop)
    i = start
    while i < stop:
        byte, value, letter, backslashes = np.int64(data[i]), np.int64(data[i]), np.int64(0), 1
        if byte >= 0x80 and not whole:
            letter, backslashes = np.int64(120), 2 if quoted else 1
        elif quoted and (byte < 0x20 or byte == 0x7F):
            letter = _U
        elif quoted and byte == 0xC2 and data[i + 1] < 0xA0:  # controls of Latin-1: terminals obey them
            i += 1
            letter, value = _U, np.int64(data[i])
        elif not quoted or (byte != 34 and byte != 92):
            backslashes = 0
        for _ in range(backslashes):
            at = put_byte(out, at, BACKSLASH)
        if letter:
            at = put_byte(out, at, letter)
            for _ in range(2 if letter == _U else 0):
                at = put_byte(out, at, NAUGHT)
            at = put_byte(out, put_byte(out, at, np.int64(_DIGITS[value >> 4])), np.int64(_DIGITS[value & 15]))
        else:
            at = put_byte(out, at, byte)
        i += 1
    return at
