"""What changed between two policies, the presets, and conduits proposed from what was seen."""

import datetime as dt
import tomllib
from dataclasses import replace
from ipaddress import ip_network

import pytest

from tests.support.policies import TODAY, city, toml_text
from zones.compare import compare
from zones.hours import parse_window, week_minutes
from zones.learning import HOURS_DAYS, HOURS_FLOWS, MOST_HOSTS, Seen, proposals_toml, propose, usual_hours
from zones.loading import examine
from zones.policy import build_policy
from zones.presetting import NOT_APPROVED, PRESETS, preset_text


def policy_of(document):
    draft, problems = examine(toml_text(document).encode(), today=TODAY)
    assert not [p for p in problems if p.level == "error"], problems
    return build_policy(draft, "", ())


def changes(change):
    """What compare() says of a change to the city's policy, without the values."""
    after = city()
    change(after)
    return [(c.part, c.name, c.key, c.effect) for c in compare(policy_of(city()), policy_of(after), TODAY)]


def setting(conduit, **keys):
    return lambda document: document["conduit"][conduit].update({k.rstrip("_"): v for k, v in keys.items()})


def test_the_same_in_another_order_and_spelling_is_no_change():
    def respell(document):
        document["conduit"] = dict(reversed(document["conduit"].items()))
        document["service"]["rdp"] = ["udp/3389", "TCP/3389"]
        document["conduit"]["C11"]["src_mac"] = ["02:00:00:10:05:10"]
        document["conduit"]["C16"]["services"] = ["sftp"]
        document["zone"]["inet"]["cidr"].reverse()

    assert changes(respell) == []


@pytest.mark.parametrize(("change", "found"), [
    (setting("C01", services=["rdp", "https"]), [("conduit", "C01", "services", "wider")]),
    (setting("C01", to_hosts=["10.30.8.0/25"]), [("conduit", "C01", "to_hosts", "narrower")]),
    (setting("C01", to_hosts=["10.30.9.0/24"]), [("conduit", "C01", "to_hosts", "other")]),
    (setting("C01", owner="DX推進課"), [("conduit", "C01", "owner", "same")]),
    (setting("C01", max_up_mb_per_hour=10), [("conduit", "C01", "max_up_mb_per_hour", "narrower")]),
    (setting("C16", hours=["daily 00:00-24:00"]), [("conduit", "C16", "hours", "wider")]),
    (setting("C14", sni=["<tenant>.share.example"]), [("conduit", "C14", "sni", "narrower")]),
    (setting("C12", review_by=TODAY - dt.timedelta(days=1)),
     [("pair", "mynumber -> lgwan", "", "closes"), ("conduit", "C12", "review_by", "narrower")]),
    (lambda d: d["conduit"].pop("C15"), [("pair", "mynumber -> soc", "", "closes"), ("conduit", "C15", "", "closes")]),
    (lambda d: d["conduit"].update(X={**d["conduit"]["C06"], "from": "dmz", "services": ["ntp"]}),
     [("pair", "dmz -> seccloud", "", "opens"), ("conduit", "X", "", "opens")]),
    (lambda d: d["zone"]["lgwan"].update(cidr=["10.20.0.0/16", "10.21.0.0/16"]), [("zone", "lgwan", "cidr", "other")]),
    (lambda d: d["zone"]["lgwan"].update(owner="DX推進課"), [("zone", "lgwan", "owner", "same")]),
    (lambda d: d["sensor"].pop("s-myn"), [("sensor", "s-myn", "", "same")]),
    (lambda d: d["sensor"]["s-edge"].update(expects=["inet", "seccloud"]), [("sensor", "s-edge", "expects", "same")]),
    (lambda d: d.update(approved_by="市長"), [("file", "", "approved_by", "same")]),
])
def test_a_change_is_told_with_its_effect(change, found):
    assert changes(change) == found


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_passes_the_checks_of_a_new_policy(preset):
    text = preset_text(preset, city='架空市 "東" \\ @TODAY@', today=TODAY)
    draft, problems = examine(text.encode(), today=TODAY, new=True)
    assert problems == []
    assert draft.model == PRESETS[preset][0]
    assert draft.city == '架空市 "東" \\ @TODAY@'
    assert draft.approved_by == NOT_APPROVED
    assert text.count("#") >= 8


def test_a_preset_holds_no_address_that_belongs_to_somebody():
    fictional = [ip_network(n) for n in ("10.0.0.0/8", "100.64.0.0/10", "198.51.100.0/24", "203.0.113.0/24",
                                         "2001:db8::/32", "0.0.0.0/0", "::/0")]
    for preset in PRESETS:
        draft, _ = examine(preset_text(preset, city="x", today=TODAY).encode(), today=TODAY)
        networks = [n for z in draft.zones.values() for n in z.networks]
        networks += [n for c in draft.conduits.values() for n in (*c.from_hosts, *c.to_hosts)]
        assert all(any(n == f or (n.version == f.version and n.subnet_of(f) and f.prefixlen) for f in fictional)
                   for n in networks)


def seen(source="lgwan", target="soc", port=443, responder="10.40.0.5", initiators=("10.20.1.1",), *, proto=6, flows=50,
         days=9, apps=("tls",), hosts=None):
    return Seen(source, target, proto, port, responder, list(initiators), hosts or len(initiators), flows, days,
                0, 10**18, 5 * 10**6, 10**6, list(apps))


def test_a_proposal_joins_the_responders_of_a_service_and_says_its_support():
    (one,) = propose([seen(), seen(responder="10.40.0.6", flows=7, initiators=["10.20.1.2"])], history_days=9)
    assert (one.service, one.flows, one.days, one.initiators, one.responders) == ("tcp/443", 57, 9, 2, 2)
    assert [str(n) for n in one.to_hosts] == ["10.40.0.5/32", "10.40.0.6/32"]
    assert [str(n) for n in one.from_hosts] == ["10.20.1.1/32", "10.20.1.2/32"]
    assert (one.apps, one.rare) == (["tls"], False)


def test_the_rarest_are_marked_and_come_last():
    found = propose([seen(flows=2, port=22), seen(days=1, port=23), seen(flows=9, port=24), seen(port=25)],
                    history_days=9)
    assert [(p.service, p.rare) for p in found] == [("tcp/25", False), ("tcp/24", False), ("tcp/23", True),
                                                   ("tcp/22", True)]
    assert not propose([seen(days=1)], history_days=1)[0].rare, "on the first day everything is new"


def test_many_hosts_become_prefixes_then_the_whole_zone():
    hosts = [f"10.20.1.{n}" for n in range(MOST_HOSTS + 5)]
    (one,) = propose([seen(initiators=hosts)], history_days=9)
    assert [str(n) for n in one.from_hosts] == ["10.20.1.0/24"]
    (wide,) = propose([seen(initiators=[f"10.20.{n}.1" for n in range(0, 80, 2)])], history_days=9)
    assert wide.from_hosts == []
    (counted,) = propose([seen(initiators=hosts, hosts=5000)], history_days=9)
    assert (counted.from_hosts, counted.initiators) == ([], 5000), "the sample does not stand for all"
    (mixed,) = propose([seen(initiators=["::ffff:10.20.1.1", "2001:db8::1"])], history_days=9)
    assert [str(n) for n in mixed.from_hosts] == ["10.20.1.1/32", "2001:db8::1/128"]


def test_a_proposal_is_refused_until_somebody_has_filled_it_in():
    policy = policy_of(city())
    found = propose([seen(), seen(port=8443), seen(proto=50, port=0, apps=[])], history_days=9)
    text = proposals_toml(found, policy, source="tests", today=TODAY)
    proposed = tomllib.loads(text)
    assert proposed["service"] == {"learned-tcp-8443": ["tcp/8443"], "learned-esp": ["esp"]}
    document = city()
    document["service"] |= proposed["service"]
    document["conduit"] |= proposed["conduit"]
    problems = examine(toml_text(document).encode(), today=TODAY)[1]
    assert {(p.code, p.where.rpartition(".")[2]) for p in problems if p.level == "error"} == {
        ("E401", "owner"), ("E401", "justification")}
    assert {c["services"][0] for c in proposed["conduit"].values()} == {"https", "learned-tcp-8443", "learned-esp"}


@pytest.mark.parametrize(("hours", "window"), [
    ([day * 24 + hour for day in range(5) for hour in (8, 13, 18)], ["Mon-Fri 08:00-19:00"]),
    ([day * 24 + 9 for day in range(7)], ["daily 09:00-10:00"]),
    ([2 * 24 + 23], ["Wed 23:00-24:00"]), ([1 * 24 + 6, 3 * 24 + 7], ["Tue,Thu 06:00-08:00"]),
    ([22, 24 + 1, 24 + 4, 24 + 22], ["daily 22:00-05:00"]), ([0, 48, 96], ["Mon-Fri 00:00-01:00"]),
    ([day * 24 + hour for day in range(5) for hour in range(0, 24, 6)], []), ([], [])])
def test_hours_are_the_window_between_the_longest_quiet_times(hours, window):
    assert usual_hours(set(hours)) == window
    for text in window:
        assert all(week_minutes([parse_window(text)])[hour * 60] for hour in hours)


def test_hours_need_support():
    hours = [day * 24 + 9 for day in range(5)]
    assert propose([replace(seen(), days=HOURS_DAYS, hours=hours)], history_days=30)[0].hours == ["Mon-Fri 09:00-10:00"]
    assert propose([replace(seen(), days=HOURS_DAYS - 1, hours=hours)], history_days=30)[0].hours == []
    assert propose([replace(seen(flows=HOURS_FLOWS - 1), days=99, hours=hours)], history_days=99)[0].hours == []
