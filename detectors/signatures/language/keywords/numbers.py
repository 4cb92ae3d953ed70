"""Numbers in a buffer: byte_test, byte_jump, byte_extract, byte_math, isdataat, asn1."""

from __future__ import annotations

import re

from detectors.signatures.language.draft import Draft
from detectors.signatures.language.keywords.registry import keyword
from detectors.signatures.language.keywords.values import amount, pieces, variable, whole
from detectors.signatures.language.matches import Asn1, ByteExtract, ByteJump, ByteMath, ByteTest, IsDataAt
from detectors.signatures.language.problems import ValueProblem
from detectors.signatures.language.rule import Option

_BASES = {"hex": 16, "dec": 10, "oct": 8}
_DIGITS = {8: 23, 10: 20, 16: 14}
"""Base -> digits that a number of 64 bits can have, as Suricata bounds them."""
_OPERATOR = re.compile(r"(!?)\s*(<=|>=|<|>|=|&|\^|)")
_TOP32 = 0xFFFFFFFF
_FAR = 0x7FFFFFFF


class _Words:
    """The words after the numbers of byte_*: each at most once."""

    def __init__(self, words: list[str], known: str) -> None:
        self.given: dict[str, str] = {}
        for word in words:
            name, _, value = word.strip().partition(" ")
            name = name.lower()
            if name not in known.split():
                raise ValueProblem(f"unknown word {name or '(empty)'}", f"one of {', '.join(known.split())}")
            self.given[name] = value.strip()

    def base(self) -> int:
        """Return 0 for a binary number, else the base of its digits."""
        bases = [_BASES[name] for name in _BASES if name in self.given]
        if len(bases) > 1:
            raise ValueProblem("more than one of hex, dec and oct", "write one")
        return bases[0] if bases else 10 if "string" in self.given else 0

    def little(self) -> bool:
        """Return whether the least significant byte comes first."""
        if {"big", "little"} <= self.given.keys():
            raise ValueProblem("both big and little", "write one")
        return "little" in self.given

    def dce(self, draft: Draft) -> bool:
        """Return whether the byte order is DCE/RPC's own; binds the rule to it."""
        if "dce" not in self.given:
            return False
        if self.given.keys() & {"big", "little", "string", "hex", "dec", "oct"}:
            raise ValueProblem("dce knows the byte order itself", "take big, little and string away")
        draft.require_apps(("dcerpc", "smb"), "dce")
        return True

    def bitmask(self) -> int | None:
        """Return the bitmask, written in hex with or without 0x."""
        if "bitmask" not in self.given:
            return None
        try:
            mask = int(self.given["bitmask"], 16)
        except ValueError:
            mask = 0
        if not 0 < mask <= _TOP32:
            raise ValueProblem(f"bitmask {self.given['bitmask']} is no hex number of 32 bits", "such as 0xF0")
        return mask

    def number(self, name: str, low: int, high: int, default: int) -> int:
        """Return the number that comes with a word."""
        return whole(self.given[name], low, high, name) if name in self.given else default


def _size(draft: Draft, text: str, base: int, low: int = 1) -> int | str:
    return amount(draft, text, 0 if base else low, _DIGITS.get(base, 8), "the number of bytes")


@keyword("byte_test")
def _read_byte_test(draft: Draft, option: Option) -> None:
    parts = pieces(option.value or "")
    if len(parts) < 4:
        raise ValueProblem("it has too few parts", "write byte_test:BYTES,OPERATOR,VALUE,OFFSET")
    words = _Words(parts[4:], "relative big little string hex dec oct dce bitmask")
    found = _OPERATOR.fullmatch(parts[1])
    if not found or not (found[1] or found[2]):
        raise ValueProblem(f"unknown operator {parts[1]}", "one of < > = <= >= & ^, each also with ! before it")
    base = words.base()
    draft.add(ByteTest(
        _size(draft, parts[0], base), found[2] or "=", amount(draft, parts[2], 0, (1 << 64) - 1, "the value"),
        amount(draft, parts[3], -_FAR, _FAR, "the offset"), bool(found[1]), "relative" in words.given,
        words.little(), base, words.dce(draft), words.bitmask()), "relative" in words.given)


@keyword("byte_jump")
def _read_byte_jump(draft: Draft, option: Option) -> None:
    parts = pieces(option.value or "")
    if len(parts) < 2:
        raise ValueProblem("it has too few parts", "write byte_jump:BYTES,OFFSET")
    words = _Words(parts[2:], "relative big little string hex dec oct dce bitmask multiplier align from_beginning "
                   "from_end post_offset")
    if {"from_beginning", "from_end"} <= words.given.keys():
        raise ValueProblem("both from_beginning and from_end", "write one")
    base = words.base()
    post = amount(draft, words.given["post_offset"], -65_535, 65_535, "post_offset") if "post_offset" in words.given \
        else 0
    draft.add(ByteJump(
        _size(draft, parts[0], base, 0), amount(draft, parts[1], -_FAR, _FAR, "the offset"),
        "relative" in words.given, words.number("multiplier", 1, 65_535, 1), words.little(), base, words.dce(draft),
        "align" in words.given, "from_beginning" in words.given, "from_end" in words.given, post, words.bitmask()),
        "relative" in words.given)


@keyword("byte_extract")
def _read_byte_extract(draft: Draft, option: Option) -> None:
    parts = pieces(option.value or "")
    if len(parts) < 3:
        raise ValueProblem("it has too few parts", "write byte_extract:BYTES,OFFSET,NAME")
    words = _Words(parts[3:], "relative big little string hex dec oct dce multiplier align")
    base = words.base()
    size = whole(parts[0], 1, _DIGITS.get(base, 8), "the number of bytes")
    align = words.number("align", 0, 4, 0)
    if align not in (0, 2, 4):
        raise ValueProblem(f"align {align}", "write align 2 or align 4")
    draft.add(ByteExtract(
        size, whole(parts[1], -65_535, 65_535, "the offset"), _name(parts[2]), "relative" in words.given,
        words.number("multiplier", 1, 65_535, 1), words.little(), base, words.dce(draft), align),
        "relative" in words.given)
    draft.names.add(parts[2])


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][\w.\-]*", text):
        raise ValueProblem(f"{text or '(empty)'} is no name of a variable", "write letters, digits and _")
    return text


@keyword("byte_math")
def _read_byte_math(draft: Draft, option: Option) -> None:
    words = _Words(pieces(option.value or ""), "bytes offset oper rvalue result relative endian string dce bitmask")
    given = words.given
    if lacking := [name for name in ("bytes", "offset", "oper", "rvalue", "result") if not given.get(name)]:
        raise ValueProblem(f"{lacking[0]} is missing",
                           "write byte_math:bytes N, offset N, oper +, rvalue N, result NAME")
    operator = given["oper"]
    if operator not in ("+", "-", "*", "/", "<<", ">>"):
        raise ValueProblem(f"unknown operator {operator}", "one of + - * / << >>")
    base = _BASES.get(given.get("string", "").lower() or "dec", 0) if "string" in given else 0
    size = given["bytes"]
    nbytes = variable(draft, size) if not size.isdigit() else whole(size, 1, _DIGITS.get(base, 10), "bytes")
    rvalue = amount(draft, given["rvalue"], 0, _TOP32, "rvalue")
    if operator == "/" and rvalue == 0:
        raise ValueProblem("it divides by zero", "choose another rvalue")
    endian = given.get("endian", "big").lower()
    if endian not in ("big", "little"):
        raise ValueProblem(f"unknown endian {endian}", "big or little")
    draft.add(ByteMath(
        nbytes, whole(given["offset"], -65_535, 65_535, "offset"), operator, rvalue, _name(given["result"]),
        "relative" in given, endian == "little", base, words.dce(draft), words.bitmask()), "relative" in given)
    draft.names.add(given["result"])


@keyword("isdataat", negation=True)
def _read_isdataat(draft: Draft, option: Option) -> None:
    parts = pieces(option.value or "")
    words = _Words(parts[1:], "relative rawbytes")
    draft.add(IsDataAt(amount(draft, parts[0], 0, 65_535, "the position"), "relative" in words.given, option.negated,
                       "rawbytes" in words.given), "relative" in words.given)


@keyword("asn1")
def _read_asn1(draft: Draft, option: Option) -> None:
    words = _Words(re.split(r"\s*,\s*", option.value or ""),
                   "bitstring_overflow double_overflow oversize_length absolute_offset relative_offset")

    def number(name: str, low: int) -> int | None:
        return whole(words.given[name], low, _TOP32, name) if name in words.given else None

    draft.add(Asn1("bitstring_overflow" in words.given, "double_overflow" in words.given,
                   number("oversize_length", 1), number("absolute_offset", 0), number("relative_offset", -65_535)),
              "relative_offset" in words.given)
