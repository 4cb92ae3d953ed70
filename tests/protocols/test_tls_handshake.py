"""TLS: what a row says of a handshake, however it was cut, and of what is not one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from columns.app import AppProto
from columns.errors import UsageError
from sensor.protocols.parser import Moment
from sensor.protocols.tls import TlsParser, TlsSettings, probe
from tests.support.speak import TCP_FLOW, Heard, babble, cuts, noise
from tests.support.tls_messages import (
    CN,
    COUNTRY,
    EMAIL,
    ORG,
    RETRY_RANDOM,
    alpn,
    certificate,
    chain,
    client_hello,
    extension,
    groups,
    message,
    name,
    numbers,
    record,
    server_hello,
    server_name,
    signatures,
    sized,
    versions,
)

CLIENT, SERVER = True, False
CCS, FINISHED = record(20, b"\1"), record(22, bytes(40))
SUBJECT = name((COUNTRY, "FR"), (ORG, "Stamus"), (CN, "SELKS"), (EMAIL, "a@b.c"))
LEAF = certificate(SUBJECT, name((CN, "R3")), names=[b"\x82\x03a.b", b"\x87\x04\x0a\0\0\1"])
HELLO12 = client_hello(server_name(b"example.com"), groups(0x0A0A, 29, 23), extension(11, b"\1\0"),
                       alpn(b"h2", b"http/1.1"), signatures(0x0403, 0x0804),
                       extension(0x2A2A, b""), ciphers=[0x1A1A, 0xC02F, 0x9C])
ANSWER12 = (record(22, message(2, server_hello(alpn(b"h2"), session_id=b"\5" * 32)) + message(11, chain(LEAF, LEAF)))
            + record(22, message(12, b"\3" + numbers([23]) + b"\x41" + bytes(65)) + message(14, b"")))
TALK12 = [(CLIENT, record(22, message(1, HELLO12), 0x0301)), (SERVER, ANSWER12),
          (CLIENT, record(22, message(16, bytes(66))) + CCS + FINISHED), (SERVER, CCS + FINISHED),
          (CLIENT, record(23, bytes(100)))]
HELLO13 = client_hello(server_name(b"example.com"), versions(0x8A8A, 0x0304, 0x0303), extension(51, b""),
                       session_id=b"\7" * 32)
ANSWER13 = server_hello(extension(43, numbers([0x0304])), extension(51, numbers([29]) + sized(bytes(32), 2)),
                        cipher=0x1301, session_id=b"\7" * 32)
TALK13 = [(CLIENT, record(22, message(1, HELLO13))),
          (SERVER, record(22, message(2, ANSWER13)) + CCS + record(23, bytes(900))),
          (CLIENT, CCS + record(23, bytes(53)) + record(23, bytes(300)))]


def hear(talk, cut=(), **settings):
    return Heard(TlsParser, TlsSettings(**settings) if settings else None).say(talk, cut)


def test_a_handshake_of_tls12_with_its_certificate():
    heard = hear(TALK12)
    row = heard.row
    assert (row["version"], row["sni"], row["cipher"], row["named_group"]) == (
        "TLS 1.2", b"example.com", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "secp256r1")
    assert (row["subject"], row["issuerdn"]) == ("C=FR, O=Stamus, CN=SELKS, Email=a@b.c", "CN=R3")
    assert (row["serial"], row["notbefore"], row["notafter"]) == (
        "00:97:E6", "2015-02-12T18:07:27", "2025-02-09T18:07:27")
    assert json.loads(row["subjectaltname"]) == ["a.b", "10.0.0.1"]
    assert (row["ja3_string"], row["ja3s_string"]) == ("771,49199-156,0-10-11-16-13,29-23,0", "771,49199,16")
    assert row["ja4"].startswith("t12d0205h2_")
    assert json.loads(row["client_alpns"]) == ["h2", "http/1.1"]
    assert json.loads(row["server_alpns"]) == ["h2"]
    assert (row["hellos_seen"], row["established"], row["session_resumed"]) == ("both", 1, 0)
    assert row["chain_certificates"] == 2
    assert heard.parser.done
    assert heard.moments == [Moment(4, 4)]  # when the second side began to encrypt, not later
    assert not heard.counters


def test_a_handshake_of_tls13_ends_with_the_first_encrypted_record_of_the_client():
    heard = hear(TALK13)
    row = heard.row
    assert (row["version"], row["client_version"], row["named_group"], row["cipher"]) == (
        "TLS 1.3", "TLS 1.3", "x25519", "TLS_AES_128_GCM_SHA256")
    assert (row["established"], row["resumption_offered"], row["resumption"]) == (1, "", "")
    assert heard.moments == [Moment(3, 3)]


def test_a_retry_is_not_the_answer():
    retry = server_hello(extension(43, numbers([0x0304])), extension(51, numbers([23])), random=RETRY_RANDOM)
    talk = [TALK13[0], (SERVER, record(22, message(2, retry)) + CCS), (CLIENT, CCS + TALK13[0][1]), *TALK13[1:]]
    row = hear(talk).row
    assert (row["hello_retry"], row["established"], row["cipher"], row["named_group"]) == (
        1, 1, "TLS_AES_128_GCM_SHA256", "x25519")


def test_early_data_is_not_the_end_of_the_handshake():
    talk = [TALK13[0], (CLIENT, CCS + record(23, b"early")), *TALK13[1:]]
    heard = hear(talk)
    assert heard.row["established"] == 1
    assert heard.moments == [Moment(4, 4)]


@pytest.mark.parametrize(("offered", "session_id", "resumption"), [
    (extension(35, b"ticket"), b"\1" * 32, "ticket"), (server_name(b"a"), b"\2" * 32, "session_id")])
def test_a_session_of_tls12_is_resumed_without_a_certificate(offered, session_id, resumption):
    row = hear([(CLIENT, record(22, message(1, client_hello(offered, session_id=session_id)))),
                (SERVER, record(22, message(2, server_hello(session_id=session_id))) + CCS + FINISHED),
                (CLIENT, CCS + FINISHED)]).row
    assert (row["session_resumed"], row["resumption"], row["resumption_offered"]) == (1, resumption, resumption)


def test_a_psk_of_tls13_resumes_too_but_not_in_the_words_of_tls12():
    hello = client_hello(versions(0x0304), extension(41, bytes(40)))
    answer = server_hello(extension(43, numbers([0x0304])), extension(41, b"\0\0"), cipher=0x1301)
    row = hear([(CLIENT, record(22, message(1, hello))),
                (SERVER, record(22, message(2, answer)) + record(23, b"x"))]).row
    assert (row["session_resumed"], row["resumption"], row["resumption_offered"]) == (0, "psk", "psk")
    assert row["established"] == 0


def test_the_certificate_of_the_client():
    talk = [*TALK12[:2], (CLIENT, record(22, message(11, chain(LEAF)) + message(16, bytes(66))) + CCS), (SERVER, CCS)]
    row = hear(talk).row
    assert row["client_subject"] == row["subject"]
    assert row["client_fingerprint"] == row["fingerprint"]


def test_alerts_in_clear_are_told():
    row = hear([TALK12[0], (SERVER, record(21, b"\2\x28"))]).row
    assert json.loads(row["alerts"]) == [{"from": "server", "level": "fatal", "description": "handshake_failure"}]
    assert (row["version"], row["hellos_seen"]) == ("UNDETERMINED", "client")


def test_a_server_alone():
    row = hear([TALK12[1], TALK12[3]]).row
    assert (row["hellos_seen"], row["version"]) == ("server", "TLS 1.2")
    assert row["subject"] == "C=FR, O=Stamus, CN=SELKS, Email=a@b.c"
    assert "sni" not in row


def test_one_side_that_encrypts_long_enough_is_enough():
    heard = Heard(TlsParser, TlsSettings(one_sided_bytes=1024))
    heard.say([TALK12[0], TALK12[2], *[(CLIENT, record(23, bytes(200)))] * 2], end=False)
    assert not heard.rows
    heard.say([(CLIENT, record(23, bytes(400)))], end=False)
    assert heard.parser.done
    assert heard.row["hellos_seen"] == "client"


def test_a_hello_of_ssl2_that_leads_to_tls():
    specs = bytes.fromhex("00002f" "010080")
    body = b"\1\3\1" + sized(specs, 2)[:2] + b"\0\0" + b"\0\x10" + specs + bytes(16)
    hello = (0x8000 | len(body)).to_bytes(2, "big") + body
    assert probe(hello, b"", TCP_FLOW) is True
    row = hear([(CLIENT, hello), *TALK12[1:]], [3]).row
    assert (row["client_version"], json.loads(row["client_ciphers"])) == ("TLSv1", [0x2F, 0x010080])
    assert (row["version"], row["hellos_seen"], row["established"]) == ("TLS 1.2", "both", 1)


def test_ssl2_on_both_sides():
    body = b"\4\0\1\0\2" + len(LEAF).to_bytes(2, "big") + b"\0\3\0\x10" + LEAF + bytes(19)
    answer = (0x8000 | len(body)).to_bytes(2, "big") + body
    heard = hear([(SERVER, answer)])
    assert (heard.row["version"], heard.row["issuerdn"]) == ("SSLv2", "CN=R3")
    assert probe(b"", answer, TCP_FLOW) is True


def test_who_handed_it_over():
    assert Heard(TlsParser, from_proto=AppProto.SMTP).say(TALK13).row["from_proto"] == "smtp"


def test_a_message_beyond_the_limit_is_passed_over():
    long = message(11, bytes(9000))
    heard = hear([TALK12[0], (SERVER, record(22, message(2, server_hello()))),
                  (SERVER, record(22, long[:5000])), (SERVER, record(22, long[5000:])),
                  (SERVER, record(22, message(14, b""))), *TALK12[2:]], message_bytes=2048)
    assert heard.counters == {"message too long": 1}
    assert (heard.row["established"], heard.row["session_resumed"]) == (1, 0)


def test_gaps_in_what_is_encrypted_do_no_harm_and_others_end_a_side():
    heard = Heard(TlsParser)
    heard.say(TALK12[:1], end=False)
    heard.parser.gap(False, 3000, Moment(2, 2))
    heard.say([(SERVER, b"whatever"), *TALK12[2:]], end=False)
    assert heard.row["hellos_seen"] == "client"
    assert heard.row["established"] == 0
    assert heard.counters == {"gap in a handshake": 1}
    early = Heard(TlsParser).say([TALK13[0], (CLIENT, record(23, bytes(500))[:100])], end=False)
    early.parser.gap(True, 200, Moment(3, 3))
    early.say([(CLIENT, bytes(205)), *TALK13[1:]])
    assert early.row["established"] == 1


def test_damaged_certificates_keep_what_could_be_read():
    answer = message(2, server_hello()) + message(11, chain(LEAF[:60]))
    heard = hear([TALK12[0], (SERVER, record(22, answer)), *TALK12[2:]])
    assert heard.row["fingerprint"]
    assert heard.counters["certificate unreadable"] == 1


def test_nothing_in_clear_is_counted_and_no_row():
    heard = hear([(CLIENT, record(22, b"\1\0\0\5short") + b"rubbish")])
    assert not heard.rows
    assert heard.counters == {"hello not whole": 1, "no record": 1, "nothing said in clear": 1}


@given(cuts())
def test_however_it_is_cut_the_rows_are_the_same(cut):
    for talk in (TALK12, TALK13):
        whole, pieces = hear(talk), hear(talk, cut)
        assert pieces.rows == whole.rows
        assert pieces.moments == whole.moments


@given(babble(), cuts())
def test_any_bytes_raise_nothing_and_their_cut_does_not_matter(said, cut):
    whole, pieces = hear(said), hear(said, cut)
    assert (pieces.rows, pieces.moments, pieces.counters) == (whole.rows, whole.moments, whole.counters)


@given(noise(TALK12) | noise(TALK13), cuts())
def test_damaged_handshakes_raise_nothing_and_their_cut_does_not_matter(said, cut):
    whole, pieces = hear(said), hear(said, cut)
    assert (pieces.rows, pieces.moments, pieces.counters) == (whole.rows, whole.moments, whole.counters)


@pytest.mark.parametrize(("client", "server", "found"), [
    (TALK12[0][1][:64], b"", True), (TALK12[0][1][:5], b"", None), (b"\x16", b"", None),
    (b"GET / HTTP/1.1", b"", False),
    (b"", TALK12[1][1][:64], True), (TALK12[1][1][:64], b"", False), (b"", record(21, b"\2\x28"), True),
    (b"\x16\3\1\xff\xff\1", b"", False), (b"\x16\3\1\0\0\1", b"", False), (b"", b"", None),
    (b"\x80\x2e\1\0", b"", None)])
def test_the_probe(client, server, found):
    assert probe(client, server, TCP_FLOW) is found


def test_settings_have_ranges():
    with pytest.raises(UsageError, match="message_bytes is 5"):
        TlsSettings(message_bytes=5)
