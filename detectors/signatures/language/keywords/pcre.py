"""pcre: the expression, its flags, the buffers that flags stand for, and what it captures."""

from __future__ import annotations

import re

from detectors.signatures.language.buffers import BUFFERS
from detectors.signatures.language.draft import Draft
from detectors.signatures.language.keywords.registry import keyword
from detectors.signatures.language.keywords.values import raw_bytes
from detectors.signatures.language.matches import Pcre
from detectors.signatures.language.problems import ValueProblem
from detectors.signatures.language.regex import check_pcre
from detectors.signatures.language.rule import Option

_FORM = re.compile(rb"/(.*(?<!(?<!\\)\\))/([^/]*)$", re.DOTALL)
_NAMED = re.compile(rb"\(\?P?<(flow|pkt|alert)_(\w+)>")
_OWN = "imsxAEG"
_BUFFERS = {"U": "http.uri", "I": "http.uri.raw", "P": "http.request_body", "Q": "http.response_body",
            "H": "http.header", "D": "http.header.raw", "M": "http.method", "C": "http.cookie", "S": "http.stat_code",
            "Y": "http.stat_msg", "V": "http.user_agent", "W": "http.host", "Z": "http.host.raw"}
"""Flag -> buffer of HTTP that the expression is about, from before there were sticky buffers."""
MAX_CAPTURES = 8


@keyword("pcre", quotes="optional", negation=True)
def _read_pcre(draft: Draft, option: Option) -> None:
    found = _FORM.match(raw_bytes(option.value or ""))
    if not found:
        raise ValueProblem("the expression does not stand between slashes", 'write pcre:"/expression/flags"')
    letters, _, names = found[2].decode("latin-1").partition(",")
    buffer, flags, relative, unlimited = _flags(letters.strip())
    if reason := check_pcre(found[1], flags):
        raise ValueProblem(f"the expression cannot be compiled: {reason}", "mend the expression")
    pcre = Pcre(found[1], flags, option.negated, relative, unlimited, _captures(found[1], names))
    if not buffer or (draft.current is not None and draft.current.buffer.name == buffer):
        draft.add(pcre)
    elif draft.current is not None:
        raise ValueProblem(f"its flag for {buffer} stands with the sticky buffer {draft.current.buffer.name}",
                           "take the flag away")
    else:
        draft.add_to(BUFFERS[buffer], pcre)


def _flags(letters: str) -> tuple[str, str, bool, bool]:
    buffer, own = "", ""
    for letter in letters:
        if letter in _BUFFERS:
            if buffer:
                raise ValueProblem(f"the flags {letters} name two buffers", "name one")
            buffer = _BUFFERS[letter]
        elif letter in _OWN:
            own += letter if letter not in own else ""
        elif letter not in "RBO":
            raise ValueProblem(f"unknown flag {letter}", f"one of {_OWN}RBO{''.join(_BUFFERS)}")
    if buffer and "B" in letters:
        raise ValueProblem("B is about the payload and cannot stand with a buffer's flag", "take one away")
    return buffer, own, "R" in letters, "O" in letters


def _captures(pattern: bytes, names: str) -> tuple[tuple[str, str], ...]:
    found = [(kind.decode(), name.decode()) for kind, name in _NAMED.findall(pattern)]
    for word in filter(None, (part.strip() for part in names.split(","))):
        kind, colon, name = word.partition(":")
        if kind not in ("pkt", "flow", "alert") or not colon or not re.fullmatch(r"\w+", name):
            raise ValueProblem(f"{word} is no capture", "write pkt:NAME, flow:NAME or alert:NAME after the flags")
        found.append((kind, name))
    if len(found) > MAX_CAPTURES:
        raise ValueProblem(f"more than {MAX_CAPTURES} captures", "capture less")
    return tuple(found)
