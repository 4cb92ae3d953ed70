"""The grammar of a rule: header words, and options as name, value and place. What they mean is not looked at here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from detectors.signatures.language.problems import RuleError
from detectors.signatures.language.rule import Option
from detectors.signatures.language.text import ACTIONS, MAX_RULE_CHARACTERS

DIRECTIONS = ("->", "<>", "=>")
_FIELDS = ("action", "protocol", "source", "source port", "direction", "destination", "destination port")
_PLAIN = re.compile(r"[^\s\[\]]*")
_ORDER = "ACTION PROTOCOL SOURCE PORT -> DESTINATION PORT (OPTIONS)"


@dataclass(frozen=True, slots=True)
class Header:
    """The words of a header as written, and where each begins in the text."""

    action: str
    proto: str
    src: str
    src_ports: str
    direction: str
    dst: str
    dst_ports: str
    offsets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RawOption:
    """An option as written: value with quotes and !, None where there is no colon; offset of its name."""

    name: str
    value: str | None
    offset: int


def parse_syntax(text: str) -> tuple[Header, Iterator[RawOption]]:
    """Return header and options of a rule's text, RuleError where it is none; options are read when asked for."""
    if len(text) > MAX_RULE_CHARACTERS:
        raise RuleError("rule", f"is {len(text)} characters long", f"at most {MAX_RULE_CHARACTERS} are allowed")
    if "\0" in text:
        raise RuleError("rule", "has a zero byte", "write it |00| within a content", text.index("\0"))
    header, end = _header(text)
    if text[end:end + 1] != "(":
        raise RuleError("header", "options do not follow the header", f"write {_ORDER}", end)
    if not text.endswith(")"):
        raise RuleError("options", "no ) at the end of the rule",
                        "close the options, and end a line with \\ where the rule goes on", len(text) - 1)
    return header, _options(text, end + 1, len(text) - 1)


def _header(text: str) -> tuple[Header, int]:
    words, offsets, at = [], [], 0
    for name in _FIELDS:
        while at < len(text) and text[at].isspace():
            at += 1
        end = _word_end(text, at)
        if end == at or text[at] == "(":
            raise RuleError("header", f"{name} is missing", f"write {_ORDER}", at)
        words.append(text[at:end])
        offsets.append(at)
        at = end
    while at < len(text) and text[at].isspace():
        at += 1
    header = Header(*words, tuple(offsets))
    if header.action not in ACTIONS:
        raise RuleError("header", f"unknown action {header.action}", f"one of {', '.join(ACTIONS)}", 0)
    if header.direction not in DIRECTIONS:
        remedy = "swap the sides and write ->" if header.direction == "<-" else f"one of {' '.join(DIRECTIONS)}"
        raise RuleError("header", f"unknown direction {header.direction}", remedy, offsets[4])
    return header, at


def _word_end(text: str, at: int) -> int:
    """Return where a word ends: at white space, but not within brackets."""
    plain, depth = _PLAIN.match(text, at), 0
    assert plain is not None
    at = plain.end()
    while at < len(text):
        ch = text[at]
        if ch == "[":
            depth += 1
        elif ch == "]":
            depth -= 1
        elif depth <= 0 and ch.isspace():
            break
        at += 1
    return at


def _options(text: str, at: int, end: int) -> Iterator[RawOption]:
    """Yield the options between two places. A semicolon ends one, in quotes too, unless a backslash is before it."""
    while True:
        while at < end and text[at].isspace():
            at += 1
        if at >= end:
            return
        stop = text.find(";", at, end)
        while stop > at and text[stop - 1] == "\\":
            stop = text.find(";", stop + 1, end)
        if stop < 0:
            raise RuleError("options", "the last option does not end with ;", "write a ; after each option, and "
                            "\\; for one within a value", at)
        name, colon, value = text[at:stop].partition(":")
        yield RawOption(name.rstrip(), value.strip() if colon else None, at)
        at = stop + 1


def unquoted(raw: RawOption, name: str, quotes: str, negation: bool) -> Option:
    """Return an option under its proper name, with ! and quotes taken off.

    quotes: mandatory, optional, or "" where they are part of the value.
    """
    value, negated = raw.value, False
    if value and negation and value[0] == "!":
        value, negated = value[1:].lstrip(), True
    if value and quotes == "mandatory" and value[0] != '"':
        raise RuleError(raw.name, f"the value {_short(value)} is not in double quotes",
                        f'write {raw.name}:"…";', raw.offset)
    if value and quotes and value[0] == '"':
        if len(value) < 2 or value[-1] != '"':
            raise RuleError(raw.name, f"the quotes of {_short(value)} are not closed",
                            'close them; a ; or " within the value is written \\; or |22|', raw.offset)
        value = value[1:-1]
        if not value:
            raise RuleError(raw.name, "the value is empty", "", raw.offset)
    return Option(name, value, negated, raw.offset + 1)


def _short(value: str) -> str:
    return value if len(value) <= 40 else value[:37] + "…"
