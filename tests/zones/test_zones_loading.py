"""Loading a policy: what is kept, what stands in files that people really write, and what hostile files do."""

import datetime as dt
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from columns.errors import PolicyError
from tests.support.policies import TODAY, city, company, policy_file, toml_text
from tests.support.zone_stream import ip
from zones import EXAMPLE, check_policy, conduit_rows, load_policy, problem_rows, zone_rows
from zones.loading import examine
from zones.policy import build_policy
from zones.register import CONDUIT_COLUMNS, PROBLEM_COLUMNS, ZONE_COLUMNS


def shared_policy() -> Path:
    beside = Path(__file__).resolve().parents[3] / "shared" / "policy" / "zones.toml"
    path = Path(os.environ.get("SEKISHO_POLICY", beside))
    if not path.is_file():
        pytest.skip("no further policy file: set SEKISHO_POLICY or put it at ../shared/policy/zones.toml")
    return path


def zone_name(policy, address):
    hi, lo = ip(address)
    return policy.zone_names[policy.zone_of(np.array([hi], np.uint64), np.array([lo], np.uint64))[0]]


def test_the_example_loads_with_the_warnings_it_was_written_for():
    policy = load_policy(EXAMPLE, today=TODAY)
    assert [(p.code, p.where) for p in policy.warnings] == [("E407", "conduit.C10.review_by"), ("W423", "conduit.C07")]
    assert policy.digest == hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    assert policy.zone_names[:3] == ("unattributed", "mynumber", "lgwan")
    assert policy.conduit_names[:2] == ("", "C01")
    assert policy.zones[0].ja == "マイナンバー利用事務系"


def test_the_fictional_policy_of_the_specification_loads():
    policy = load_policy(shared_policy(), today=TODAY)
    assert [(p.code, p.where) for p in policy.warnings] == [("E407", "conduit.C10.review_by")]
    in_december = load_policy(shared_policy(), today=TODAY.replace(month=12, day=1))
    assert ("W408", "conduit.C14.review_by") in {(p.code, p.where) for p in in_december.warnings}
    assert len(policy.zones) == 10
    assert len(policy.conduits) == 15


def test_a_free_policy_of_a_company_loads(tmp_path):
    document = company()
    document["conduit"]["shop"] = {**document["conduit"]["web"], "from": "net", "to": "office",
                                   "to_hosts": ["10.1.0.80"], "services": ["ssh"]}
    policy = load_policy(policy_file(tmp_path, document), today=TODAY)
    assert policy.warnings == ()
    assert zone_name(policy, "10.2.3.4") == "plant"


@pytest.mark.parametrize(("address", "zone"), [
    ("10.10.0.1", "mynumber"), ("10.11.0.1", "unattributed"), ("192.168.0.1", "unattributed"),
    ("172.31.255.255", "unattributed"), ("172.32.0.0", "internet"), ("100.64.1.1", "lgwan_net"),
    ("100.127.0.1", "unattributed"), ("100.128.0.1", "internet"), ("169.254.1.1", "unattributed"),
    ("127.0.0.1", "unattributed"), ("224.0.0.251", "unattributed"), ("255.255.255.255", "unattributed"),
    ("203.0.113.15", "dmz"), ("203.0.113.16", "internet"), ("2001:db8:30::1", "inet"), ("2001:db8:31:1::1", "internet"),
    ("fd00::1", "unattributed"), ("fe80::1", "unattributed"), ("ff02::1", "unattributed"), ("::1", "unattributed"),
])
def test_private_space_in_no_zone_is_not_the_internet(address, zone):
    assert zone_name(load_policy(EXAMPLE, today=TODAY), address) == zone


def test_a_zone_may_claim_private_space_around_and_inside(tmp_path):
    document = company()
    document["zone"]["plant"]["cidr"] = ["10.0.0.0/7", "fc00::/7", "239.0.0.0/8"]
    document["zone"]["office"]["carve_out_of"] = "plant"
    policy = load_policy(policy_file(tmp_path, document), today=TODAY)
    names = [zone_name(policy, a) for a in ("10.9.9.9", "10.1.9.9", "11.0.0.1", "fd12::1", "239.1.1.1", "238.1.1.1")]
    assert names == ["plant", "office", "plant", "plant", "plant", "unattributed"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[zone", b"schema = 1\x00",
                                     b"\x89PNG\r\n\x1a\n", b"a = 1" * 99])
def test_a_file_that_is_no_policy_is_one_clear_error(tmp_path, content):
    path = tmp_path / "zones.toml"
    path.write_bytes(content)
    with pytest.raises(PolicyError, match="E001") as caught:
        load_policy(path)
    assert str(path) in str(caught.value)


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path):
    for path, message in ((tmp_path / "absent.toml", "cannot be read"), (tmp_path, "holds no policy")):
        with pytest.raises(PolicyError, match=message) as caught:
            check_policy(path)
        assert str(path) in str(caught.value)


def test_a_byte_order_mark_is_allowed(tmp_path):
    path = tmp_path / "zones.toml"
    path.write_bytes(b"\xef\xbb\xbf" + toml_text(city()).encode())
    assert load_policy(path, today=TODAY).warnings == ()


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 70000), st.floats(), st.text(max_size=6),
    st.lists(st.integers(), max_size=2),
    st.lists(st.sampled_from(["0.0.0.0/0", "10.20.0.0/16", "::ffff:0:0/96", "x", "tcp/1", "Mon 00:00-24:00"]),
             max_size=3),
    st.dates(), st.datetimes(), st.dictionaries(st.sampled_from(["from", "cidr", "kind"]), st.integers(), max_size=2),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_policy_with_anything_anywhere_is_refused_or_loads_but_never_fails(data):
    document = city()
    for _ in range(data.draw(st.integers(1, 3))):
        table = document
        for _ in range(data.draw(st.integers(0, 2))):
            inner = [v for v in table.values() if isinstance(v, dict)]
            if not inner:
                break
            table = data.draw(st.sampled_from(inner))
        value = data.draw(JUNK)
        key = data.draw(st.sampled_from(sorted(table)) | st.text(max_size=4)) if table else "x"
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value
    draft, problems = examine(toml_text(document).encode(), today=TODAY)
    if draft and not any(p.level == "error" for p in problems):
        assert build_policy(draft, "", tuple(problems)).zone_names


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_review_date_beyond_any_clock_loads(day):
    document = city()
    document["conduit"]["C01"]["review_by"] = dt.date.fromisoformat(day)
    draft, problems = examine(toml_text(document).encode(), today=TODAY)
    assert build_policy(draft, "", tuple(problems)).zone_names


def test_rows_for_a_table_have_their_columns():
    policy = load_policy(EXAMPLE, today=TODAY)
    assert [tuple(r) for r in zone_rows(policy)] == [ZONE_COLUMNS] * 10
    rows = conduit_rows(policy)
    assert [tuple(r) for r in rows] == [CONDUIT_COLUMNS] * 18
    assert rows[0] == {
        "conduit": "C01", "ja": "仮想ブラウザ画面転送", "from": "lgwan", "to": "inet (10.30.8.0/24)",
        "services": "tcp/3389, udp/3389", "app": "rdp", "hours": "", "sanitization": "screen-transfer",
        "forbid": "clipboard, drive, printer, usb", "limits": "up 20 MB/h", "src_mac": "", "sni": "",
        "owner": "情報管理課", "justification": "Web閲覧", "review_by": "2027-10-31",
    }
    problems = problem_rows(policy.warnings)
    assert [tuple(r) for r in problems] == [PROBLEM_COLUMNS] * 2
    assert problems[0]["ja"] == "見直し期限切れ"
