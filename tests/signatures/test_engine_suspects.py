"""Who is suspected where: patterns by header and direction against plain search, at random; what parsers are asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns.app import AppProto
from columns.said import NOTHING_SAID, Recognised, Step
from detectors.signatures.detector import SignatureDetector
from detectors.signatures.engine import suspects
from detectors.signatures.engine.headers import Headers
from detectors.signatures.engine.plan import Plan
from detectors.signatures.engine.suspects import Ways
from detectors.signatures.language.ruleset import RuleSet
from tests.support.ruled import HTTP, Sensor, rules_of, talk

ADDRESSES = (0xFFFF0A000001, 0xFFFF0A000002, 0xFFFFC6336407, 1 << 125 | 5)
PORTS = (80, 443, 5000)
PIECE = st.tuples(*[st.sampled_from(ADDRESSES)] * 2, *[st.sampled_from(PORTS)] * 2, st.booleans(),
                  st.text("abcdEFGH ", max_size=30).map(str.encode))
RULES = (
    'alert tcp any any -> any 80 (content:"abcd"; flow:to_server; sid:1;)',
    'alert tcp 10.0.0.1 any -> any any (content:"efgh"; nocase; sid:2;)',
    'alert tcp any 443 -> 10.0.0.2 any (content:"dEFG"; flow:to_client; sid:3;)',
    'alert tcp any any <> [2000::/3,198.51.100.0/24] 5000 (content:"a b"; sid:4;)',
    'alert tcp !10.0.0.1 any -> any ![80,443] (content:"cdEFGH ab"; sid:5;)',
    'alert tcp any any -> any any (content:"GH"; offset:1; depth:12; sid:6;)',
)


@pytest.fixture(scope="module")
def ruleset(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    return rules_of(tmp_path_factory.mktemp("rules"), *RULES)


def ways_of(headers: Headers, pieces: list[tuple]) -> Ways:
    def halves(which: int) -> tuple[np.ndarray, np.ndarray]:
        whole = [p[which] for p in pieces]
        return np.array([a >> 64 for a in whole], np.uint64), np.array([a & (1 << 64) - 1 for a in whole], np.uint64)

    return Ways(headers.address_ranges(*halves(0)), headers.address_ranges(*halves(1)),
                headers.port_ranges(np.array([p[2] for p in pieces])),
                headers.port_ranges(np.array([p[3] for p in pieces])), np.array([p[4] for p in pieces]))


@pytest.mark.parametrize("new_ways", [0, 2, 256])
@settings(max_examples=60, deadline=None)
@given(pieces=st.lists(PIECE, min_size=1, max_size=12))
def test_a_rule_is_suspected_where_pattern_header_and_direction_fit_and_nowhere_else(
        ruleset: RuleSet, new_ways: int, pieces: list[tuple]) -> None:
    plan = Plan(ruleset)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suspects, "_NEW_WAYS", new_ways)  # whatever was looked up, the same must come out
        data = np.frombuffer(b"".join(p[5] for p in pieces) + b"\0", np.uint8)
        sizes = np.array([len(p[5]) for p in pieces], np.int64)
        for one in (plan.stream, plan.tcp):
            found, _ = one.find(data, np.cumsum(sizes) - sizes, sizes, None, ways_of(plan.headers, pieces))
            assert sorted((k, rule.rule.sid) for k, rule in found) == sorted(
                (k, rule.rule.sid) for k, p in enumerate(pieces) for rule in one.rules
                if rule.may_go(_client_ends(plan.headers, p), p[4]) and _stands(rule.rule.sid, p[5]))


def _client_ends(headers: Headers, piece: tuple) -> object:
    ends = headers.ends(piece[0], piece[1], piece[2], piece[3])
    return ends if piece[4] else ends.turned()


def _stands(sid: int, data: bytes) -> bool:
    return {1: b"abcd" in data, 2: b"efgh" in data.lower(), 3: b"dEFG" in data, 4: b"a b" in data,
            5: b"cdEFGH ab" in data, 6: b"GH" in data[1:13]}[sid]


def test_what_no_rule_can_be_about_is_not_searched(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, 'alert tcp any any -> any 81 (content:"EVIL-PAYLOAD"; sid:1;)',
                     'alert tcp any any -> any any (content:"GET "; depth:4; sid:2;)')
    sensor = Sensor(SignatureDetector(rules))
    sensor.take(talk(*HTTP))
    sensor.end()
    assert [a["sid"] for a in sensor.alerts] == [2]
    assert 0 < sensor.detector.counters()["bytes_searched"] <= 32


@pytest.mark.parametrize(("rule", "wanted"), [
    ('alert http any any -> any any (http.uri; content:"/a"; sid:1;)', {AppProto.HTTP, AppProto.HTTP2}),
    ('alert dns any any -> any any (dns.query; content:"example"; sid:1;)', {AppProto.DNS}),
    ('alert tcp any any -> any any (content:"abcd"; sid:1;)', set()),
    ('alert tcp any any -> any any (file.data; content:"abcd"; sid:1;)',
     {AppProto.HTTP, AppProto.HTTP2, AppProto.SMTP, AppProto.FTP_DATA, AppProto.SMB}),
    ('alert ip any any -> any any (app-layer-event:applayer.protocol_changed; sid:1;)', None),
])
def test_parsers_are_asked_for_buffers_of_protocols_that_rules_are_about(rule: str, wanted: set | None,
                                                                         tmp_path: Path) -> None:
    inspects = SignatureDetector(rules_of(tmp_path, rule)).inspects
    assert inspects == wanted


class _Listening(SignatureDetector):
    """Remembers what was said."""

    def update(self, packets, flows, said=NOTHING_SAID):  # type: ignore[no-untyped-def]
        self.__dict__.setdefault("heard", []).extend(said.spoken)
        return super().update(packets, flows, said)


@pytest.mark.parametrize(("inspected", "names"), [(None, True), (frozenset({AppProto.HTTP}), True),
                                                  (frozenset({AppProto.DNS}), False)])
def test_a_protocol_that_nobody_asks_for_is_recognised_and_shows_no_buffers(
        inspected: frozenset | None, names: bool, tmp_path: Path) -> None:
    detector = _Listening(rules_of(tmp_path, 'alert http any any -> any any (http.uri; content:"/a"; sid:1;)'))
    sensor = Sensor(detector)
    sensor.dissector.buffers_of = inspected
    sensor.take(talk(*HTTP))
    sensor.end()
    shown = {name for item in detector.heard if isinstance(item, Step) for name, _ in item.buffers}
    assert ("http.uri" in shown) == names
    assert sum(isinstance(item, Recognised) for item in detector.heard) == 2


@pytest.mark.parametrize(("rule", "name", "matters"), [
    ('alert smb any any -> any any (file.data; content:"abcd"; sid:1;)', "smb.version", False),
    ('alert smb any any -> any any (file.data; content:"abcd"; sid:1;)', "file.data", True),
    ('alert smb any any -> any any (file.data; content:"abcd"; sid:1;)', "dcerpc.iface", True),  # its alert shows it
    ('alert smb any any -> any any (smb.named_pipe; content:"abcd"; sid:1;)', "smb.named_pipe", True),
    ('alert smb any any -> any any (file.data; content:!"abcd"; sid:1;)', "smb.version", True),  # it has no pattern
    ('alert smb any any -> any any (file.data; content:"abcd"; smb.version:2; sid:1;)', "smb.version", True),
])
def test_a_step_matters_if_a_rule_or_its_alert_can_be_about_what_it_shows(rule: str, name: str, matters: bool,
                                                                          tmp_path: Path) -> None:
    asked = Plan(rules_of(tmp_path, rule)).asked
    assert asked.matters(AppProto.SMB, [("smb.other", b""), (name, b"2")]) == matters
    assert asked.matters(AppProto.SMB, [("event", b"smb.file_overlap")])
