"""The keyword modbus: what it asks of a request, what of it is refused, and what an alert shows of the exchange."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectors.signatures.detector import SignatureDetector
from tests.support.rule_text import refused
from tests.support.ruled import Sensor, alerts_of, rules_of, talk


def _message(number: int, function: int, body: bytes, unit: int = 10) -> bytes:
    return number.to_bytes(2, "big") + b"\0\0" + (len(body) + 2).to_bytes(2, "big") + bytes((unit, function)) + body


ASKED = ((1, bytes.fromhex("00000001")), (16, bytes.fromhex("0004000204000b0102")), (5, bytes.fromhex("0001ff00")),
         (8, bytes.fromhex("00040000")), (65, b"\1"))
TALK = talk(*[part for k, (function, body) in enumerate(ASKED) for part in (
    (True, _message(k, function, body)), (False, _message(k, function | 0x80 * (k == 3), b"\1\0")))], port=502)


@pytest.mark.parametrize(("words", "times"), [
    ("function 1", 1), ("function 2", 0), ("function 8, subfunction 4", 1), ("function 8, subfunction 5", 0),
    ("function assigned", 4), ("function user", 1), ("function !public", 1), ("function reserved", 0),
    ("unit 10", 5), ("unit >10", 0), ("unit <11, function 1", 1), ("access read", 1), ("access read coils", 1),
    ("access read holding", 0), ("access write", 2), ("access write holding", 1),
    ("access read coils, address 1", 1), ("access read coils, address 2", 0), ("access read, address 0<>2", 1),
    ("access write holding, address 6", 1), ("access write holding, address 7", 0),
    ("access write holding, address 6, value 258", 1), ("access write holding, address 5, value 258", 0),
    ("access write coils, address 2, value 1", 1), ("access write coils, address 2, value 0", 0),
])
def test_what_is_asked_of_a_request(words: str, times: int, tmp_path: Path) -> None:
    rules = rules_of(tmp_path, f"alert modbus any any -> any any (modbus: {words}; sid:1;)")
    assert alerts_of(rules, TALK)[1] == times


@pytest.mark.parametrize(("words", "why"), [
    ("function", "how its value"), ("function 0", "from 1 to 255"), ("function odd", "category"),
    ("access see", "access"), ("access write input", "read"), ("unit 256", "8 bits"), ("address 1", "how its value"),
    ("access read, address 1, value 2", "write"), ("access write, address >1, value 2", "one address"),
    ("function public, subfunction 1", "number"), ("unit 1, unit 2", "how its value")])
def test_what_can_never_hold_is_refused(words: str, why: str) -> None:
    refused(f"modbus: {words};", "alert modbus any any -> any any", "modbus", why)


def test_an_alert_shows_request_and_category(tmp_path: Path) -> None:
    sensor = Sensor(SignatureDetector(rules_of(
        tmp_path, "alert modbus any any -> any any (modbus: function 16; sid:1;)")))
    sensor.take(TALK)
    sensor.end()
    shown = sensor.alerts[0]["context"]["modbus"]["request"]
    assert (shown["category"], shown["access_type"]) == ("PUBLIC_ASSIGNED", "WRITE | HOLDING | MULTIPLE")
