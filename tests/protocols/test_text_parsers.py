"""What holds for all of FTP, SIP, IRC, SNMP, DHCP, NTP and TFTP: any cut, any bytes, bounds; and their probes."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns.errors import UsageError
from sensor.protocols import dhcp, ftp, irc, ntp, recognised, sip, snmp, tftp
from sensor.protocols.lines import Lines
from tests.support.protocol_runs import CLIENT, SERVER, cut_up, flow_of, run_datagrams, run_stream, without_times

INVITE = (b"INVITE sip:bob@example.org SIP/2.0\r\nVia: SIP/2.0/TCP a\r\nVia: SIP/2.0/TCP b\r\n"
          b"f: <sip:a@a>\r\nTo:\r\n <sip:b@b>\r\nCall-ID: 77\r\nContent-Length: 5\r\n\r\nhello")
RINGING = b"SIP/2.0 180 Ringing\r\nCall-ID: 77\r\nl: 0\r\n\r\n"
FTP_TALK = [
    (CLIENT, b"220-Welcome\r\n220 FTP ready\r\n"), (SERVER, b"USER bob\r\n"), (CLIENT, b"331 Password\r\n"),
    (SERVER, b"PASS secret\r\n"), (CLIENT, b"230 In\r\n"), (SERVER, b"EPSV\r\n"),
    (CLIENT, b"229 Extended (|||4100|)\r\n"), (SERVER, b"RETR a.txt\r\nQUIT\r\n"),
    (CLIENT, b"150 Opening\r\n226 Done\r\n221 Bye\r\n"),
]
SIP_TALK = [(SERVER, INVITE + b"\r\n\r\n" + INVITE), (CLIENT, RINGING)]
IRC_TALK = [
    (SERVER, b"PASS hidden\r\nNICK bot\r\nUSER u 0 * :Real Name\r\nJOIN #c2 key\r\n"),
    (CLIENT, b":s NOTICE AUTH :*** hi\r\n:x!y@z PRIVMSG bot :\x01DCC SEND a.exe 167772161 4000 12\x01\r\n"),
    (SERVER, b"PART #c2 :bye\r\n"),
]
STREAMS = [(ftp.FtpStream, FTP_TALK), (sip.SipStream, SIP_TALK), (irc.IrcStream, IRC_TALK)]
SNMP_GET = bytes.fromhex("302602010104067075626c6963a019020101020100020100300e300c06082b060102010101000500")
SNMP_TRAP = bytes.fromhex("303102010004067075626c6963"
                          "a42406062b0601040109400401020304020106020100430100300d300b06072b0601040109010500")
BOOT = struct.pack(">4BIHH4s4s4s4s16s", 1, 1, 6, 0, 7, 0, 0, *[b"\0" * 4] * 4, b"\0\x0b\x82\1\xfc\x42") + b"\0" * 192
DISCOVER = BOOT + b"\x63\x82\x53\x63" + b"\x35\1\1" + b"\x0c\4host" + b"\x37\2\1\3" + b"\x32\4\x0a\0\0\5" + b"\xff"
CLIENT_TIME = b"\x23\2\6\xec" + b"\0\0\1\0" + b"\0\0\2\0" + b"\x0a\0\0\1" + b"\xe0\0\0\0\x80\0\0\0" * 4
DATAGRAMS = [
    (snmp.SnmpDatagrams, SNMP_GET), (snmp.SnmpDatagrams, SNMP_TRAP), (dhcp.DhcpDatagrams, DISCOVER),
    (ntp.NtpDatagrams, CLIENT_TIME), (tftp.TftpDatagrams, b"\0\1boot.bin\0octet\0blksize\x001432\0"),
    (sip.SipDatagrams, INVITE),
]


@pytest.mark.parametrize(("parser", "talk"), STREAMS)
@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=6))
@settings(deadline=None)
def test_any_cut_gives_the_same_rows(parser: Any, talk: Any, sizes: list[int]) -> None:
    whole, cut = run_stream(parser, talk, flow_of()), run_stream(parser, cut_up(talk, sizes), flow_of())
    assert whole.rows
    assert without_times(cut.rows) == without_times(whole.rows)
    assert cut.causes == whole.causes


_PIECE = st.one_of(st.binary(max_size=80), st.integers(1, 5000), st.sampled_from([
    b"\r\n", b"\n", INVITE, RINGING, b"220 ", b"227 (1,2,3,4,5,6)\r\n", b"EPRT |2|::1|99999|\r\n",
    b"PORT 999,1,1,1,1,1\r\n", b"RETR ", b"AUTH TLS\r\n", b"234 go\r\n", b":", b"PRIVMSG a :\x01DCC SEND",
    b"Content-Length: 99999999999\r\n\r\n"]))


@pytest.mark.parametrize("parser", [p for p, _ in STREAMS])
@given(pieces=st.lists(st.tuples(st.booleans(), _PIECE), max_size=12))
@settings(deadline=None)
def test_nothing_said_raises(parser: Any, pieces: Any) -> None:
    had = run_stream(parser, pieces, flow_of())
    for _, row in had.rows:
        for name in ("reply", "completion_code"):
            json.loads(row.get(name) or "[]")


@pytest.mark.parametrize(("parser", "message"), DATAGRAMS)
@given(data=st.data())
@settings(deadline=None)
def test_no_datagram_raises(parser: Any, message: bytes, data: st.DataObject) -> None:
    changed = bytearray(message)
    for _ in range(data.draw(st.integers(0, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    sent = [bytes(changed[: data.draw(st.integers(0, len(changed)))]), data.draw(st.binary(max_size=300))]
    run_datagrams(parser, [(SERVER, d) for d in sent], flow_of(proto=17))


@given(st.lists(st.binary(max_size=30), max_size=8), st.integers(1, 20), st.lists(st.integers(1, 9), min_size=1))
def test_lines_do_not_depend_on_the_cut(lines: list[bytes], limit: int, sizes: list[int]) -> None:
    whole, cut = Lines(limit), Lines(limit)
    text = b"\r\n".join(lines) + b"\n"
    wanted = list(whole.feed(text))
    had = [line for _, piece in cut_up([(SERVER, text)], sizes) for line in cut.feed(piece)]
    assert had == wanted
    assert all(len(line) <= limit for line, _ in had)


def test_ftp_conversation() -> None:
    had = run_stream(ftp.FtpStream, FTP_TALK, flow_of(dst_port=21))
    rows = had.of("ftp")
    assert [r["command"] for r in rows] == ["", "USER", "PASS", "EPSV", "RETR", "QUIT"]
    assert json.loads(rows[0]["reply"]) == ["Welcome", "FTP ready"]
    assert json.loads(rows[4]["completion_code"]) == ["150", "226"]
    assert (rows[3]["mode"], rows[3]["dynamic_port"]) == ("passive", 4100)
    assert "secret" not in repr(had.rows)
    data = had.of("ftp_data")[0]
    assert (data["filename"], data["data_ip"], data["data_port"]) == ("a.txt", "10.0.0.2", 4100)
    assert data["reply_code"] == 226


def test_ftp_is_left_alone_once_encrypted() -> None:
    talk = [(SERVER, b"AUTH TLS\r\n"), (CLIENT, b"234 ok\r\n"), (SERVER, b"\x16\3\1NOOP\r\n")]
    assert len(run_stream(ftp.FtpStream, talk, flow_of()).of("ftp")) == 1


def test_ftp_commands_that_wait_are_bounded() -> None:
    had = run_stream(ftp.FtpStream, [(SERVER, b"NOOP\r\n" * 50)], flow_of(), ftp.FtpSettings(waiting=4))
    assert had.causes == {"ftp_command_forgotten": 46}
    assert {r["reply_received"] for r in had.of("ftp")} == {"no"}


def test_sip_messages() -> None:
    first, second, ringing = run_stream(sip.SipStream, SIP_TALK, flow_of()).of("sip")
    assert first["request_line"] == second["request_line"] == "INVITE sip:bob@example.org SIP/2.0"
    assert (first["via"], first["to_uri"], first["body_bytes"]) == ("SIP/2.0/TCP a", "<sip:b@b>", 5)
    assert (ringing["code"], ringing["reason"], ringing["to_server"]) == ("180", "Ringing", 0)


def test_sip_bodies_are_counted_not_kept() -> None:
    head = b"MESSAGE sip:a SIP/2.0\r\nContent-Length: 1000000\r\n\r\n"
    parser_talk = [(SERVER, head + b"x" * 100), (SERVER, 999_000), (SERVER, b"x" * 900 + RINGING)]
    assert [r.get("code", "") for r in run_stream(sip.SipStream, parser_talk, flow_of()).of("sip")] == ["", "180"]


def test_a_sip_head_beyond_the_limit_is_given_up() -> None:
    had = run_stream(sip.SipStream, [(SERVER, b"MESSAGE sip:a SIP/2.0\r\nX: " + b"x" * 5000)] * 2, flow_of(),
                     sip.SipSettings(head_bytes=1024))
    assert had.causes == {"sip_head_limit": 1}


def test_irc_conversation() -> None:
    had = run_stream(irc.IrcStream, IRC_TALK, flow_of())
    assert [(r["command"], r["value"], r["additional"]) for r in had.of("irc")] == [
        ("NICK", "bot", ""), ("USER", "u", "0 * :Real Name"), ("JOIN", "#c2", "key"),
        ("DCC", "bot", "a.exe 167772161 4000 12"), ("PART", "#c2", "bye")]
    assert "hidden" not in repr(had.rows)


def test_snmp_messages() -> None:
    had = run_datagrams(snmp.SnmpDatagrams, [(SERVER, SNMP_GET), (SERVER, SNMP_TRAP)], flow_of(proto=17)).of("snmp")
    assert (had[0]["version"], had[0]["community"], had[0]["pdu_type"]) == (2, "public", "get_request")
    assert json.loads(had[0]["vars"]) == ["1.3.6.1.2.1.1.1.0"]
    assert (had[1]["trap_oid"], had[1]["trap_address"], had[1]["trap_type"]) == \
        ("1.3.6.1.4.1.9", "1.2.3.4", "enterpriseSpecific")


def test_dhcp_message() -> None:
    row = run_datagrams(dhcp.DhcpDatagrams, [(SERVER, DISCOVER)], flow_of(proto=17)).of("dhcp")[0]
    assert (row["dhcp_type"], row["client_mac"], row["hostname"]) == ("discover", "00:0b:82:01:fc:42", "host")
    assert (json.loads(row["params"]), row["requested_ip"]) == (["subnet_mask", "router"], "10.0.0.5")
    cut = run_datagrams(dhcp.DhcpDatagrams, [(SERVER, DISCOVER[:-3])], flow_of(proto=17))
    assert cut.causes == {"dhcp_options_cut": 1}


def test_ntp_message() -> None:
    monlist = b"\x17\0\3\x2a" + b"\0" * 4
    had = run_datagrams(ntp.NtpDatagrams, [(SERVER, CLIENT_TIME), (SERVER, monlist)], flow_of(proto=17))
    plain, private = had.of("ntp")
    assert (plain["mode"], plain["stratum"], plain["reference_id"]) == ("client", 2, "10.0.0.1")
    assert plain["transmit_time_ns"] == (0xE0000000 - 2_208_988_800) * 1_000_000_000 + 500_000_000
    assert (private["mode"], private["operation"]) == ("private", 42)
    assert ntp.time_ns(1 << 32) == (2**32 + 1 - 2_208_988_800) * 1_000_000_000


def test_tftp_packets() -> None:
    sent = [b"\0\1boot.bin\0octet\0blksize\x001432\0", b"\0\5\0\1File not found\0", b"\0\3\0\1data", b"\0\1x\0odd\0"]
    had = run_datagrams(tftp.TftpDatagrams, [(SERVER, d) for d in sent], flow_of(proto=17))
    read, error = had.of("tftp")
    assert (read["packet"], read["file"], read["mode"], json.loads(read["options"])) == \
        ("read", "boot.bin", "octet", {"blksize": "1432"})
    assert (error["error_code"], error["error"]) == (1, "File not found")
    assert had.causes == {"tftp_malformed": 1}


PROBES = [
    (ftp.probe, b"", b"220 ProFTPD Server\r\n", 21, True), (ftp.probe, b"USER a\r\n", b"220 hello\r\n", 2121, True),
    (ftp.probe, b"EHLO a\r\n", b"220 hello\r\n", 25, False), (ftp.probe, b"", b"220 mail\r\n", 25, None),
    (ftp.probe, b"US", b"", 21, None), (ftp.probe, b"USER a\r\n", b"", 21, True),
    (ftp.probe, b"USER a\r\n", b"+OK\r\n", 110, False), (ftp.probe, b"USER a b c :d\r\n", b"", 6667, False),
    (sip.probe, b"INVITE sip:a SIP/2.0\r\n", b"", 5060, True), (sip.probe, b"OPTIONS / HTTP/1.1\r\n", b"", 80, False),
    (sip.probe, b"GET / HTTP/1.1\r\n", b"", 80, False), (sip.probe, b"INV", b"", 5060, None),
    (irc.probe, b"NICK a\r\n", b"", 6667, True), (irc.probe, b"USER a\r\n", b"", 21, False),
    (irc.probe, b"", b":irc NOTICE AUTH :hi", 6667, True), (irc.probe, b"NI", b"", 6667, None),
    (irc.probe, b"GET /\r\n", b"", 80, False), (irc.probe, b"nick", b"", 6667, None),
    (irc.probe, b"nic a", b"", 6667, False),
    (ftp.probe, b"us er\r\n", b"", 21, False), (ftp.probe, b"us er", b"", 21, False),
    (ftp.probe, b"pas", b"", 21, None),
    (sip.probe, b"SIP", b"", 5060, None), (sip.probe, b"INVITES", b"", 5060, False),
    (recognised.probe_imap, b"a1 noo", b"", 143, None), (recognised.probe_imap, b"a1 x", b"", 143, False),
    (recognised.probe_imap, b"a1", b"b OK ready", 143, None), (recognised.probe_imap, b"", b"b NO", 143, False),
    (recognised.probe_imap, b"", b"* OK IMAP4 ready\r\n", 143, True),
    (recognised.probe_imap, b"a1 LOGIN a b\r\n", b"", 143, True),
    (recognised.probe_imap, b"GET / HTTP/1.1\r\n", b"", 80, False),
    (recognised.probe_telnet, b"", b"\xff\xfd\x18\xff\xfd\x20", 23, True),
    (recognised.probe_telnet, b"\xff\xd8\xff\xe0", b"", 80, False),
    (recognised.probe_telnet, b"hello", b"", 23, False),
]


@pytest.mark.parametrize(("probe", "initiator", "responder", "port", "wanted"), PROBES)
def test_stream_probes(probe: Any, initiator: bytes, responder: bytes, port: int, wanted: bool | None) -> None:
    assert probe(initiator, responder, flow_of(dst_port=port)) is wanted
    assert probe(initiator, responder, flow_of(dst_port=port, proto=17)) in (False, wanted)


DATAGRAM_PROBES = [
    (snmp.probe, SNMP_GET, 161, True), (snmp.probe, SNMP_GET, 9999, True),
    (snmp.probe, b"\x30\x82hello...", 161, False),
    (dhcp.probe, DISCOVER, 67, True), (dhcp.probe, DISCOVER, 9999, False), (dhcp.probe, b"\7" * 60, 67, False),
    (ntp.probe, CLIENT_TIME, 123, True), (ntp.probe, CLIENT_TIME, 9999, False), (ntp.probe, b"\0" * 48, 123, False),
    (tftp.probe, b"\0\1a\0octet\0", 9999, True), (tftp.probe, b"\0\1a\0odd\0", 69, False),
    (tftp.probe, b"\0\3ab", 69, False),
]


@pytest.mark.parametrize(("probe", "first", "port", "wanted"), DATAGRAM_PROBES)
def test_datagram_probes(probe: Any, first: bytes, port: int, wanted: bool | None) -> None:
    assert probe(first[:64], b"", flow_of(dst_port=port, proto=17)) is wanted
    assert probe(b"", b"", flow_of(dst_port=67, src_port=123, proto=6)) in (False, None)


@given(st.binary(max_size=64), st.binary(max_size=64), st.sampled_from([6, 17]), st.sampled_from([21, 67, 123, 161]))
def test_probes_never_raise(initiator: bytes, responder: bytes, proto: int, port: int) -> None:
    for module in (ftp, sip, irc, snmp, dhcp, ntp, tftp, recognised):
        for want in module.WANTS:
            assert want.probe(initiator, responder, flow_of(dst_port=port, proto=proto)) in (True, False, None)


@pytest.mark.parametrize("wrong", [lambda: ftp.FtpSettings(waiting=0), lambda: sip.SipSettings(head_bytes=1),
                                   lambda: irc.IrcSettings(line_bytes=True), lambda: snmp.SnmpSettings(variables=0)])
def test_settings_out_of_range(wrong: Any) -> None:
    with pytest.raises(UsageError, match="a whole number"):
        wrong()
