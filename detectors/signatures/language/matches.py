"""What is looked for within one buffer: the matches of a BufferGroup, in the order of the rule.

A number may be given as the name of a variable that an earlier byte_extract or byte_math of the rule set: then it is a
str. Positions are bytes from the buffer's start, or from the end of the previous match where ``relative``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from detectors.signatures.language.integers import IntTest

Amount = int | str
"""A number, or the name of a variable of the rule."""


@dataclass(frozen=True, slots=True)
class Transform:
    """One step that turns a buffer into another.

    argument: None, but the key of xor (bytes), the expression of pcrexform (bytes), the largest size in bytes of gunzip
    and zlib_deflate (int), and of from_base64 (mode, offset, bytes or None for all).
    """

    name: str
    argument: bytes | int | tuple[str, int, int | None] | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes to find. Absolute: offset, depth, startswith. Relative to the previous match: distance, within.

    The pattern ends at or before offset + depth, or at or before the previous match's end + distance + within. None
    says that the modifier is not there. endswith: the match must end at the buffer's end.
    fast_pattern_chop: (offset, length) of the part that is searched for.
    """

    pattern: bytes
    nocase: bool = False
    depth: Amount | None = None
    offset: Amount | None = None
    distance: Amount | None = None
    within: Amount | None = None
    startswith: bool = False
    endswith: bool = False
    fast_pattern: bool = False
    fast_pattern_only: bool = False
    fast_pattern_chop: tuple[int, int] | None = None
    negated: bool = False
    rawbytes: bool = False
    replace: bytes | None = None
    buffer: str = "pkt_data"
    transforms: tuple[Transform, ...] = ()

    @property
    def relative(self) -> bool:
        """Whether it is looked for from the end of the previous match."""
        return self.distance is not None or self.within is not None


@dataclass(frozen=True, slots=True)
class Pcre:
    """A Perl-compatible expression. flags: the PCRE letters among i m s x A E G; relative is R, limited off is O.

    captures: (kind, name) for each captured group, kind pkt, flow or alert. See pcre.py for the compiled form.
    """

    pattern: bytes
    flags: str = ""
    negated: bool = False
    relative: bool = False
    unlimited: bool = False
    captures: tuple[tuple[str, str], ...] = ()
    buffer: str = "pkt_data"


@dataclass(frozen=True, slots=True)
class IsDataAt:
    """Whether there is a byte at a position (at: bytes from the start, or from the previous match's end)."""

    at: Amount
    relative: bool = False
    negated: bool = False
    rawbytes: bool = False


@dataclass(frozen=True, slots=True)
class Absent:
    """The buffer must not exist; or_else: or exist and satisfy the other matches of the group."""

    or_else: bool = False


@dataclass(frozen=True, slots=True)
class BSize:
    """The size of the buffer in bytes; test is a comparison, or the name of a variable for equality."""

    test: IntTest | str


@dataclass(frozen=True, slots=True)
class ByteTest:
    """Compare a number in the buffer. operator: < > = <= >= & ^; base: 0 for binary, 8, 10 or 16 for digits in text.

    bitmask is applied first and shifted right by its trailing zeros. nbytes 0 of digits in text is all that follow.
    """

    nbytes: Amount
    operator: str
    value: Amount
    offset: Amount
    negated: bool = False
    relative: bool = False
    little: bool = False
    base: int = 0
    dce: bool = False
    bitmask: int | None = None


@dataclass(frozen=True, slots=True)
class ByteJump:
    """Move the position by a number in the buffer."""

    nbytes: Amount
    offset: Amount
    relative: bool = False
    multiplier: int = 1
    little: bool = False
    base: int = 0
    dce: bool = False
    align: bool = False
    from_beginning: bool = False
    from_end: bool = False
    post_offset: Amount = 0
    bitmask: int | None = None


@dataclass(frozen=True, slots=True)
class ByteExtract:
    """Read a number into a variable of the rule."""

    nbytes: int
    offset: int
    name: str
    relative: bool = False
    multiplier: int = 1
    little: bool = False
    base: int = 0
    dce: bool = False
    align: int = 0


@dataclass(frozen=True, slots=True)
class ByteMath:
    """Read a number, reckon with it (operator + - * / << >>) and keep the result in a variable."""

    nbytes: Amount
    offset: int
    operator: str
    rvalue: Amount
    result: str
    relative: bool = False
    little: bool = False
    base: int = 0
    dce: bool = False
    bitmask: int | None = None


@dataclass(frozen=True, slots=True)
class Base64Decode:
    """Decode what stands here into the buffer base64_data, whose group comes next; nbytes None is all there is."""

    nbytes: int | None = None
    offset: int = 0
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Asn1:
    """Checks of a BER structure; oversize_length, absolute_offset and relative_offset None where not given."""

    bitstring_overflow: bool = False
    double_overflow: bool = False
    oversize_length: int | None = None
    absolute_offset: int | None = None
    relative_offset: int | None = None


@dataclass(frozen=True, slots=True)
class Entropy:
    """Shannon entropy of a part of the buffer, in bits a byte."""

    operator: str
    value: float
    high: float = 0.0
    nbytes: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Dataset:
    """Whether the buffer's value is in a set, or put it there or take it out (op: isset, isnotset, set, unset).

    kind: string, md5, sha256, ipv4, ip; load and state are paths, "" for none; entries are read at loading time into
    DatasetFile objects of the RuleSet, by name.
    """

    op: str
    name: str
    kind: str = ""
    load: str = ""
    state: str = ""
    save: str = ""
    format: str = "csv"
    memcap_bytes: int = 0
    hashsize: int = 0
    enrichment_key: str = ""
    value_key: str = ""
    array_key: str = ""
    remove_key: bool = False


@dataclass(frozen=True, slots=True)
class DataRep:
    """Compare the reputation that a file gives to the buffer's value."""

    name: str
    test: IntTest
    kind: str = ""
    load: str = ""
    memcap_bytes: int = 0
    hashsize: int = 0


Match = (Content | Pcre | IsDataAt | Absent | BSize | ByteTest | ByteJump | ByteExtract | ByteMath | Base64Decode
         | Asn1 | Entropy | Dataset | DataRep)


@dataclass(frozen=True, slots=True)
class BufferGroup:
    """Matches that are about one buffer (buffers.py; "pkt_data" is the payload), evaluated in order.

    occurrence counts the groups of the same multi-instance buffer in the rule (0 for the first): each may be
    satisfied by another instance. direction is set by bidir.toserver and bidir.toclient, "" otherwise.
    """

    buffer: str
    transforms: tuple[Transform, ...] = ()
    matches: tuple[Match, ...] = field(default=())
    occurrence: int = 0
    direction: str = ""

    @property
    def contents(self) -> tuple[Content, ...]:
        """The contents of the group, in order."""
        return tuple(m for m in self.matches if isinstance(m, Content))
