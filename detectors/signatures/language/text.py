"""Files of rules as logical lines: continuation lines joined, comments left out, switched-off rules marked."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from columns.errors import UsageError

MAX_FILE_BYTES = 256 << 20
MAX_RULE_CHARACTERS = 8191
"""As Suricata's: its buffer for one rule is 8192 bytes."""

ACTIONS = ("alert", "pass", "drop", "reject", "rejectsrc", "rejectdst", "rejectboth", "config")
_OFF = re.compile(rf"#[#\s]*(?=(?:{'|'.join(ACTIONS)})\s+\S+\s+\S.*(?:->|<>|=>).*\(.*;)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """One rule's text, with the line it begins on and where each further physical line begins in the text."""

    text: str
    line: int
    starts: tuple[int, ...] = (0,)
    enabled: bool = True
    indent: int = 0

    def place(self, offset: int) -> tuple[int, int]:
        """Return (line, column) of an offset in the text, both from 1."""
        k = bisect.bisect_right(self.starts, offset) - 1
        return self.line + k, offset - self.starts[k] + 1 + (0 if k else self.indent)


def read_lines(path: Path) -> Iterator[LogicalLine]:
    """Yield the rules of a file, UsageError if it cannot be read; bytes that are not UTF-8 are kept as they are.

    A byte order mark, CRLF and a last line without an end are read as what they mean. Empty lines and comments are
    left out; a comment that is a whole rule is yielded as one that is switched off.
    """
    return split_lines(_content(path).decode("utf-8", "surrogateescape"))


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UsageError("is too large for a file of rules", where=str(path),
                             expected=f"at most {MAX_FILE_BYTES >> 20} MiB", remedy="split it")
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=str(path), remedy="name a file of rules") from None
    return content[3:] if content[:3] == b"\xef\xbb\xbf" else content


def split_lines(text: str) -> Iterator[LogicalLine]:
    """Yield the rules of a text, as read_lines does of a file."""
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if not parts:
            first = number
            if not line or line.isspace():
                continue
        going_on = line.endswith("\\")
        parts.append(line[:-1] if going_on else line)
        if not going_on:
            yield from _joined(parts, first)
            parts = []
    if parts:
        yield from _joined(parts, first)


def _joined(parts: list[str], first: int) -> Iterator[LogicalLine]:
    text = parts[0] if len(parts) == 1 else "".join(parts)
    body = text.lstrip()
    enabled = True
    if body.startswith("#"):
        found = _OFF.match(body[:MAX_RULE_CHARACTERS])
        if not found:
            return
        body, enabled = body[found.end():], False
    indent = len(text) - len(body)
    starts, total = [0], 0
    for part in parts[:-1]:
        total += len(part)
        starts.append(max(total - indent, 0))
    yield LogicalLine(body.rstrip(), first, tuple(starts), enabled, indent)
