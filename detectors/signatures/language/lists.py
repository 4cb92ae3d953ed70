"""Lists that choose and change rules as they are imported: disable, enable, modify and drop, as suricata-update's.

A line chooses rules by GID:SID or SID (several with commas), re:EXPRESSION over the rule's text, group:GLOB and
filename:GLOB over its file's name, metadata:KEY VALUE, or * for all. A line of modify goes on with "FROM" "TO"; or it
is metadata-add CHOICE "KEY" "VALUE".
"""

from __future__ import annotations

import fnmatch
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from columns.errors import UsageError
from detectors.signatures.language.regex import check_pcre
from detectors.signatures.language.rule import Rule

Choice = Callable[[Rule], bool]


@dataclass(frozen=True, slots=True)
class Change:
    """A line of modify: where choice holds, every match of pattern in the rule's text becomes replacement."""

    choice: Choice
    pattern: re.Pattern[str] | None
    replacement: str
    metadata: tuple[str, str] | None = None

    def applied(self, rule: Rule) -> str:
        """Return the text of a rule after the change, the same where the choice does not hold."""
        if not self.choice(rule):
            return rule.text
        if self.metadata is None:
            return self.pattern.sub(self.replacement, rule.text)  # type: ignore[union-attr]
        return f"{rule.text[:-1].rstrip()} metadata:{self.metadata[0]} {self.metadata[1]};)"


def read_choices(path: Path) -> list[Choice]:
    """Return the choices of a disable, enable or drop list; UsageError names the line that is wrong."""
    return [choice for number, text in _lines(path) for choice in _choices(text, f"{path}:{number}")]


def read_changes(path: Path) -> list[Change]:
    """Return the changes of a modify list; UsageError names the line that is wrong."""
    return [change for number, text in _lines(path) for change in _changes(text, f"{path}:{number}")]


def chosen(rule: Rule, choices: list[Choice]) -> bool:
    """Return whether any of the choices holds."""
    return any(choice(rule) for choice in choices)


def _lines(path: Path):
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=str(path)) from None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line and not line.startswith("#"):
            yield number, line


def _choices(text: str, where: str) -> list[Choice]:
    text = text if text.startswith("re:") else text.partition(" #")[0].strip()
    kind, colon, value = text.partition(":")
    if text == "*":
        return [lambda rule: True]
    if kind == "re" and colon:
        pattern = _expression(value.strip(), where)
        return [lambda rule: pattern.search(rule.text) is not None]
    if kind in ("group", "filename") and colon:
        return [_by_file(value.strip())]
    if kind == "metadata" and colon:
        key, _, wanted = value.strip().partition(" ")
        return [lambda rule: any(k.lower() == key.lower() and v.lower() == wanted.strip().lower()
                                 for k, v in rule.metadata)]
    return [_by_id(part.strip(), where) for part in text.split(",")]


def _by_id(text: str, where: str) -> Choice:
    found = re.fullmatch(r"(?:(\d{1,10}):)?(\d{1,10})", text)
    if not found:
        raise UsageError(f"{text!r} chooses no rule", where=where,
                         expected="SID, GID:SID, re:…, group:…, filename:…, metadata:KEY VALUE or *")
    gid, sid = int(found[1] or 1), int(found[2])
    return lambda rule: (rule.gid, rule.sid) == (gid, sid)


def _by_file(glob: str) -> Choice:
    def holds(rule: Rule) -> bool:
        name = Path(rule.file).name
        return any(fnmatch.fnmatch(n, glob) for n in (name, name.removesuffix(".rules"), rule.file))
    return holds


def _expression(text: str, where: str) -> re.Pattern[str]:
    """Return a compiled expression. Lists are the operator's own, so that Python's expressions serve."""
    text = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    try:
        return re.compile(text, re.IGNORECASE)
    except (re.error, RecursionError) as error:
        hint = "" if check_pcre(text.encode()) else "; it is Perl's form, and Python's is meant"
        raise UsageError(f"{text!r} is no expression ({error}{hint})", where=where, remedy="mend it") from None


_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_MODIFY = re.compile(rf'(?P<choice>.+?)\s+{_QUOTED}\s+{_QUOTED}\s*$')


def _changes(text: str, where: str) -> list[Change]:
    adding = text.startswith("metadata-add ")
    text = text.removeprefix("metadata-add ").removeprefix("modifysid ").replace('" | "', '" "')
    found = _MODIFY.match(text)
    if not found:
        raise UsageError(f"{text[:60]!r} changes nothing", where=where, expected='CHOICE "FROM" "TO"')
    choices = _choices(_unquoted(found["choice"]), where)
    if adding:
        return [Change(choice, None, "", (found[2], found[3])) for choice in choices]
    pattern = re.compile(_expression(found[2], where).pattern)
    replacement = found[3].replace('\\"', '"')
    try:
        pattern.sub(replacement, "")
        re.compile(pattern.pattern + "|").sub(replacement, "")
    except (re.error, IndexError) as error:
        raise UsageError(f"{replacement!r} is no replacement ({error})", where=where, remedy="mend it") from None
    return [Change(choice, pattern, replacement) for choice in choices]


def _unquoted(choice: str) -> str:
    kind, colon, value = choice.partition(":")
    if kind == "re" and colon and value.startswith('"') and value.endswith('"'):
        return f"re:{value[1:-1]}"
    return shlex.split(choice)[0] if choice.startswith('"') else choice
