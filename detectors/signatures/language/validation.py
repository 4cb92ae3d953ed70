"""What a rule as a whole must keep to: directions, packets and streams, sizes, and contents that can match at all.

These are Suricata's rules of validation; a rule that breaks one could never match, or not as its author meant.
"""

from __future__ import annotations

from itertools import pairwise

from detectors.signatures.language import conditions as c
from detectors.signatures.language.draft import Draft, Gathering
from detectors.signatures.language.fields import FIELDS
from detectors.signatures.language.integers import IntTest
from detectors.signatures.language.matches import Absent, BSize, Content, Match
from detectors.signatures.language.problems import RuleError
from detectors.signatures.language.protocols import ICMP, ICMPV6, TCP, UDP
from detectors.signatures.language.rule import PAYLOAD

SERVER, CLIENT = "to_server", "to_client"


def validate(draft: Draft) -> None:
    """Raise RuleError for the first thing about a whole rule that is wrong."""
    if "sid" not in draft.meta:
        raise RuleError("sid", "the rule has none", "write sid:NUMBER;")
    _check_buffers(draft)
    _check_layers(draft)
    _check_transports(draft)
    _check_sizes(draft)
    for group in draft.groups:
        for check in CONTENT_CHECKS.get(group.buffer.name, ()):
            for content in group.matches:
                if isinstance(content, Content):
                    check(group, content)
        for transform in group.transforms:
            _check_transformed(group, transform.name)


def _check_buffers(draft: Draft) -> None:
    if draft.current is not None and not draft.current.matches:
        name = draft.current.buffer.name
        raise RuleError(name, "nothing is looked for in it", "write a content or another match after a buffer")
    for group in draft.groups:
        absent = next((m for m in group.matches if isinstance(m, Absent)), None)
        if absent and not absent.or_else and len(group.matches) > 1:
            raise RuleError("absent", f"something is looked for in {group.buffer.name}, which must be absent",
                            "write absent:or_else")
        if absent and absent.or_else and len(group.matches) == 1:
            raise RuleError("absent", "or_else, and nothing is looked for else", "write absent; or a content after it")


def _check_layers(draft: Draft) -> None:
    layers = {group.buffer.layer for group in draft.groups}
    if "frame" in layers and len(layers) > 1:
        raise RuleError("frame", "a frame stands beside the payload or other buffers", "write a rule for each")
    stream_only = draft.proto.payload == "stream" or (draft.flow is not None and draft.flow.stream == "only_stream")
    packet = draft.packet_keyword or next((g.buffer.name for g in draft.groups if g.buffer.layer == "packet"
                                           and not g.buffer.name.startswith("ip.")), "")
    if packet and stream_only:
        raise RuleError(packet, "it is about single packets, and the rule about the stream only",
                        "take tcp-stream or only_stream away")
    later = next((g.buffer.name for g in draft.groups if g.buffer.layer in ("app", "file", "frame")), "")
    if draft.packet_keyword and later:
        raise RuleError(draft.packet_keyword, f"it is about single packets, and {later} about a transaction",
                        "write two rules, tied by flowbits")


_TCP_ONLY = (c.Flags, c.Seq, c.Ack, c.Window, c.TcpMss)
_HEADERS = {"tcp.hdr": {TCP}, "udp.hdr": {UDP}, "icmpv4.hdr": {ICMP}, "icmpv6.hdr": {ICMPV6}}
_ICMP_ONLY = (c.Itype, c.Icode, c.IcmpId, c.IcmpSeq, c.Icmpv6Mtu)


def _check_transports(draft: Draft) -> None:
    numbers = draft.proto.ip_protos
    if numbers is None:
        return
    for group in draft.groups:
        if not _HEADERS.get(group.buffer.name, numbers) & numbers:
            raise RuleError(group.buffer.name, f"{draft.proto.name} has no such header", "write its protocol, or ip")
    for condition in draft.conditions:
        wanted = ({TCP} if isinstance(condition, _TCP_ONLY) else {ICMP, ICMPV6} if isinstance(condition, _ICMP_ONLY)
                  else None)
        if wanted is not None and not wanted & numbers:
            raise RuleError("header", f"{draft.proto.name} has no {type(condition).__name__.lower()}",
                            "write tcp or icmp as the protocol, or take the keyword away")
        if isinstance(condition, c.IpProto) and not any(condition.test.holds(n) for n in numbers):
            raise RuleError("ip_proto", f"{draft.proto.name} never has ip_proto {condition.test}",
                            "write ip as the protocol")


# -- directions -----------------------------------------------------------------------------------------------------

def _ways(draft: Draft) -> list[tuple[str, tuple[str, ...]]]:
    """Return (name, directions) of everything in a rule that belongs to directions."""
    found = []
    for group in draft.groups:
        if group.buffer.layer in ("app", "file") and group.buffer.protos:
            found.append((group.buffer.name, (group.direction,) if group.direction else group.buffer.directions))
    for condition in draft.conditions:
        if isinstance(condition, (c.AppInteger, c.AppCount, c.AppWords)):
            found.append((condition.field, FIELDS[condition.field].directions))
        elif isinstance(condition, c.UriLen):
            found.append(("urilen", (SERVER,)))
        elif isinstance(condition, c.FileSize) and condition.side:
            found.append(("filesize", (condition.side,)))
    return found


def direction_of(draft: Draft) -> str:
    """Return to_server, to_client or both: what flow says or the buffers imply; RuleError where they contradict."""
    ways = _ways(draft)
    server = next((name for name, way in ways if way == (SERVER,)), "")
    client = next((name for name, way in ways if way == (CLIENT,)), "")
    said = draft.flow.direction if draft.flow else ""
    if draft.direction == "=>":
        _check_both_ways(draft, ways, bool(server), bool(client), said)
        return "both"
    if server and client:
        raise RuleError(client, f"it goes to the client, and {server} to the server",
                        "write => in the header, or two rules tied by flowbits")
    if (server and said == CLIENT) or (client and said == SERVER):
        raise RuleError(server or client, f"it never goes {said.replace('_', ' ')}",
                        f"write flow:{SERVER if server else CLIENT}")
    return said or (SERVER if server else CLIENT if client else "both")


def _check_both_ways(draft: Draft, ways, server: bool, client: bool, said: str) -> None:
    if said:
        raise RuleError("flow", f"{said} in a rule with =>, which is about both directions", "take it away")
    payload = [g for g in draft.groups if g.buffer.name == PAYLOAD or g.buffer.layer == "frame"]
    server = server or any(g.direction == SERVER for g in payload)
    client = client or any(g.direction == CLIENT for g in payload)
    unsure = next((name for name, way in ways if len(way) > 1), "")
    if unsure:
        raise RuleError(unsure, "in a rule with => it could mean either direction", f"write {unsure}:to_client")
    if not (server and client):
        raise RuleError("header", "a rule with => says nothing about one of the directions", "write -> in the header")


# -- sizes ----------------------------------------------------------------------------------------------------------

def least_size(matches: list[Match]) -> int:
    """Return the fewest bytes a buffer must have for the contents that are not negated to stand where they must."""
    end = need = 0
    for match in matches:
        if not isinstance(match, Content) or match.negated:
            continue
        if match.relative:
            start = max(end + (match.distance if isinstance(match.distance, int) else 0), 0)
        else:
            start = match.offset if isinstance(match.offset, int) else 0
        end = start + len(match.pattern)
        need = max(need, end)
    return need


def most_bytes(test: IntTest) -> int | None:
    """Return the largest number that passes a test, None without a bound."""
    match test.op:
        case "=" | "<=":
            return test.value
        case "<":
            return test.value - 1
        case "range":
            return test.high - 1
    return None


def _check_sizes(draft: Draft) -> None:
    limits: dict[str, tuple[str, IntTest]] = {}
    for condition in draft.conditions:
        if isinstance(condition, c.DSize):
            limits[PAYLOAD] = ("dsize", condition.test)
        elif isinstance(condition, c.UriLen):
            limits["http.uri.raw" if condition.raw else "http.uri"] = ("urilen", condition.test)
    for group in draft.groups:
        tests = [("bsize", m.test) for m in group.matches if isinstance(m, BSize) and isinstance(m.test, IntTest)]
        if group.buffer.name in limits and not group.transforms:
            tests.append(limits[group.buffer.name])
        if any(isinstance(m, Absent) for m in group.matches):
            continue
        for name, test in tests:
            most, need = most_bytes(test), least_size(group.matches)
            if most is not None and need > most:
                raise RuleError(name, f"{test} leaves {most} bytes, and what {group.buffer.name} must hold is {need}",
                                "it can never match: raise it, or mend offset and distance")


# -- contents that certain buffers never hold -----------------------------------------------------------------------

def _host(group: Gathering, content: Content) -> None:
    if content.nocase:
        raise RuleError("http.host", "nocase is not for the host, which is in lower case already", "take nocase away")
    if content.pattern != content.pattern.lower() and not content.negated:
        raise RuleError("http.host", f"{content.pattern.decode('latin-1')} has capitals, and the host is in lower case",
                        "write it in lower case, or use http.host.raw")


def _no_edges(group: Gathering, content: Content) -> None:
    if content.pattern[:1] in (b" ", b"\t") or content.pattern[-1:] in (b" ", b"\t"):
        raise RuleError(group.buffer.name, "the content begins or ends with a space, which the buffer never has",
                        "take it away")


def _md5(group: Gathering, content: Content) -> None:
    if len(content.pattern) != 32:
        raise RuleError(group.buffer.name, f"the content has {len(content.pattern)} characters, an MD5 32",
                        "write the whole hash in hex")


def _fingerprint(group: Gathering, content: Content) -> None:
    if len(content.pattern) != 59 or content.pattern.count(b":") != 19:
        raise RuleError(group.buffer.name, "the content is no SHA-1 with colons, of 59 characters",
                        "write it as 4a:a3:…")


CONTENT_CHECKS = {
    "http.host": (_host,), "http.method": (_no_edges,), "http.protocol": (_no_edges,),
    "ja3.hash": (_md5,), "ja3s.hash": (_md5,), "ssh.hassh": (_md5,), "ssh.hassh.server": (_md5,),
    "tls.cert_fingerprint": (_fingerprint,),
}


def _check_transformed(group: Gathering, transform: str) -> None:
    for content in group.matches:
        if not isinstance(content, Content):
            continue
        text = content.pattern
        spaces = any(ch in b" \t\n\v\f\r" for ch in text)
        double = any(a in b" \t\n\v\f\r" and b in b" \t\n\v\f\r" for a, b in pairwise(text))
        wrong = ((transform == "strip_whitespace" and spaces) or (transform == "compress_whitespace" and double)
                 or (transform == "to_lowercase" and text != text.lower() and not content.nocase)
                 or (transform == "to_uppercase" and text != text.upper() and not content.nocase))
        if wrong:
            raise RuleError("content", f"{text.decode('latin-1')!r} is what {transform} never leaves",
                            "write the content as it is after the transform")
