"""threshold.config: suppress, threshold (event_filter) and rate_filter, beside the rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from columns.errors import UsageError
from detectors.signatures.language.addresses import ANY_ADDRESS, AddressSet
from detectors.signatures.language.conditions import Threshold
from detectors.signatures.language.keywords.state import rate_words, read_threshold
from detectors.signatures.language.keywords.values import one_of, whole
from detectors.signatures.language.problems import ValueProblem
from detectors.signatures.language.rule import Rule
from detectors.signatures.language.variables import Variables

_TOP = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Suppress:
    """Alerts of a rule that are not made. track "" (always), by_src, by_dst, by_either; gid or sid 0 is every one."""

    gid: int
    sid: int
    track: str = ""
    addresses: AddressSet = ANY_ADDRESS


@dataclass(frozen=True, slots=True)
class RateFilter:
    """Another action for a rule for timeout seconds, once it matched count times within seconds."""

    gid: int
    sid: int
    track: str
    count: int
    seconds: int
    new_action: str
    timeout: int


@dataclass(frozen=True, slots=True)
class ThresholdFile:
    """What a threshold.config says; thresholds are (gid, sid, threshold), 0 is every one."""

    suppress: tuple[Suppress, ...] = ()
    thresholds: tuple[tuple[int, int, Threshold], ...] = ()
    rate_filters: tuple[RateFilter, ...] = ()

    def applied(self, rule: Rule) -> Rule:
        """Return a rule with the threshold that the file gives it; one that it has itself stays."""
        if rule.threshold or rule.detection_filter:
            return rule
        named = [t for gid, sid, t in self.thresholds if (gid, sid) == (rule.gid, rule.sid)]
        wide = [t for gid, sid, t in self.thresholds if not sid and gid in (0, rule.gid)]
        return replace(rule, threshold=(named or wide)[0]) if named or wide else rule


NO_THRESHOLDS = ThresholdFile()


def read_threshold_file(path: Path, variables: Variables) -> ThresholdFile:
    """Return what a threshold.config says; UsageError names the line that is wrong."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").replace("\\\r\n", " ").replace("\\\n", " ")
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=str(path)) from None
    found: dict[str, list] = {"suppress": [], "threshold": [], "rate_filter": []}
    for number, line in enumerate(lines.splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        kind, _, rest = text.partition(" ")
        kind = "threshold" if kind == "event_filter" else kind
        try:
            if kind not in found:
                one_of(kind, (*found, "event_filter"), "command")
            found[kind].append(_READERS[kind](rest, variables))
        except ValueProblem as problem:
            raise UsageError(problem.what, where=f"{path}:{number}: {kind}", remedy=problem.remedy) from None
    return ThresholdFile(*(tuple(rows) for rows in found.values()))


def _ids(words: dict[str, str]) -> tuple[int, int]:
    return whole(words.pop("gen_id", ""), 0, _TOP, "gen_id"), whole(words.pop("sig_id", ""), 0, _TOP, "sig_id")


def _split(text: str) -> str:
    """Return the text without its list of addresses, whose commas are not those between words."""
    return text.partition("ip ")[0].rstrip(" ,")


def _suppress(text: str, variables: Variables) -> Suppress:
    words = rate_words(_split(text), "gen_id sig_id track")
    gid, sid = _ids(words)
    if "track" not in words:
        return Suppress(gid, sid)
    addresses = text.partition("ip ")[2].strip()
    if not addresses:
        raise ValueProblem("track without ip", "write track by_src, ip 10.0.0.1")
    track = one_of(words["track"], ("by_src", "by_dst", "by_either"), "track")
    return Suppress(gid, sid, track, variables.address_set(addresses))


def _threshold(text: str, variables: Variables) -> tuple[int, int, Threshold]:
    words = rate_words(text, "gen_id sig_id type track count seconds multiplier unique_on")
    gid, sid = _ids(words)
    return gid, sid, read_threshold(words)


def _rate_filter(text: str, variables: Variables) -> RateFilter:
    words = rate_words(text, "gen_id sig_id track count seconds new_action timeout")
    gid, sid = _ids(words)
    return RateFilter(
        gid, sid, one_of(words.get("track", ""), ("by_src", "by_dst", "by_both", "by_rule", "by_flow"), "track"),
        whole(words.get("count", ""), 1, _TOP, "count"), whole(words.get("seconds", ""), 1, _TOP, "seconds"),
        one_of(words.get("new_action", ""), ("alert", "drop", "pass", "reject"), "action"),
        whole(words.get("timeout", ""), 1, _TOP, "timeout"))


_READERS: dict[str, Callable] = {"suppress": _suppress, "threshold": _threshold, "rate_filter": _rate_filter}
