"""The kernel against the oracle: any message, one at a time and many at once."""

from __future__ import annotations

import json
import struct
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sensor.protocols.dns.message import Field, Flaw
from sensor.protocols.dns.reader import DnsReader
from tests.support import dns_oracle
from tests.support.dns_messages import message, messages, question, record, wire_name

READER = DnsReader(1 << 20)
_PARTS = ("rrname", "queries", "answers", "grouped", "authorities", "additionals")


def read(data: bytes, netbios: bool = False, reader: DnsReader = READER) -> dict[str, Any]:
    numbers, text = reader.read_one(data, 3 if netbios else 0)
    return _shown(numbers, [text[numbers[k] : numbers[k + 1]] for k in range(Field.QUERY, Field.END)])


def _shown(numbers: list[int], parts: list[bytes]) -> dict[str, Any]:
    flaw = Flaw(numbers[Field.FLAW])
    shown: dict[str, Any] = {"flaw": flaw.name.lower() if flaw else ""}
    for name, part in zip(_PARTS, parts, strict=True):
        shown[name] = part.decode() if name == "rrname" else json.loads(part or b"[]")
    if flaw != Flaw.HEADER:
        shown["header"] = numbers[Field.ID : Field.TYPE]
    return shown


def grouped(answers: list[dict[str, Any]]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for answer in answers:
        for key in ("rdata", "soa", "srv", "sshfp", "opt"):
            if key in answer:
                groups.setdefault(answer["rrtype"], []).append(answer[key])
    return groups


@settings(deadline=None)
@given(messages(), st.booleans())
def test_as_the_oracle_reads_it(data: bytes, netbios: bool) -> None:
    had = read(data, netbios)
    assert (had.pop("grouped") or {}) == grouped(had["answers"])
    assert had == dns_oracle.read(data, netbios)


@settings(deadline=None)
@given(st.binary(max_size=200))
@example(b"\0" * 12)
@example(b"\0\0\x80\0\0\1\0\1\0\0\0\0\xc0\x0c\0\1\0\1")
def test_any_bytes_are_read_without_raising(data: bytes) -> None:
    had = read(data)
    had.pop("grouped")
    assert had == dns_oracle.read(data)


@settings(deadline=None)
@given(st.lists(st.tuples(messages(), st.integers(0, 3)), max_size=20))
def test_many_at_once_as_one_at_a_time(batch: list[tuple[bytes, int]]) -> None:
    sizes = np.array([len(data) for data, _ in batch], np.int64)
    stops = np.cumsum(sizes) if batch else sizes
    buffer = np.frombuffer(b"".join(data for data, _ in batch) + b"\0", np.uint8)
    found = READER.read(buffer, stops - sizes, stops, np.array([v for _, v in batch], np.uint8))
    parts = [found.part(Field(k)) for k in range(Field.QUERY, Field.END)]
    for i, (data, variant) in enumerate(batch):
        texts = [p.data[p.offsets[i] : p.offsets[i + 1]].tobytes() for p in parts]
        assert _shown(found.numbers[:, i].tolist(), texts) == read(data, variant == 3)


def test_a_batch_larger_than_its_output() -> None:
    data = message(flags=0x8180, questions=[question("a.example", 16)],
                   answers=[record("a.example", 16, (b"\xff" + b"x" * 255) * 4)] * 8)
    count = 2000
    starts = np.arange(count, dtype=np.int64) * len(data)
    reader = DnsReader(1 << 16)
    found = reader.read(np.frombuffer(data * count, np.uint8), starts, starts + len(data), np.zeros(count, np.uint8))
    answers = found.part(Field.ANSWERS)
    sizes = np.diff(answers.offsets)
    assert sizes.min() == sizes.max() > 8000
    first, last = answers.data[: sizes[0]], answers.data[-sizes[0] :]
    assert np.array_equal(first, last)


TYPED = [
    (1, b"\1\2\3\4", {"rdata": "1.2.3.4"}),
    (1, b"\1\2\3", {"rdata": "\\# 3 010203"}),
    (28, bytes(range(16)), {"rdata": "0001:0203:0405:0607:0809:0a0b:0c0d:0e0f"}),
    (5, wire_name("b.example"), {"rdata": "b.example"}),
    (2, b"\0", {"rdata": ""}),
    (15, b"\0\x0a" + wire_name("mx.example"), {"preference": 10, "rdata": "mx.example"}),
    (6, wire_name("m") + wire_name("r") + struct.pack(">5I", 1, 2, 3, 4, 5),
     {"soa": {"mname": "m", "rname": "r", "serial": 1, "refresh": 2, "retry": 3, "expire": 4, "minimum": 5}}),
    (33, struct.pack(">3H", 1, 2, 5060) + wire_name("s.example"),
     {"srv": {"priority": 1, "weight": 2, "port": 5060, "name": "s.example"}}),
    (35, struct.pack(">2H", 1, 2) + b"\1S\7SIP+D2U\0" + wire_name("_sip._udp.example"),
     {"rdata": '1 2 "S" "SIP+D2U" "" _sip._udp.example'}),
    (41, b"\0\x0a\0\2\xab\xcd", {"opt": [{"code": 10, "data": "abcd"}]}),
    (43, b"\x12\x34\5\1\xde\xad", {"rdata": "4660 5 1 dead"}),
    (44, b"\1\2\xab\xcd", {"sshfp": {"algo": 1, "type": 2, "fingerprint": "ab:cd"}}),
    (46, struct.pack(">HBBIIIH", 1, 8, 2, 60, 70, 50, 9) + wire_name("example") + b"\1\2\3",
     {"rdata": "A 8 2 60 70 50 9 example AQID"}),
    (47, wire_name("b.example") + b"\0\4\x40\0\0\x08", {"rdata": "b.example A AAAA"}),
    (48, b"\1\1\3\5\xff\xff", {"rdata": "257 3 5 //8="}),
    (50, b"\1\0\0\5\2\xaa\xbb\5\0\1\2\3\4\0\1\x40", {"rdata": "1 0 5 aabb 000g40o4 A"}),
    (52, b"\3\1\1\xab", {"rdata": "3 1 1 ab"}),
    (65, b"\0\1\0\0\1\0\6\2h3\2h2\0\4\0\4\1\2\3\4", {"rdata": "1 . alpn=h3,h2 ipv4hint=1.2.3.4"}),
    (257, b"\0\5issueca.example", {"rdata": '0 issue "ca.example"'}),
    (256, b"\0\1\0\2http://a", {"rdata": '1 2 "http://a"'}),
    (10, b"VACKD\3\xc5\xe9\1", {"rdata": "VACKD\3\\xc5\\xe9\1"}),
    (65283, b"\1", {"rdata": "\\# 1 01"}),
]


@pytest.mark.parametrize(("kind", "data", "wanted"), TYPED)
def test_record_types(kind: int, data: bytes, wanted: dict[str, Any]) -> None:
    had = read(message(flags=0x8000, answers=[record("a.example", kind, data)]))["answers"]
    assert {k: v for k, v in had[0].items() if k not in ("rrname", "rrtype", "ttl")} == wanted


def test_pointers_that_loop_are_a_flaw() -> None:
    looping = message(questions=[b"\xc0\x0c\0\1\0\1"])
    assert read(looping)["flaw"] == "queries"


def test_what_is_left_out_beyond_the_limit_is_said() -> None:
    many = message(flags=0x8000, answers=[record("a.example", 1, b"\1\2\3\4")] * 500)
    had = read(many, reader=DnsReader(8192))
    assert had["flaw"] == "text_limit"
    assert 80 < len(had["answers"]) < 200


def test_time_stays_bounded_for_the_worst_message() -> None:
    """Every record's name points into the longest chain of labels and pointers that the message has room for."""
    chain = b"".join(bytes([1]) + b"a" for _ in range(8000))
    pointed = b"\xc0\x0c"
    records = (pointed + struct.pack(">HHIH", 1, 1, 0, 0)) * 4000
    data = struct.pack(">6H", 1, 0x8000, 0, 4001, 0, 0) + chain[:16000] + b"\0" + b"\0" * 10 + records
    read(data)
    start = time.perf_counter()
    for _ in range(5):
        read(data)
    assert time.perf_counter() - start < 5.0


def test_netbios_names() -> None:
    half = b"\x20" + b"FHEPFCELEHFCEPFFFACACACACACACABM" + b"\0"
    data = message(questions=[half + b"\0\x20\0\1"])
    assert read(data, netbios=True)["queries"] == [{"rrname": "WORKGROUP<1c>", "rrtype": "NB"}]
