"""How the data of each record type is written: a list of fields, in the order of the wire, with the text between them.

One kernel follows the lists; a new type is a new line here. Suricata's objects where it has them (SOA, SRV, SSHFP,
OPT), else the text of a zone file. RFC 1035, 2782, 3403, 4034, 4255, 5155, 6698, 6891, 7553, 8659, 9460.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from columns.protocols.dns_names import NETBIOS_TYPES, PARAMETERS, RECORD_TYPES


class Op(IntEnum):
    """One step: write a constant, or read a field and write it."""

    CONSTANT = 0
    VALUE = 1  # what follows is the value that goes into grouped
    NUMBER = 2  # of so many bytes
    NAME = 3
    DOTTED = 4  # a name, with . for the root
    ADDRESS = 5  # of so many bytes, and no more may follow
    STRING = 6  # with its length before it
    TEXT = 7  # the rest
    DIGITS = 8  # the rest, in a way of put_digits
    COUNTED = 9  # with its length before it, in a way of put_digits
    TYPE = 10
    TYPES = 11  # the rest: a bitmap of types
    OPTIONS = 12  # the rest: EDNS options
    SERVICE = 13  # the rest: parameters of a service
    SIZE = 14  # how many bytes the record has
    SKIP = 15


_HEX, _COLONS, _BASE32, _BASE64 = 4, 16, 5, 6
_V = (Op.VALUE, 0)
_U8, _U16, _U32 = (Op.NUMBER, 1), (Op.NUMBER, 2), (Op.NUMBER, 4)
_NAME, _DOTTED, _STRING, _TEXT = (Op.NAME, 0), (Op.DOTTED, 0), (Op.STRING, 0), (Op.TEXT, 0)
_REST_HEX, _REST_BASE64 = (Op.DIGITS, _HEX), (Op.DIGITS, _BASE64)
_R = ',"rdata":'
_OF_NAME = (_R, _V, '"', _NAME, '"')
_OF_SECOND = (_R, _V, '"', (Op.SKIP, 2), _NAME, '"')
_TWO_NAMES = (_R, _V, '"', _DOTTED, " ", _DOTTED, '"')
_DIGEST = (_R, _V, '"', _U16, " ", _U8, " ", _U8, " ", _REST_HEX, '"')
_KEY = (_R, _V, '"', _U16, " ", _U8, " ", _U8, " ", _REST_BASE64, '"')
_ASSOCIATION = (_R, _V, '"', _U8, " ", _U8, " ", _U8, " ", _REST_HEX, '"')
_SIGNATURE = (_R, _V, '"', (Op.TYPE, 0), " ", _U8, " ", _U8, " ", _U32, " ", _U32, " ", _U32, " ", _U16, " ", _DOTTED,
              " ", _REST_BASE64, '"')
_BINDING = (_R, _V, '"', _U16, " ", _DOTTED, (Op.SERVICE, 0), '"')
_QUOTED = ('\\"', _STRING, '\\"')

UNKNOWN, NETBIOS_NAME = 258, 259
"""Places of the forms for data of no known form (RFC 3597), and for NetBIOS names (RFC 1002)."""

_FORMS = {
    **dict.fromkeys((2, 3, 4, 5, 7, 8, 9, 12, 39), _OF_NAME), **dict.fromkeys((18, 21, 36), _OF_SECOND),
    1: (_R, _V, '"', (Op.ADDRESS, 4), '"'), 28: (_R, _V, '"', (Op.ADDRESS, 16), '"'),
    15: (',"preference":', _U16, _R, _V, '"', _NAME, '"'),
    6: (',"soa":', _V, '{"mname":"', _NAME, '","rname":"', _NAME, '","serial":', _U32, ',"refresh":', _U32,
        ',"retry":', _U32, ',"expire":', _U32, ',"minimum":', _U32, "}"),
    33: (',"srv":', _V, '{"priority":', _U16, ',"weight":', _U16, ',"port":', _U16, ',"name":"', _NAME, '"}'),
    10: (_R, _V, '"', _TEXT, '"'),
    16: (_R, _V, '"', _STRING, '"'), 99: (_R, _V, '"', _STRING, '"'),
    41: (',"opt":', _V, "[", (Op.OPTIONS, 0), "]"),
    44: (',"sshfp":', _V, '{"algo":', _U8, ',"type":', _U8, ',"fingerprint":"', (Op.DIGITS, _COLONS), '"}'),
    13: (_R, _V, '"', *_QUOTED, " ", *_QUOTED, '"'), 14: _TWO_NAMES, 17: _TWO_NAMES,
    35: (_R, _V, '"', _U16, " ", _U16, " ", *_QUOTED, " ", *_QUOTED, " ", *_QUOTED, " ", _DOTTED, '"'),
    43: _DIGEST, 59: _DIGEST, 48: _KEY, 60: _KEY, 52: _ASSOCIATION, 53: _ASSOCIATION, 46: _SIGNATURE, 24: _SIGNATURE,
    47: (_R, _V, '"', _DOTTED, (Op.TYPES, 0), '"'),
    50: (_R, _V, '"', _U8, " ", _U8, " ", _U16, " ", (Op.COUNTED, _HEX), " ", (Op.COUNTED, _BASE32),
         (Op.TYPES, 0), '"'),
    51: (_R, _V, '"', _U8, " ", _U8, " ", _U16, " ", (Op.COUNTED, _HEX), '"'),
    64: _BINDING, 65: _BINDING,
    256: (_R, _V, '"', _U16, " ", _U16, ' \\"', _TEXT, '\\""'),
    257: (_R, _V, '"', _U8, " ", _STRING, ' \\"', _TEXT, '\\""'),
    UNKNOWN: (_R, _V, '"\\\\# ', (Op.SIZE, 0), " ", _REST_HEX, '"'),
    NETBIOS_NAME: (_R, _V, '"', (Op.SKIP, 2), (Op.ADDRESS, 4), '"'),
}


class _Constants:
    """Every text once, one after another in one array; its number is its place in ``at``."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.known.setdefault(text, len(self.known))

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        sizes = [0] + [len(t.encode()) for t in self.known]
        return np.frombuffer("".join(self.known).encode(), np.uint8), np.cumsum(sizes).astype(np.int64)


_constants = _Constants()
RRNAME, RRTYPE, NEXT_RRNAME = (_constants.number(t) for t in ('[{"rrname":"', '","rrtype":"', ',{"rrname":"'))
TTL, CUT, QUOTE = (_constants.number(t) for t in (',"ttl":', ',"rrname_truncated":true', '"'))
CODE, NEXT_CODE, DATA, END_DATA = (_constants.number(t) for t in ('{"code":', ',{"code":', ',"data":"', '"}'))
_TYPE_NAMES = [RECORD_TYPES.get(kind, "") for kind in range(UNKNOWN)] + ["", *NETBIOS_TYPES.values()]
TYPE_NAME = np.array([_constants.number(name) if name else -1 for name in _TYPE_NAMES], np.int64)
"""Constant that names a type, -1 for none; NB and NBSTAT of NetBIOS stand at 259 and 260."""

PARAMETER_NAME = np.array([_constants.number(name) for name in (*PARAMETERS, "key")], np.int64)
"""Constants that name the parameters of services; the last is what stands before the number of others."""


def _program() -> tuple[np.ndarray, np.ndarray]:
    steps: list[tuple[int, int]] = []
    place = np.zeros(NETBIOS_NAME + 2, np.int64)
    for kind in range(NETBIOS_NAME + 1):
        place[kind] = len(steps)
        for step in _FORMS.get(kind, ()):
            steps.append((Op.CONSTANT, _constants.number(step)) if isinstance(step, str) else step)
    place[NETBIOS_NAME + 1] = len(steps)
    return np.array(steps, np.int64), place


STEPS, STEPS_AT = _program()
"""int64[steps, 2] of operation and argument; those of a type are STEPS_AT[type]:STEPS_AT[type + 1]."""

CONSTANTS, CONSTANTS_AT = _constants.arrays()
