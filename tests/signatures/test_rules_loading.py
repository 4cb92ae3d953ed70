"""Loading files: lines, duplicates, refusals with their place, digest, hostile files, and rules of the world."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from columns.errors import UsageError
from detectors.signatures.language.conditions import Threshold
from detectors.signatures.language.loading import load_rules
from detectors.signatures.language.needs import needs
from detectors.signatures.language.problems import RuleError, ValueProblem
from detectors.signatures.language.regex import MATCH_LIMIT, compile_pcre
from detectors.signatures.language.ruleset import RuleSet
from detectors.signatures.language.text import split_lines
from detectors.signatures.language.threshold_file import read_threshold_file
from detectors.signatures.language.variables import Variables
from detectors.signatures.language.vars_file import read_vars_file
from tests.support.corpus import corpus
from tests.support.rule_text import rule

RULE = 'alert tcp any any -> any any (msg:"m"; content:"abcd"; sid:{sid}; rev:{rev};)'


def load(tmp_path: Path, text: str | bytes, name: str = "a.rules", **more) -> RuleSet:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_rules([path], **more)


def test_lines_are_read_whatever_their_ends(tmp_path):
    first, second = RULE.format(sid=1, rev=1), RULE.format(sid=2, rev=1)
    broken = first.replace("(msg", "(\\\r\n   msg").replace("content", "\\\n content")
    found = load(tmp_path, b"\xef\xbb\xbf" + f"# a remark\r\n\r\n{broken}\r\n#  {second}\n#alert is a word".encode())
    assert [(r.sid, r.line, r.enabled) for r in found.rules] == [(1, 3, True), (2, 6, False)]
    assert not found.refused
    assert [r.sid for r in found.enabled] == [1]


def test_a_refusal_has_file_line_column_keyword_and_remedy(tmp_path):
    text = 'alert tcp any any -> any any (msg:"m"; \\\n  content:"ab"; depth:1; sid:5;)\n'
    (problem,) = load(tmp_path, text).invalid
    assert (problem.line, problem.column, problem.keyword, problem.sid) == (2, 17, "depth", 5)
    assert problem.remedy
    assert str(problem).startswith(f"{tmp_path}/a.rules:2:17: depth: depth 1 is smaller")


@pytest.mark.parametrize(("text", "keyword", "column"), [
    ("alert tcp any any -> any any", "header", 29), ("alert tcp any any (sid:1;)", "header", 19),
    ("alert tcp any any <- any any (sid:1;)", "header", 19), ("alarm tcp any any -> any any (sid:1;)", "header", 1),
    ("alert tpc any any -> any any (sid:1;)", "header", 7), ("alert tcp $WHO any -> any any (sid:1;)", "header", 11),
    ("alert tcp any 70000 -> any any (sid:1;)", "header", 15), ("alert tcp any any -> any any (sid:1)", "options", 31),
    ("alert tcp any any -> any any (sid:1;", "options", 36), ("alert tcp any any -> any any (msg:\"x;)", "msg", 31),
    ("alert tcp any any -> any any (rev:1;)", "sid", 0), ("alert tcp any any -> any any (;sid:1;)", "options", 31),
    ("alert tcp:later any any -> any any (sid:1;)", "header", 7), ("alert udp any any -> any any (flags:S; sid:1;)",
                                                                 "header", 0),
])
def test_broken_rules_are_refused_where_they_are_broken(tmp_path, text, keyword, column):
    found = load(tmp_path, text)
    assert [(p.keyword, p.column) for p in found.refused] == [(keyword, column)]
    assert found.refused[0].what
    assert not found.rules


def test_the_higher_revision_stays_and_equals_are_refused(tmp_path):
    lines = [RULE.format(sid=1, rev=2), RULE.format(sid=1, rev=3), RULE.format(sid=1, rev=3), RULE.format(sid=1, rev=1),
             "# " + RULE.format(sid=1, rev=9), "#" + RULE.format(sid=2, rev=9), RULE.format(sid=2, rev=1)]
    found = load(tmp_path, "\n".join(lines))
    assert [(r.sid, r.rev, r.enabled) for r in found.rules] == [(1, 3, True), (2, 1, True)]
    assert [(p.line, p.keyword) for p in found.refused] == [(3, "sid"), (4, "sid")]
    assert [p.keyword for p in found.warnings] == ["sid"]


def test_the_digest_is_of_what_rules_mean(tmp_path):
    a, b = RULE.format(sid=1, rev=1), RULE.format(sid=2, rev=1)
    first = load(tmp_path, f"{a}\n{b}\n").digest
    assert load(tmp_path, f"# words\n{b.replace('; ', ';   ')}\n\n{a}", "other.rules").digest == first
    assert load(tmp_path, f"{a}\n{b}\n# {RULE.format(sid=3, rev=1)}").digest == first
    for changed in (a.replace("abcd", "abce"), a.replace("rev:1", "rev:2"), a.replace("alert", "drop"),
                    a.replace("-> any any", "-> any 80"), a.replace("sid", "nocase; sid")):
        assert load(tmp_path, f"{changed}\n{b}").digest != first


def test_what_an_engine_cannot_evaluate_is_refused_by_keyword(tmp_path):
    text = ('alert http any any -> any any (http.uri; content:"abcd"; sid:1;)\n'
            "alert ip any any -> any any (geoip:src,JP; sid:2;)\n")
    words = {"action:alert", "app:http", "buffer:http.uri", "match:Content"}
    found = load(tmp_path, text, evaluable=words)
    assert [r.sid for r in found.rules] == [1]
    assert found.refused_by_keyword() == {"geoip": 1}
    assert found.refused[0].valid
    assert not found.invalid
    assert {need for need, _ in needs(found.rules[0])} == words
    of_files = 'alert tcp any any -> any any (file.data; content:"abcd"; sid:3;)'
    one = {"action:alert", "buffer:file.data", "match:Content", "app:smtp"}
    assert [r.sid for r in load(tmp_path, of_files, evaluable=one).rules] == [3]
    assert load(tmp_path, of_files, evaluable=one - {"app:smtp"}).refused_by_keyword() == {"header": 1}


def test_odd_rules_are_warned_of(tmp_path):
    found = load(tmp_path, "\n".join((
        "alert ip any any -> any any (sid:1;)", 'alert tcp any any -> any any (content:!"abcd"; sid:2;)',
        'alert tcp any any -> any any (content:"ab"; sid:3;)',
        'alert tcp any any -> any any (content:"abcd"; classtype:odd; reference:odd,1; sid:4;)')))
    assert [(p.sid, p.keyword) for p in found.warnings] == [
        (1, "rule"), (2, "rule"), (3, "content"), (4, "classtype"), (4, "reference")]
    assert "everything" in found.warnings[0].what
    assert "no fast pattern" in found.warnings[1].what


def test_rules_that_wait_for_what_nobody_sets_are_warned_of(tmp_path):
    found = load(tmp_path, """\
alert tcp any any -> any any (content:"abcd"; flowbits:isset,a|b; sid:1;)
alert tcp any any -> any any (content:"abcd"; flowbits:isset,c; flowint:n,isset; sid:2;)
alert tcp any any -> any any (content:"abcd"; flowbits:set,b; flowbits:unset,c; flowint:n,+,1; sid:3;)
# alert tcp any any -> any any (content:"abcd"; flowbits:set,c; sid:4;)
alert tcp any any -> any any (content:"abcd"; xbits:isset,b,track ip_src; flowbits:isnotset,d; sid:5;)
""")
    assert [(p.sid, p.keyword) for p in found.warnings] == [(2, "flowbits"), (5, "xbits")]
    assert "never matches" in found.warnings[0].what


def test_sets_of_values_are_read_and_checked(tmp_path):
    (tmp_path / "good.lst").write_text("YWJj\n\nZGVm\n")
    (tmp_path / "bad.lst").write_text("YWJj\n???\n")
    (tmp_path / "ips.json").write_text('{"list": [{"ip": "10.0.0.1", "who": "x"}, {"no": 1}]}')
    (tmp_path / "rep.lst").write_text("YWJj,5\n")
    text = "alert http any any -> any any (http.host; dataset:isset,{0}; sid:{1};)\n"
    found = load(tmp_path, "".join(text.format(*pair) for pair in (
        ("good,type string,load good.lst", 1), ("bad,type string,load bad.lst", 2),
        ("none,type string,load none.lst", 3), ("good,type md5", 4), ("seen,type string", 5),
        ("small,type string,load good.lst,memcap 10", 6), ("untold", 7),
        ("ips,type ip,load ips.json,format json,value_key ip,array_key list", 8),
        ("rep,type string,load rep.lst", 9)))
        + "alert http any any -> any any (http.host; datarep:rep2,>,3,type string,load rep.lst; sid:10;)\n"
        + "alert http any any -> any any (http.host; datarep:good,>,3,type string,load good.lst; sid:11;)\n")
    assert [r.sid for r in found.rules] == [1, 5, 8, 10]
    assert sorted(found.datasets["good"].values) == [b"abc", b"def"]
    assert found.datasets["rep2"].values == {b"abc": 5}
    (address,) = found.datasets["ips"].values
    assert address == bytes(10) + b"\xff\xff\x0a\x00\x00\x01"
    assert "line 2" in next(p.what for p in found.refused if p.sid == 2)


# -- hostile ---------------------------------------------------------------------------------------------------------

def test_a_rule_file_of_ten_megabytes_is_read_in_bounded_time_and_memory(tmp_path):
    noise = 'alert tcp any any -> any any (msg:"' + "a" * 9000 + "\n"
    nested = "alert tcp " + "[" * 4000 + " any -> any any (sid:1;)\n"
    empty = "alert tcp any any -> any any (" + ";" * 4000 + ")\n"
    text = (noise * 500 + nested * 50 + empty * 200 + "x" * 5_000_000 + "\n" + RULE.format(sid=9, rev=1)).encode()
    assert len(text) > 10_000_000
    tracemalloc.start()
    began = time.perf_counter()
    found = load(tmp_path, text)
    seconds, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [r.sid for r in found.rules] == [9]
    assert len(found.refused) == 751
    assert seconds < 15
    assert peak < 120_000_000


def test_an_expression_that_explodes_ends_at_its_limit():
    import pcre2

    (group,) = rule('pcre:"/^(a+)+$/";').groups
    with pytest.raises(pcre2.LibraryError, match="limit"):
        compile_pcre(group.matches[0]).search(b"a" * 64 + b"!")
    assert MATCH_LIMIT == 3500


@pytest.mark.parametrize("text", ["$A", "[$B,1.2.3.4]", "[" * 500 + "any" + "]" * 500, "!any", "[10.0.0.1,!10.0.0.0/8]",
                                  "300.1.1.1", "10.0.0.0/33", "[10.0.0.1,]", "10.0.0.9-10.0.0.1", "fe80::/129"])
def test_addresses_that_mean_nothing(text):
    with pytest.raises(ValueProblem) as error:
        Variables({"A": "$A", "B": "[$C]", "C": "[$B]"}).address_set(text)
    assert error.value.remedy


def test_variables_that_grow_are_stopped():
    doubling = {"V0": "10.0.0.1"} | {f"V{k}": f"[$V{k - 1},$V{k - 1}]" for k in range(1, 31)}
    with pytest.raises(ValueProblem):
        Variables(doubling).address_set("$V30")


def test_a_rule_has_a_bound_on_its_matches():
    with pytest.raises(RuleError, match="256 matches"):
        rule('content:"a";' * 300)


def test_a_missing_file_and_an_empty_folder_are_errors(tmp_path):
    for path in (tmp_path / "none.rules", tmp_path):
        with pytest.raises(UsageError):
            load_rules([path])


def test_continuation_at_the_end_of_a_file_is_a_rule_too():
    assert [line.text for line in split_lines("a b \\\n c\\")] == ["a b  c"]


# -- files beside the rules ------------------------------------------------------------------------------------------

def test_thresholds_from_a_file(tmp_path):
    path = tmp_path / "threshold.config"
    path.write_text("# words\nsuppress gen_id 1, sig_id 5, track by_src, ip [10.0.0.0/8,!10.1.0.0/16]\n"
                    "suppress gen_id 1, sig_id 6\n"
                    "threshold gen_id 1, sig_id 1, type limit, track by_src, \\\n  count 1, seconds 60\n"
                    "event_filter gen_id 0, sig_id 0, type both, track by_dst, count 2, seconds 5\n"
                    "rate_filter gen_id 1, sig_id 7, track by_rule, count 9, seconds 3, new_action drop, timeout 30\n")
    found = read_threshold_file(path, Variables())
    assert [s.sid for s in found.suppress] == [5, 6]
    assert found.suppress[0].addresses.holds(0xFFFF00000000 + (10 << 24))
    assert not found.suppress[0].addresses.holds(0xFFFF00000000 + (10 << 24) + (1 << 16))
    assert found.rate_filters[0].new_action == "drop"
    rules = load(tmp_path, "\n".join(RULE.format(sid=s, rev=1) for s in (1, 2)), thresholds=found).rules
    assert [r.threshold for r in rules] == [Threshold("limit", "by_src", 1, 60), Threshold("both", "by_dst", 2, 5)]
    path.write_text("\nthreshold gen_id 1, sig_id 1, type never, track by_src, count 1, seconds 60\n")
    with pytest.raises(UsageError, match=r"threshold.config:2: threshold: unknown type never"):
        read_threshold_file(path, Variables())


def test_variables_from_a_suricata_yaml(tmp_path):
    path = tmp_path / "suricata.yaml"
    path.write_text('%YAML 1.1\n---\nother:\n  HOME_NET: no\nvars:\n  address-groups:\n'
                    '    HOME_NET: "[10.0.0.0/8]"  # us\n'
                    "    #OFF: any\n    EXTERNAL_NET: any\n  port-groups:\n    HTTP_PORTS: '[80,8080]'\nrest: 1\n")
    assert read_vars_file(path) == ({"HOME_NET": "[10.0.0.0/8]", "EXTERNAL_NET": "any"}, {"HTTP_PORTS": "[80,8080]"})
    path.write_text("nothing: 1\n")
    with pytest.raises(UsageError):
        read_vars_file(path)


# -- the world -------------------------------------------------------------------------------------------------------

def test_emerging_threats_load_but_for_two_rules_that_suricata_refuses_too():
    began = time.process_time()
    found = load_rules([corpus("rules")])
    assert time.process_time() - began < 10
    assert len(found.rules) + len(found.refused) == 10_275
    assert {p.sid for p in found.refused} == {2025232, 2025870}
    without = [r for r in found.enabled if r.groups and r.fast_pattern is None]
    assert len(without) < 10
