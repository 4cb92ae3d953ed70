"""IKE: messages of both versions, what they propose, what rules see of them; nonsense is counted, never raised."""

from __future__ import annotations

import json
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from columns.app import AppProto
from sensor.protocols.ike.message import header_of, message_of, transforms_v1, transforms_v2
from sensor.protocols.ike.parser import IkeDatagrams, probe
from tests.support.protocol_runs import flow_of, run_datagrams
from tests.support.ruled import alerts_of, datagram, rules_of

INIT, RESP = bytes.fromhex("e47a591fd057587f"), bytes.fromhex("a00b8ef0902bb8ec")
UDP = flow_of(src_port=500, dst_port=500, proto=17)


def message(*payloads: tuple[int, bytes], version: int = 0x10, exchange: int = 2, flags: int = 0,
            resp: bytes = bytes(8), number: int = 0) -> bytes:
    """Return a message: payloads are (kind, body)."""
    kinds = [kind for kind, _ in payloads] + [0]
    body = b"".join(pack(">BBH", after, 0, len(data) + 4) + data
                    for (_, data), after in zip(payloads, kinds[1:], strict=True))
    return pack(">8s8sBBBBII", INIT, resp, kinds[0], version, exchange, flags, number, 28 + len(body)) + body


def chained(*parts: bytes, more: int) -> bytes:
    """Return substructures one after another; more is what the ones before the last begin with."""
    return b"".join(pack(">BBH", more if k < len(parts) - 1 else 0, 0, len(part) + 4) + part
                    for k, part in enumerate(parts))


def sa_v1(*transforms: list[tuple[int, int]]) -> bytes:
    """Return a security association of version 1: attributes as (kind, value), long ones over 16 bits."""
    made = [pack(">BBH", k + 1, 1, 0) + b"".join(
        pack(">HH", kind | 0x8000, value) if value < 1 << 16 else pack(">HHI", kind, 4, value) for kind, value in one)
            for k, one in enumerate(transforms)]
    return pack(">II", 1, 1) + chained(pack(">BBBB", 1, 1, 0, len(made)) + chained(*made, more=3), more=2)


def sa_v2(*transforms: tuple[int, int]) -> bytes:
    """Return a security association of version 2: transforms as (type, identifier)."""
    made = [pack(">BBH", kind, 0, number) for kind, number in transforms]
    return chained(pack(">BBBB", 1, 1, 0, len(made)) + chained(*made, more=3), more=2)


ATTRIBUTES = [(1, 7), (14, 128), (2, 2), (4, 2), (3, 1), (11, 1), (12, 86400)]
MAIN_MODE = [(True, message((1, sa_v1(ATTRIBUTES, [(1, 5)])), (13, b"\x4a\x13"))),
             (False, message((1, sa_v1(ATTRIBUTES)), resp=RESP)),
             (True, message((4, b"k" * 128), (10, b"n" * 20), resp=RESP)),
             (True, message((5, b"secret"), flags=1, resp=RESP))]
SA_INIT = message((33, sa_v2((1, 12), (2, 2), (3, 2), (4, 2))), (34, b"\0\2\0\0" + b"k" * 64), (40, b"n" * 32),
                  version=0x20, exchange=34, flags=8)


def test_a_main_mode_of_version_1_is_told_message_by_message():
    rows = run_datagrams(IkeDatagrams, MAIN_MODE, UDP).of("ike")
    assert [r["role"] for r in rows] == ["initiator", "responder", "initiator", "initiator"]
    assert {(r["version_major"], r["exchange_type"], r["exchange"]) for r in rows} == {(1, 2, "Identity Protection")}
    assert (rows[0]["init_spi"], rows[0]["resp_spi"], rows[1]["resp_spi"]) == (INIT.hex(), "0" * 16, RESP.hex())
    assert json.loads(rows[0]["payload"]) == ["SecurityAssociation", "VendorID", "NoNextPayload"]
    client = json.loads(rows[0]["ikev1"])["client"]
    assert client["vendors"] == ["4a13"]
    assert client["proposals"][0] == {"key": "alg_enc", "value": "EncAesCbc", "raw": 7}
    assert client["proposals"][6] == {"key": "sa_life_duration", "value": "Unknown", "raw": 86400}
    assert len(client["proposals"]) == 8
    assert [rows[1][f"alg_{name}"] for name in ("enc", "hash", "auth", "dh")] == [
        "EncAesCbc", "HashSha", "AuthPreSharedKey", "GroupAlternate1024BitModpGroup"]
    assert "alg_enc" not in rows[0]
    assert json.loads(rows[2]["ikev1"])["client"] == {"key_exchange_payload_length": 128, "nonce_payload_length": 20}
    assert rows[3]["encrypted"]
    assert json.loads(rows[3]["payload"]) == ["Identification"]


def test_version_2_says_what_was_chosen_and_what_is_weak():
    heard = run_datagrams(IkeDatagrams, [(True, SA_INIT), (False, message(
        (33, sa_v2((1, 20), (2, 5), (4, 19))), (41, b"\0\0\0\x0e"), version=0x20, exchange=34, flags=0x20,
        resp=RESP))], UDP)
    first, second = heard.of("ike")
    assert [r["event"] for r in heard.of("anomaly")] == ["weak_crypto_dh"]
    assert (first["role"], second["role"], second["alg_enc"], second["alg_dh"]) == (
        "initiator", "responder", "EncAesGcm16", "Ecp256")
    assert json.loads(second["ikev2"]) == {"errors": 1, "notify": [14]}
    assert first["exchange"] == "IKE_SA_INIT"


@pytest.mark.parametrize(("transform", "event"), [
    ((1, 2), "weak_crypto_enc"), ((1, 11), "no_encryption"), ((2, 1), "weak_crypto_prf"), ((3, 1), "weak_crypto_auth"),
    ((3, 0), "weak_crypto_noauth"), ((4, 0), "weak_crypto_nodh"), ((4, 14), None), ((1, 12), None)])
def test_events_of_version_2(transform, event):
    heard = run_datagrams(IkeDatagrams, [(True, message((33, sa_v2(transform)), version=0x20, exchange=34, flags=8))],
                          UDP)
    assert [r["event"] for r in heard.of("anomaly")] == ([event] if event else [])


@pytest.mark.parametrize(("rule", "times"), [
    ('ike.init_spi; content:"e47a591fd057587f"', 3), ('ike.resp_spi; content:"a00b8ef0902bb8ec"', 1),
    ("ike.chosen_sa_attribute:alg_hash=2", 1), ("ike.chosen_sa_attribute:alg_hash=3", 0),
    ("ike.chosen_sa_attribute:sa_life_duration=86400", 1), ("ike.exchtype:2", 4), ("ike.exchtype:34", 0),
    ('ike.vendor; content:"4a13"', 1), ("ike.key_exchange_payload_length:>100", 1),
    ("ike.nonce_payload_length:<20", 0), ('ike.nonce_payload; content:"nnnn"', 1),
    ('ike.key_exchange_payload; content:"kkkk"; startswith', 1)])
def test_what_rules_see(tmp_path: Path, rule: str, times: int) -> None:
    frames = [datagram(data, client=client, port=500, client_port=500) for client, data in MAIN_MODE]
    assert alerts_of(rules_of(tmp_path, f"alert ike any any -> any any ({rule}; sid:1;)"), frames)[1] == times


def test_rules_about_events_by_either_name(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, *(f"alert ike any any -> any any (app-layer-event:{name}.weak_crypto_dh; sid:{n};)"
                                 for n, name in enumerate(("ike", "ikev2"), 1)))
    assert alerts_of(rules, [datagram(SA_INIT, port=500, client_port=500)]) == {1: 1, 2: 1}


def test_on_port_4500_the_marker_tells_it_from_esp():
    flow = flow_of(src_port=4500, dst_port=4500, proto=17)
    marked = b"\0\0\0\0" + SA_INIT
    assert probe(marked, b"", flow)
    esp = b"\x12\x34\x56\x78" + b"esp" * 20
    heard = run_datagrams(IkeDatagrams, [(True, marked), (True, b"\xff"), (False, esp)], flow)
    assert len(heard.of("ike")) == 1
    assert not heard.causes


@pytest.mark.parametrize(("first", "answer", "expected"), [
    (SA_INIT, b"", True), (MAIN_MODE[0][1], MAIN_MODE[1][1], True), (b"", b"", None), (SA_INIT[:20], b"", False),
    (SA_INIT, bytes(40), False), (bytes(8) + SA_INIT[8:], b"", False),
    (SA_INIT[:17] + b"\x30" + SA_INIT[18:], b"", False),
    (SA_INIT[:18] + b"\x90" + SA_INIT[19:], b"", False), (b"GET / HTTP/1.1" * 4, b"", False),
    (SA_INIT, message(exchange=2), False)])
def test_it_is_recognised_by_its_header(first, answer, expected):
    got = probe(first[:64], answer[:64], UDP)
    assert got is expected or (expected is False and not got)
    assert probe(first[:64], b"", flow_of(proto=6)) is False


def test_nonsense_is_counted_and_ends_it():
    heard = run_datagrams(IkeDatagrams, [(True, b"\1" * 40)] * 20, UDP)
    assert heard.causes["ike_malformed"] == 8
    cut = run_datagrams(IkeDatagrams, [(True, SA_INIT[:-10])], UDP)
    assert cut.causes["ike_malformed"] == 1
    assert [r["event"] for r in cut.of("anomaly")] == ["malformed_data", "weak_crypto_dh"]


@given(st.binary(max_size=400), st.sampled_from([MAIN_MODE[0][1], SA_INIT]), st.integers(0, 399))
def test_any_change_is_read_or_refused(noise, base, at):
    data = base[:at] + noise + base[at + len(noise) :]
    message_of(data)
    header_of(data)
    assert len(transforms_v1(noise)) <= 128
    assert len(transforms_v2(noise)) <= 128
    heard = run_datagrams(IkeDatagrams, [(True, data), (False, data)], UDP)
    assert len(heard.of("ike")) <= 2
    assert IkeDatagrams.app_proto == AppProto.IKE
