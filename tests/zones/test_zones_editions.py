"""A policy in several editions: each flow is judged by the one of its time, under numbers that hold in all of them."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import FLOW, TABLES
from columns.address import address_int
from columns.codes import Verdict
from columns.errors import PolicyError
from tests.support.policies import TODAY, company, toml_text
from tests.zones.test_zones_judge import HOSTS, ROWS, flow, keys_of, policies, sound
from zones import FlowKeys, check_policy, judge, label_ends, load_policy
from zones.editions import Edition, digest_of_all
from zones.policy import build_policies

V = Verdict
CHANGE = dt.datetime(2026, 10, 25, 1, 30)
"""Local time in Berlin that comes twice on this night: summer time ends at 03:00."""


def edition(valid_from=None, **conduits):
    """A company's policy from a moment on, with more conduits."""
    document = company()
    document["conduit"] |= conduits
    if valid_from is not None:
        document["valid_from"] = valid_from
    return document


def folder_of(tmp_path, *documents):
    for number, document in enumerate(documents):
        (tmp_path / f"{number}.toml").write_text(toml_text(document), "utf-8")
    return tmp_path


def conduit(source, target, **more):
    return {"owner": "it", "justification": "work", "review_by": dt.date(2027, 6, 1), "services": ["ssh"],
            "from": source, "to": target, **more}


def ns(moment):
    return int(moment.timestamp()) * 10**9


def verdicts(policy, *rows):
    found = judge(policy, keys_of(rows))
    return [(Verdict(v), policy.conduit_names[c]) for v, c in zip(found.verdict, found.conduit, strict=True)]


def test_a_flow_is_judged_by_the_policy_of_its_time(tmp_path):
    path = folder_of(tmp_path, edition(), edition(dt.date(2026, 10, 20), shell=conduit("office", "plant")),
                     edition(dt.datetime(2026, 10, 25, 12, 0, tzinfo=dt.UTC)))
    policy = load_policy(path, today=TODAY)
    opened, closed = ns(dt.datetime(2026, 10, 20, tzinfo=dt.UTC)), ns(dt.datetime(2026, 10, 25, 12, tzinfo=dt.UTC))
    rows = [flow("10.1.0.1", "10.2.0.1", 22, ts_ns=t) for t in (0, opened - 1, opened, closed - 1, closed)]
    assert verdicts(policy, *rows) == [
        (V.NO_CONDUIT, ""), (V.NO_CONDUIT, ""), (V.PERMITTED, "shell"), (V.PERMITTED, "shell"), (V.NO_CONDUIT, "")]
    number = policy.conduit_names.index("shell")
    assert policy.conduit(number, opened).name == "shell"
    assert policy.conduit(number, closed) is None
    assert policy.digest not in {t.edition.digest for t in policy.tables}


def test_a_zone_that_moves_keeps_its_number_and_changes_its_addresses(tmp_path):
    moved = edition(dt.date(2026, 10, 20))
    moved["zone"]["plant"]["cidr"] = ["10.3.0.0/16"]
    moved["zone"] = {"lab": {"rank": 1, "kind": "internal", "cidr": ["10.2.0.0/16"], "owner": "lab"}, **moved["zone"]}
    policy = load_policy(folder_of(tmp_path, edition(), moved), today=TODAY)
    assert policy.zone_names == ("unattributed", "office", "plant", "net", "lab")
    change = ns(dt.datetime(2026, 10, 20, tzinfo=dt.UTC))
    http = next(t for t in TABLES if t.name == "http")
    batch = http.from_rows([{"src_ip": address_int("10.2.0.1"), "dst_ip": address_int("10.3.0.1"), "ts_ns": t}
                            for t in (change - 1, change)])
    label_ends(policy, batch)
    assert [policy.zone_names[z] for z in batch.src_zone] == ["plant", "lab"]
    assert [policy.zone_names[z] for z in batch.dst_zone] == ["unattributed", "plant"]
    assert policy.zone_names[policy.zone_of(batch.src_ip_hi, batch.src_ip_lo)[0]] == "lab", "without a time: the newest"


@pytest.mark.parametrize(("first", "second"), [
    (None, None), (dt.date(2026, 10, 1), dt.date(2026, 10, 1)),
    (dt.date(2026, 10, 1), dt.datetime(2026, 10, 1, 0, 0, tzinfo=dt.UTC)),
])
def test_two_editions_of_one_time_are_refused(tmp_path, first, second):
    path = folder_of(tmp_path, edition(first), edition(second))
    assert [(p.code, p.where) for p in check_policy(path, today=TODAY)] == [("E006", "1.toml: valid_from")]
    with pytest.raises(PolicyError, match=r"E006 1\.toml: valid_from"):
        load_policy(path, today=TODAY)


def test_the_faults_of_every_edition_are_told_and_warnings_of_the_newest_alone(tmp_path):
    old, new = edition(), edition(dt.date(2026, 10, 1))
    old["conduit"]["web"]["review_by"] = new["conduit"]["web"]["review_by"] = dt.date(2026, 9, 30)
    path = folder_of(tmp_path, old, new)
    assert [(p.code, p.where) for p in check_policy(path, today=TODAY)] == [("E407", "1.toml: conduit.web.review_by")]
    old["conduit"]["web"]["to"] = "nowhere"
    new["default"] = "allow"
    path = folder_of(tmp_path, old, new)
    assert {p.where for p in check_policy(path, today=TODAY)} == {
        "0.toml: conduit.web.to", "0.toml: conduit.web.review_by", "1.toml: default", "1.toml: conduit.web.review_by"}


@pytest.mark.parametrize(("zone", "moment", "expected"), [
    ("UTC", dt.date(2026, 10, 1), dt.datetime(2026, 10, 1, tzinfo=dt.UTC)),
    ("Asia/Tokyo", dt.date(2026, 10, 1), dt.datetime(2026, 9, 30, 15, tzinfo=dt.UTC)),
    ("Europe/Berlin", CHANGE, dt.datetime(2026, 10, 24, 23, 30, tzinfo=dt.UTC)),
    ("America/New_York", dt.date(2026, 11, 2), dt.datetime(2026, 11, 2, 5, tzinfo=dt.UTC)),
    ("America/New_York", dt.date(2026, 11, 1), dt.datetime(2026, 11, 1, 4, tzinfo=dt.UTC)),
    ("UTC", dt.date(9999, 1, 1), dt.datetime(2262, 1, 1, tzinfo=dt.UTC)),
])
def test_valid_from_is_read_in_the_time_zone_of_the_policy(tmp_path, zone, moment, expected):
    document = edition(moment)
    document["timezone"] = zone
    policy = load_policy(folder_of(tmp_path, edition(), document), today=TODAY)
    assert policy.since_ns[1] == ns(expected)


@settings(max_examples=20, deadline=None)
@given(st.lists(policies(), min_size=2, max_size=3), st.lists(ROWS, min_size=1, max_size=20))
def test_editions_agree_with_the_policy_of_each_time_alone(documents, rows):
    drafts, alone = [], []
    for number, document in enumerate(documents):
        document["valid_from"] = dt.datetime(2026, 10, 11 + number, 12, 0, tzinfo=dt.UTC)
        policy = sound(document)
        alone.append(policy)
        drafts.append(Edition(policy.newest.draft, str(number)))
    whole = build_policies(drafts, ())
    found = judge(whole, keys_of([{**r, "name": -1} for r in rows]))
    for i, row in enumerate(rows):
        number = sum(row["ts_ns"] >= e.since_ns for e in drafts[1:])
        own = judge(alone[number], keys_of([{**row, "name": -1}]))
        assert found.verdict[i] == own.verdict[0]
        for names, numbers in (("zone_names", "src_zone"), ("zone_names", "dst_zone"), ("conduit_names", "conduit")):
            assert getattr(whole, names)[getattr(found, numbers)[i]] == getattr(
                alone[number], names)[getattr(own, numbers)[0]]


HOUR_NS = 3600 * 10**9


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
       st.integers(0, 366 * 24 * 4))
def test_hours_follow_the_clock_on_the_wall_through_changes_of_daylight_time(zone, quarter):
    if zone not in CLOCKED:
        document = company()
        document["timezone"] = zone
        document["conduit"] = {"shell": conduit("office", "plant", hours=["Mon-Fri 08:30-17:15", "Sun 01:30-02:30"])}
        CLOCKED[zone] = sound(document)
    ts_ns = ns(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) + quarter * HOUR_NS // 4
    local = dt.datetime.fromtimestamp(ts_ns // 10**9, ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    inside = (510 <= minute < 1035) if local.weekday() < 5 else local.weekday() == 6 and 90 <= minute < 150
    late = local.date() > dt.date(2027, 6, 1)
    expected = V.EXPIRED_CONDUIT if late else V.PERMITTED if inside else V.OUT_OF_HOURS
    assert verdicts(CLOCKED[zone], flow("10.1.0.1", "10.2.0.1", 22, ts_ns=ts_ns))[0][0] == expected


CLOCKED: dict = {}


def test_the_digest_of_one_edition_is_that_of_its_file_and_of_several_depends_on_each():
    one, other = (Edition(sound(company()).newest.draft, digest) for digest in ("aa", "bb"))
    assert digest_of_all([one]) == "aa"
    assert len({digest_of_all([one, other]), digest_of_all([other, one]), digest_of_all([one, one])}) == 3


def test_no_rows_and_one_edition_cost_nothing(tmp_path):
    policy = load_policy(folder_of(tmp_path, edition(), edition(dt.date(2026, 10, 1))), today=TODAY)
    assert judge(policy, FlowKeys(*[c[:0] for c in keys_of([flow(*HOSTS[:2])])])).verdict.size == 0
    assert policy.zone_of(np.zeros(0), np.zeros(0), np.zeros(0)).size == 0
    assert FLOW.empty(0).verdict.size == 0
