"""The book of open leaks: how alerts begin, grow, are summed up and end; and that a guess is never critical."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from columns.codes import AlertState, Certainty, Outcome, Severity
from detectors.leaks.all import LEAK_DETECTORS
from detectors.leaks.book import Ends, Evidence, LeakBook
from detectors.leaks.leak import severity_of
from detectors.leaks.segments.tethering import TETHERING
from detectors.leaks.settings import LeakSettings
from zones import EXAMPLE, load_policy

POLICY = load_policy(EXAMPLE)
SECOND = 10**9
SMALL = LeakSettings(per_initiator=3, findings=16, quiet_s=60)


def evidence(src: int, key: int, second: int, **more: Any) -> Evidence:
    return Evidence(TETHERING, (src, key), Ends(src, key, 2, 3), second * SECOND, second + 1,
                    lambda: (f"n {key}", f"件 {key}"), **more)


def rows(book: LeakBook) -> list[tuple[int, int, int, int]]:
    return [(r["src_ip"], r["dst_ip"], r["state"], r["events"]) for r in book.taken()]


def test_an_alert_begins_grows_tenfold_and_ends_when_it_is_quiet():
    book = LeakBook(POLICY, "x", SMALL)
    for second in range(12):
        book.sweep(second * SECOND)
        book.take(evidence(7, 1, second), second * SECOND)
    book.sweep(71 * SECOND)
    assert rows(book) == [(7, 1, 1, 1), (7, 1, 2, 10)]
    book.sweep(72 * SECOND)
    assert rows(book) == [(7, 1, 3, 12)]
    book.take(evidence(7, 1, 99), 99 * SECOND)
    told = book.taken()
    assert [r["state"] for r in told] == [AlertState.STARTED]


def test_it_is_told_again_when_it_gets_worse_and_not_when_it_gets_milder():
    book = LeakBook(POLICY, "x", SMALL)
    leak = next(s for d in LEAK_DETECTORS for s in d.signatures if s.severity == Severity.HIGH and not s.by_itself)
    for outcome in (Outcome.UNKNOWN, Outcome.ATTEMPTED, Outcome.ESTABLISHED, Outcome.ATTEMPTED):
        book.take(evidence(7, 1, 1, outcome=int(outcome))._replace(leak=leak), SECOND)
    assert [(r["state"], r["severity"], r["outcome"]) for r in book.taken()] == [(1, 3, 0), (2, 2, 2)]


def test_many_of_one_initiator_and_many_initiators_are_summed_up():
    book = LeakBook(POLICY, "x", SMALL)
    for key in range(10):
        book.take(evidence(7, key, key), key * SECOND)
    started = [r for r in rows(book) if r[2] == 1]
    assert [(src, dst) for src, dst, *_ in started] == [(7, 0), (7, 1), (7, 2), (7, 0)]
    for src in range(100, 200):
        book.take(evidence(src, 1, 20), 20 * SECOND)
    assert len(book.open) == 17
    told = book.taken()
    assert told[-1]["src_ip"] == 0
    assert "more than the 16 alerts" in next(r["why"] for r in told if r["src_ip"] == 0)
    assert book.counts["events_summarised"] == 7 + 88
    book.drain(30 * SECOND)
    assert {r["state"] for r in book.taken()} == {3}
    assert not book.open
    assert not book.by_source


@pytest.mark.parametrize("leak", [s for d in LEAK_DETECTORS for s in d.signatures], ids=lambda s: str(s.signature_id))
def test_a_guessed_direction_is_never_critical(leak):
    zones = range(len(POLICY.zones) + 1)
    for pair, outcome, certainty in product(product(zones, zones), Outcome, Certainty):
        severity = severity_of(POLICY, leak, pair, int(outcome), int(certainty))
        assert severity >= leak.severity
        assert severity > Severity.CRITICAL or certainty == Certainty.SYN_SEEN
