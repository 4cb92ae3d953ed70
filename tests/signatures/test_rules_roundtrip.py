"""Random rules: written as text and read again they are the same, whatever the white space; ranges are sets."""

from __future__ import annotations

import ipaddress
import string
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.signatures.language.addresses import V4_LOW, AddressSet, complement, merged, without
from detectors.signatures.language.integers import IntTest, parse_int_test
from detectors.signatures.language.matches import (
    BufferGroup,
    ByteExtract,
    ByteJump,
    ByteTest,
    Content,
    IsDataAt,
    Pcre,
    Transform,
)
from detectors.signatures.language.problems import RuleError, RuleSkipped, ValueProblem
from detectors.signatures.language.reading import read_rule
from detectors.signatures.language.variables import Variables
from tests.support.rule_text import options_of, rule

PATTERNS = st.binary(min_size=1, max_size=12)


@st.composite
def contents(draw):
    pattern = draw(PATTERNS)
    place = draw(st.sampled_from(["none", "absolute", "relative", "start"]))
    fields = {"nocase": draw(st.booleans()), "negated": draw(st.booleans()), "endswith": draw(st.booleans())}
    if place == "absolute":
        fields |= {"offset": draw(st.integers(0, 999)), "depth": len(pattern) + draw(st.integers(0, 999))}
    elif place == "relative":
        fields |= {"distance": draw(st.integers(-999, 999)), "within": len(pattern) + draw(st.integers(0, 999))}
    return Content(pattern, startswith=place == "start", **fields)


def numbers(kind):
    shared = {"relative": st.booleans(), "little": st.booleans()}
    if kind is ByteTest:
        return st.builds(ByteTest, st.integers(1, 8), st.sampled_from(["<", ">", "=", "<=", ">=", "&", "^"]),
                         st.integers(0, 1 << 40), st.integers(-99, 99), st.booleans(), base=st.sampled_from([0, 8, 16]),
                         bitmask=st.none() | st.integers(1, 0xFFFFFFFF), **shared)
    if kind is ByteJump:
        return st.builds(ByteJump, st.integers(0, 8), st.integers(-99, 99), multiplier=st.integers(1, 9),
                         align=st.booleans(), from_beginning=st.booleans(), post_offset=st.integers(-9, 9), **shared)
    return st.builds(ByteExtract, st.integers(1, 8), st.integers(-9, 99), st.text(string.ascii_lowercase, min_size=1),
                     multiplier=st.integers(1, 9), align=st.sampled_from([0, 2, 4]), **shared)


OTHERS = st.one_of(
    st.builds(IsDataAt, st.integers(0, 999), st.booleans(), st.booleans()),
    st.builds(Pcre, st.sampled_from([rb"^a+\.b", rb"x{2,3}\/y", rb"[\x00-\xff]\x3b"]),
              st.sampled_from(["", "i", "ims"]), st.booleans(), st.booleans(), st.booleans()),
    *(numbers(kind) for kind in (ByteTest, ByteJump, ByteExtract)))


@st.composite
def groups(draw):
    names = draw(st.lists(st.sampled_from(["http.uri", "http.header", "http.request_body", "http.cookie"]),
                          min_size=1, max_size=3, unique=True))
    found = []
    for name in names:
        transforms = draw(st.lists(st.sampled_from([Transform("url_decode"), Transform("to_md5")]), max_size=2))
        matches = draw(st.lists(contents() | OTHERS, min_size=1, max_size=4))
        matches = [replace(m, buffer=name, transforms=tuple(transforms)) if isinstance(m, Content)
                   else replace(m, buffer=name) if isinstance(m, Pcre) else m for m in matches]
        found.append(BufferGroup(name, tuple(transforms), tuple(matches)))
    return tuple(found)


@settings(max_examples=150, deadline=None)
@given(groups())
def test_what_is_written_is_read(wanted):
    assert rule(options_of(wanted), "alert http any any -> any any").groups == wanted


@settings(max_examples=60, deadline=None)
@given(groups(), st.sampled_from([" ", "\t", "   "]), st.integers(1, 9))
def test_white_space_between_options_means_nothing(wanted, space, sid):
    options = options_of(wanted)
    loose = options.replace("; ", f";{space}{space}")
    header = "alert http any any -> any any".replace(" ", space)
    first, second = rule(options, "alert http any any -> any any", sid), rule(loose, header, sid)
    assert replace(first, options=()) == replace(second, options=())


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_one_error_with_a_place(text):
    source = f"alert tcp any any -> any any ({text} sid:1;)"
    found = None
    try:
        rule(text)
    except RuleError as error:
        found = error
    if found is not None:
        assert found.keyword
        assert found.what
        assert found.offset is None or 0 <= found.offset <= len(source)


RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted).map(tuple), max_size=6)


def members(ranges) -> set[int]:
    return {n for low, high in ranges for n in range(low, high + 1)}


@given(RANGES, RANGES)
def test_ranges_are_sets(first, second):
    a, b = merged(first), merged(second)
    assert members(a) == members(first)
    assert members(without(a, b)) == members(first) - members(second)
    assert members(complement(a, 60)) == set(range(61)) - members(first)
    for found in (a, without(a, b), complement(a, 60)):
        assert all(x[1] + 1 < y[0] for x, y in pairwise(found))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 255), st.integers(24, 32)), min_size=1, max_size=5),
       st.integers(0, 0xFFFFFFFF))
def test_an_address_list_holds_what_is_listed_less_what_is_negated(items, address):
    networks = [(negated, ipaddress.ip_network(f"10.0.{octet}.0/{length}")) for negated, octet, length in items]
    text = "[" + ",".join(f"{'!' * negated}{network}" for negated, network in networks) + "]"
    address = 0x0A000000 | address & 0xFFFF
    wanted = [n for negated, n in networks if not negated]
    inside = any(ipaddress.ip_address(address) in n for n in wanted) if wanted else True
    inside = inside and not any(ipaddress.ip_address(address) in n for negated, n in networks if negated)
    try:
        found = Variables().address_set(text)
    except ValueProblem:
        found = AddressSet(())
        assert not inside
    assert found.holds(V4_LOW + address) == inside
    words = [int(hi) << 64 | int(lo) for hi, lo in zip(*found.words[:2], strict=True)]
    assert words == [low for low, _ in found.ranges]


@given(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.integers(0, 255), st.integers(0, 255))
def test_integer_tests_are_read_as_written(op, value, x):
    test = IntTest(op, value)
    if test.possible(8):
        assert parse_int_test(str(test), 8) == test
        assert parse_int_test(f" {op} {value:#x} ", 8).holds(x) == eval(f"x {'==' if op == '=' else op} value")


SAMPLES = [
    'alert http $HOME_NET any -> [$EXTERNAL_NET,!1.2.3.4] ![80,8000:] (msg:"a \\"b\\""; flow:established,to_server; '
    'http.uri; url_decode; content:"/x|0d 0a|"; nocase; fast_pattern:1,2; pcre:"/^a(b|c)+$/Ri"; bsize:>3; sid:1;)',
    'alert tcp any any -> any any (content:"abc"; depth:9; byte_extract:2,0,n,relative; byte_test:2,>,n,1,relative; '
    'byte_jump:4,0,relative,little; isdataat:!1,relative; threshold:type limit,track by_src,count 1,seconds 9; sid:2;)',
    "alert dns any any -> any any (dns.query; dataset:isset,x,type string; config:logging disable, type tx, scope tx; "
    "flowbits:isset,a|b; xbits:set,c,track ip_src,expire 5; vlan.id:3,all; requires:version > 7; metadata:a b; sid:3;)",
]
WOUNDS = ["", ";", ":", '"', ",", "|", "!", "-", "<>", "\\", "0", "-1", "9" * 20, "any", "[", "]", "(", ")", " ", "$",
          "é"]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 6), st.sampled_from(WOUNDS)),
                                          min_size=1, max_size=4))
def test_a_damaged_rule_is_a_rule_or_an_error_of_its_own_kind(text, wounds):
    for at, length, new in wounds:
        text = text[:at] + new + text[at + length:]
    with suppress(RuleError, RuleSkipped):
        assert read_rule(text, Variables()).sid
