"""Rows wait for the packet that acknowledges theirs: against a plain loop, in any portions, within their bound."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import FLOW, PACKET, rows_in, slice_rows
from columns.codes import EndReason, Status
from columns.protocols import IRC
from sensor.streams import Acknowledged

ACK = 16
START = 2**32 - 40  # so that sequence numbers wrap


def packet(number: int, flow: int, to_server: bool, seq: int, size: int, ack: int) -> dict[str, Any]:
    return {"packet_number": number, "status": Status.OK, "proto": 6, "tcp_flags": ACK, "flow_id": 100 + flow,
            "flow_slot": flow, "to_server": int(to_server), "tcp_seq": (START + seq) % 2**32, "payload_bytes": size,
            "tcp_ack": (START + ack) % 2**32}


@st.composite
def talks(draw: Any) -> tuple[list[dict[str, Any]], list[int]]:
    """Packets of three flows with data and acknowledgements of some of it, and the packets that complete a row."""
    sent = {(flow, side): 0 for flow in range(3) for side in (False, True)}
    packets, completing = [], []
    for number in range(1, draw(st.integers(2, 40))):
        flow, side = draw(st.integers(0, 2)), draw(st.booleans())
        size = draw(st.sampled_from([0, 0, 3, 10]))
        ack = draw(st.integers(0, sent[flow, not side]))
        packets.append(packet(number, flow, side, sent[flow, side], size, ack))
        sent[flow, side] += size
        if size and draw(st.booleans()):
            completing.append(number)
    return packets, completing


def naive(packets: list[dict[str, Any]], number: int) -> int:
    mine = packets[number - 1]
    end = mine["tcp_seq"] + mine["payload_bytes"]
    for other in packets[number:]:
        if (other["flow_id"] == mine["flow_id"] and other["to_server"] != mine["to_server"]
                and (other["tcp_ack"] - end) % 2**32 < 2**31):
            return other["packet_number"]
    return 0


def rows_for(packets: list[dict[str, Any]], numbers: list[int]) -> Any:
    return IRC.from_rows([{"flow_id": packets[n - 1]["flow_id"], "packet_number": n, "logged_packet": n, "proto": 6,
                           "command": f"C{n}"} for n in numbers])


def logged(batches: list[Any]) -> dict[int, int]:
    found: dict[int, int] = {}
    for _, batch in batches:
        found |= dict(zip(batch.packet_number.tolist(), batch.logged_packet.tolist(), strict=True))
    return found


@settings(max_examples=60, deadline=None)
@given(talks(), st.lists(st.integers(1, 12), min_size=1, max_size=5))
def test_equals_a_plain_loop_in_any_portions(talk: Any, sizes: list[int]) -> None:
    packets, completing = talk
    batch, held, out, at = PACKET.from_rows(packets), Acknowledged(16), [], 0
    while at < len(packets):
        some = slice_rows(batch, at, at + sizes[at % len(sizes)])
        mine = [n for n in completing if some.packet_number[0] <= n <= some.packet_number[-1]]
        out += held.update(some, FLOW.none, [(IRC, rows_for(packets, mine))] if mine else [])
        at += rows_in(some)
    out += held.flush()
    assert logged(out) == {n: naive(packets, n) for n in completing}


def test_the_end_of_a_flow_lets_its_rows_go_without_a_packet() -> None:
    packets = [packet(1, 0, True, 0, 5, 0), packet(2, 1, True, 0, 5, 0)]
    held = Acknowledged(16)
    assert held.update(PACKET.from_rows(packets), FLOW.none, [(IRC, rows_for(packets, [1, 2]))]) == []
    ended = FLOW.from_rows([{"flow_id": 100, "end_reason": EndReason.TCP_FIN},
                            {"flow_id": 101, "end_reason": EndReason.ACTIVE_TIMEOUT}])
    assert logged(held.update(PACKET.none, ended, [])) == {1: 0}
    late = packet(3, 1, False, 0, 0, 5)
    assert logged(held.update(PACKET.from_rows([late]), FLOW.none, [])) == {2: 3}


def test_a_place_that_another_flow_took_does_not_keep_its_rows_waiting() -> None:
    first = packet(1, 0, True, 0, 5, 0)
    second, answer = (p | {"flow_id": 777} for p in (packet(2, 0, True, 0, 4, 0), packet(3, 0, False, 0, 0, 4)))
    packets = [first, second, answer]
    held = Acknowledged(16)
    ended = FLOW.from_rows([{"flow_id": 100, "end_reason": EndReason.REUSED}])
    out = held.update(PACKET.from_rows(packets), ended, [(IRC, rows_for(packets, [1, 2]))])
    assert logged(out) == {1: 0, 2: 3}


def test_udp_and_what_no_packet_brought_pass_at_once() -> None:
    rows = IRC.from_rows([{"proto": 17, "packet_number": 4, "logged_packet": 4}, {"proto": 6, "packet_number": 9}])
    (passed,) = Acknowledged(16).update(PACKET.none, FLOW.none, [(IRC, rows)])
    assert passed[1].logged_packet.tolist() == [4, 0]


def test_what_waits_is_bounded() -> None:
    packets = [packet(n, 0, True, n, 1, 0) for n in range(1, 21)]
    held = Acknowledged(16, most=5)
    out = held.update(PACKET.from_rows(packets), FLOW.none, [(IRC, rows_for(packets, list(range(1, 21))))])
    assert set(logged(out)) == set(range(1, 16))
    assert held.forgotten == 15
    assert np.array_equal(held.flush()[0][1].packet_number, range(16, 21))
