"""Keywords that describe a rule or say what becomes of it, and change nothing about what matches."""

from __future__ import annotations

import re

from detectors.signatures.language import conditions as c
from detectors.signatures.language.draft import Draft
from detectors.signatures.language.keywords.registry import KEYWORDS, keyword
from detectors.signatures.language.keywords.values import one_of, pieces, shown, whole
from detectors.signatures.language.problems import RuleSkipped, ValueProblem
from detectors.signatures.language.rule import Option

LANGUAGE_VERSION = (9, 0, 0)
"""What `requires: version` is compared with: rules mean what they do in Suricata 8, and what version 9 adds to the
language (comparisons and indices of more numbers) is read too."""
FEATURES = frozenset(("ja3", "ja4", "output::file-store"))
_TOP = 0xFFFFFFFF


def _once(draft: Draft, name: str, value) -> None:
    if name in draft.meta:
        raise ValueProblem("it is given twice in one rule", "write it once")
    draft.meta[name] = value


@keyword("sid", quotes="optional")
def _read_sid(draft: Draft, option: Option) -> None:
    _once(draft, "sid", whole(option.value or "", 1, _TOP, "sid"))


@keyword("rev", quotes="optional")
def _read_rev(draft: Draft, option: Option) -> None:
    _once(draft, "rev", whole(option.value or "", 0, _TOP, "rev"))


@keyword("gid", quotes="optional")
def _read_gid(draft: Draft, option: Option) -> None:
    _once(draft, "gid", whole(option.value or "", 0, _TOP, "gid"))


@keyword("msg", quotes="mandatory")
def _read_msg(draft: Draft, option: Option) -> None:
    _once(draft, "msg", re.sub(r'\\([\\";:])', r"\1", shown(option.value or "")))


@keyword("classtype")
def _read_classtype(draft: Draft, option: Option) -> None:
    _once(draft, "classtype", shown(option.value or ""))


@keyword("priority", quotes="optional")
def _read_priority(draft: Draft, option: Option) -> None:
    _once(draft, "priority", whole(option.value or "", 1, 255, "priority"))


@keyword("reference")
def _read_reference(draft: Draft, option: Option) -> None:
    key, comma, text = (option.value or "").partition(",")
    if not comma or not key.strip() or not text.strip():
        raise ValueProblem(f"{option.value} is no reference", "write reference:TYPE,VALUE")
    draft.references.append((shown(key.strip().lower()), shown(text.strip())))


@keyword("metadata")
def _read_metadata(draft: Draft, option: Option) -> None:
    for piece in pieces(shown(option.value or "")):
        key, _, text = piece.partition(" ")
        if key:
            draft.metadata.append((key, text.strip()))


@keyword("target")
def _read_target(draft: Draft, option: Option) -> None:
    _once(draft, "target", one_of(option.value or "", ("src_ip", "dest_ip"), "side"))


@keyword("noalert", value="none")
def _read_noalert(draft: Draft, option: Option) -> None:
    draft.meta["noalert"] = True


@keyword("alert", value="none")
def _read_alert(draft: Draft, option: Option) -> None:
    draft.meta["alert"] = True


@keyword("prefilter", value="none")
def _read_prefilter(draft: Draft, option: Option) -> None:
    before = draft.meta.get("before", "")
    if not before:
        raise ValueProblem("there is no keyword before it", "write it after the one to prefilter by")
    _once(draft, "prefilter", before)


def _kept(draft: Draft, option: Option) -> None:
    draft.conditions.append(c.Stored(option.name, tuple(pieces(option.value)) if option.value else ()))


keyword("bypass", value="none")(_kept)
keyword("tls.store", "tls_store", value="none")(_kept)


@keyword("nfq_set_mark")
def _read_mark(draft: Draft, option: Option) -> None:
    if not re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)(/(0[xX][0-9a-fA-F]+|\d+))?", option.value or ""):
        raise ValueProblem(f"{option.value} is no mark", "write nfq_set_mark:0x1/0xff")
    _kept(draft, option)


@keyword("config")
def _read_config(draft: Draft, option: Option) -> None:
    given = dict([*part.split(None, 1), "", ""][:2] for part in pieces((option.value or "").lower()))
    if "disable" not in option.value.lower() or given.get("type") not in ("tx", "flow") or "scope" not in given:
        raise ValueProblem(f"{option.value} is no setting", "write config:logging disable, type tx, scope tx")
    _kept(draft, option)


@keyword("lua", "luajit", "luaxform", negation=True)
def _read_lua(draft: Draft, option: Option) -> None:
    raise ValueProblem("scripts of rules are never run", "write what it looks for in the rule language")


@keyword("requires")
def _read_requires(draft: Draft, option: Option) -> None:
    for piece in pieces(option.value or ""):
        name, _, value = piece.partition(" ")
        if name == "feature":
            if value.strip() not in FEATURES:
                raise RuleSkipped(f"it requires the feature {value.strip()}")
        elif name == "keyword":
            if value.strip() not in KEYWORDS:
                raise RuleSkipped(f"it requires the keyword {value.strip()}")
        elif name == "version":
            if not _version_holds(value):
                raise RuleSkipped(f"it requires version {value.strip()}")
        else:
            raise RuleSkipped(f"it requires {piece}")


_COMPARE = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}


def _version_holds(text: str) -> bool:
    """Return whether a condition such as >= 7.0.4 < 8 || >= 8.0.1 holds of the version."""
    for choice in text.split("||"):
        tests = re.findall(r"(<=|>=|<|>)\s*(\d+(?:\.\d+){0,2})", choice)
        if not tests or re.sub(r"(<=|>=|<|>)\s*\d+(?:\.\d+){0,2}", "", choice).strip():
            raise ValueProblem(f"{choice.strip()} is no condition on a version", "such as version >= 8.0.0")
        if all(_COMPARE[op](LANGUAGE_VERSION, _padded(version)) for op, version in tests):
            return True
    return False


def _padded(version: str) -> tuple[int, int, int]:
    numbers = [int(part) for part in version.split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)))  # type: ignore[return-value]
