"""Alerts that wait for their answer: which packet they name, what they show by then, and what bounds them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from detectors.signatures.detector import SignatureDetector
from detectors.signatures.engine.answers import Answer
from detectors.signatures.engine.settings import SignatureSettings
from tests.support.ruled import GET, HTTP, Sensor, datagram, rules_of, talk

TX = 'alert http any any -> any any (http.method; content:"GET"; sid:1;)'
STREAM = 'alert tcp any any -> any any (content:"probe/1.0"; sid:2;)'
SIMPLE = 'alert tcp any any -> any any (flags:S; sid:3;)'


def _told(tmp_path: Path, frames: list[bytes], *rules: str, batch: int = 4096, most: int = 0,
          settings: SignatureSettings | None = None) -> tuple[list[dict], list[Answer]]:
    detector = SignatureDetector(rules_of(tmp_path, *rules), settings, answers=True)
    if most:
        detector.answers_._most = most
    sensor = Sensor(detector)
    sensor.take(frames, batch)
    sensor.end()
    return sensor.alerts, detector.answered()


@pytest.mark.parametrize("batch", [1, 2, 3, 5, 4096])
def test_the_answer_is_in_the_context_and_the_packet_is_the_senders_next(batch: int, tmp_path: Path) -> None:
    alerts, answers = _told(tmp_path, talk(*HTTP), TX, STREAM, batch=batch)
    assert {a["sid"]: a["packet"] for a in alerts} == {1: 4, 2: 4}
    by_id = {a["id"]: a["sid"] for a in alerts}
    assert {by_id[a.alert_id]: a.packet_number for a in answers} == {1: 7, 2: 7}  # 5 acknowledges, 6 answers
    shown = {by_id[a.alert_id]: json.loads(a.context) for a in answers}
    assert shown[1]["http"]["status"] == 200
    assert shown[1]["flow"]["pkts_toserver"] == 4
    assert "status" not in next(a for a in alerts if a["sid"] == 1)["context"]["http"]


@pytest.mark.parametrize("batch", [1, 4096])
def test_what_nothing_answers_ends_with_its_flow(batch: int, tmp_path: Path) -> None:
    alerts, answers = _told(tmp_path, talk((True, GET))[:4], TX, batch=batch)
    assert [(a.alert_id, a.packet_number) for a in answers] == [(alerts[0]["id"], 0)]
    assert json.loads(answers[0].context)["pkt_src"] == "stream (flow timeout)"


@pytest.mark.parametrize("batch", [1, 4096])
def test_where_nobody_speaks_over_tcp_alerts_about_datagrams_do_not_wait(batch: int, tmp_path: Path) -> None:
    question = bytes.fromhex("123401000001000000000000") + b"\3www\7example\3com\0" + bytes.fromhex("00010001")
    rule = 'alert dns any any -> any any (dns.query; content:"example"; sid:4;)'
    alerts, answers = _told(tmp_path, [datagram(question)], rule, batch=batch)
    assert [a["sid"] for a in alerts] == [4]
    assert answers == []


def test_alerts_of_single_packets_and_of_inline_sensors_do_not_wait(tmp_path: Path) -> None:
    alerts, answers = _told(tmp_path, talk(*HTTP), SIMPLE)
    assert len(alerts) == 1
    assert answers == []
    assert _told(tmp_path, talk(*HTTP), TX, settings=SignatureSettings(inline=True))[1] == []


def test_the_oldest_is_let_go_where_too_many_wait(tmp_path: Path) -> None:
    asked = [frame for port in range(40000, 40006) for frame in talk((True, GET), client_port=port)[:4]]
    alerts, answers = _told(tmp_path, asked, TX, most=2)
    assert [a.packet_number for a in answers] == [4, 8, 12, 16, 0, 0]
    assert [a.alert_id for a in answers] == [a["id"] for a in alerts]


def test_the_only_transaction_that_goes_on_is_shown_where_that_is_asked_for(tmp_path: Path) -> None:
    guessing = SignatureSettings(guess_transaction=True)
    shown = [_told(tmp_path, talk(*HTTP), STREAM, settings=s)[0][0]["context"] for s in (guessing, None)]
    assert [("tx_guessed" in context, "http" in context) for context in shown] == [(True, True), (False, False)]
