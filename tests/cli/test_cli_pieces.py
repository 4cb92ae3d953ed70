"""Filters, identity of captures, words, rows: the pieces that the commands are made of."""

import os

import pytest

from columns import ALERT, FLOW
from columns.address import address_int
from columns.codes import Severity, Verdict
from columns.errors import CaptureError, UsageError
from sekisho.filters import Filters, address_range, instant, protocol_number
from sekisho.identity import input_captures, run_id
from sekisho.language import Lang, Words, chosen_language
from sekisho.rows import batch_rows, endpoint, iso_text, plain_address
from sekisho.sinks import CollectSink
from sekisho.terminal import clean, quantity


def test_values_of_filters_never_stand_in_the_sql():
    filters = Filters()
    filters.equals("detector", "x' OR 1 --")
    filters.within(("src_ip", "dst_ip"), "10.0.0.0/8", "--ip")
    assert "x'" not in filters.sql
    assert "10.0" not in filters.sql
    assert filters.params["p0"] == "x' OR 1 --"
    assert all(f"{{{name}:" in filters.sql for name in filters.params)


def test_no_filter_keeps_everything():
    filters = Filters()
    filters.equals("run_id", None)
    filters.within(("src_ip",), None, "--src")
    filters.since("ts", None, "--since")
    assert (filters.sql, filters.params) == ("1", {})


@pytest.mark.parametrize(("text", "first", "last"), [
    ("10.1.2.3", "::ffff:10.1.2.3", "::ffff:10.1.2.3"),
    ("10.0.0.0/8", "::ffff:10.0.0.0", "::ffff:10.255.255.255"),
    ("2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("0.0.0.0/0", "::ffff:0.0.0.0", "::ffff:255.255.255.255"),
])
def test_address_range(text, first, last):
    assert address_range(text, "--ip") == (first, last)


@pytest.mark.parametrize("call", [
    lambda: address_range("10.0.0", "--ip"), lambda: instant("yesterday", "--since"),
    lambda: protocol_number("tpc"), lambda: protocol_number("256"),
])
def test_a_bad_filter_value_is_a_usage_error(call):
    with pytest.raises(UsageError, match="expected"):
        call()


def test_times_are_utc_unless_they_say_otherwise():
    assert instant("2026-06-01T09:00:00+09:00", "--since") == instant("2026-06-01", "--since")
    assert instant("2026-06-01", "--since") == "2026-06-01 00:00:00.000000"


def test_protocols_by_name_and_number():
    assert [protocol_number(p) for p in ("tcp", "UDP", "icmp", "icmpv6", "6in4", "47")] == [6, 17, 1, 58, 41, 47]


def test_a_folder_stands_for_its_captures_in_order_of_name(tmp_path):
    for name in ("b.pcap", "a.pcapng.gz", "c.CAP", "notes.txt", "d.pcap.zst"):
        (tmp_path / name).write_bytes(b"")
    assert [p.name for p in input_captures([tmp_path])] == ["a.pcapng.gz", "b.pcap", "c.CAP", "d.pcap.zst"]


def test_a_folder_without_captures_is_an_error(tmp_path):
    with pytest.raises(CaptureError, match=r"no captures in this folder.*\*\.pcap"):
        input_captures([tmp_path])


def test_a_run_is_named_by_content_order_and_parts(tmp_path):
    one, two, copy = tmp_path / "1.pcap", tmp_path / "2.pcap", tmp_path / "copy.pcap"
    one.write_bytes(b"one"), two.write_bytes(b"two"), copy.write_bytes(b"one")
    os.utime(copy, (1, 1))
    assert run_id([one], "s", "c") == run_id([copy], "s", "c")
    names = [run_id([one], "s", "c"), run_id([two], "s", "c"), run_id([one], "s", "d"), run_id([one, two], "s", "c"),
             run_id([two, one], "s", "c")]
    assert len(set(names)) == 5


def test_a_large_capture_is_sampled_and_its_age_counts(tmp_path):
    big = tmp_path / "big.pcap"
    big.write_bytes(bytes(17 << 20))
    os.utime(big, ns=(1, 1))
    before = run_id([big])
    assert before == run_id([big])
    os.utime(big, ns=(2, 2))
    assert before != run_id([big])
    with big.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"x")
    os.utime(big, ns=(1, 1))
    assert before != run_id([big])


def test_a_pipe_never_is_the_same_run_twice(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert run_id([pipe]) != run_id([pipe])


def test_a_capture_that_is_not_there(tmp_path):
    with pytest.raises(CaptureError, match="cannot be read"):
        run_id([tmp_path / "absent.pcap"])


def test_the_language_follows_option_then_locale(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert chosen_language(None) is Lang.EN
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    assert chosen_language(None) is Lang.JA
    assert chosen_language(Lang.EN) is Lang.EN
    monkeypatch.setenv("LC_ALL", "C")
    assert chosen_language(None) is Lang.EN


def test_every_code_that_people_see_has_japanese_words():
    words = Words(Lang.JA)
    for code in (*Severity, *Verdict):
        assert words.label(code.name.lower()) != code.name.lower()
    assert Words(Lang.EN).label("no_conduit") == "no conduit"


def test_rows_show_labels_names_addresses_and_times():
    flows = FLOW.from_rows([{"src_ip": address_int("10.0.0.1"), "src_zone": 1, "verdict": Verdict.NO_CONDUIT,
                             "ts_start_ns": 1_500_000_000_123_456_789, "proto": 6}])
    row = batch_rows(FLOW, flows, {"zone": ("unattributed", "lgwan"), "conduit": ("",)})[0]
    assert (row["src_ip"], row["src_zone"], row["verdict"]) == ("10.0.0.1", "lgwan", "no_conduit")
    assert row["ts_start_ns"] == "2017-07-14T02:40:00.123456789Z"


def test_addresses_and_endpoints_as_text():
    assert plain_address("::ffff:10.0.0.1") == "10.0.0.1"
    assert plain_address("2001:db8::1") == "2001:db8::1"
    row = {"src_ip": "2001:db8::1", "src_port": 53, "dst_ip": "10.1.2.0", "dst_port": 0, "dst_prefix_bits": 120}
    assert endpoint(row, "src") == "[2001:db8::1]:53"
    assert endpoint(row, "dst") == "10.1.2.0/24"
    assert endpoint({"src_ip": "::", "src_port": 0}, "src") == "*"
    assert iso_text(-1) == "1969-12-31T23:59:59.999999999Z"


def test_control_characters_of_a_capture_do_not_reach_the_terminal():
    assert clean("a\x1b[31mb\u202ec") == "a\ufffd[31mb\ufffdc"
    assert clean(1234567) == "1,234,567"
    assert [quantity(v, "pps") for v in (12, 5_800_000)] == ["12 pps", "5.80 Mpps"]


def alert_rows(count, severity=2, revision=1):
    return ALERT.from_rows([{"alert_id": i, "severity": severity, "revision": revision, "events": revision}
                            for i in range(count)])


def test_the_summary_keeps_latest_revisions_and_is_bounded():
    sink = CollectSink()
    sink.write_alerts(alert_rows(3000, severity=4))
    sink.write_alerts(alert_rows(1, severity=4, revision=2))
    assert len(sink.alerts()) == 500
    assert sink.alerts()[0]["revision"] == 2
    crowd = ALERT.from_rows([{"alert_id": 9999, "severity": 1}])
    sink.write_alerts(crowd)
    assert sink.alerts()[0]["severity"] == "critical"


def test_the_summary_counts_flows_by_zone_pair_once_per_flow():
    sink = CollectSink()
    flows = FLOW.from_rows([
        {"src_zone": 1, "dst_zone": 2, "verdict": Verdict.PERMITTED}, {"src_zone": 1, "dst_zone": 2, "part": 1},
        {"src_zone": 1, "dst_zone": 2, "verdict": Verdict.NO_CONDUIT},
    ])
    sink.write_flows(flows, {"zone": ("unattributed", "a", "b"), "conduit": ("",)})
    assert sink.zone_pairs() == [("a", "b", {"permitted": 1, "no_conduit": 1})]


def test_batches_may_be_overwritten_after_the_sink_took_them():
    sink, alerts = CollectSink(), alert_rows(1)
    sink.write_alerts(alerts)
    alerts.events[:] = 77
    assert sink.alerts()[0]["events"] == 1
