"""DNS over UDP followed for all flows at once: the same rows as a parser for each flow makes, whatever the portions."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns.app import AppProto
from columns.said import FlowFacts
from sensor.flow import FlowSettings
from sensor.protocols import DATAGRAM_WANTS, STREAM_WANTS, ProtocolSettings
from sensor.protocols.dns import DnsSettings
from sensor.protocols.dns.probe import probe, probe_all
from sensor.protocols.seats import DATAGRAM, FLOW_ROW, LAST_ROW, Seats
from tests.support.dissecting import Dissected, dissected, ordered, portions
from tests.support.dns_messages import message, messages, question, record
from tests.support.dns_oracle import begins_dns
from tests.support.frames import ethernet, fragments_v4, ipv4, tcp, udp
from tests.support.segments import ACK, SYN

ONE_BY_ONE = tuple(want._replace(at_once=None) for want in DATAGRAM_WANTS)
PORTS = [(40000, 53), (40001, 53), (5353, 5353), (137, 137), (40002, 9000), (40003, 123)]
CLIENT, SERVER = "192.0.2.1", "198.51.100.1"


def asked(ident: int, name: str = "www.example", kind: int = 1) -> bytes:
    return message(ident=ident, questions=[question(name, kind)])


def answered(ident: int, name: str = "www.example") -> bytes:
    return message(ident=ident, flags=0x8180, questions=[question(name)],
                   answers=[record(name, 1, b"\1\2\3\4"), record(name, 16, b"\2hi\3you")])


def frame(data: bytes, ports: tuple[int, int] = PORTS[0], *, server: bool = False) -> bytes:
    segment = udp(data, sport=ports[1], dport=ports[0]) if server else udp(data, sport=ports[0], dport=ports[1])
    src, dst = (SERVER, CLIENT) if server else (CLIENT, SERVER)
    macs = {"src": 0x0200000000AA, "dst": 0x0200000000BB} if server else {}
    return ethernet(ipv4(segment, src=src, dst=dst), **macs)


def run(frames: list[bytes], wants: Any = DATAGRAM_WANTS, batch: int = 4096, pending: int = 512,
        conversations: int = 65536, **more: Any) -> Dissected:
    own = {AppProto.DNS: DnsSettings(pending_requests=pending)}
    return dissected(portions(frames, batch, step_ns=100_000_000), STREAM_WANTS, wants, own=own,
                     settings=ProtocolSettings(conversations=conversations),
                     flow=FlowSettings(max_flows=256, active_timeout_s=1), **more)


IDENTS = st.integers(0, 7)
PAYLOADS = st.one_of(IDENTS.map(asked), IDENTS.map(answered), messages(), st.binary(min_size=1, max_size=30),
                     st.sampled_from([b"INVITE sip:a SIP/2.0\r\n", b"x" * 20, asked(1, "a.local", 255)]))
SAID = st.lists(st.tuples(st.sampled_from(PORTS), st.booleans(), PAYLOADS), max_size=40)


@settings(deadline=None, max_examples=25)
@given(said=SAID, pending=st.sampled_from([1, 3, 4, 5, 512]), batch=st.integers(1, 9))
def test_it_tells_what_a_parser_for_each_flow_tells(said: Any, pending: int, batch: int) -> None:
    frames = [frame(data, ports, server=server) for ports, server, data in said]
    wanted = run(frames, ONE_BY_ONE, pending=pending)
    for found in (run(frames, pending=pending), run(frames, batch=batch, pending=pending)):
        assert ordered(found.rows) == ordered(wanted.rows)
        assert (found.flows, found.counters) == (wanted.flows, wanted.counters)


@pytest.mark.parametrize("batch", [3, 4096])
def test_many_requests_that_wait_are_matched_and_the_oldest_forgotten(batch: int) -> None:
    requests = [frame(asked(ident)) for ident in range(8)]
    responses = [frame(answered(ident), server=True) for ident in range(8)]
    found = run([*requests, *responses], batch=batch, pending=6)
    assert [row["matched"] for row in ordered(found.rows)["dns"]] == [0] * 10 + [1] * 6
    assert (found.counters["dns_request_forgotten"], found.counters["dns_response_alone"]) == (2, 2)
    assert found.flows[-1][2] == AppProto.DNS


def test_flows_with_many_that_wait_are_bounded() -> None:
    flows = [(port, 53) for port in range(5000, 5020)]
    frames = [frame(asked(ident), ports) for ports in flows for ident in range(6)]
    found = run([*frames, *[frame(answered(3), ports, server=True) for ports in flows]], conversations=16)
    assert [row["matched"] for row in ordered(found.rows)["dns"][-20:]] == [0] * 4 + [1] * 16
    assert found.counters["dns_request_forgotten"] == 4 * 6


def test_what_is_no_dns_any_more_goes_on_and_what_never_was_is_given_up() -> None:
    nonsense = asked(1)[:12] + b"\x80"
    once = run([frame(asked(1)), *[frame(nonsense)] * 20])
    assert (len(once.rows["dns"]), once.counters["dns_queries"]) == (1, 20)
    never = run([frame(nonsense[:6] + b"\1" + nonsense[7:12] + b"\x3f")] * 20)
    assert ("dns" in never.rows, never.counters["dns_queries"]) == (False, 8)


def test_rows_of_both_transports_stand_in_the_order_of_their_packets() -> None:
    framed = len(asked(9)).to_bytes(2, "big") + asked(9)
    ends = {"sport": 41000, "dport": 53}
    stream = [ethernet(ipv4(tcp(sport=41000, dport=53, seq=99, flags=SYN))),
              *[ethernet(ipv4(tcp(framed, seq=100 + k * len(framed), flags=ACK, **ends))) for k in range(3)]]
    frames = [stream[0], frame(asked(1)), stream[1], frame(answered(1), server=True), *stream[2:], frame(asked(2))]
    rows = run(frames).rows["dns"]
    assert [row["packet_number"] for row in rows] == [2, 3, 4, 5, 6, 7]
    assert [(row["proto"], row["tx_id"]) for row in rows] == [(17, 0), (6, 0), (17, 1), (6, 1), (6, 2), (17, 2)]


def test_a_message_in_fragments_stands_among_the_others() -> None:
    whole = message(ident=5, flags=0x8180, questions=[question("www.example")],
                    answers=[record("www.example", 16, b"\xc8" + b"x" * 200)] * 8)
    pieces = fragments_v4(udp(whole, sport=53, dport=40000), [800], src=SERVER, dst=CLIENT)
    found = run([frame(asked(5)), *map(ethernet, pieces), frame(asked(6))])
    assert [(row["id"], row["matched"]) for row in found.rows["dns"]] == [(5, 0), (5, 1), (6, 0)]
    assert found.rows["dns"][1]["message_bytes"] == len(whole)


def test_only_those_who_inspect_nothing_get_it_at_once() -> None:
    found = run([frame(asked(1)), frame(answered(1), server=True)], inspected=True)
    assert [row["matched"] for row in found.rows["dns"]] == [0, 1]
    assert {name for step in found.spoken for name, _ in getattr(step, "buffers", ())} >= {"dns.query", "dns.opcode"}


HEADERS = st.builds(lambda *words: struct.pack(">6H", *words), st.integers(0, 65535),
                    st.sampled_from([0, 0x0100, 0x8180, 0x8583, 0x2800, 0x2810, 0x3000, 0x8040, 0x7800]),
                    *[st.sampled_from([0, 1, 2, 64, 65, 257, 4096, 5000])] * 4)
REST = st.one_of(st.binary(max_size=60), messages().map(lambda m: m[12:]), st.just(question("www.example")),
                 st.just(question("a_b-*/+=.example", 65, 255)), st.just(question("b\x00d")), st.just(b"\xc0\x0c"))


@settings(deadline=None, max_examples=200)
@given(st.builds(lambda head, rest, cut: (head + rest)[:cut], HEADERS, REST, st.sampled_from([9, 12, 13, 20, 64])),
       st.sampled_from([*PORTS, (137, 40000), (40000, 5355)]), st.binary(max_size=5))
def test_the_first_bytes_are_judged_as_by_hand(head: bytes, ports: tuple[int, int], before: bytes) -> None:
    flow = FlowFacts(1, 1, 2, *ports, 17, 0)
    wanted = begins_dns(head, *ports)
    assert bool(probe(head, b"", flow)) is wanted
    data, at = np.frombuffer(before + head, np.uint8), np.array([len(before)])
    src, dst = (np.array([port], np.uint16) for port in ports)
    assert probe_all(data, at, at + len(head), src, dst).tolist() == [wanted]
    stream = (len(head).to_bytes(2, "big") + head)[:64]
    if len(stream) >= 14:
        assert probe(stream, b"", flow._replace(proto=6)) is begins_dns(stream[2:], *ports)


def test_seats_are_handed_on_and_memory_follows_those_who_live() -> None:
    seats, before = Seats(64), 0
    for round_ in range(50):
        ids = np.arange(64 * round_ + 1, 64 * round_ + 65, dtype=np.uint64)
        places = np.arange(64, dtype=np.int32)
        mine, firsts = seats.take(np.full(64, DATAGRAM), ids, places)
        assert (np.unique(mine).size, firsts.size, int(mine.min()) > 0) == (64, 64, True)
        kinds = np.array([DATAGRAM, FLOW_ROW, LAST_ROW, FLOW_ROW])
        again, none = seats.take(kinds, ids[[3] * 4], places[[3] * 4])
        assert (again.tolist(), none.size) == ([mine[3], mine[3], mine[3], 0], 0)
        before = before or seats.room
    assert seats.room == before
