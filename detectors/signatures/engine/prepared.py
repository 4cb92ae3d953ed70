"""A rule prepared: its conditions sorted by when they are asked, its groups ready to be searched for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from detectors.signatures.engine.grams import ANYWHERE, Pattern
from detectors.signatures.engine.headers import Ends, HeaderBits
from detectors.signatures.engine.hooks import hook_of
from detectors.signatures.engine.payloads import placed_tests
from detectors.signatures.engine.search import Search
from detectors.signatures.language import conditions as c
from detectors.signatures.language.buffers import find_buffer
from detectors.signatures.language.matches import ByteTest, Content, DataRep, Dataset, IsDataAt, Transform
from detectors.signatures.language.protocols import PROTOCOLS
from detectors.signatures.language.rule import PAYLOAD, Rule

STATE = (c.FlowBits, c.FlowInt, c.FlowVar, c.XBits, c.HostBits)
_FILE = (c.FileHash, c.FileSize)
_TX_CONDITIONS = (c.AppLayerEvent, c.AppLayerState, c.UriLen, c.AppInteger, c.AppCount, c.AppWords, c.DceIface,
                  c.DceOpnum, c.FtpBounce, c.ModbusRequest)


BYTE_ORDER = "dcerpc.little"
"""Name of what is there where numbers of a side of DCE/RPC are in little-endian order."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a rule, prepared. layer: payload, packet, app, file, decoded."""

    buffer: str
    layer: str
    transforms: tuple[Transform, ...]
    search: Search
    direction: str


@dataclass(slots=True, eq=False)
class Prepared:
    """A rule with all that looking at it takes; number is its place in the order. cost counts what became of it.

    decided_by: names of the buffers of a transaction's side that decide about it, once header and flow fit: as long as
    they are the same it does not hold if it did not before. None where something else has its say, too.
    """

    number: int
    rule: Rule
    header: HeaderBits
    version: int
    groups: tuple[Group, ...]
    packet: tuple[Any, ...]
    transaction: tuple[Any, ...]
    file: tuple[Any, ...]
    state: tuple[Any, ...]
    effects: tuple[Any, ...]
    is_tx: bool
    has_payload: bool
    needs: frozenset[str]
    placed: bool
    toward: int
    early: tuple[bytes, bool] | None
    decided_by: frozenset[str] | None
    placed_tests: tuple[ByteTest | IsDataAt, ...]
    candidates: int = 0
    evaluated: int = 0
    matched: int = 0
    seconds: float = 0.0

    def may_go(self, ends: Ends, to_server: bool) -> bool:
        """Return whether header and direction hold between a client and a server; ends are those of the client."""
        if self.toward and (self.toward > 0) != to_server:
            return False
        if self.rule.direction == "=>":
            return ends.fit(self.header)
        if not to_server:
            ends = ends.turned()
        return ends.fit(self.header) or (self.rule.direction == "<>" and ends.turned().fit(self.header))

    @property
    def needs_memory(self) -> bool:
        """Whether it can only hold of a flow of which something is remembered."""
        return bool(self.rule.app_protos) or any(isinstance(x, c.FlowBits) and x.op == "isset" for x in self.state)

    @property
    def where(self) -> str:
        """gid:sid:rev, as analysts write it."""
        return f"{self.rule.gid}:{self.rule.sid}:{self.rule.rev}"


def prepare(number: int, rule: Rule, header: HeaderBits) -> Prepared:
    """Return a rule prepared; number is its place in the order of evaluation."""
    groups = tuple(Group(g.buffer, find_buffer(g.buffer).layer, g.transforms, Search(g.matches), g.direction)
                   for g in rule.groups)
    state = tuple(x for x in rule.conditions if isinstance(x, STATE) and not x.effect)
    file = tuple(x for x in rule.conditions if isinstance(x, _FILE))
    transaction: tuple[Any, ...] = tuple(x for x in rule.conditions if isinstance(x, _TX_CONDITIONS))
    if (hook := hook_of(rule)) is not None:
        transaction = (hook, *transaction)
    used = {id(x) for x in (*state, *file, *transaction)}
    packet = tuple(x for x in rule.conditions if id(x) not in used and not getattr(x, "effect", False)
                   and not isinstance(x, (c.Stored, c.Flow)))
    effects = tuple(x for x in (rule.effects or rule.conditions) if isinstance(x, STATE) and x.effect)
    is_tx = any(g.layer in ("app", "file", "frame") for g in groups) or bool(transaction or file)
    version = PROTOCOLS[rule.proto].version if rule.proto in PROTOCOLS else 0
    needs = frozenset(g.buffer for g in groups if g.layer in ("app", "file", "frame") and not g.search.absent)
    placed = any(_is_placed(m) for g in rule.groups if g.buffer == PAYLOAD for m in g.matches)
    return Prepared(number, rule, header, version, groups, packet, transaction, file, state, effects,
                    is_tx, any(g.buffer == PAYLOAD for g in groups), needs, placed, _toward(rule), _early(rule, is_tx),
                    None if packet or state or file else _decided_by(rule, groups, transaction),
                    () if is_tx else placed_tests(rule))


def _decided_by(rule: Rule, groups: Sequence[Group], transaction: Sequence[Any]) -> frozenset[str] | None:
    """See Prepared: sets of data change, and what is absent may still come."""
    if rule.direction == "=>" or not all(isinstance(x, c.UriLen) for x in transaction):
        return None
    if any(g.layer not in ("app", "file", "frame") or g.search.absent for g in groups):
        return None
    if any(isinstance(m, (Dataset, DataRep)) for g in rule.groups for m in g.matches):
        return None
    return frozenset({g.buffer for g in groups} | {BYTE_ORDER} | {
        "http.uri.raw" if x.raw else "http.uri" for x in transaction})


def _toward(rule: Rule) -> int:
    """1 to the server, -1 to the client, 0 either way: as flow says it, or as the buffers can only be."""
    if rule.direction == "=>":
        return 0
    if (hook := hook_of(rule)) is not None:
        return 1 if hook.to_server else -1
    return {"to_server": 1, "to_client": -1}.get(rule.toward, 0)


def _early(rule: Rule, is_tx: bool) -> tuple[bytes, bool] | None:
    """The pattern in the payload that a rule about transactions is asked for first, and whether case is folded."""
    fast = rule.fast_pattern
    if not is_tx or fast is None or rule.groups[fast.group].buffer != PAYLOAD or rule.groups[fast.group].transforms:
        return None
    return (fast.pattern.lower() if fast.nocase else fast.pattern), fast.nocase


def _is_placed(match: Any) -> bool:
    return isinstance(match, Content) and not match.relative and (
        match.offset is not None or match.depth is not None or match.startswith)


def pattern_of(rule: Rule) -> Pattern:
    """Return what a rule is searched for by, with where it must be, as far as numbers say so."""
    fast = rule.fast_pattern
    assert fast is not None
    content = rule.groups[fast.group].matches[fast.match]
    low, high = 0, ANYWHERE
    if isinstance(content, Content) and not content.relative:
        if isinstance(content.offset, int):
            low = content.offset
        if isinstance(content.depth, int) and not isinstance(content.offset, str):
            high = low + content.depth
        if content.startswith:
            low, high = 0, len(content.pattern)
        low += fast.chop_offset
        if high < ANYWHERE:
            high -= len(content.pattern) - fast.chop_offset - len(fast.pattern)
    return Pattern(fast.pattern, fast.nocase, low, high)


def fits_app(wanted: Sequence[str], app: str) -> bool:
    """Return whether a flow's protocol is among those that a rule is bound to; no binding fits all."""
    return not wanted or app in wanted or ("http" in wanted and app in ("http1", "http2")) or (
        "dcerpc" in wanted and app == "smb")
