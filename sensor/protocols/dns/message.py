"""DNS messages to numbers and JSON, many at a time (RFC 1035; multicast RFC 6762, LLMNR RFC 4795, NetBIOS RFC 1002)."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from columns.kernel import kernel, part
from sensor.protocols.dns.fields import number, put_constant, put_form, put_type
from sensor.protocols.dns.forms import CUT, NETBIOS_NAME, NEXT_RRNAME, QUOTE, RRNAME, RRTYPE, STEPS_AT, TTL, UNKNOWN
from sensor.protocols.dns.names import read_name
from sensor.protocols.dns.text import (
    BEGIN,
    CLOSING,
    COLON,
    COMMA,
    END,
    OPENING,
    QUOTATION,
    put_byte,
    put_number,
    put_span,
    put_text,
)


class Field(IntEnum):
    """Rows of the numbers of messages; those from QUERY on are places in the text where a part begins."""

    FLAW = 0
    ID = 1
    FLAGS = 2
    QUERIES_SAID = 3
    ANSWERS_SAID = 4
    AUTHORITIES_SAID = 5
    ADDITIONALS_SAID = 6
    TYPE = 7
    CLASS = 8
    QUERY = 9
    QUERIES = 10
    ANSWERS = 11
    GROUPED = 12
    AUTHORITIES = 13
    ADDITIONALS = 14
    END = 15


class Flaw(IntEnum):
    """What is wrong with a message; parts before the flaw are there."""

    NONE = 0
    HEADER = 1  # shorter than a header
    QUERIES = 2
    ANSWERS = 3
    AUTHORITIES = 4
    ADDITIONALS = 5
    TEXT_LIMIT = 6  # its text is longer than the settings allow


SCRATCH_BYTES = 1088
"""Room for one name, cut to NAME_BYTES."""

SPANS = 1024
"""Answers of a message that go into ``grouped``; those beyond are in ``answers`` alone."""

_GROUPS = 16  # different types in grouped; bounds the time it takes
_NETBIOS = 3
_TEXT_LIMIT, _QUERIES = int(Flaw.TEXT_LIMIT), int(Flaw.QUERIES)
_FLAW, _TYPE, _CLASS, _QUERY, _SECTION_QUERIES = (int(f) for f in (Field.FLAW, Field.TYPE, Field.CLASS, Field.QUERY,
                                                                     Field.QUERIES))
_GROUPED, _END, _SAID = int(Field.GROUPED), int(Field.END), int(Field.QUERIES_SAID)
_PART_AFTER = np.array([Field.ANSWERS, Field.AUTHORITIES, Field.ADDITIONALS, Field.END], np.int64)
_TXT, _SPF = 16, 99


@kernel
def read_messages(data, starts, stops, variants, numbers, out, scratch, spans, text_limit):
    """Read the messages data[starts[i]:stops[i]] and return how many were done before out was full.

    data, out: uint8; starts, stops: int64[n]; variants: uint8[n], 0 DNS, 1 multicast, 2 LLMNR, 3 NetBIOS.
    numbers: int64[fields, n], rows as in Field, filled for what was done; the text of a part of message i is
    out[numbers[part, i]:numbers[part + 1, i]]. scratch: uint8[SCRATCH_BYTES]; spans: int64[SPANS, 3].
    text_limit: most bytes of text per message (grouped not counted); out must hold three times as much. Pointers,
    records and text are bounded; nothing in a message makes it raise.
    """
    at = np.int64(0)
    for i in range(starts.size):
        base, stop, begun, row, netbios = starts[i], stops[i], at, numbers[:, i], variants[i] == _NETBIOS
        row[:] = 0
        row[_QUERY : _END + 1] = at
        if stop - base < 12:
            row[_FLAW] = 1
            continue
        for k in range(6):
            row[1 + k] = number(data, base + 2 * k, 2)
        pos, flaw = base + 12, 0
        for section in range(4):
            first, kept = at, np.int64(0)
            for n in range(row[_SAID + section]):
                before, kept_before = at, kept
                pos, at, kept = _record(data, base, stop, netbios, row, out, at, section, n, pos, scratch, spans, kept)
                if pos < 0 or at - begun > text_limit:
                    flaw = _QUERIES + section if pos < 0 else _TEXT_LIMIT
                    at, kept = before if n or section else row[_SECTION_QUERIES], kept_before
                    break
            if section == 0:
                first = row[_SECTION_QUERIES]
            if at > first:
                at = put_byte(out, at, CLOSING)
            if section == 1:
                row[_GROUPED] = at
                at = _grouped(out, at, spans, kept, netbios)
            row[_PART_AFTER[section] : _END + 1] = at
            if flaw:
                break
        row[_FLAW] = flaw
        if at > out.size:
            return i if begun > 0 else -1
    return starts.size


@part
def _record(data, base, stop, netbios, row, out, at, section, n, pos, scratch, spans, kept):
    """Write the question (section 0) or record at pos; its place is -1 where it goes beyond the message.

    Before the first question stands its name alone. A text record becomes one object for each of its strings, as in
    Suricata. Data that does not fit its type is shown as unknown. A record without data has no value: updates delete by
    such, and an empty OPT is the rule.
    """
    pos, length, cut = read_name(data, base, stop, pos, scratch, netbios)
    if pos < 0 or pos + 4 > stop:
        return -1, at, kept
    kind = number(data, pos, 2)
    if section == 0 and n == 0:
        row[_TYPE], row[_CLASS] = kind, number(data, pos + 2, 2)
        at = put_text(out, at, scratch, np.int64(0), length, False)
        row[_SECTION_QUERIES] = at
    prefix = at
    at = put_text(out, put_constant(out, at, NEXT_RRNAME if n else RRNAME), scratch, np.int64(0), length, True)
    at = put_constant(out, put_type(out, put_constant(out, at, RRTYPE), kind, netbios), QUOTE)
    if cut:
        at = put_constant(out, at, CUT)
    if section == 0:
        return pos + 4, put_byte(out, at, END), kept
    start = pos + 10
    if start > stop or start + number(data, pos + 8, 2) > stop:
        return -1, at, kept
    end = start + number(data, pos + 8, 2)
    at = put_number(out, put_constant(out, at, TTL), number(data, pos + 4, 4))
    named, form = at, _form(kind, netbios)
    while True:
        done, value = at, at
        if start < end:
            done, value = put_form(out, at, form, data, base, start, end, scratch)
            if done < 0:
                form = UNKNOWN
                continue
            if kept < spans.shape[0]:
                spans[kept, 0], spans[kept, 1], spans[kept, 2] = kind, value, done
                kept += 1
        at = put_byte(out, done, END)
        start += 1 + np.int64(data[start]) if start < end and (form == _TXT or form == _SPF) else end - start
        if start >= end:
            return end, at, kept
        again = at
        at = put_span(out, put_byte(out, at, COMMA), out, prefix + 1, named)
        named, prefix = at, again


@part
def _form(kind, netbios):
    if netbios and (kind == 32 or kind == 33):
        return NETBIOS_NAME if kind == 32 else UNKNOWN
    return UNKNOWN if kind >= UNKNOWN or STEPS_AT[kind] == STEPS_AT[kind + 1] else kind


@part
def _grouped(out, at, spans, kept, netbios):
    """Write the values of answers by type: an object of arrays."""
    if kept == 0:
        return at
    first = 0
    for group in range(_GROUPS):
        while first < kept and spans[first, 0] < 0:
            first += 1
        if first == kept:
            break
        kind = spans[first, 0]
        at = put_byte(out, put_byte(out, at, COMMA if group else BEGIN), QUOTATION)
        at = put_byte(out, put_byte(out, put_type(out, at, kind, netbios), QUOTATION), COLON)
        opening = OPENING
        for k in range(first, kept):
            if spans[k, 0] == kind:
                at = put_byte(out, at, opening)
                at = put_span(out, at, out, spans[k, 1], spans[k, 2])
                spans[k, 0], opening = -1, COMMA
        at = put_byte(out, at, CLOSING)
    return put_byte(out, at, END)
