"""Every validation code is raised by one change to a good policy, at the place that was changed, and not before."""

import copy
import datetime as dt
import tomllib
from pathlib import Path

import pytest

from columns.errors import PolicyError
from tests.support.policies import TODAY, city, company, policy_file, toml_text
from zones import CODES, Level, check_policy, load_policy


def put(*path_and_value):
    """A change that sets a value at a key path."""
    *path, value = path_and_value

    def change(document):
        for key in path[:-1]:
            document = document.setdefault(key, {})
        document[path[-1]] = copy.deepcopy(value)
    return change


def drop(*path):
    def change(document):
        for key in path[:-1]:
            document = document[key]
        del document[path[-1]]
    return change


def also(*changes):
    def change(document):
        for one in changes:
            one(document)
    return change


def conduit(name, **keys):
    """A change that adds a conduit which is good but for what keys say."""
    keys = {k.rstrip("_"): v for k, v in keys.items()}
    return put("conduit", name, {"owner": "x", "justification": "y", "review_by": dt.date(2027, 6, 1),
                                 "services": ["https"], **keys})


def renamed(old, new):
    def change(document):
        document["conduit"][new] = document["conduit"].pop(old)
    return change


MYNUMBER = {"from_": "mynumber", "from_hosts": ["10.10.1.1"], "to_hosts": ["100.64.1.1"], "specific": True,
            "src_mac": ["02:00:00:00:00:01"]}

# code, where, change to the municipal example
MUNICIPAL = [
    ("E001", "schema", put("schema", 2)),
    ("E001", "zone.lgwan.rank", drop("zone", "lgwan", "rank")),
    ("E001", "zone.lgwan.kind", put("zone", "lgwan", "kind", "open")),
    ("E001", "zone.lgwan.cidr", put("zone", "lgwan", "cidr", "10.20.0.0/16")),
    ("E001", "conduit.C01.specific", put("conduit", "C01", "specific", "yes")),
    ("E001", "conduit.C11.src_mac", put("conduit", "C11", "src_mac", ["02:00:00"])),
    ("E001", "conduit.C16.hours", put("conduit", "C16", "hours", ["Mon-Fry 08:30-17:15"])),
    ("E001", "conduit.C01.max_up_mb_per_hour", put("conduit", "C01", "max_up_mb_per_hour", -1)),
    ("E001", "timezone", put("timezone", "Asia/Edo")),
    ("E001", "conduit.C01", put("conduit", "C01", 5)),
    ("E001", "conduit", put("conduit", {})),
    ("E002", "model", put("model", "gamma")),
    ("E003", "default", put("default", "allow")),
    ("E003", "default", drop("default")),
    ("E004", "approved_by", drop("approved_by")),
    ("E004", "approved_on", drop("approved_on")),
    ("E005", "approved_on", put("approved_on", TODAY + dt.timedelta(days=1))),
    ("E010", "modell", put("modell", "alpha")),
    ("E010", "conduit.C01.reviewby", put("conduit", "C01", "reviewby", 1)),
    ("E101", "zone.lgwan.cidr", put("zone", "lgwan", "cidr", ["10.20.0.0/16", "10.20.1.1/24"])),
    ("E101", "conduit.C01.to_hosts", put("conduit", "C01", "to_hosts", ["10.30.8.0/33"])),
    ("E102", "zone.lgwan.cidr", put("zone", "lgwan", "cidr", [])),
    ("E103", "zone.lgwan.owner", put("zone", "lgwan", "owner", "-")),
    ("E104", "zone.lgwan.vlan", put("zone", "lgwan", "vlan", [120, 110])),
    ("E105", "zone.lgwan.vlan", put("zone", "lgwan", "vlan", [4095])),
    ("E106", "zone.inet", put("zone", "inet", "tier", "sanitizer")),
    ("W107", "zone.lgwan.cidr", put("zone", "lgwan", "cidr", ["10.20.0.0/16", "10.20.4.0/24"])),
    ("W107", "zone.internet.cidr", put("zone", "internet", "cidr", ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0"])),
    ("W107", "zone.lgwan.cidr", put("zone", "lgwan", "cidr", ["10.20.0.0/16", "10.20.0.0/16"])),
    ("E108", "zone.sanitizer.cidr", put("zone", "sanitizer", "cidr", ["10.25.0.0/24", "10.20.9.0/24"])),
    ("E108", "zone.sanitizer.cidr", put("zone", "sanitizer", "cidr", ["10.25.0.0/24", "10.20.0.0/16"])),
    ("E108", "zone.sanitizer.carve_out_of", put("zone", "sanitizer", "carve_out_of", "nowhere")),
    ("E109", "zone", put("zone", "seccloud", "kind", "external")),
    ("E109", "zone", put("zone", "internet", {"rank": 0, "kind": "closed", "cidr": ["0.0.0.0/0"], "owner": "x"})),
    ("E201", "sensor.s-edge.expects", put("sensor", "s-edge", "expects", ["inett", "dmz", "seccloud", "internet"])),
    ("W202", "zone.soc", put("sensor", "s-myn", "expects", ["mynumber", "lgwan", "lgwan_net", "govcloud"])),
    ("W202", "sensor", drop("sensor")),
    ("E301", "service.https", put("service", "https", ["tcp/443", "tcp/65536"])),
    ("E301", "service.https", put("service", "https", ["icmp/8"])),
    ("E301", "service.https", put("service", "https", ["tcp/500-400"])),
    ("E301", "service.https", put("service", "https", [])),
    *[("E401", f"conduit.C01.{key}", drop("conduit", "C01", key))
      for key in ("from", "to", "services", "owner", "justification", "review_by")],
    ("E402", "conduit.c01", renamed("C07", "c01")),
    ("E403", "conduit.C01.to", put("conduit", "C01", "to", "intranet")),
    ("E404", "conduit.C01.to", put("conduit", "C01", "to", "lgwan")),
    ("E405", "conduit.C01.services", put("conduit", "C01", "services", ["rdpp"])),
    ("E406", "conduit.C01.review_by", put("conduit", "C01", "review_by", "2027-03-31")),
    ("E406", "approved_on", put("approved_on", "2026-04-01")),
    ("E407", "conduit.C01.review_by", put("conduit", "C01", "review_by", TODAY - dt.timedelta(days=1))),
    ("W408", "conduit.C01.review_by", put("conduit", "C01", "review_by", TODAY)),
    ("W408", "conduit.C01.review_by", put("conduit", "C01", "review_by", TODAY + dt.timedelta(days=30))),
    ("W409", "conduit.C01.review_by", put("conduit", "C01", "review_by", TODAY + dt.timedelta(days=367))),
    ("E410", "conduit.C01.to_hosts", put("conduit", "C01", "to_hosts", ["10.20.8.0/24"])),
    ("E410", "conduit.C14.to_hosts", put("conduit", "C14", "to_hosts", ["192.168.1.1"])),
    ("E411", "conduit.C01.sanitization", put("conduit", "C01", "sanitization", "wash")),
    ("E412", "conduit.X", conduit("X", **{**MYNUMBER, "to": "inet", "to_hosts": ["10.30.1.1"]})),
    ("E412", "conduit.X", conduit("X", **{**MYNUMBER, "to": "seccloud", "to_hosts": ["198.51.100.1"]})),
    *[("E413", "conduit.X", also(conduit("X", **MYNUMBER, to="lgwan_net"), drop("conduit", "X", key)))
      for key in ("specific", "src_mac", "from_hosts", "to_hosts")],
    ("E413", "conduit.X", conduit("X", **{**MYNUMBER, "to": "lgwan_net", "from_hosts": ["10.10.0.0/16"]})),
    ("E414", "conduit.C01.sanitization", drop("conduit", "C01", "sanitization")),
    ("E414", "conduit.C01.sanitization", put("conduit", "C01", "sanitization", "gateway-ingress")),
    ("E414", "conduit.C14.sanitization", drop("conduit", "C14", "sanitization")),
    ("E415", "conduit.C14", put("model", "alpha")),
    ("E416", "conduit.C14", drop("conduit", "C14", "sni")),
    ("E416", "conduit.C14", drop("conduit", "C14", "from_hosts")),
    ("E417", "conduit.C05.sanitization", put("conduit", "C05", "sanitization", "gateway-ingress")),
    ("E417", "conduit.C03.sanitization", drop("conduit", "C03", "sanitization")),
    ("E418", "conduit.C01.from", put("model", "beta")),
    ("E419", "conduit.X.from", conduit("X", from_="internet", to="dmz", to_hosts=["10.31.0.1"])),
    ("W420", "conduit.C01.services", put("service", "rdp", ["tcp/1000-1512", "tcp/1400-2000", "udp/5000-5023"])),
    ("W421", "conduit.X", conduit("X", from_="lgwan", to="lgwan_net", to_hosts=["100.64.3.0/24"], app="tls")),
    ("E422", "conduit.X", conduit("X", from_="inet", to="sanitizer", to_hosts=["10.25.0.10/32"], app="tls",
                                  sanitization="file-cdr")),
    ("W423", "conduit.X", conduit("X", from_="lgwan_net", to="lgwan", services=["smtp"])),
    ("E424", "conduit.X", conduit("X", from_="lgwan", to="lgwan_net", services=["dns", "ntp", "rdp", "smtp"])),
    ("E001", "conduit.C01.app", put("conduit", "C01", "app", "rdq")),
    ("E001", "conduit.C01.app", put("conduit", "C01", "app", ["rdp", 5])),
    ("E001", "conduit.C01.forbid", put("conduit", "C01", "forbid", ["clipbord"])),
    ("E001", "conduit.C14.sni", put("conduit", "C14", "sni", ["https://share.example/", "<tenant>.share.example"])),
    ("E001", "conduit.C14.tenant", put("conduit", "C14", "sni", ["*.share.example"])),
    ("E001", "conduit.C01.max_down_mb_per_hour", put("conduit", "C01", "max_down_mb_per_hour", 0)),
    ("E001", "valid_from", put("valid_from", 2026)),
    ("E406", "valid_from", put("valid_from", "2026-10-01")),
]
OF_EDITIONS = {"E006"}
"""Codes of a folder with several editions; see test_zones_editions."""


# the same for a free policy, where only what holds for any network is asked
FREE = [
    ("E109", "zone", drop("zone", "net")),
    ("E419", "conduit.in.from", conduit("in", from_="net", to="office")),
]


def found(document, **options):
    from zones.loading import examine

    return examine(toml_text(document).encode(), today=TODAY, **options)[1]


def test_the_policies_that_are_changed_are_good():
    assert found(city()) == []
    assert found(company()) == []


@pytest.mark.parametrize(("code", "where", "change"), MUNICIPAL, ids=lambda v: v if isinstance(v, str) else "")
def test_each_change_to_the_city_is_found_where_it_is(code, where, change):
    document = city()
    change(document)
    problems = found(document)
    assert (code, where) in {(p.code, p.where) for p in problems}, problems
    for problem in problems:
        assert problem.message
        assert problem.remedy
        assert problem.level == ("error" if problem.code[0] == "E" and problem.code != "E407" else "warning")


@pytest.mark.parametrize(("code", "where", "change"), FREE, ids=lambda v: v if isinstance(v, str) else "")
def test_each_change_to_the_company_is_found_where_it_is(code, where, change):
    document = company()
    change(document)
    assert (code, where) in {(p.code, p.where) for p in found(document)}


def test_every_code_has_a_change_that_raises_it():
    assert {code for code, _, _ in MUNICIPAL} == set(CODES) - OF_EDITIONS


def test_a_good_policy_stays_good_at_the_edges_of_the_limits():
    for change in (
        put("conduit", "C01", "review_by", TODAY + dt.timedelta(days=31)),
        put("conduit", "C01", "review_by", TODAY + dt.timedelta(days=366)),
        put("approved_on", TODAY),
        put("service", "rdp", ["tcp/1000-2023"]),
        put("zone", "sanitizer", {**city()["zone"]["sanitizer"], "cidr": ["10.25.0.0/24", "10.20.9.0/24"],
                                  "carve_out_of": "lgwan"}),
        conduit("X", from_="lgwan", to="lgwan_net", services=["rdp"]),
    ):
        document = city()
        change(document)
        assert found(document) == []


def test_a_prefix_that_takes_back_a_part_of_a_carved_out_one_is_not_redundant():
    document = city()
    document["zone"]["sanitizer"] |= {"cidr": ["10.20.8.0/22"], "carve_out_of": "lgwan"}
    document["zone"]["lgwan"] |= {"cidr": ["10.20.0.0/16", "10.20.9.0/24"], "carve_out_of": "sanitizer"}
    assert "W107" not in {p.code for p in found(document)}


def test_an_expired_conduit_refuses_only_a_new_policy(tmp_path):
    document = city()
    document["conduit"]["C01"]["review_by"] = dt.date(2026, 9, 30)
    path = policy_file(tmp_path, document)
    assert [(p.code, p.level) for p in load_policy(path, today=TODAY).warnings] == [("E407", Level.WARNING)]
    assert [p.level for p in check_policy(path, new=True, today=TODAY)] == [Level.ERROR]
    with pytest.raises(PolicyError, match=r"E407 conduit\.C01\.review_by"):
        load_policy(path, today=TODAY, new=True)


def test_an_id_defined_twice_is_told_apart_from_other_broken_toml(tmp_path):
    twice = toml_text(city()).replace('"C02" = {', '"C01" = {')
    assert [(p.code, p.where) for p in check_policy(policy_file(tmp_path, twice))] == [("E402", "conduit.C01")]
    tables = 'schema = 1\n[conduit.A]\nfrom = "x"\n[conduit.A]\nfrom = "y"\n'
    assert [(p.code, p.where) for p in check_policy(policy_file(tmp_path, tables))] == [("E402", "conduit.A")]
    broken = toml_text(city()) + "\n[zone\n"
    assert [p.code for p in check_policy(policy_file(tmp_path, broken))] == ["E001"]


def test_all_problems_of_a_file_are_reported_at_once(tmp_path):
    document = city()
    for change in (drop("approved_by"), put("zone", "lgwan", "owner", ""), put("service", "ntp", ["udp/x"]),
                   put("conduit", "C01", "to", "nowhere"), put("conduit", "C02", "typo", 1)):
        change(document)
    path = policy_file(tmp_path, document)
    assert {"E004", "E103", "E301", "E403", "E010"} <= {p.code for p in check_policy(path)}
    with pytest.raises(PolicyError) as caught:
        load_policy(path, today=TODAY)
    for code in ("E004", "E103", "E301", "E403", "E010"):
        assert code in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_unknown_key_names_the_nearest_valid_one():
    document = copy.deepcopy(city())
    document["conduit"]["C01"]["to_host"] = ["10.30.8.0/24"]
    [problem] = found(document)
    assert (problem.code, problem.where) == ("E010", "conduit.C01.to_host")
    assert "'to_hosts'" in problem.remedy


def test_shadowing_looks_at_everything_that_a_conduit_limits():
    wide = {"from_": "lgwan", "to": "soc", "services": ["https"], "app": "any"}
    narrow = {"from_": "lgwan", "to": "soc", "services": ["https"], "app": "tls", "to_hosts": ["10.40.0.8/29"]}
    limits = {
        "hours": ["Mon 08:00-09:00"], "src_mac": ["02:00:00:00:00:01"], "app": "http", "forbid": ["usb"],
        "max_up_mb_per_hour": 5, "max_down_mb_per_hour": 5, "sni": ["a.example"], "from_hosts": ["10.20.1.0/24"],
        "to_hosts": ["10.40.0.8/30"], "services": ["ssh"],
    }
    plain = city()
    also(conduit("W", **wide), conduit("N", **narrow))(plain)
    assert [(p.code, p.where) for p in found(plain)] == [("W421", "conduit.N")]
    for key, value in limits.items():
        document = city()
        also(conduit("W", **{**wide, key: value}), conduit("N", **narrow))(document)
        assert found(document) == [], key
    halves = city()
    also(conduit("W", **wide, to_hosts=["10.40.0.8/30", "10.40.0.12/30"]), conduit("N", **narrow))(halves)
    assert [p.code for p in found(halves)] == ["W421"]


def test_another_tenant_is_not_shadowed():
    document = city()
    breakout = document["conduit"]["C14"]
    document["conduit"]["Z"] = {**breakout, "tenant": "another", "from_hosts": ["10.20.3.10/32", "10.20.3.11/32"]}
    assert found(document) == []
    document["conduit"]["Z"] = {**breakout, "from_hosts": ["10.20.3.10/32", "10.20.3.11/32"]}
    assert [(p.code, p.where) for p in found(document)] == [("W421", "conduit.C14")]


def test_of_two_conduits_that_are_as_specific_neither_holds():
    document = city()
    document["conduit"]["Z"] = dict(document["conduit"]["C06"])
    assert [(p.code, p.where) for p in found(document)] == [("E424", "conduit.Z")]


@pytest.mark.parametrize(("here", "there", "tie"), [
    ({"to_hosts": ["10.40.0.1", "10.40.0.2"]}, {"to_hosts": ["10.40.0.2", "10.40.0.3"]}, True),
    ({"to_hosts": ["10.40.0.1"]}, {"to_hosts": ["10.40.0.2"]}, False),
    ({"to_hosts": ["10.40.0.1"]}, {"to_hosts": ["10.40.0.0/30"]}, False),
    ({"hours": ["Mon 08:00-09:00"]}, {"hours": ["Mon 08:30-09:30"]}, True),
    ({"hours": ["Mon 08:00-09:00"]}, {"hours": ["Mon 09:00-10:00"]}, False),
    ({"app": "tls"}, {"app": "ssh"}, False),
    ({"app": ["tls", "ssh"]}, {"app": ["tls", "http"]}, True),
    ({"sni": ["*.a.example"]}, {"sni": ["b.a.example"]}, True),
    ({"sni": ["*.a.example"]}, {"sni": ["*.b.example"]}, False),
    ({"src_mac": ["02:00:00:00:00:01"]}, {"src_mac": ["02:00:00:00:00:02"]}, False),
    ({"from_hosts": ["10.20.1.0/25"]}, {"from_hosts": ["10.20.1.0/25"], "services": ["ssh"]}, False),
], ids=str)
def test_a_tie_is_two_conduits_of_one_breadth_that_a_flow_fits(here, there, tie):
    document = city()
    common = {"from_": "lgwan", "to": "soc", "services": ["https"]}
    also(conduit("A", **{**common, **here}), conduit("B", **{**common, **there}))(document)
    assert ("E424" in {p.code for p in found(document)}) == tie


def test_the_shared_policy_gives_each_code_for_its_mutation():
    path = Path(__file__).resolve().parents[3] / "shared" / "policy" / "zones.toml"
    if not path.exists():
        pytest.skip(f"no policy at {path}")
    shared = tomllib.loads(path.read_text("utf-8"))
    assert [(p.code, p.where) for p in found(shared)] == [("E407", "conduit.C10.review_by")]
    raised = set()
    for code, where, change in MUNICIPAL:
        document = copy.deepcopy(shared)
        change(document)
        assert (code, where) in {(p.code, p.where) for p in found(document)}, (code, where)
        raised.add(code)
    assert len(raised) >= 28
