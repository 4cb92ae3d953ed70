"""The dissector with protocols made for the test: recognition, order, bounds, failures, handing over."""

from __future__ import annotations

import gc
from collections import Counter
from typing import Any, ClassVar
from weakref import WeakSet

import numpy as np
import pytest

from columns.app import AppProto
from columns.errors import ConfigError
from columns.said import Step
from columns.transaction import count, transaction_table, words
from sensor.flow import FlowSettings
from sensor.protocols import ProtocolSettings
from sensor.protocols.parser import Context, Handover, Moment, Wants
from tests.support.dissecting import Dissected, Stretch, dissected, ordered, portions
from tests.support.frames import ethernet, ipv4, udp
from tests.support.segments import ACK, FIN, handshake, segment

LINE = transaction_table("line", "lines, for the test", "Lines", __name__, (
    words("text", "the line", "line.text"), count("server", "who said it", "line.server", dtype="uint8"),
    count("lost", "bytes lost before it", "line.lost")))
Lines = LINE.batch


class LineParser:
    """Lines of text: QUIT ends it, BOOM raises, SWITCH hands over to whoever recognises the rest."""

    app_proto = AppProto.IRC

    def __init__(self, context: Context) -> None:
        self.context, self.done, self.successor = context, False, None
        self.kept, self.lost = [b"", b""], 0

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        side = int(to_server)
        *lines, self.kept[side] = (self.kept[side] + data).split(b"\n")
        for k, line in enumerate(lines):
            if self.done:
                return
            if self.context.show:
                self.context.show(at, k, to_server, [("line", line)], True)
            if line == b"BOOM":
                raise ValueError("boom")
            self.context.emit(LINE, at, {"text": line, "server": not to_server, "lost": self.lost})
            self.lost = 0
            if line == b"QUIT":
                self.done = True
            if line == b"SWITCH":
                rest = b"\n".join([*lines[k + 1 :], self.kept[side]])
                self.done, self.successor = True, Handover(AppProto.UNKNOWN, to_server=rest)

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        self.data(to_server, data + b"\n", at)

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        self.lost += size

    def end(self, at: Moment) -> None:
        if not self.done:
            self.context.emit(LINE, at, {"text": b"(end)"})


class OtherParser(LineParser):
    """The same under another name, to be told apart."""

    app_proto = AppProto.POP3


def starts_with(word: bytes) -> Any:
    def probe(client: bytes, server: bytes, flow: Any) -> bool | None:
        return client.startswith(word) if len(client) >= len(word) else None if word.startswith(client) else False
    return probe


LINES = (Wants(AppProto.IRC, LineParser, starts_with(b"LINE\n"), (LINE,)),
         Wants(AppProto.POP3, OtherParser, starts_with(b"OTHER\n"), (LINE,)))


def talk(*said: bytes, port: int = 40000) -> list[bytes]:
    """A connection in which the client says these pieces, and both ends close it."""
    frames, place = handshake(port), 0
    for data in said:
        frames.append(segment(data, place, port=port))
        place += len(data)
    return [*frames, segment(b"", place, port=port, flags=ACK | FIN),
            segment(b"", 0, server=True, port=port, flags=ACK | FIN)]


def run(frames: list[bytes], batch: int = 4096, **more: Any) -> Dissected:
    return dissected(portions(frames, batch), LINES, LINES, **more)


def texts(found: Dissected) -> list[str]:
    return [r["text"] for r in ordered(found.rows).get("line", [])]


def test_a_protocol_is_known_by_its_content_and_every_piece_is_heard() -> None:
    found = run(talk(b"LI", b"NE\nhel", b"lo\n"))
    assert texts(found) == ["LINE", "hello", "(end)"]
    assert [app for _, _, app in found.flows] == [AppProto.IRC]


def test_rows_carry_the_flow_and_number_their_transactions() -> None:
    rows = ordered(run(talk(b"LINE\n", b"a\n")).rows)["line"]
    assert [r["tx_id"] for r in rows] == [0, 1, 2]
    assert {(r["src_port"], r["dst_port"], r["proto"]) for r in rows} == {(40000, 80, 6)}
    assert [r["packet_number"] for r in rows] == [4, 5, 7]


def test_nothing_known_is_left_alone() -> None:
    found = run(talk(b"GET / HTTP/1.1\r\n", b"LINE\n"))
    assert texts(found) == []
    assert [app for _, _, app in found.flows] == [AppProto.FAILED]


def test_what_stays_undecided_is_given_up_after_its_bytes() -> None:
    never = (Wants(AppProto.IRC, LineParser, lambda client, server, flow: None, (LINE,)),)
    found = dissected(portions(talk(*[b"x" * 60] * 5), 4), never, settings=ProtocolSettings(undecided_bytes=128))
    assert [app for _, _, app in found.flows] == [AppProto.FAILED]


def test_who_is_done_hears_nothing_more() -> None:
    assert texts(run(talk(b"LINE\nQUIT\nmore\n", b"and more\n"))) == ["LINE", "QUIT"]


def test_a_parser_that_fails_is_named_and_the_others_go_on() -> None:
    found = run(talk(b"LINE\nBOOM\n", port=1111) + talk(b"LINE\nfine\n", port=2222))
    assert texts(found) == ["LINE", "LINE", "fine", "(end)"]
    assert (found.counters["failed_irc"], found.counters["failed_with_ValueError"]) == (1, 1)


def test_a_conversation_is_handed_over_with_what_was_taken_of_it() -> None:
    found = run(talk(b"LINE\nSWITCH\nOTH", b"ER\nnow\n"))
    assert texts(found) == ["LINE", "SWITCH", "OTHER", "now", "(end)"]
    assert [app for _, _, app in found.flows] == [AppProto.POP3]


def test_what_was_lost_is_told() -> None:
    frames = [*handshake(), segment(b"LINE\n", 0), segment(b"after\n", 15)]
    rows = ordered(run(frames).rows)["line"]
    assert [(r["text"], r["lost"]) for r in rows] == [("LINE", 0), ("after", 10), ("(end)", 0)]


def test_beyond_its_number_the_oldest_is_followed_no_further() -> None:
    opened = [f for port in range(5000, 5040) for f in [*handshake(port), segment(b"LINE\n", 0, port=port)]]
    found = run(opened, settings=ProtocolSettings(conversations=16))
    assert found.counters["evicted"] == 24
    assert texts(found).count("(end)") == 40


class SelfAware(LineParser):
    """A parser whose parts know it."""

    alive: ClassVar[WeakSet[SelfAware]] = WeakSet()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.parts = [self.data]
        self.alive.add(self)


def test_a_parser_that_is_left_does_not_wait_for_the_search_for_garbage() -> None:
    wants = (Wants(AppProto.IRC, SelfAware, starts_with(b"LINE\n"), (LINE,)),)
    ways = [b"", b"QUIT\n", b"BOOM\n", b"SWITCH\nLINE\n"]
    frames = [f for k, way in enumerate(ways) for f in talk(b"LINE\n" + way, port=5000 + k)]
    frames += [f for port in range(6000, 6020) for f in [*handshake(port), segment(b"LINE\n", 0, port=port)]]
    gc.disable()
    try:
        found = dissected(portions(frames, 4096), wants, settings=ProtocolSettings(conversations=16))
        assert (found.counters["evicted"], found.counters["failed_irc"], len(SelfAware.alive)) == (4, 1, 0)
    finally:
        gc.enable()


def datagrams(*said: bytes, port: int = 5353) -> list[bytes]:
    return [ethernet(ipv4(udp(data, sport=port, dport=9000))) for data in said]


def test_datagrams_are_heard_one_by_one_until_nobody_wants_them() -> None:
    found = run(datagrams(b"LINE\n", b"one", b"QUIT", b"two"))
    assert texts(found) == ["LINE", "", "one", "QUIT"]
    assert [app for _, _, app in found.flows] == [AppProto.IRC]


class FailsAtOnce:
    """Follows flows until it is given datagrams."""

    app_proto, table = AppProto.IRC, LINE

    def __init__(self, settings: Any, conversations: int) -> None:
        self.counts: Counter[str] = Counter()

    def begins(self, data: np.ndarray, starts: np.ndarray, stops: np.ndarray, facts: np.ndarray) -> np.ndarray:
        return np.ones(starts.size, np.bool_)

    def begin(self, seats: np.ndarray, room: int) -> None:
        pass

    def take(self, *what: Any) -> Any:
        raise ValueError("boom")

    def end(self, seats: np.ndarray) -> np.ndarray:
        return np.zeros(seats.size, np.uint32)


def test_who_follows_all_flows_at_once_and_fails_is_named_and_the_others_go_on() -> None:
    wants = (LINES[0]._replace(at_once=FailsAtOnce), LINES[1])
    found = dissected(portions(datagrams(b"LINE\n") + datagrams(b"OTHER\n", b"x", port=6), 4096), (), wants)
    assert (found.counters["failed_irc"], found.counters["failed_with_ValueError"]) == (1, 1)
    assert [app for _, _, app in found.flows] == [AppProto.IRC] * 2


def broken(client: bytes, server: bytes, flow: Any) -> bool | None:
    raise ValueError("boom")


def test_a_probe_that_fails_is_counted_with_its_conversation() -> None:
    found = dissected(portions(datagrams(b"LINE\n", b"x"), 4096), (), (LINES[0]._replace(probe=broken), LINES[1]))
    assert (found.counters["failed_unknown"], found.counters["conversations"], found.counters["live"]) == (1, 1, 0)


def test_unknown_datagrams_are_left_alone() -> None:
    found = run(datagrams(*[b"?"] * 20))
    assert (texts(found), found.flows[0][2]) == ([], AppProto.FAILED)


TALKS = (talk(b"LINE\n", b"a\nb", b"\nc\n", port=1), talk(b"OTHER\n", b"SWITCH\nLI", b"NE\nz\n", port=2),
         talk(b"nothing", b"x", b"y", port=3), datagrams(*[b"LINE\n", b"u", b"BOOM", b"v"] * 2, port=4))
MIXED = [f for group in zip(*TALKS, strict=True) for f in group]


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_portions_do_not_show(batch: int) -> None:
    limits = {"settings": ProtocolSettings(conversations=16), "flow": FlowSettings(max_flows=64, active_timeout_s=1)}
    whole = dissected(portions(MIXED, 4096, step_ns=300_000_000), LINES, LINES, **limits)
    cut = dissected(portions(MIXED, batch, step_ns=300_000_000), LINES, LINES, **limits)
    assert ordered(cut.rows) == ordered(whole.rows)
    assert (cut.flows, cut.counters) == (whole.flows, whole.counters)
    assert {app for _, _, app in whole.flows} >= {AppProto.UNKNOWN, AppProto.IRC, AppProto.FAILED}


def test_settings_out_of_range_are_named() -> None:
    with pytest.raises(ConfigError, match="conversations"):
        ProtocolSettings(conversations=1)


@pytest.mark.parametrize("batch", [1, 7, 4096])
def test_who_inspects_gets_buffers_and_every_byte_in_the_order_of_packets(batch: int) -> None:
    pieces = [b"LI", b"NE\nhel", b"lo\nQUIT\n", b"and what nobody parses"]
    found = run(talk(*pieces), batch, inspected=True)
    steps = [s for s in found.spoken if isinstance(s, Step)]
    stretches = [s for s in found.spoken if isinstance(s, Stretch)]
    assert [s.buffers for s in steps] == [(("line", line),) for line in (b"LINE", b"hello", b"QUIT")]
    assert {s.app_proto for s in steps} == {AppProto.IRC}
    assert [(s.data, s.packet_number) for s in stretches if not s.ended] == [
        (piece, 4 + k) for k, piece in enumerate(pieces)]
    assert [s.ended for s in stretches].count(True) == 1
    numbers = [s.packet_number if isinstance(s, Stretch) else s.at.packet_number for s in found.spoken]
    assert numbers == sorted(numbers)


def test_nobody_inspects_and_nothing_is_made() -> None:
    assert run(talk(b"LINE\nhello\n")).spoken == []
