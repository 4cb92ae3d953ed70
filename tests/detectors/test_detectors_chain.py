"""The chain: it refuses to look healthy with nothing in it, names what fails, and cuts storms short."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import ALERT, PACKET, Alerts, Flows, Packets, concat_rows, rows_in, slice_rows
from columns.codes import Property, Severity
from columns.errors import UsageError
from columns.said import NOTHING_SAID, Said
from detectors.alerts import alert_id, alert_row, alerts_of, round_to, seconds_text
from detectors.chain import Chain, ChainSettings
from detectors.contract import Detector, Signature
from tests.support.traffic import NO_FLOWS, rows_of

SIGNATURE = Signature(900999, "Something", "なにか", "Test", Severity.LOW, Property.INTEGRITY, technique="T1046")
MINUTE = 60 * 10**9


class Teller:
    """Tells the alerts it was given, one call after another; None in their place raises."""

    signatures = (SIGNATURE,)

    def __init__(self, name: str, *calls: list[dict[str, Any]] | None, last: tuple[dict[str, Any], ...] = ()) -> None:
        self.name, self.calls, self.last = name, calls, list(last)
        self.reset()

    def reset(self) -> None:
        self.at_ = 0

    def update(self, packets: Packets, flows: Flows, said: Said = NOTHING_SAID) -> Alerts:
        self.at_ += 1
        rows = self.calls[self.at_ - 1] if self.at_ <= len(self.calls) else []
        if rows is None:
            raise ValueError(f"call {self.at_} of {self.name}")
        return alerts_of(rows)

    def finish(self) -> Alerts:
        return alerts_of(self.last)

    def counters(self) -> dict[str, int]:
        return {"calls": self.at_}


def alert(number: int, ts_ns: int = 0, revision: int = 1, state: int = 0, **more: Any) -> dict[str, Any]:
    return alert_row("teller", SIGNATURE, alert_id=number, ts_ns=ts_ns, revision=revision, state=state, **more)


def run(chain: Chain, calls: int = 1) -> list[dict[str, Any]]:
    return [row for _ in range(calls) for row in rows_of(chain.update(PACKET.empty(0), NO_FLOWS))]


def test_a_chain_without_detectors_refuses_to_start() -> None:
    with pytest.raises(UsageError, match="no detector is switched on") as error:
        Chain([])
    assert error.value.exit_code == 2


def test_two_detectors_of_one_name_refuse_to_start() -> None:
    with pytest.raises(UsageError, match="named a"):
        Chain([Teller("a"), Teller("b"), Teller("a")])


def test_a_failing_detector_is_named_and_the_others_go_on() -> None:
    chain = Chain([Teller("good", [alert(1)], [alert(2)]), Teller("bad", None, [alert(3)], None),
                   Teller("fine", [alert(4)])])
    assert sorted(row["alert_id"] for row in run(chain)) == [1, 4]
    assert sorted(row["alert_id"] for row in run(chain)) == [2, 3]
    run(chain)
    assert [(f.detector, f.times, f.first) for f in chain.failures] == [("bad", 2, "ValueError: call 1 of bad")]
    assert chain.counters()["chain"]["failed_bad"] == 2
    assert chain.counters()["chain"]["failed_good"] == 0
    assert any("bad" in note and "ValueError" in note for note in chain.notes)


def test_what_a_user_ends_is_not_swallowed() -> None:
    class Ended(Teller):
        def update(self, packets: Packets, flows: Flows, said: Said = NOTHING_SAID) -> Alerts:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Chain([Ended("x")]))


def test_alerts_leave_in_order_of_time_then_of_detectors_under_the_digests() -> None:
    chain = Chain([Teller("a", [alert(1, 50), alert(2, 20)]), Teller("b", [alert(3, 20), alert(4, 10)])],
                  policy_digest="p", config_digest="c", ruleset_digest="r")
    rows = run(chain)
    assert [row["alert_id"] for row in rows] == [4, 2, 3, 1]
    assert {(row["policy_digest"], row["config_digest"], row["ruleset_digest"]) for row in rows} == {("p", "c", "r")}


def test_zones_are_named_where_a_detector_did_not() -> None:
    chain = Chain([Teller("a", [alert(1, src_ip=5, dst_ip=6, src_zone="known"), alert(2, src_ip=0, dst_ip=7)])],
                  zone_names=lambda hi, lo, ts_ns: [f"zone{n}" for n in lo.tolist()])
    assert [(row["src_zone"], row["dst_zone"]) for row in run(chain)] == [("known", "zone6"), ("", "zone7")]


def test_counters_and_reset() -> None:
    chain = Chain([Teller("a", [alert(1)]), Teller("b", None)])
    run(chain)
    assert chain.counters()["a"] == {"calls": 1}
    assert chain.counters()["chain"]["alerts"] == 1
    chain.reset()
    assert chain.failures == ()
    assert chain.counters()["a"] == {"calls": 0}
    assert isinstance(chain.detectors[0], Detector)
    assert {s.signature_id for s in chain.signatures} == {900999, 900901}


def test_a_storm_is_cut_short_and_told() -> None:
    calls = [[alert(n, ts_ns=n, state=1) for n in range(1, 8)],
             [alert(2, 100, 2, 3), alert(6, 101, 2, 3), alert(8, MINUTE + 5)]]
    chain = Chain([Teller("a", *calls)], ChainSettings(new_alerts_per_minute=3))
    rows = run(chain, 2) + rows_of(chain.finish())
    own = [row["alert_id"] for row in rows if row["detector"] == "teller"]
    assert own == [1, 2, 3, 2, 8]
    storms = [row for row in rows if row["signature_id"] == 900901]
    assert [(row["state"], row["revision"], row["events"]) for row in storms] == [(1, 1, 1), (3, 2, 4)]
    assert len({row["alert_id"] for row in storms}) == 1
    assert "Detector a" in storms[0]["why"]
    assert chain.counters()["chain"]["held_back_a"] == 4
    assert any("4 alerts held back" in note for note in chain.notes)


def test_a_storm_at_the_end_of_input_is_told_with_its_total() -> None:
    chain = Chain([Teller("a", last=tuple(alert(n) for n in range(5)))], ChainSettings(new_alerts_per_minute=2))
    rows = rows_of(chain.finish())
    assert [row["events"] for row in rows if row["signature_id"] == 900901] == [1, 3]


def test_each_detector_has_a_storm_of_its_own() -> None:
    chain = Chain([Teller("loud", [alert(n) for n in range(9)]), Teller("calm", [alert(100)])],
                  ChainSettings(new_alerts_per_minute=2))
    assert 100 in [row["alert_id"] for row in run(chain)]
    assert chain.counters()["chain"]["held_back_calm"] == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3), st.sampled_from([0, 1, 2, 3])), max_size=40),
       st.lists(st.integers(0, 40), max_size=6), st.integers(1, 4))
def test_storm_control_does_not_depend_on_portions(
    steps: list[tuple[int, int, int]], cuts: list[int], limit: int,
) -> None:
    now, rows = 0, []
    for number, (minutes, revision, state) in enumerate(steps):
        now += minutes * MINUTE // 2
        rows.append(alert(number // revision, now, revision, state))
    batch = ALERT.from_rows(rows)
    results = []
    for edges in ([0, len(rows)], sorted({0, len(rows), *(c for c in cuts if c < len(rows))})):
        chain = Chain([Teller("a")], ChainSettings(new_alerts_per_minute=limit))
        storm = chain.storms_["a"]
        parts = [storm.filter(slice_rows(batch, a, b)) for a, b in pairwise(edges)]
        results.append(rows_of(concat_rows([alerts_of([]), *parts, storm.finish()])))
    assert results[0] == results[1]
    new = [row for row in results[0] if row["detector"] == "teller" and row["revision"] == 1]
    assert len(new) <= limit * (now // MINUTE + 1)


def test_alert_ids_are_53_bits_of_what_the_alert_is_about() -> None:
    assert alert_id("scan", "x", 5) == alert_id("scan", "x", 5) < 1 << 53
    assert len({alert_id(d, k, s) for d in "ab" for k in "xy" for s in (1, 2)}) == 8


def test_numbers_in_sentences() -> None:
    assert [round_to(v, digits=2) for v in (0, 3.2, 45.6, 99.7, 11946)] == [0, 3, 46, 100, 12000]
    assert [seconds_text(n) for n in (-1, 25_000_000, 1_500_000_000, 4 * 10**12)] == ["0.000", "0.025", "1.5", "4,000"]
    assert rows_in(alerts_of([])) == 0
