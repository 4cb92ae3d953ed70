"""A rule while its options are read: the current buffer, the content a modifier is about, what it is bound to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from detectors.signatures.language.buffers import BUFFERS, Buffer
from detectors.signatures.language.conditions import Condition, DetectionFilter, Flow, Tag, Threshold
from detectors.signatures.language.matches import Content, Match, Pcre, Transform
from detectors.signatures.language.problems import ValueProblem
from detectors.signatures.language.protocols import PROTOCOLS, TCP, UDP, Protocol, app_fits
from detectors.signatures.language.rule import PAYLOAD

MAX_TRANSFORMS = 16
MAX_MATCHES = 256
"""Matches of one rule; a bound on the work of evaluating it."""


@dataclass(slots=True, eq=False)
class Gathering:
    """A group of matches that grows. moved: made by modifiers after contents rather than by a sticky buffer."""

    buffer: Buffer
    direction: str = ""
    moved: bool = False
    transforms: list[Transform] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Draft:
    """Everything of a rule that its options have said so far. current None is the payload."""

    proto: Protocol
    direction: str
    folder: Path
    hook: str = ""
    apps: tuple[str, ...] = ()
    groups: list[Gathering] = field(default_factory=list)
    current: Gathering | None = None
    fresh: bool = False
    forced: str = ""
    last: tuple[Gathering, int] | None = None
    order: list[tuple[Gathering, int]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    conditions: list[Condition] = field(default_factory=list)
    flow: Flow | None = None
    threshold: Threshold | None = None
    detection_filter: DetectionFilter | None = None
    tags: list[Tag] = field(default_factory=list)
    packet_keyword: str = ""
    fast_pattern: tuple[Gathering, int] | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    references: list[tuple[str, str]] = field(default_factory=list)
    metadata: list[tuple[str, str]] = field(default_factory=list)

    # -- buffers ------------------------------------------------------------------------------------------------

    def set_sticky(self, buffer: Buffer, direction: str = "") -> None:
        """Make a buffer the one that what follows is about."""
        self._leave()
        direction = direction or self.forced
        self.current = None
        self.require_apps(buffer.protos, buffer.name)
        if not buffer.multi:
            self.current = next((g for g in self.groups if g.buffer.name == buffer.name and not g.transforms
                                 and g.direction == direction), None)
        if self.current is None:
            self.current = Gathering(buffer, direction)
            self.groups.append(self.current)
        self.fresh = True

    def set_payload(self) -> None:
        """Go back to the payload."""
        self._leave()
        self.current = None

    def _leave(self) -> None:
        if self.current is None:
            return
        if self.current.buffer.name == "base64_data":
            raise ValueProblem("no other buffer can follow base64_data", "put what is about other buffers before it")
        if not self.current.matches:
            raise ValueProblem(f"nothing is looked for in {self.current.buffer.name}",
                               "write a content or another match after a buffer")

    def add_transform(self, transform: Transform) -> None:
        """Add a transform to the buffer that was just set."""
        if self.current is None or not self.fresh:
            raise ValueProblem("a transform stands only right after a sticky buffer or another transform",
                               f"write it before the matches: http.uri; {transform.name}; content:…")
        if self.current.matches:
            self.current = Gathering(self.current.buffer, self.current.direction)
            self.groups.append(self.current)
        if len(self.current.transforms) >= MAX_TRANSFORMS:
            raise ValueProblem(f"more than {MAX_TRANSFORMS} transforms of one buffer", "use fewer")
        self.current.transforms.append(transform)

    def target(self) -> Gathering:
        """Return the group that a match goes into now."""
        if self.current is None:
            return self._group_of(PAYLOAD)
        if self.current.transforms:
            self.fresh = False
        return self.current

    def _group_of(self, name: str) -> Gathering:
        for group in self.groups:
            if group.buffer.name == name and not group.transforms and group.direction in ("", self.forced):
                return group
        group = Gathering(BUFFERS[name], self.forced, moved=True)
        self.groups.append(group)
        return group

    # -- matches ------------------------------------------------------------------------------------------------

    def add(self, match: Match, relative: bool = False) -> None:
        """Add a match to the current buffer; a relative one goes, without a sticky buffer, to where the last one is."""
        if relative and self.current is None and self.order:
            self._append(self.order[-1][0], match)
        else:
            self._append(self.target(), match)

    def add_to(self, buffer: Buffer, match: Match) -> None:
        """Add a match to the group of another buffer than the current one, as modifiers do."""
        self.require_apps(buffer.protos, buffer.name)
        self._append(self._group_of(buffer.name), match)

    def _append(self, group: Gathering, match: Match) -> None:
        if len(self.order) >= MAX_MATCHES:
            raise ValueProblem(f"more than {MAX_MATCHES} matches in one rule", "write several rules")
        group.matches.append(match)
        self.order.append((group, len(group.matches) - 1))

    def last_content(self, keyword: str) -> tuple[Gathering, int]:
        """Return the content that a modifier is about: the last of the current sticky buffer, or of all."""
        for group, k in reversed(self.order):
            if isinstance(group.matches[k], Content) and self.current in (None, group):
                return group, k
        raise ValueProblem("there is no content before it", f'write content:"…"; {keyword}')

    def change(self, at: tuple[Gathering, int], **values: Any) -> Content:
        """Replace some fields of a content and return what it is now."""
        group, k = at
        if values:
            group.matches[k] = replace(group.matches[k], **values)
        return group.matches[k]

    def previous(self, at: tuple[Gathering, int]) -> Match | None:
        """Return the content or pcre before this one in its group."""
        group, k = at
        return next((m for m in reversed(group.matches[:k]) if isinstance(m, (Content, Pcre))), None)

    def move_last(self, buffer: Buffer, keyword: str) -> None:
        """Move the last content of the payload to a buffer, as the older content modifiers say."""
        if self.current is not None:
            raise ValueProblem(f"the sticky buffer {self.current.buffer.name} is still set",
                               f"write pkt_data; before the content, or {buffer.name}; instead of {keyword};")
        self.require_apps(buffer.protos, buffer.name)
        for n in range(len(self.order) - 1, -1, -1):
            group, k = self.order[n]
            if group.buffer.name == PAYLOAD and isinstance(group.matches[k], Content):
                break
        else:
            raise ValueProblem("there is no content before it", f'write content:"…"; {keyword};')
        content = group.matches[k]
        if content.rawbytes or content.replace is not None:
            raise ValueProblem("the content has rawbytes or replace, which are about the payload",
                               f"take it away or {keyword}")
        self._move(n, buffer)

    def _move(self, n: int, buffer: Buffer) -> None:
        group, k = self.order[n]
        target = self._group_of(buffer.name)
        target.matches.append(group.matches.pop(k))
        self.order[n] = (target, len(target.matches) - 1)
        for j, (other, place) in enumerate(self.order):
            if other is group and place > k:
                self.order[j] = (group, place - 1)
        if self.fast_pattern == (group, k):
            self.fast_pattern = self.order[n]
        elif self.fast_pattern and self.fast_pattern[0] is group and self.fast_pattern[1] > k:
            self.fast_pattern = (group, self.fast_pattern[1] - 1)
        if not group.matches:
            self.groups.remove(group)

    # -- protocols ----------------------------------------------------------------------------------------------

    def require_apps(self, apps: Iterable[str], keyword: str) -> None:
        """Bind the rule to application protocols, ValueProblem where it is bound to others already."""
        wanted = tuple(apps)
        if not wanted:
            return
        if not self.apps:
            numbers = self.proto.ip_protos
            fitting = tuple(a for a in wanted if numbers is None or _transports(a) & numbers)
            if not fitting:
                raise ValueProblem(f"{keyword} belongs to {' or '.join(wanted)}, which never runs over "
                                   f"{self.proto.name}", f"write {wanted[0]} or ip as the protocol")
            self.apps = fitting
            return
        fitting = tuple(a for a in self.apps if any(app_fits(a, b) for b in wanted))
        if not fitting:
            raise ValueProblem(f"{keyword} belongs to {' or '.join(wanted)}, and the rule is about "
                               f"{' or '.join(self.apps)}", "write a rule for one protocol")
        self.apps = fitting

    def packet_only(self, keyword: str) -> None:
        """Note that a keyword looks at single packets, never at a reassembled stream."""
        self.packet_keyword = self.packet_keyword or keyword


def _transports(app: str) -> frozenset[int]:
    return PROTOCOLS[app].ip_protos if app in PROTOCOLS else frozenset((TCP, UDP))
