"""What is said and how much: applications, names, tenants, contents and bytes, in rows, alerts and stored verdicts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import FLOW, TABLES, slice_rows
from columns.address import address_int
from columns.app import AppProto
from columns.codes import Certainty, EndReason, Outcome, Severity, Verdict
from columns.said import Said
from detectors.zone_verdicts import ZoneVerdicts
from detectors.zone_words import MOST_TEXTS, Texts
from sensor.protocols import DATAGRAM_WANTS, STREAM_WANTS
from tests.support.policies import TODAY, city, company, toml_text
from tests.support.zone_stream import SECOND, START_NS, Stream, alert_dicts
from zones import EXAMPLE, load_policy
from zones.applications import APPLICATIONS, TOLD_OVER_TCP, TOLD_OVER_UDP
from zones.contents import forbidden_words, words_of_channels, words_of_file, words_of_mail
from zones.flow_judge import FlowJudge
from zones.loading import examine
from zones.names import ANOTHER_NAME, ANOTHER_TENANT, PERMITTED, NameRule, may_share_a_name, name_matches, server_name
from zones.policy import build_policy
from zones.volume import HOUR_NS, Volumes

POLICY = load_policy(EXAMPLE, today=TODAY)
BY_NAME = {t.name: t for t in TABLES}
V = Verdict


def policy_of(document):
    draft, problems = examine(toml_text(document).encode(), today=TODAY)
    assert not [p for p in problems if p.level == "error"], problems
    return build_policy(draft, "", ())


def said(table, flow, packet_number, **columns):
    """One row of a protocol's table, said in a flow."""
    ends = {side: address_int(flow[side.split("_")[0]]) for side in ("src_ip", "dst_ip")}
    return BY_NAME[table], BY_NAME[table].from_rows([{
        "flow_id": flow["flow_id"], "packet_number": packet_number, "ts_ns": flow["start"], "proto": flow["proto"],
        "src_port": flow["src_port"], "dst_port": flow["dst_port"], **ends, **columns}])


def detect(stream, *rows, policy=POLICY, app=AppProto.UNKNOWN):
    """Judge and detect a stream with what was said in it, as the pipeline does; return stored rows and alerts."""
    judge, detector = FlowJudge(policy), ZoneVerdicts(policy)
    packets, flows = stream.tables()
    flows.app_proto[:] = int(app)
    for table, batch in rows:
        judge.said(table, batch)
    judge.judge(flows)
    alerts = alert_dicts(detector.update(packets, flows, Said(list(rows)))) + alert_dicts(detector.finish())
    return [(V(v), policy.conduit_names[c]) for v, c in zip(flows.verdict, flows.conduit, strict=True)], alerts


def conversation(src, dst, port, **more):
    stream = Stream()
    flow = stream.open(src, dst, port, **more)
    stream.establish(flow)
    stream.wait(1)
    return stream, flow


BREAKOUT = ("10.20.3.10", "192.0.2.40", 443)
SAID = {
    "another application by its transactions": (
        ("10.20.5.5", "10.25.0.11", 443), "ssh", {}, 900107, V.WRONG_APP, "content is ssh, permitted tls"),
    "another server": (BREAKOUT, "tls", {"sni": "files.example", "hellos_seen": "both"}, 900107, V.WRONG_APP,
                       "server files.example is not in *.cloud.example <tenant>.share.example"),
    "another tenant": (BREAKOUT, "tls", {"sni": "Other.share.example", "hellos_seen": "both"}, 900107, V.WRONG_APP,
                       "server Other.share.example is not of tenant tenant"),
    "a server without a name": (BREAKOUT, "tls", {"hellos_seen": "both"}, 900107, V.WRONG_APP, "server not named"),
    "TLS where a remote desktop should be": (("10.20.1.5", "10.30.8.9", 3389), "tls", {"hellos_seen": "both"}, 900107,
                                             V.WRONG_APP, "content is tls, permitted rdp"),
    "an attachment after text-ization": (
        ("10.25.0.25", "10.20.1.25", 25), "smtp", {"attachment": '["a.pdf"]', "content_type": "multipart/mixed"},
        900108, V.UNSANITIZED, 'attachment (["a.pdf"]) passed, forbidden (mail-text): '),
    "a mail in HTML after text-ization": (("10.25.0.25", "10.20.1.25", 25), "smtp",
                                          {"content_type": "text/html; charset=utf-8"}, 900108, V.UNSANITIZED, "html"),
    "macros within an attachment": (
        ("10.25.0.25", "10.20.1.25", 25), "fileinfo",
        {"app_proto": "smtp", "file_type": "docx", "mime_type": "application/x", "hints": '["macros"]',
         "filename": "b.docx"}, 900108, V.UNSANITIZED, "attachment, macro (docx b.docx) passed"),
    "the clipboard of a remote desktop": (("10.20.1.5", "10.30.8.9", 3389), "rdp",
                                          {"channels": '["cliprdr", "rdpsnd"]'}, 900108, V.UNSANITIZED,
                                          "clipboard passed, forbidden (screen-transfer): clipboard drive printer usb"),
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_over_a_conduit_is_judged(name):
    ends, table, columns, signature, verdict, why = SAID[name]
    stream, flow = conversation(*ends)
    row = said(table, flow, 3, **columns)
    stream.row(flow, Outcome.ESTABLISHED)
    stored, alerts = detect(stream, row)
    assert stored[0][0] == verdict
    assert stored[0][1]
    assert [(a["signature_id"], a["revision"], a["outcome"], a["events"]) for a in alerts] == [
        (signature, n, Outcome.ESTABLISHED, 1) for n in (1, 2, 3)], "said; its row shows the SYN; over"
    assert why in alerts[0]["why"]
    assert alerts[0]["conduit"] == stored[0][1]
    assert alerts[0]["why_ja"] != alerts[0]["why"]
    assert alerts[0]["severity"] >= Severity.HIGH, "what is said does not show a SYN: not critical yet"
    assert [a["direction_certainty"] for a in alerts] == [Certainty.BIFLOW, Certainty.SYN_SEEN, Certainty.SYN_SEEN]


@pytest.mark.parametrize(("ends", "table", "columns"), [
    (BREAKOUT, "tls", {"sni": "a.b.cloud.example", "hellos_seen": "both"}),
    (BREAKOUT, "tls", {"sni": "tenant.share.example", "hellos_seen": "client"}),
    (BREAKOUT, "tls", {"hellos_seen": "server"}),
    (("10.20.1.5", "10.30.8.9", 3389), "tls", {"from_proto": "rdp", "hellos_seen": "both"}),
    (("10.20.1.5", "10.30.8.9", 3389), "rdp", {"channels": '["rdpsnd"]'}),
    (("10.25.0.25", "10.20.1.25", 25), "smtp", {"content_type": "text/plain"}),
    (("10.25.0.25", "10.20.1.25", 25), "fileinfo", {"app_proto": "smtp", "file_type": "text",
                                                    "mime_type": "text/plain"}),
    (("10.30.1.25", "10.25.0.25", 25), "smtp", {"attachment": '["a.pdf"]'}),
    (("10.20.5.5", "100.64.1.1", 80), "http", {"hostname": "asp.example"}),
    (("10.20.1.5", "10.20.1.6", 80), "http", {"hostname": "within.example"}),
])
def test_what_a_conduit_is_for_raises_nothing(ends, table, columns):
    stream, flow = conversation(*ends)
    row = said(table, flow, 3, **columns)
    stream.row(flow, Outcome.ESTABLISHED)
    stored, alerts = detect(stream, row)
    assert alerts == []
    assert stored[0][0] in (V.PERMITTED, V.NOT_JUDGED)


def test_content_that_is_nothing_known_is_told_by_the_flow_row():
    stream, flow = conversation("10.20.5.5", "10.25.0.11", 443)
    stream.row(flow, Outcome.ESTABLISHED)
    stored, alerts = detect(stream, app=AppProto.FAILED)
    assert stored == [(V.WRONG_APP, "C03")]
    assert [a["signature_id"] for a in alerts] == [900107, 900107]
    assert "content is nothing known, permitted tls" in alerts[0]["why"]


def test_a_mac_address_that_a_conduit_does_not_name():
    stream, flow = conversation("10.10.6.10", "10.20.6.10", 443, src_mac=0x020000100611)
    stream.row(flow, Outcome.ESTABLISHED)
    stored, alerts = detect(stream)
    assert stored == [(V.WRONG_SEGMENT, "C12")]
    assert {a["signature_id"] for a in alerts} == {900109}
    assert "MAC address 02:00:00:10:06:11 is not 02:00:00:10:06:10" in alerts[0]["why"]


def test_what_was_said_twice_in_a_flow_is_one_event_and_the_row_ends_it():
    stream, flow = conversation(*BREAKOUT)
    rows = [said("tls", flow, 3, sni="x.example", hellos_seen="both"),
            said("tls", flow, 3, sni="y.example", hellos_seen="both", tx_id=1)]
    stream.wait(700)
    stream.row(flow, Outcome.ESTABLISHED, packets=9, size=900)
    alerts = detect(stream, *rows)[1]
    assert [(a["revision"], a["events"]) for a in alerts] == [(1, 1), (2, 1), (3, 1)]
    assert "packets: 9" in alerts[-1]["why"]


def test_an_address_that_the_wire_does_not_expect_makes_an_innocent_row_wrong():
    rows = [("10.20.1.5", "10.30.8.9", 3389), ("10.20.5.5", "100.64.1.1", 80), ("10.10.1.1", "10.30.1.1", 80),
            ("10.10.1.1", "10.10.1.2", 80)]
    flows = FLOW.from_rows([
        {"flow_id": k, "src_ip": address_int(a), "dst_ip": address_int(b), "dst_port": port, "proto": 6,
         "pkts_toserver": 1, "pkts_toclient": 1, "direction_certainty": int(Certainty.SYN_SEEN),
         "ts_start_ns": START_NS} for k, (a, b, port) in enumerate(rows)])
    FlowJudge(POLICY, "s-split").judge(flows)
    assert flows.verdict.tolist() == [V.PERMITTED, V.WRONG_SEGMENT, V.NO_CONDUIT, V.WRONG_SEGMENT]
    assert flows.conduit.tolist()[1] == 0
    silent = flows._replace(pkts_toclient=np.zeros(4, np.uint64))
    FlowJudge(POLICY, "s-split").judge(silent)
    assert silent.verdict.tolist()[1] == V.PERMITTED, "an address that only was written to is not on this wire"


# --- bytes an hour

def screen_rows(*parts):
    """Flow rows over C01 (20 MB up an hour): initiator, seconds after the start at which the row ends, MB up."""
    return FLOW.from_rows([
        {"flow_id": k + 1, "src_ip": address_int(src), "dst_ip": address_int("10.30.8.9"), "dst_port": 3389, "proto": 6,
         "direction_certainty": int(Certainty.SYN_SEEN), "outcome": int(Outcome.ESTABLISHED), "pkts_toserver": 1,
         "ts_start_ns": START_NS, "ts_end_ns": START_NS + after * SECOND, "bytes_toserver": int(up * 10**6),
         "bytes_toclient": 10**9, "end_reason": int(EndReason.TCP_FIN), "clock_ns": START_NS + after * SECOND,
         "emitted_before": 1} for k, (src, after, up) in enumerate(parts)])


def test_bytes_above_the_limit_of_the_hour_are_an_excess_until_the_hour_is_over():
    flows = screen_rows(("10.20.1.5", 10, 12), ("10.20.1.6", 20, 12), ("10.20.1.5", 30, 8), ("10.20.1.5", 40, 0.001),
                        ("10.20.1.5", 3700, 5))
    FlowJudge(POLICY).judge(flows)
    assert flows.verdict.tolist() == [V.PERMITTED, V.PERMITTED, V.PERMITTED, V.PERMITTED_EXCESS, V.PERMITTED]
    alerts = alert_dicts(ZoneVerdicts(POLICY).update(Stream().tables()[0], flows))
    assert {a["signature_id"] for a in alerts} == {900106}
    assert len({a["alert_id"] for a in alerts}) == 1
    assert "conduit C01: initiator sent 20.0 MB within the hour, permitted 20 MB" in alerts[0]["why"]
    assert alerts[0]["verdict"] == V.PERMITTED_EXCESS
    assert alerts[0]["severity"] >= Severity.HIGH


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["10.20.1.5", "10.20.1.6", "10.20.1.7"]), st.integers(0, 3 * 3600),
                          st.integers(0, 15)), min_size=1, max_size=40), st.lists(st.integers(0, 40), max_size=3))
def test_volumes_agree_with_a_naive_sum_in_any_portions(parts, cuts):
    flows, judge = screen_rows(*parts), FlowJudge(POLICY)
    at = 0
    for cut in [*sorted(min(c, len(parts)) for c in cuts), len(parts)]:
        judge.judge(slice_rows(flows, at, cut))
        at = cut
    sums, expected = {}, []
    for src, after, up in parts:
        key = src, (START_NS + after * SECOND) // HOUR_NS
        sums[key] = sums.get(key, 0) + up
        expected.append(V.PERMITTED_EXCESS if sums[key] > 20 else V.PERMITTED)
    assert flows.verdict.tolist() == expected


def test_a_full_ledger_forgets_past_hours_then_counts_what_it_cannot_track():
    volumes = Volumes(POLICY, entries=128)
    for hour in range(40):
        flows = screen_rows(*[(f"10.20.1.{n}", hour * 3600 + 10, 1) for n in range(20)])
        FlowJudge(POLICY).judge(flows)
        assert volumes.take(flows).rows.size == 20
    assert volumes.untracked == 0
    many = screen_rows(*[(f"10.20.{n // 250}.{n % 250}", 40 * 3600, 1) for n in range(1000)])
    FlowJudge(POLICY).judge(many)
    used = volumes.take(many)
    assert volumes.untracked > 500
    assert not used.broken.any()


@pytest.mark.parametrize("portion", [1, 7, 400])
def test_what_a_ledger_forgets_does_not_depend_on_portions(portion):
    flows = screen_rows(*[(f"10.20.1.{n % 90}", hour * 1800, 11) for hour in range(8) for n in range(50)])
    judge = FlowJudge(POLICY)
    judge.volumes = Volumes(POLICY, entries=128)
    for at in range(0, 400, portion):
        judge.judge(slice_rows(flows, at, min(at + portion, 400)))
    whole = screen_rows(*[(f"10.20.1.{n % 90}", hour * 1800, 11) for hour in range(8) for n in range(50)])
    FlowJudge(POLICY).judge(whole)
    assert flows.verdict.tolist() == whole.verdict.tolist()
    assert V.PERMITTED_EXCESS in flows.verdict.tolist()


def test_a_limit_down_and_the_direction_of_a_guess():
    document = company()
    document["conduit"] = {"pull": {**document["conduit"]["web"], "from": "office", "to": "plant",
                                    "max_down_mb_per_hour": 1.5}}
    policy = policy_of(document)
    ends = {"src_ip": address_int("10.2.0.1"), "dst_ip": address_int("10.1.0.1"), "src_port": 443, "dst_port": 50000}
    flows = FLOW.from_rows([{"proto": 6, "ts_start_ns": START_NS, "ts_end_ns": START_NS, "bytes_toserver": size,
                             "bytes_toclient": 10**9, **ends} for size in (10**6, 5 * 10**5, 1)])
    FlowJudge(policy).judge(flows)
    assert flows.verdict.tolist() == [V.PERMITTED, V.PERMITTED, V.PERMITTED_EXCESS]


# --- names, contents, applications by themselves

RULE = NameRule(("*.cloud.example", "share.example", "<tenant>.box.example", "*.<tenant>.box.example"), "own")


@pytest.mark.parametrize(("name", "found"), [
    ("a.cloud.example", PERMITTED), ("A.B.CLOUD.example.", PERMITTED), ("cloud.example", ANOTHER_NAME),
    ("evilcloud.example", ANOTHER_NAME), ("share.example", PERMITTED), ("x.share.example", ANOTHER_NAME),
    ("own.box.example", PERMITTED), ("other.box.example", ANOTHER_TENANT), ("a.b.box.example", ANOTHER_NAME),
    ("x.own.box.example", PERMITTED), ("box.example", ANOTHER_NAME), (".box.example", ANOTHER_NAME),
    ("", ANOTHER_NAME), ("a.cloud.example\0", ANOTHER_NAME),
])
def test_names(name, found):
    assert name_matches(name, RULE) == found


@pytest.mark.parametrize("text", ["", "*", "*.", "a..b", "https://a.example", "a.example/x", "*.a.*", "a b.example",
                                  "x" * 64 + ".example", "<tenant", "-a.example"])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(ValueError, match="server name"):
        server_name(text)


def test_an_internationalized_name_is_listed_as_it_is_seen_on_the_wire():
    assert server_name("*.架空市.example") == "*.xn--7stw9s1vp.example"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["*.a.example", "a.example", "*.b.a.example", "b.a.example", "c.example"]), max_size=2),
       st.lists(st.sampled_from(["*.a.example", "x.a.example", "b.a.example", "*.example"]), max_size=2))
def test_lists_share_a_name_where_some_name_is_in_both(a, b):
    names = ["a.example", "b.a.example", "x.a.example", "x.b.a.example", "c.example", "x.c.example", "d.example"]
    both = any(all(not side or name_matches(n, NameRule(tuple(side), "")) == PERMITTED for side in (a, b))
               for n in names)
    assert may_share_a_name(a, b) == both


def test_contents_by_what_they_are():
    assert words_of_file("pe", "x", "", "http") == {"executable", "file"}
    assert words_of_file("zip", "x", '["encrypted"]', "smtp") == {"archive", "encrypted", "file", "attachment"}
    assert words_of_file("text", "text/plain", "", "smtp") == set()
    assert words_of_file("html", "text/html", "", "smtp") == {"html"}
    assert words_of_mail("TEXT/HTML", "not json") == {"html"}
    assert words_of_mail("text/plain", '{"a": 1}') == set()
    assert words_of_channels('["CLIPRDR", 5, "drdynvc"]') == {"clipboard"}
    assert {"attachment", "html", "macro"} <= forbidden_words("mail-text", [])
    assert forbidden_words("screen-transfer", ["usb"]) == {"usb"}
    assert forbidden_words("", []) == set()


def test_applications_are_what_the_sensor_can_tell():
    known = {p.name.lower() for p in AppProto} - {"unknown", "failed"}
    assert set(APPLICATIONS) <= known
    for told, wants in ((TOLD_OVER_TCP, STREAM_WANTS), (TOLD_OVER_UDP, DATAGRAM_WANTS)):
        assert told <= {w.app_proto.name.lower() for w in wants}


def test_texts_are_bounded_and_counted():
    texts = Texts()
    numbers = [texts.number(f"{n}.example") for n in range(MOST_TEXTS + 5)]
    assert texts.untold == 5
    assert numbers[-1] == 0
    assert texts[numbers[7]] == "7.example"
    assert len(texts[texts.number("")]) == 0


def test_marks_are_bounded_and_given_up_when_the_flow_is_over(monkeypatch):
    monkeypatch.setattr("zones.flow_judge.MOST_MARKS", 3)
    judge = FlowJudge(POLICY)
    flows = []
    for _ in range(5):
        stream, flow = conversation(*BREAKOUT)
        flow["flow_id"] = len(flows) + 1
        judge.said(*said("tls", flow, 1, sni="x.example", hellos_seen="both"))
        flows.append(flow)
    assert judge.counters()["marks_forgotten"] == 2
    stream.row(flows[-1], Outcome.ESTABLISHED)
    rows = stream.tables()[1]
    judge.judge(rows)
    assert rows.verdict.tolist() == [V.WRONG_APP]
    assert len(judge.marks_) == 2


def test_a_policy_that_asks_for_nothing_looks_at_nothing():
    document = city()
    for entry in document["conduit"].values():
        for key in ("app", "sni", "tenant", "forbid"):
            entry.pop(key, None)
        entry.pop("max_up_mb_per_hour", None)
    document["conduit"] = {n: c for n, c in document["conduit"].items() if not c.get("sanitization")}
    judge = FlowJudge(policy_of(document))
    assert not judge.contents.any_
    assert not judge.volumes.any_
