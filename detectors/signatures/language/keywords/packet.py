"""Keywords about the headers of one packet."""

from __future__ import annotations

import re

from detectors.signatures.language import conditions as c
from detectors.signatures.language.draft import Draft
from detectors.signatures.language.integers import IntTest
from detectors.signatures.language.ip_names import IP_PROTOCOLS
from detectors.signatures.language.keywords.registry import keyword
from detectors.signatures.language.keywords.values import index_of, int_test, one_of, pieces, whole
from detectors.signatures.language.problems import ValueProblem
from detectors.signatures.language.rule import Option

_INTEGERS = {
    "dsize": (c.DSize, 16), "ttl": (c.Ttl, 8), "tos": (c.Tos, 8), "id": (c.IpId, 16), "fragoffset": (c.FragOffset, 16),
    "itype": (c.Itype, 8), "icode": (c.Icode, 8), "icmp_id": (c.IcmpId, 16), "icmp_seq": (c.IcmpSeq, 16),
    "icmpv6.mtu": (c.Icmpv6Mtu, 32), "seq": (c.Seq, 32), "tcp.seq": (c.Seq, 32), "ack": (c.Ack, 32),
    "tcp.ack": (c.Ack, 32), "window": (c.Window, 16), "tcp.window": (c.Window, 16), "tcp.mss": (c.TcpMss, 16),
    "vlan.layers": (c.VlanLayers, 8),
}

MAX_VLAN_LAYERS = 3


def _integer(draft: Draft, option: Option) -> None:
    kind, bits = _INTEGERS[option.name]
    if kind is c.DSize and any(isinstance(found, c.DSize) for found in draft.conditions):
        raise ValueProblem("it is given twice in one rule", "write one comparison")
    test = int_test(option.value or "", bits)
    if kind is c.VlanLayers and not any(test.holds(n) for n in range(MAX_VLAN_LAYERS + 1)):
        raise ValueProblem(f"{test} is more than the {MAX_VLAN_LAYERS} layers that are read", "write less")
    draft.packet_only(option.name)
    draft.conditions.append(kind(test))


keyword(*_INTEGERS, quotes="optional")(_integer)


@keyword("vlan.id")
def _read_vlan_id(draft: Draft, option: Option) -> None:
    test, _, layer = (option.value or "").partition(",")
    draft.packet_only("vlan.id")
    number, index = int_test(test, 16), index_of(layer)
    if index.kind in ("nth", "oob_or") and not -MAX_VLAN_LAYERS <= index.position < MAX_VLAN_LAYERS:
        raise ValueProblem(f"the layer {index.position}", f"from {-MAX_VLAN_LAYERS} to {MAX_VLAN_LAYERS - 1}")
    draft.conditions.append(c.VlanId(number, index))


@keyword("ip_proto", quotes="optional")
def _read_ip_proto(draft: Draft, option: Option) -> None:
    found = re.fullmatch(r"([!<>]?)\s*(\S+)", option.value or "")
    operator, word = (found[1], found[2]) if found else ("", option.value or "")
    number = IP_PROTOCOLS.get(word)
    if number is None:
        number = whole(word, 0, 255, "the protocol")
    draft.conditions.append(c.IpProto(IntTest({"": "=", "!": "!="}.get(operator, operator), number)))


_FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "2": 64, "C": 128, "1": 128}
_FLAG_FORM = re.compile(r"([+*!=]?)\s*([FSRPAUEC120]+)([+*!]?)(?:\s*,\s*([FSRPAUEC12]+))?")


@keyword("flags", "tcp.flags")
def _read_flags(draft: Draft, option: Option) -> None:
    found = _FLAG_FORM.fullmatch((option.value or "").strip())
    if not found or (found[1] and found[3]):
        raise ValueProblem(f"{option.value} is no set of TCP flags",
                           "write letters of FSRPAUEC (or 0 for none), + * or ! before them, and ,IGNORED after")
    if "0" in found[2] and len(found[2]) > 1:
        raise ValueProblem("0 means no flag and stands with others", "write it alone")
    draft.packet_only(option.name)
    draft.conditions.append(c.Flags(found[1] or found[3] or "=", _bits(found[2], _FLAGS),
                                    _bits(found[4] or "", _FLAGS)))


def _bits(letters: str, values: dict[str, int]) -> int:
    found = 0
    for letter in letters:
        found |= values.get(letter, 0)
    return found


@keyword("fragbits")
def _read_fragbits(draft: Draft, option: Option) -> None:
    found = re.fullmatch(r"([+*!]?)\s*([MDR]+)([+*!]?)", (option.value or "").strip())
    if not found or (found[1] and found[3]):
        raise ValueProblem(f"{option.value} is no set of fragment bits", "write letters of MDR, + * or ! before them")
    draft.packet_only("fragbits")
    draft.conditions.append(c.FragBits(found[1] or found[3] or "=", _bits(found[2], {"R": 4, "D": 2, "M": 1})))


IP_OPTIONS = ("rr", "eol", "nop", "ts", "sec", "esec", "lsrr", "ssrr", "satid", "any", "cipso", "rtralt", "qs")


@keyword("ipopts", negation=True)
def _read_ipopts(draft: Draft, option: Option) -> None:
    draft.packet_only("ipopts")
    draft.conditions.append(c.IpOpts(one_of(option.value or "", IP_OPTIONS, "IP option"), option.negated))


@keyword("sameip", value="none")
def _read_sameip(draft: Draft, option: Option) -> None:
    draft.packet_only("sameip")
    draft.conditions.append(c.SameIp())


@keyword("l3_proto", "l3proto")
def _read_l3_proto(draft: Draft, option: Option) -> None:
    word = one_of(option.value or "", ("ipv4", "ip4", "ip", "ipv6", "ip6"), "protocol")
    draft.conditions.append(c.L3Proto(6 if word.endswith("6") else 4))


def _checksum(draft: Draft, option: Option) -> None:
    word = one_of(option.value or "", ("valid", "invalid"), "state of a checksum")
    draft.packet_only(option.name)
    draft.conditions.append(c.Checksum(option.name.removesuffix("-csum"), word == "valid"))


keyword("ipv4-csum", "tcpv4-csum", "tcpv6-csum", "udpv4-csum", "udpv6-csum", "icmpv4-csum", "icmpv6-csum",
        quotes="optional")(_checksum)

_LAYERS = {"decode-event": "decoder", "stream-event": "stream", "engine-event": "engine"}


def _event(draft: Draft, option: Option) -> None:
    name = (option.value or "").lower()
    if not re.fullmatch(r"[a-z0-9_.\-]+", name):
        raise ValueProblem(f"{option.value} is no name of an event", "such as ipv4.pkt_too_small")
    draft.conditions.append(c.Event(_LAYERS[option.name], name))


keyword(*_LAYERS)(_event)


@keyword("geoip")
def _read_geoip(draft: Draft, option: Option) -> None:
    words = pieces(option.value or "")
    side = words.pop(0).lower() if words and words[0].lower() in ("any", "src", "dst", "both") else "any"
    negated = any(word.startswith("!") for word in words)
    countries = tuple(word.removeprefix("!").upper() for word in words)
    if not countries or not all(re.fullmatch(r"[A-Z]{2}", word) for word in countries):
        raise ValueProblem(f"{option.value} names no countries", "such as geoip:any,JP,KR")
    draft.packet_only("geoip")
    draft.conditions.append(c.GeoIp(side, countries, negated))


@keyword("iprep")
def _read_iprep(draft: Draft, option: Option) -> None:
    words = pieces(option.value or "")
    if len(words) not in (3, 4):
        raise ValueProblem(f"{option.value} has not its three or four parts", "write iprep:SIDE,CATEGORY,>,VALUE")
    side = one_of(words[0], ("any", "src", "dst", "both"), "side")
    if len(words) == 3:
        state = one_of(words[2], ("isset", "isnotset"), "operator")
        draft.conditions.append(c.IPRep(side, words[1], None, state == "isset"))
    else:
        test = int_test(words[2] + words[3], 8)
        if test.value > 127:
            raise ValueProblem(f"the reputation {test.value}", "it goes from 0 to 127")
        draft.conditions.append(c.IPRep(side, words[1], test))


@keyword("rpc")
def _read_rpc(draft: Draft, option: Option) -> None:
    words = pieces(option.value or "")
    if not 1 <= len(words) <= 3:
        raise ValueProblem(f"{option.value} is no RPC call", "write PROGRAM,VERSION,PROCEDURE, * for any")
    numbers = [None if word == "*" else whole(word, 0, 0xFFFFFFFF, "it") for word in words]
    if numbers[0] is None:
        raise ValueProblem("no program is named", "write its number first")
    draft.packet_only("rpc")
    draft.conditions.append(c.Rpc(*numbers))
