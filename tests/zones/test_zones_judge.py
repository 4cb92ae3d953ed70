"""Verdicts: the cases that people argue about, one by one, and random policies against a naive judge."""

import datetime as dt
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import FLOW
from columns.address import address_int
from columns.app import AppProto
from columns.codes import Certainty, Verdict
from tests.support.policies import TODAY, company, toml_text
from tests.support.zone_stream import START_NS
from zones import EXAMPLE, Differs, FlowKeys, judge, judge_flows, load_policy
from zones.applications import DIRECT_TLS
from zones.loading import examine
from zones.policy import build_policy

POLICY = load_policy(EXAMPLE, today=TODAY)
V, C = Verdict, Certainty
HOUR = 3600 * 10**9


def keys_of(rows):
    def column(name, dtype):
        return np.array([r[name] for r in rows], dtype)

    src, dst = ([address_int(r[end]) for r in rows] for end in ("src", "dst"))
    low = (1 << 64) - 1
    return FlowKeys(
        np.array([v >> 64 for v in src], np.uint64), np.array([v & low for v in src], np.uint64),
        np.array([v >> 64 for v in dst], np.uint64), np.array([v & low for v in dst], np.uint64),
        column("src_port", np.uint16), column("dst_port", np.uint16), column("proto", np.uint8),
        column("icmp_type", np.uint8), column("ts_ns", np.int64), column("certainty", np.uint8),
        column("src_mac", np.uint64), column("app", np.uint8), column("name", np.int32),
    )


def flow(src, dst, dst_port=443, *, proto=6, src_port=40000, certainty=C.SYN_SEEN, ts_ns=START_NS, src_mac=0,
         icmp_type=0, app=AppProto.UNKNOWN, name=-1):
    return {"app": int(app), "name": name,
            "src": src, "dst": dst, "dst_port": dst_port, "proto": proto, "src_port": src_port,
            "certainty": int(certainty), "ts_ns": ts_ns, "src_mac": src_mac, "icmp_type": icmp_type}


def verdict(row, policy=POLICY, names=()):
    found = judge(policy, keys_of([row]), names)
    return (Verdict(found.verdict[0]), policy.conduit_names[found.conduit[0]], Differs(int(found.differs[0])))


D, A = Differs, AppProto
SUNDAY = START_NS - 48 * HOUR  # Sunday 2026-10-11 12:00 JST
CASES = {
    "permitted": (flow("10.20.1.5", "10.30.8.9", 3389), V.PERMITTED, "C01", D.NONE),
    "no conduit joins the zones": (flow("10.10.1.5", "203.0.113.80"), V.NO_CONDUIT, "", D.NONE),
    "another service": (flow("10.20.1.5", "10.30.8.9", 445), V.NO_CONDUIT, "C01", D.SERVICE),
    "another host": (flow("10.20.1.5", "10.30.9.9", 3389), V.NO_CONDUIT, "C01", D.TO_HOST),
    "another initiating host": (flow("10.20.9.9", "192.0.2.1"), V.NO_CONDUIT, "C14", D.FROM_HOST),
    "against the conduit, SYN seen": (flow("10.30.8.9", "10.20.1.5", 3389), V.WRONG_INITIATOR, "C01", D.INITIATOR),
    "against the conduit, a guess": (flow("10.30.8.9", "10.20.1.5", 3389, certainty=C.GUESSED), V.NO_CONDUIT, "C01",
                                     D.INITIATOR),
    "the reply of a conduit, a guess": (flow("10.30.8.9", "10.20.1.5", 50000, src_port=3389, certainty=C.GUESSED),
                                        V.PERMITTED, "C01", D.NONE),
    "as a reply, but with a SYN": (flow("10.30.8.9", "10.20.1.5", 50000, src_port=3389), V.NO_CONDUIT, "C01",
                                   D.SERVICE | D.INITIATOR),
    "the reply of an expired conduit": (flow("100.64.9.10", "10.20.2.10", 50000, src_port=8530, certainty=C.GUESSED),
                                        V.EXPIRED_CONDUIT, "C10", D.EXPIRED),
    "expired": (flow("10.20.2.10", "100.64.9.10", 8530), V.EXPIRED_CONDUIT, "C10", D.EXPIRED),
    "before it expired": (flow("10.20.2.10", "100.64.9.10", 8530, ts_ns=1_790_780_400 * 10**9 - 1), V.PERMITTED, "C10",
                          D.NONE),
    "the moment it expired": (flow("10.20.2.10", "100.64.9.10", 8530, ts_ns=1_790_780_400 * 10**9), V.EXPIRED_CONDUIT,
                              "C10", D.EXPIRED),
    "in hours": (flow("100.64.8.20", "10.20.5.20", 22), V.PERMITTED, "C16", D.NONE),
    "out of hours": (flow("100.64.8.20", "10.20.5.20", 22, ts_ns=START_NS + 6 * HOUR), V.OUT_OF_HOURS, "C16", D.HOURS),
    "on a Sunday": (flow("100.64.8.20", "10.20.5.20", 22, ts_ns=SUNDAY), V.OUT_OF_HOURS, "C16", D.HOURS),
    "over midnight": (flow("10.20.7.10", "100.64.7.20", 22, ts_ns=START_NS + 16 * HOUR), V.PERMITTED, "C17", D.NONE),
    "the MAC address of the conduit": (flow("10.10.6.10", "10.20.6.10", src_mac=0x020000100610), V.PERMITTED, "C12",
                                       D.NONE),
    "another MAC address": (flow("10.10.6.10", "10.20.6.10", src_mac=0x020000100611), V.WRONG_SEGMENT, "C12", D.MAC),
    "the application": (flow("10.20.5.5", "10.25.0.11", app=A.TLS), V.PERMITTED, "C03", D.NONE),
    "another application": (flow("10.20.5.5", "10.25.0.11", app=A.SSH), V.WRONG_APP, "C03", D.APP),
    "nothing known instead": (flow("10.20.5.5", "10.25.0.11", app=A.FAILED), V.WRONG_APP, "C03", D.APP),
    "nothing known, begun before": (flow("10.20.5.5", "10.25.0.11", app=A.FAILED, certainty=C.BIFLOW), V.PERMITTED,
                                    "C03", D.NONE),
    "a remote desktop gone over to TLS": (flow("10.20.1.5", "10.30.8.9", 3389, app=A.TLS), V.PERMITTED, "C01", D.NONE),
    "TLS on the port of a remote desktop": (flow("10.20.1.5", "10.30.8.9", 3389, app=DIRECT_TLS), V.WRONG_APP, "C01",
                                            D.APP),
    "a remote desktop by UDP": (flow("10.20.1.5", "10.30.8.9", 3389, proto=17, certainty=C.BIFLOW, app=A.FAILED),
                                V.PERMITTED, "C01", D.NONE),
    "the web inside TLS": (flow("198.51.100.9", "10.31.0.80", app=A.TLS), V.PERMITTED, "C08", D.NONE),
    "another application, out of hours": (flow("100.64.8.20", "10.20.5.20", 22, ts_ns=SUNDAY, app=A.HTTP),
                                          V.WRONG_APP, "C16", D.APP | D.HOURS),
    "a reply of another application": (flow("10.25.0.11", "10.20.5.5", 50000, src_port=443, certainty=C.BIFLOW,
                                            app=A.SSH), V.WRONG_APP, "C03", D.APP),
    "no MAC address seen": (flow("10.10.6.10", "10.20.6.10"), V.PERMITTED, "C12", D.NONE),
    "within one zone": (flow("10.20.1.5", "10.20.1.6", 445), V.NOT_JUDGED, "", D.NONE),
    "a private source in no zone": (flow("192.168.1.5", "203.0.113.80"), V.UNATTRIBUTED, "", D.NONE),
    "two addresses in no zone": (flow("192.168.1.5", "192.168.1.6"), V.UNATTRIBUTED, "", D.NONE),
    "mDNS": (flow("10.20.1.5", "224.0.0.251", 5353, proto=17), V.NOT_JUDGED, "", D.NONE),
    "broadcast": (flow("0.0.0.0", "255.255.255.255", 67, proto=17), V.NOT_JUDGED, "", D.NONE),
    "link-local": (flow("fe80::1", "2001:db8:30::5", proto=58), V.NOT_JUDGED, "", D.NONE),
    "an ICMP error": (flow("192.0.2.1", "10.10.1.5", 0, src_port=0, proto=1, icmp_type=3, certainty=C.GUESSED),
                      V.NOT_JUDGED, "", D.NONE),
    "a ping along a conduit": (flow("10.30.1.1", "198.51.100.1", 0, src_port=0, proto=1, icmp_type=8,
                                    certainty=C.BIFLOW), V.PERMITTED, "C06", D.NONE),
    "a ping against a conduit": (flow("198.51.100.1", "10.30.1.1", 0, src_port=0, proto=1, icmp_type=8,
                                      certainty=C.BIFLOW), V.NO_CONDUIT, "C06", D.INITIATOR),
    "an echo reply alone": (flow("198.51.100.1", "10.30.1.1", 0, src_port=0, proto=1, icmp_type=0,
                                 certainty=C.GUESSED), V.PERMITTED, "C06", D.NONE),
    "IPv6": (flow("2001:db8:30::5", "2001:db8:98::80", 8080), V.PERMITTED, "C06", D.NONE),
    "IPv6 past the security cloud": (flow("2001:db8:30::5", "2001:db8:ffff::1"), V.NO_CONDUIT, "", D.NONE),
}


@pytest.mark.parametrize("name", CASES)
def test_case(name):
    row, *expected = CASES[name]
    assert verdict(row) == tuple(expected)


def test_judge_flows_fills_the_columns_of_flow_rows():
    flows = FLOW.from_rows([
        {"src_ip": address_int("10.20.1.5"), "dst_ip": address_int("10.30.8.9"), "dst_port": 3389, "proto": 6,
         "direction_certainty": 2, "ts_start_ns": START_NS},
        {"src_ip": address_int("10.10.6.10"), "dst_ip": address_int("10.20.6.10"), "dst_port": 443, "proto": 6,
         "direction_certainty": 2, "ts_start_ns": START_NS, "src_mac": 5},
        {"src_ip": address_int("10.10.6.10"), "dst_ip": address_int("10.20.6.10"), "dst_port": 443, "proto": 6,
         "direction_certainty": 2, "ts_start_ns": START_NS, "src_mac": 5, "tunnel_depth": 1},
    ])
    judge_flows(POLICY, flows)
    assert [POLICY.zone_names[z] for z in flows.src_zone] == ["lgwan", "mynumber", "mynumber"]
    assert [POLICY.zone_names[z] for z in flows.dst_zone] == ["inet", "lgwan", "lgwan"]
    assert [POLICY.conduit_names[c] for c in flows.conduit] == ["C01", "C12", "C12"]
    assert flows.verdict.tolist() == [V.PERMITTED, V.WRONG_SEGMENT, V.PERMITTED]


def test_columns_of_unequal_length_are_refused():
    keys = keys_of([flow("10.20.1.5", "10.30.8.9")] * 3)
    with pytest.raises(ValueError, match="rows"):
        judge(POLICY, keys._replace(proto=keys.proto[:2]))
    assert judge(POLICY, FlowKeys(*[c[:0] for c in keys])).verdict.size == 0


# --- a naive judge, straight from docs/zones.md

HOSTS = ["10.1.0.1", "10.1.0.2", "10.1.3.9", "2001:db8:1::5", "10.2.0.1", "10.2.7.7", "192.0.2.1", "2001:db8:9::1",
         "192.168.0.1", "224.0.0.1", "10.1.200.1"]
PARTS = {"office": ["10.1.0.0/24", "10.1.0.1/32", "2001:db8:1::/64", "10.1.0.0/16"],
         "plant": ["10.2.0.0/30", "10.2.0.0/16"], "net": ["192.0.2.0/24", "2001:db8:9::/48"]}
SERVICES = {"https": ["tcp/443"], "ssh": ["tcp/22"], "wide": ["tcp/20-500", "udp/53"], "ping": ["icmp"], "all": ["any"]}
WINDOWS = ["Mon-Fri 08:30-17:15", "daily 22:00-05:00", "Tue 12:00-12:01"]
MACS = ["02:00:00:00:00:01", "02:00:00:00:00:02"]
APPS = {"tls": [A.TLS], "ssh": [A.SSH], "http": [A.HTTP, A.HTTP2, A.TLS]}
NAMES = ["a.cloud.example", "cloud.example", "b.share.example", "own.share.example", ""]
LISTED = ["*.cloud.example", "cloud.example", "<tenant>.share.example"]


@st.composite
def policies(draw):
    document = company()
    document["service"] = SERVICES
    document["timezone"] = draw(st.sampled_from(["Asia/Tokyo", "America/New_York"]))
    document["conduit"] = {}
    for number in range(draw(st.integers(1, 7))):
        source, target = draw(st.permutations(list(PARTS)))[:2]
        conduit = {
            "from": source, "to": target, "owner": "x", "justification": "y",
            "services": draw(st.lists(st.sampled_from(list(SERVICES)), min_size=1, max_size=2)),
            "review_by": START + dt.timedelta(days=draw(st.sampled_from([-2, -1, 0, 90]))),
        }
        for key, values, chance in (("from_hosts", PARTS[source], 2), ("to_hosts", PARTS[target], 2),
                                    ("src_mac", MACS, 4), ("hours", WINDOWS, 3),
                                    ("app", list(APPS), 3), ("sni", LISTED, 4)):
            if draw(st.integers(0, chance)) == chance:
                conduit[key] = draw(st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True))
        if source == "net" and "to_hosts" not in conduit:
            conduit["to_hosts"] = [PARTS[target][0]]
        if "sni" in conduit:
            conduit |= {"sni": [*conduit["sni"], "<tenant>.share.example"], "tenant": "own"}
        document["conduit"][f"c{number}"] = conduit
    return document


START = dt.datetime.fromtimestamp(START_NS / 1e9, ZoneInfo("Asia/Tokyo")).date()
ROWS = st.builds(
    flow, st.sampled_from(HOSTS), st.sampled_from(HOSTS), st.sampled_from([22, 443, 53, 500, 501]),
    proto=st.sampled_from([6, 17, 1]), src_port=st.sampled_from([22, 443, 53, 50000]),
    certainty=st.sampled_from(list(C)),
    ts_ns=st.sampled_from([START_NS, START_NS + 59 * 10**9, START_NS + 60 * 10**9, START_NS + 11 * HOUR, SUNDAY]),
    src_mac=st.sampled_from([0, 0x020000000001, 5]), icmp_type=st.sampled_from([0, 8, 3, 11]),
    app=st.sampled_from([A.UNKNOWN, A.TLS, A.SSH, A.HTTP, A.DNS]), name=st.integers(-1, len(NAMES) - 1),
)


class NaiveJudge:
    """Says the verdict, and the conduits among which the choice lies, without any of the lookup columns."""

    def __init__(self, policy):
        self.policy, self.zone = policy, ZoneInfo(policy.timezone)

    def zone_name(self, text):
        import ipaddress

        address = ipaddress.ip_address(text)
        if address.is_multicast:
            return "local"
        fitting = [(n.prefixlen, z.name) for z in self.policy.zones for n in z.networks
                   if n.version == address.version and address in n]
        name = max(fitting)[1]
        private = [ipaddress.ip_network(p) for p in ("10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12")]
        if name == "net" and any(address.version == 4 and address in p for p in private):
            return ""
        return name

    def fits(self, conduit, row, a, b, port, mac):
        import ipaddress

        def inside(text, hosts):
            address = ipaddress.ip_address(text)
            return not hosts or any(address.version == n.version and address in n for n in hosts)

        return (inside(row[a], conduit.from_hosts) and inside(row[b], conduit.to_hosts)
                and any(p.proto in (-1, row["proto"]) and p.low <= port <= p.high for p in conduit.ports)
                and (not conduit.src_mac or not mac or mac in conduit.src_mac))

    def said(self, conduit, row):
        """Is what is said what the conduit is for?"""
        app = row["app"] == A.UNKNOWN or not conduit.apps or any(row["app"] in APPS[a] for a in conduit.apps)
        asked = NAMES[row["name"]]
        name = row["name"] < 0 or not conduit.sni or any(
            asked.endswith(x[1:]) if x.startswith("*") else asked == x.replace("<tenant>", "own") for x in conduit.sni)
        return app and name

    def late(self, conduit, row):
        local = dt.datetime.fromtimestamp(row["ts_ns"] // 10**9, self.zone)
        if local.date() > conduit.review_by:
            return V.EXPIRED_CONDUIT
        minute = local.weekday() * 1440 + local.hour * 60 + local.minute
        for window in conduit.hours:
            open_minutes = range(window.start_minute, window.stop_minute)
            if any((minute - day * 1440) % 10080 in open_minutes for day in window.days):
                return V.PERMITTED
        return V.OUT_OF_HOURS if conduit.hours else V.PERMITTED

    def verdicts(self, conduits, row):
        """Permitted if any conduit is; else what the time of one of them says; else that none is for what is said."""
        found = {self.late(c, row) for c in conduits if self.said(c, row)}
        return {V.PERMITTED} if V.PERMITTED in found else found or {V.WRONG_APP}

    def __call__(self, row):
        source, target = self.zone_name(row["src"]), self.zone_name(row["dst"])
        error = row["proto"] == 1 and row["icmp_type"] in (3, 11)
        if "local" in (source, target) or error or (source == target and source):
            return {V.NOT_JUDGED}
        if not source or not target:
            return {V.UNATTRIBUTED}
        there = [c for c in self.policy.conduits if (c.source, c.target) == (source, target)]
        back = [c for c in self.policy.conduits if (c.source, c.target) == (target, source)]
        along = [c for c in there if self.fits(c, row, "src", "dst", row["dst_port"], row["src_mac"])]
        forward = self.verdicts(along, row) if along else set()
        if forward and forward != {V.WRONG_APP}:
            return forward
        guess = row["certainty"] != C.SYN_SEEN and not (row["proto"] == 1 and row["icmp_type"] == 8)
        replies = [c for c in back if self.fits(c, row, "dst", "src", row["src_port"], 0)] if guess else []
        backward = self.verdicts(replies, row) if replies else set()
        if backward and backward != {V.WRONG_APP}:
            return backward
        elsewhere = [c for c in there if self.fits(c, row, "src", "dst", row["dst_port"], 0)]
        if forward or elsewhere or backward:
            return forward or ({V.WRONG_SEGMENT} if elsewhere else backward)
        against = [c for c in back if self.fits(c, row, "dst", "src", row["dst_port"], 0)]
        return {V.WRONG_INITIATOR} if against and row["certainty"] == C.SYN_SEEN else {V.NO_CONDUIT}

    def most_specific(self, row):
        """The conduits that permit a flow as it stands, the most specific first, each with how specific it is."""
        permitting = [c for c in self.policy.conduits
                      if (c.source, c.target) == (self.zone_name(row["src"]), self.zone_name(row["dst"]))
                      and self.fits(c, row, "src", "dst", row["dst_port"], row["src_mac"]) and self.said(c, row)
                      and self.late(c, row) == V.PERMITTED]
        return sorted((breadth_of(c), c.name) for c in permitting)


def breadth_of(conduit):
    """How much a conduit permits, counted: what stands first weighs most."""
    def addresses(hosts):
        return sum(n.num_addresses for n in hosts) or 1 << 130

    ports = {(p.proto, n) for p in conduit.ports if p.proto in (6, 17) for n in range(p.low, p.high + 1)}
    ports |= {(p.proto, 0) for p in conduit.ports if p.proto not in (6, 17, -1)}
    minutes = {(day * 1440 + m) % 10080 for w in conduit.hours for day in w.days
               for m in range(w.start_minute, w.stop_minute)}
    many = 1 << 30
    return (addresses(conduit.to_hosts), addresses(conduit.from_hosts),
            many if any(p.proto == -1 for p in conduit.ports) else len(ports), len(conduit.src_mac) or many,
            len(minutes) or many, len(conduit.apps) or many, len(conduit.sni) or many)


def sound(document):
    """The policy of a document, without conduits that tie with one before them."""
    while True:
        draft, problems = examine(toml_text(document).encode(), today=TODAY)
        errors = [p for p in problems if p.level == "error"]
        if not errors:
            return build_policy(draft, "", ())
        assert {p.code for p in errors} == {"E424"}, problems
        for problem in errors:
            del document["conduit"][problem.where.removeprefix("conduit.")]


@settings(max_examples=120, deadline=None)
@given(policies(), st.lists(ROWS, min_size=1, max_size=30))
def test_verdicts_agree_with_the_naive_judge(document, rows):
    policy = sound(document)
    found, naive = judge(policy, keys_of(rows), NAMES), NaiveJudge(policy)
    for i, row in enumerate(rows):
        assert Verdict(found.verdict[i]) in naive(row), row
        conduit = policy.conduits[found.conduit[i] - 1] if found.conduit[i] else None
        permitting = naive.most_specific(row)
        if found.verdict[i] == V.PERMITTED and permitting:
            assert conduit.name == permitting[0][1]
            if row["app"] and row["name"] >= 0 and row["src_mac"]:
                assert len({b for b, _ in permitting}) == len(permitting), "a tie was let in"
        ends = SimpleNamespace(a=naive.zone_name(row["src"]), b=naive.zone_name(row["dst"]))
        if found.verdict[i] in (V.PERMITTED, V.OUT_OF_HOURS, V.EXPIRED_CONDUIT, V.WRONG_INITIATOR):
            assert {conduit.source, conduit.target} == {ends.a, ends.b}
        if found.verdict[i] == V.NO_CONDUIT and conduit is None:
            assert not [c for c in policy.conduits if {c.source, c.target} == {ends.a, ends.b}]


def test_of_several_conduits_the_most_specific_is_named():
    document = company()
    base = document["conduit"].pop("web")
    document["conduit"] = {
        "all": {**base, "from": "office", "to": "plant"},
        "host": {**base, "from": "office", "to": "plant", "to_hosts": ["10.2.0.1"]},
        "net": {**base, "from": "office", "to": "plant", "to_hosts": ["10.2.0.0/24"]},
    }
    draft, _ = examine(toml_text(document).encode(), today=TODAY)
    policy = build_policy(draft, "", ())
    for target, name in (("10.2.0.1", "host"), ("10.2.0.2", "net"), ("10.2.9.9", "all")):
        assert verdict(flow("10.1.0.1", target), policy)[1] == name
