"""One rule's text -> Rule: the header's meaning, the options in order, validation, and what is derived from all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from detectors.signatures.language import conditions as c
from detectors.signatures.language import keywords  # noqa: F401  fills the table
from detectors.signatures.language.classification import CLASS_TYPES, DEFAULT_PRIORITY, ClassType
from detectors.signatures.language.draft import Draft
from detectors.signatures.language.fast_pattern import choose
from detectors.signatures.language.keywords.registry import KEYWORDS
from detectors.signatures.language.kinds import kind_of, payload_ways
from detectors.signatures.language.matches import BufferGroup, Content, Pcre
from detectors.signatures.language.problems import FileAbsent, RuleError, ValueProblem
from detectors.signatures.language.protocols import PACKET_HOOKS, PROTOCOLS, Protocol, app_hooks
from detectors.signatures.language.rule import PAYLOAD, Option, Rule
from detectors.signatures.language.syntax import Header, RawOption, parse_syntax, unquoted
from detectors.signatures.language.validation import direction_of, validate
from detectors.signatures.language.variables import Variables

_SET = (c.FlowBits, c.FlowInt, c.XBits, c.HostBits)


def read_rule(text: str, variables: Variables, *, file: Path = Path("."), line: int = 0, enabled: bool = True,
              classes: Mapping[str, ClassType] = CLASS_TYPES) -> Rule:
    """Return the rule of a text; RuleError says what is wrong, RuleSkipped that it asks not to be loaded."""
    header, raw = parse_syntax(text)
    proto, hook = _protocol(header)
    ends = _endpoints(header, variables)
    draft = Draft(proto, header.direction, file.parent, hook, proto.apps)
    options = tuple(_read_option(draft, option) for option in raw)
    validate(draft)
    derived = _derived(draft, ends, classes)
    return Rule(header.action, proto.name, direction=header.direction, options=options, file=str(file), line=line,
                text=text, enabled=enabled, hook=hook, **ends, **derived)


def _protocol(header: Header) -> tuple[Protocol, str]:
    name, colon, hook = header.proto.lower().partition(":")
    proto = PROTOCOLS.get(name)
    if proto is None:
        raise RuleError("header", f"unknown protocol {header.proto}", f"one of {', '.join(PROTOCOLS)}",
                        header.offsets[1])
    if colon:
        hooks = app_hooks("http1" if name == "http" else proto.apps[0]) if proto.apps else PACKET_HOOKS
        if hook not in hooks:
            raise RuleError("header", f"{name} has no hook {hook}", f"one of {', '.join(hooks)}", header.offsets[1])
    return proto, hook


def _endpoints(header: Header, variables: Variables) -> dict[str, Any]:
    found = {}
    for name, kind, text, offset in (
            ("src", "address_set", header.src, header.offsets[2]),
            ("src_ports", "port_set", header.src_ports, header.offsets[3]),
            ("dst", "address_set", header.dst, header.offsets[5]),
            ("dst_ports", "port_set", header.dst_ports, header.offsets[6])):
        try:
            found[name] = getattr(variables, kind)(text)
        except ValueProblem as problem:
            raise RuleError("header", problem.what, problem.remedy, offset) from None
    return found


def _read_option(draft: Draft, raw: RawOption) -> Option:
    known = KEYWORDS.get(raw.name) or KEYWORDS.get(raw.name.lower())
    if known is None:
        raise RuleError(raw.name or "options", "unknown keyword" if raw.name else "an empty option",
                        _nearest(raw.name), raw.offset)
    if known.value == "required" and not raw.value:
        raise RuleError(known.name, "the value is missing", f"write {known.name}:VALUE;", raw.offset)
    if known.value == "none" and raw.value:
        raise RuleError(known.name, f"it takes no value, and {raw.value[:40]} is given", f"write {known.name};",
                        raw.offset)
    option = unquoted(raw, known.name, known.quotes, known.negation)
    try:
        known.read(draft, option)
    except ValueProblem as problem:
        raise RuleError(known.name, problem.what, problem.remedy, raw.offset,
                        valid=isinstance(problem, FileAbsent)) from None
    draft.meta["before"] = known.name
    return option


def _nearest(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name.lower(), KEYWORDS, n=1, cutoff=0.7)
    return f"nearest is {near[0]}" if near else "docs/rules.md lists the keywords"


def _derived(draft: Draft, ends: dict[str, Any], classes: Mapping[str, ClassType]) -> dict[str, Any]:
    """Return the fields of a rule that its options come to, by name."""
    meta = draft.meta
    toward = direction_of(draft)
    groups = _groups(draft)
    on_packet, on_stream = payload_ways(draft)
    effects = tuple(x for x in draft.conditions if (isinstance(x, _SET) and x.effect) or isinstance(x, c.Stored))
    kept = {id(x) for x in effects}
    known = classes.get(meta.get("classtype", "").lower())
    return {
        "sid": meta["sid"], "gid": meta.get("gid", 1), "rev": meta.get("rev", 0), "msg": meta.get("msg", ""),
        "classtype": meta.get("classtype", ""), "class_description": known.description if known else "",
        "priority": meta.get("priority", known.priority if known else DEFAULT_PRIORITY),
        "references": tuple(draft.references), "metadata": tuple(draft.metadata), "target": meta.get("target", ""),
        "noalert": bool(meta.get("noalert")) and not meta.get("alert"),
        "app_protos": draft.apps, "ip_protos": _numbers(draft), "toward": toward, "on_packet": on_packet,
        "on_stream": on_stream, "kind": kind_of(draft, ends, on_packet, on_stream), "flow": draft.flow,
        "conditions": tuple(x for x in draft.conditions if id(x) not in kept), "effects": effects, "groups": groups,
        "threshold": draft.threshold, "detection_filter": draft.detection_filter, "tags": tuple(draft.tags),
        "prefilter_keyword": meta.get("prefilter", ""), "fast_pattern": choose(groups),
    }


def _numbers(draft: Draft) -> frozenset[int] | None:
    if draft.proto.ip_protos is not None or not draft.apps:
        return draft.proto.ip_protos
    found: frozenset[int] = frozenset()
    for app in draft.apps:
        found |= PROTOCOLS[app].ip_protos or frozenset()
    return found


def _groups(draft: Draft) -> tuple[BufferGroup, ...]:
    seen: dict[str, int] = {}
    found = []
    for group in draft.groups:
        if not group.matches:
            continue
        name, transforms = group.buffer.name, tuple(group.transforms)
        occurrence = seen.get(name, 0) if group.buffer.multi else 0
        seen[name] = occurrence + 1
        matches = tuple(group.matches)
        if name != PAYLOAD:
            matches = tuple(replace(m, buffer=name, transforms=transforms) if isinstance(m, Content)
                            else replace(m, buffer=name) if isinstance(m, Pcre) else m for m in matches)
        found.append(BufferGroup(name, transforms, matches, occurrence, group.direction))
    return tuple(found)
