"""Keywords about the flow and about what rules remember: bits, numbers, thresholds, tags."""

from __future__ import annotations

import re

from detectors.signatures.language import conditions as c
from detectors.signatures.language.draft import Draft
from detectors.signatures.language.keywords.content import parse_pattern
from detectors.signatures.language.keywords.registry import keyword
from detectors.signatures.language.keywords.values import int_test, one_of, pieces, whole
from detectors.signatures.language.problems import ValueProblem
from detectors.signatures.language.rule import Option

_WEEKS = 1 << 31
_FLOW = {
    "to_server": ("direction", "to_server"), "from_client": ("direction", "to_server"),
    "to_client": ("direction", "to_client"), "from_server": ("direction", "to_client"),
    "toserver": ("direction", "to_server"), "toclient": ("direction", "to_client"),
    "established": ("state", "established"), "not_established": ("state", "not_established"),
    "stateless": ("state", "stateless"),
    "only_stream": ("stream", "only_stream"), "no_stream": ("stream", "no_stream"),
    "only_frag": ("frag", "only_frag"), "no_frag": ("frag", "no_frag"),
}


@keyword("flow")
def _read_flow(draft: Draft, option: Option) -> None:
    if draft.flow is not None:
        raise ValueProblem("the rule has flow already", "write its words in one flow")
    found: dict[str, str] = {}
    for word in pieces(option.value or ""):
        kind, meaning = _FLOW.get(word.lower(), ("", ""))
        if not kind:
            one_of(word, _FLOW, "word")
        if kind in found:
            raise ValueProblem(f"{word} stands beside another word about {kind}", "write one of them")
        found[kind] = meaning
    draft.flow = c.Flow(**found)
    if draft.flow.stream == "no_stream":
        draft.packet_only("flow:no_stream")


@keyword("flowbits")
def _read_flowbits(draft: Draft, option: Option) -> None:
    op, _, names = (option.value or "").partition(",")
    op = one_of(op, ("noalert", "isset", "isnotset", "set", "unset", "toggle"), "command")
    if op == "noalert":
        if names:
            raise ValueProblem("noalert takes no name", "write flowbits:noalert")
        draft.meta["noalert"] = True
        return
    bits = tuple(name.strip() for name in names.split("|"))
    for name in bits:
        _check_name(name)
    if len(bits) > 1 and op not in ("isset", "isnotset"):
        raise ValueProblem(f"{op} takes one name", "| is for isset and isnotset")
    draft.conditions.append(c.FlowBits(op, bits))


def _check_name(name: str) -> str:
    if not name or re.search(r"\s", name):
        raise ValueProblem(f"{name or '(empty)'} is no name", "write a name without spaces")
    return name


_FLOWINT = ("=", "+", "-", "==", "!=", ">", "<", ">=", "<=")


@keyword("flowint")
def _read_flowint(draft: Draft, option: Option) -> None:
    parts = pieces(option.value or "")
    if len(parts) == 2:
        op = one_of(parts[1], ("isset", "notset", "isnotset"), "operator")
        draft.conditions.append(c.FlowInt(_check_name(parts[0]), "isset" if op == "isset" else "isnotset"))
    elif len(parts) == 3:
        op = one_of(parts[1], _FLOWINT, "operator")
        value = whole(parts[2], 0, 0xFFFFFFFF, "the value") if parts[2][:1].isdigit() else _check_name(parts[2])
        draft.conditions.append(c.FlowInt(_check_name(parts[0]), op, value))
    else:
        raise ValueProblem(f"{option.value} has not its two or three parts", "write flowint:NAME,+,1")


_BITS = ("set", "unset", "isset", "isnotset", "toggle")


@keyword("xbits")
def _read_xbits(draft: Draft, option: Option) -> None:
    parts = pieces(option.value or "")
    if parts == ["noalert"]:
        draft.meta["noalert"] = True
        return
    if len(parts) not in (3, 4):
        raise ValueProblem(f"{option.value} has not its three or four parts",
                           "write xbits:set,NAME,track ip_src,expire 60")
    op = one_of(parts[0], _BITS, "command")
    track, expire = parts[2].split(), parts[3].split() if len(parts) == 4 else ["expire", "30"]
    if len(track) != 2 or track[0] != "track" or len(expire) != 2 or expire[0] != "expire":
        raise ValueProblem(f"{option.value} has no track or a wrong expire", "write track ip_src, expire 60")
    side = one_of(track[1], ("ip_src", "ip_dst", "ip_pair", "tx"), "track")
    draft.conditions.append(c.XBits(op, _check_name(parts[1]), side, whole(expire[1], 1, _WEEKS, "expire")))


@keyword("hostbits")
def _read_hostbits(draft: Draft, option: Option) -> None:
    parts = pieces(option.value or "")
    if not 2 <= len(parts) <= 4:
        raise ValueProblem(f"{option.value} has not its two to four parts", "write hostbits:set,NAME,src")
    op = one_of(parts[0], _BITS, "command")
    side = one_of(parts[2], ("src", "dst", "both"), "side") if len(parts) > 2 else "src"
    if side == "both" and op not in ("isset", "isnotset"):
        raise ValueProblem(f"both hosts with {op}", "write src or dst")
    expire = whole(parts[3], 1, _WEEKS, "expire") if len(parts) > 3 else 300
    draft.conditions.append(c.HostBits(op, _check_name(parts[1]), side, expire))


def _variable(draft: Draft, option: Option) -> None:
    name, comma, value = (option.value or "").partition(",")
    value = value.strip().strip('"')
    if not comma or not value:
        raise ValueProblem(f"{option.value} has no value", f"write {option.name}:NAME,VALUE")
    draft.conditions.append(c.FlowVar(option.name.removesuffix("var"), _check_name(name.strip()),
                                      parse_pattern(value)))


keyword("flowvar", "pktvar")(_variable)

_TRACKS = ("by_src", "by_dst", "by_both", "by_rule", "by_flow")
_UNIQUE = ("src_port", "dst_port")


def rate_words(value: str, known: str) -> dict[str, str]:
    """Return the words of a threshold: type limit, track by_src, count 5, seconds 60, in any order."""
    found: dict[str, str] = {}
    for part in pieces(value):
        name, _, word = part.partition(" ")
        if name not in known.split() or name in found or not word.strip():
            raise ValueProblem(f"{part or '(empty)'} is unknown, twice or without a value",
                               f"write {', '.join(f'{k} …' for k in known.split()[:4])}")
        found[name] = word.strip()
    return found


def read_threshold(words: dict[str, str]) -> c.Threshold:
    """Return a threshold from its words; ValueProblem for one that lacks some or is out of range."""
    kind = one_of(words.get("type", ""), ("limit", "threshold", "both", "backoff"), "type")
    track = one_of(words.get("track", ""), _TRACKS, "track")
    unique = one_of(words["unique_on"], _UNIQUE, "unique_on") if "unique_on" in words else ""
    count = whole(words.get("count", ""), 1, 0xFFFFFFFF, "count")
    if kind == "backoff":
        if track != "by_flow" or "seconds" in words or unique:
            raise ValueProblem("backoff goes by flow and without seconds",
                               "write type backoff, track by_flow, count 1, multiplier 10")
        return c.Threshold(kind, track, count, 0, whole(words.get("multiplier", ""), 2, 0xFFFFFFFF, "multiplier"))
    if "multiplier" in words:
        raise ValueProblem("multiplier is for type backoff", "take it away")
    return c.Threshold(kind, track, count, whole(words.get("seconds", ""), 1, 0xFFFFFFFF, "seconds"), 0, unique)


@keyword("threshold")
def _read_threshold(draft: Draft, option: Option) -> None:
    if draft.threshold or draft.detection_filter:
        raise ValueProblem("the rule has a threshold or detection_filter already", "write one of them")
    draft.threshold = read_threshold(rate_words(option.value or "", "type track count seconds multiplier unique_on"))


@keyword("detection_filter")
def _read_detection_filter(draft: Draft, option: Option) -> None:
    if draft.threshold or draft.detection_filter:
        raise ValueProblem("the rule has a threshold or detection_filter already", "write one of them")
    words = rate_words(option.value or "", "track count seconds unique_on")
    draft.detection_filter = c.DetectionFilter(
        one_of(words.get("track", ""), _TRACKS, "track"), whole(words.get("count", ""), 1, 0xFFFFFFFF, "count"),
        whole(words.get("seconds", ""), 1, 0xFFFFFFFF, "seconds"),
        one_of(words["unique_on"], _UNIQUE, "unique_on") if "unique_on" in words else "")


@keyword("tag")
def _read_tag(draft: Draft, option: Option) -> None:
    parts = [part.lower() for part in pieces(option.value or "")]
    kind = one_of(parts[0], ("session", "host"), "type")
    if len(parts) == 1 and kind == "session":
        draft.tags.append(c.Tag(kind))
        return
    if len(parts) not in (3, 4) or (kind == "host") != (len(parts) == 4):
        raise ValueProblem(f"{option.value} has not its parts", "write session,N,packets or host,N,seconds,src")
    side = one_of(parts[3], ("src", "dst"), "side") if kind == "host" else ""
    metric = one_of(parts[2], ("packets", "seconds", "bytes"), "metric")
    draft.tags.append(c.Tag(kind, whole(parts[1], 0, 0xFFFFFFFF, "the count"), metric, side))


@keyword("stream_size")
def _read_stream_size(draft: Draft, option: Option) -> None:
    parts = pieces(option.value or "")
    if len(parts) != 3:
        raise ValueProblem(f"{option.value} has not its three parts", "write stream_size:server,>,5000")
    side = one_of(parts[0], ("server", "client", "both", "either"), "side")
    op = one_of(parts[1], ("<", ">", "=", "!=", "<=", ">="), "operator")
    draft.conditions.append(c.StreamSize(side, int_test(op + parts[2], 32)))


@keyword("flow.age")
def _read_flow_age(draft: Draft, option: Option) -> None:
    draft.packet_only("flow.age")
    draft.conditions.append(c.FlowAge(int_test(option.value or "", 32)))


_SIDES = {"toserver": "to_server", "toclient": "to_client", "either": "either", "both": "both"}


def _flow_count(draft: Draft, option: Option) -> None:
    _, _, name = option.name.partition(".")
    what, _, side = name.partition("_")
    value = option.value or ""
    if not side:
        side, _, value = value.partition(",")
    side = _SIDES[one_of(side, _SIDES, "direction")]
    draft.packet_only(option.name)
    bits = 32 if what == "pkts" else 64
    draft.conditions.append(c.FlowCount("packets" if what == "pkts" else "bytes", side, int_test(value, bits)))


keyword("flow.pkts", "flow.bytes", "flow.pkts_toserver", "flow.pkts_toclient", "flow.bytes_toserver",
        "flow.bytes_toclient")(_flow_count)


@keyword("flow.elephant")
def _read_elephant(draft: Draft, option: Option) -> None:
    draft.packet_only("flow.elephant")
    draft.conditions.append(c.FlowElephant(_SIDES[one_of(option.value or "", _SIDES, "direction")]))
