"""Rules as text for tests: a reader with defaults, and a writer of matches in the rule language."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.signatures.language.matches import (
    BSize,
    BufferGroup,
    ByteExtract,
    ByteJump,
    ByteTest,
    Content,
    IsDataAt,
    Match,
    Pcre,
)
from detectors.signatures.language.problems import RuleError
from detectors.signatures.language.reading import read_rule
from detectors.signatures.language.rule import Rule
from detectors.signatures.language.variables import Variables

VARIABLES = Variables()


def rule(options: str, header: str = "alert tcp any any -> any any", sid: int = 1, **more) -> Rule:
    """Return the rule of a header and options."""
    return read_rule(f"{header} ({options} sid:{sid};)", VARIABLES, **({"file": Path("t.rules")} | more))


def refused(options: str, header: str, keyword: str, word: str) -> None:
    """Assert that a rule is refused because of a keyword, in words that hold this one."""
    with pytest.raises(RuleError) as error:
        rule(options, header)
    assert error.value.keyword == keyword
    assert word in error.value.what + error.value.remedy
    assert error.value.what


def pattern_text(pattern: bytes) -> str:
    """Return bytes as a content writes them: printable ones as they are, the others in hex."""
    found, run = [], []
    for ch in pattern:
        if 0x20 <= ch < 0x7F and chr(ch) not in '|";:\\':
            if run:
                found.append(f"|{' '.join(run)}|")
                run = []
            found.append(chr(ch))
        else:
            run.append(f"{ch:02x}")
    if run:
        found.append(f"|{' '.join(run)}|")
    return "".join(found)


def options_of(groups: tuple[BufferGroup, ...]) -> str:
    """Return the options that make these groups."""
    return " ".join(text for group in groups for text in (
        f"{group.buffer};", *(f"{t.name};" for t in group.transforms), *(match_text(m) for m in group.matches)))


def match_text(match: Match) -> str:
    """Return one match as options."""
    match match:
        case Content():
            return _content(match)
        case Pcre():
            flags = match.flags + "R" * match.relative + "O" * match.unlimited
            return f'pcre:{"!" * match.negated}"/{match.pattern.decode()}/{flags}";'
        case IsDataAt():
            return f"isdataat:{'!' * match.negated}{match.at}{',relative' * match.relative};"
        case BSize():
            return f"bsize:{match.test};"
        case ByteTest():
            words = f"byte_test:{match.nbytes},{'!' * match.negated}{match.operator},{match.value},{match.offset}"
            return words + _number_words(match) + ";"
        case ByteJump():
            words = f"byte_jump:{match.nbytes},{match.offset}" + _number_words(match)
            words += f",multiplier {match.multiplier}" if match.multiplier != 1 else ""
            words += ",align" * match.align + ",from_beginning" * match.from_beginning + ",from_end" * match.from_end
            return words + (f",post_offset {match.post_offset}" if match.post_offset else "") + ";"
        case ByteExtract():
            words = f"byte_extract:{match.nbytes},{match.offset},{match.name}" + _number_words(match)
            words += f",multiplier {match.multiplier}" if match.multiplier != 1 else ""
            return words + (f",align {match.align}" if match.align else "") + ";"
    raise TypeError(match)


_BASES = {16: "hex", 10: "dec", 8: "oct"}


def _number_words(match) -> str:
    words = ",relative" * match.relative + ",little" * match.little
    words += f",string,{_BASES[match.base]}" if match.base else ""
    mask = getattr(match, "bitmask", None)
    return words + (f",bitmask {mask:#x}" if mask else "")


def _content(content: Content) -> str:
    text = f'content:{"!" * content.negated}"{pattern_text(content.pattern)}";'
    text += " nocase;" * content.nocase
    for name in ("offset", "depth", "distance", "within"):
        if getattr(content, name) is not None:
            text += f" {name}:{getattr(content, name)};"
    text += " startswith;" * content.startswith + " endswith;" * content.endswith
    if content.fast_pattern:
        chop = content.fast_pattern_chop
        text += f" fast_pattern:{chop[0]},{chop[1]};" if chop else " fast_pattern;"
    return text
