"""Small pieces of values that several keywords share: numbers, words, lists."""

from __future__ import annotations

import re
from collections.abc import Iterable

from detectors.signatures.language.draft import Draft
from detectors.signatures.language.integers import Index, IntTest, parse_index, parse_int_test
from detectors.signatures.language.problems import ValueProblem

_NAME = re.compile(r"[A-Za-z_][\w.\-]*")


def pieces(value: str) -> list[str]:
    """Return the items of a list with commas, without the white space around them."""
    return [piece.strip() for piece in value.split(",")]


def whole(text: str, low: int, high: int, what: str = "it") -> int:
    """Return a whole number, decimal or 0x…, within low..high; ValueProblem otherwise."""
    text = text.strip()
    digits = text.removeprefix("-")
    try:
        number = int(text, 16) if digits[:2].lower() == "0x" else int(text) if digits.isdigit() else None
    except ValueError:
        number = None
    if number is None or not low <= number <= high:
        raise ValueProblem(f"{what} is {text or 'empty'}", f"write a whole number from {low} to {high}")
    return number


def amount(draft: Draft, text: str, low: int, high: int, what: str) -> int | str:
    """Return a number, or the name of a variable that an earlier byte_extract or byte_math of the rule makes."""
    if _NAME.fullmatch(text.strip()):
        return variable(draft, text.strip())
    return whole(text, low, high, what)


def variable(draft: Draft, name: str) -> str:
    """Return the name of a variable that the rule has made, ValueProblem for any other."""
    if name not in draft.names:
        made = f"known here: {', '.join(sorted(draft.names))}" if draft.names else "none is made before it"
        raise ValueProblem(f"unknown variable {name}", f"make it by byte_extract or byte_math first; {made}")
    return name


def int_test(text: str, bits: int) -> IntTest:
    """Return a comparison with an unsigned integer, ValueProblem for anything else."""
    try:
        return parse_int_test(text, bits)
    except ValueError as error:
        raise ValueProblem(str(error), "write a number, or a comparison such as >5, !5, 5-10 or &0xc0=0x80") from None


def index_of(text: str) -> Index:
    """Return the index part of a multi-integer, ValueProblem for anything else."""
    index, _, subslice = text.partition(",")
    try:
        return parse_index(index, subslice)
    except ValueError as error:
        raise ValueProblem(str(error), "write the index after the number, such as ,any") from None


def one_of(word: str, words: Iterable[str], what: str) -> str:
    """Return a word if it is one of those that are known, in lower case; ValueProblem otherwise."""
    word, known = word.strip().lower(), list(words)
    if word not in known:
        raise ValueProblem(f"unknown {what} {word or '(empty)'}", f"one of {', '.join(known)}")
    return word


def raw_bytes(text: str) -> bytes:
    """Return the bytes that a text had in its file."""
    return text.encode("utf-8", "surrogateescape")


def shown(text: str) -> str:
    """Return a text that can be written anywhere: bytes that are not UTF-8 are replaced."""
    return raw_bytes(text).decode("utf-8", "replace")
