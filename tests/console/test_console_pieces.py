"""Pieces of the console by themselves: files, ranges, sessions, the turn at the store."""

import csv
import io
import json
import math
import threading
import time

import pytest

from columns.errors import StoreError, UsageError
from dashboards.console import Access, is_loopback
from dashboards.console.access import Sessions
from dashboards.console.asked import address_of, asked, network_of
from dashboards.console.exports import csv_text, json_text
from dashboards.console.shared import SharedStore


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "＝1", "＋1", "－1",
                                  "＠x"])
def test_a_formula_becomes_text(text):
    (cell,) = list(csv.reader(io.StringIO(csv_text(["a"], [[text]]))))[1]
    assert cell == f"'{text}"


def test_values_in_a_csv_file():
    text = csv_text(["n", "f", "t", "b", "none", "list"], [[-5, -1.5, 'a,"b"\nc', True, None, ["x", 1]]])
    assert text.startswith("\ufeffn,")
    (row,) = list(csv.reader(io.StringIO(text)))[1:]
    assert row == ["-5", "-1.5", 'a,"b"\nc', "true", "", '["x", 1]']


def test_json_holds_no_number_that_json_does_not_know():
    value = {"a": [math.nan, math.inf, -math.inf, 1.5], "b": ("日本", None)}
    assert json.loads(json_text(value)) == {"a": [None, None, None, 1.5], "b": ["日本", None]}


@pytest.mark.parametrize(("host", "local"), [
    ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True), ("LocalHost", True),
    ("0.0.0.0", False), ("::", False), ("192.0.2.1", False), ("localhost.example", False), ("", False)])
def test_what_is_loopback(host, local):
    assert is_loopback(host) is local


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "soc.example"])
def test_no_access_from_elsewhere_without_a_token(host):
    with pytest.raises(UsageError, match="token"):
        Access(host=host)
    assert Access(host=host, token="x" * 16).token


def test_origin_follows_the_scheme():
    assert Access(tls=True, token="x" * 16).origin_of("SOC.example:1") == "https://soc.example:1"
    assert Access().origin_of("127.0.0.1:1") == "http://127.0.0.1:1"


def test_sessions_end_and_are_bounded():
    now = [0.0]
    sessions = Sessions("right-token-right", clock=lambda: now[0])
    first = sessions.open("right-token-right", "a")
    assert sessions.knows(first)
    assert not sessions.knows("")
    opened = [sessions.open("right-token-right", "a") for _ in range(200)]
    assert not sessions.knows(first)
    assert sum(map(sessions.knows, opened)) == 64
    now[0] = 12 * 3600.0
    assert not any(map(sessions.knows, opened))


def test_the_brake_is_per_visitor_and_lets_go():
    now = [0.0]
    sessions = Sessions("right-token-right", clock=lambda: now[0])
    for _ in range(8):
        assert sessions.open("wrong", "198.51.100.1") == ""
    assert sessions.braked("198.51.100.1")
    assert not sessions.braked("192.0.2.1")
    now[0] = 61.0
    assert not sessions.braked("198.51.100.1")


def test_failures_are_remembered_within_bounds():
    sessions = Sessions("right-token-right", clock=lambda: 0.0)
    for i in range(5000):
        sessions.open("wrong", str(i))
    assert len(sessions._failed) == 1024


def test_a_range_without_end_is_the_last_day():
    found = asked([])
    assert found.to_ms - found.from_ms == 86_400_000
    assert abs(found.to_ms - time.time() * 1000) < 60_000


def test_lists_and_the_rest():
    found = asked([("from", "1"), ("to", "2"), ("zone", "a"), ("zone", "b"), ("port", "7")], {"port"})
    assert found.lists == {"zone": ("a", "b")}
    assert found.rest == {"port": "7"}
    assert found.request({}).zone == ("a", "b")


@pytest.mark.parametrize(("text", "plain"), [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("[2001:db8::1]", "2001:db8::1"),
    ("2001:DB8:0::1", "2001:db8::1")])
def test_addresses_in_one_form(text, plain):
    assert address_of(text) == plain


def test_networks_as_the_tables_hold_them():
    assert network_of("10.0.0.0/8", "ip") == ("::ffff:10.0.0.0", "::ffff:10.255.255.255")
    assert network_of("2001:db8::/64", "ip") == ("2001:db8::", "2001:db8::ffff:ffff:ffff:ffff")


def test_a_store_serves_one_call_at_a_time_and_says_when_it_is_busy():
    class Slow:
        def __init__(self):
            self.inside = self.most = 0

        def query(self, sql, params, *, read_only):
            self.inside += 1
            self.most = max(self.most, self.inside)
            time.sleep(0.05)
            self.inside -= 1
            return sql

    slow = Slow()
    shared = SharedStore(slow, wait_seconds=5)
    threads = [threading.Thread(target=shared.query, args=("SELECT 1",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert slow.most == 1
    held = SharedStore(slow, wait_seconds=0.02)
    with held._mine(), pytest.raises(StoreError, match="busy"):
        held.query("SELECT 1")
