"""Rules that are bound to how far a transaction has come."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.ruled import GET, HTTP, OK, alerts_of, rules_of, talk


@pytest.mark.parametrize("batch", [1, 4096])
@pytest.mark.parametrize(("hook", "times"), [
    ("request_started", 1), ("request_line", 1), ("request_headers", 1), ("request_complete", 1),
    ("response_line", 1), ("response_complete", 1)])
def test_a_hook_is_reached_once_in_a_transaction(hook: str, times: int, batch: int, tmp_path: Path) -> None:
    rules = rules_of(tmp_path, f"alert http1:{hook} any any -> any any (sid:1;)")
    assert alerts_of(rules, talk(*HTTP), batch)[1] == times


@pytest.mark.parametrize(("hook", "said"), [
    ("response_started", ((True, GET),)), ("response_line", ((True, GET),))])
def test_a_hook_that_is_not_reached(hook: str, said: tuple[tuple[bool, bytes], ...], tmp_path: Path) -> None:
    rules = rules_of(tmp_path, f"alert http1:{hook} any any -> any any (sid:1;)")
    assert alerts_of(rules, talk(*said)[: 3 + 2 * len(said)])[1] == 0


def test_what_is_passed_at_a_hook_is_not_dropped_there(tmp_path: Path) -> None:
    rules = rules_of(
        tmp_path, 'pass http1:request_headers any any -> any any (http.host; content:"example.com"; alert; sid:1;)',
        "drop http1:request_headers any any -> any any (sid:2;)")
    assert alerts_of(rules, talk(*HTTP)) == {1: 1}
    other = GET.replace(b"Www.Example.com", b"elsewhere.test")
    assert alerts_of(rules, talk((True, other), (False, OK))) == {2: 1}
