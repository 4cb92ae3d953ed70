"""SSH: what a row says of a connection, however it was cut, and of what is not one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from columns.errors import UsageError
from sensor.protocols.parser import Moment
from sensor.protocols.ssh import SshParser, SshSettings, probe
from tests.support.speak import TCP_FLOW, Heard, babble, cuts, noise
from tests.support.tls_messages import sized

CLIENT, SERVER = True, False


def packet(payload: bytes, padding: int = 6) -> bytes:
    return sized(bytes([padding]) + payload + bytes(padding), 4)


def kex_init(*lists: str) -> bytes:
    return packet(b"\x14" + bytes(16) + b"".join(sized(one.encode(), 4) for one in lists) + bytes(5))


KEY = sized(b"ssh-ed25519", 4) + sized(bytes(32), 4)
OURS = kex_init("curve25519-sha256,ecdh-sha2-nistp256", "ssh-ed25519,ssh-rsa", "aes128-ctr,aes256-ctr", "aes128-ctr",
                "hmac-sha2-256", "hmac-md5", "none,zlib", "none", "", "")
THEIRS = kex_init("ecdh-sha2-nistp256", "ssh-ed25519", "aes256-ctr", "aes256-ctr", "hmac-md5,hmac-sha2-256", "hmac-md5",
                  "none", "none", "", "")
TALK = [(SERVER, b"hello there\r\nSSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), (CLIENT, b"SSH-2.0-PuTTY_0.8\r\n" + OURS),
        (SERVER, THEIRS), (CLIENT, packet(b"\x1e" + sized(bytes(32), 4))),
        (SERVER, packet(b"\x1f" + sized(KEY, 4) + sized(bytes(32), 4) + sized(bytes(64), 4)) + packet(b"\x15")),
        (CLIENT, packet(b"\x15") + bytes(300)), (SERVER, bytes(300))]


def hear(talk, cut=(), **settings):
    return Heard(SshParser, SshSettings(**settings) if settings else None).say(talk, cut)


def test_a_connection():
    heard = hear(TALK)
    row = heard.row
    assert (row["client_proto_version"], row["client_software_version"]) == (b"2.0", b"PuTTY_0.8")
    assert (row["server_software_version"], row["server_comments"]) == (b"OpenSSH_9.2p1", b"Debian-2")
    assert row["client_hassh_string"] == (
        "curve25519-sha256,ecdh-sha2-nistp256;aes128-ctr,aes256-ctr;hmac-sha2-256;none,zlib")
    assert row["server_hassh_string"] == "ecdh-sha2-nistp256;aes256-ctr;hmac-md5;none"
    assert len(row["client_hassh_hash"]) == 32
    assert (row["kex"], row["host_key_algorithm"], row["cipher"], row["mac"], row["compression"]) == (
        "ecdh-sha2-nistp256", "ssh-ed25519", "aes256-ctr", "hmac-sha2-256", "none")
    assert json.loads(row["client_host_key_algorithms"]) == ["ssh-ed25519", "ssh-rsa"]
    assert row["host_key"].startswith("SHA256:")
    assert row["established"] == 1
    assert heard.parser.done
    assert heard.moments == [Moment(6, 6)]
    assert not heard.counters


def test_ssh1_ends_with_the_banners():
    heard = hear([(SERVER, b"SSH-1.99-OpenSSH_6\n"), (CLIENT, b"SSH-1.5-x\n"), (SERVER, b"\0\0\1\0whatever")])
    assert (heard.row["client_proto_version"], heard.row["established"]) == (b"1.5", 0)
    assert heard.moments == [Moment(2, 2)]
    assert not heard.counters


def test_one_side_alone_and_a_gap():
    heard = Heard(SshParser).say(TALK[1:2], end=False)
    heard.parser.gap(True, 100, Moment(2, 2))
    heard.say([])
    assert heard.row["client_hassh_hash"]
    assert "kex" not in heard.row
    assert heard.counters == {"gap before encryption": 1}


@pytest.mark.parametrize(("said", "cause"), [
    ([(CLIENT, b"SSH-2.0-" + b"x" * 300)], "banner too long"),
    ([(SERVER, b"line\n" * 70)], "too many lines before the banner"),
    ([(CLIENT, b"SSH-2.0-x\r\n\xff\xff\xff\xff\0")], "no packet"),
    ([(CLIENT, b"SSH-2.0-x\r\n" + packet(b"\x02") * 40)], "too many packets before encryption"),
    ([(CLIENT, b"SSH-2.0-x\r\n" + packet(b"\x14short"))], "KEXINIT not whole")])
def test_nonsense_is_counted(said, cause):
    assert hear(said).counters[cause] == 1


@given(cuts())
def test_however_it_is_cut_the_rows_are_the_same(cut):
    whole, pieces = hear(TALK), hear(TALK, cut)
    assert (pieces.rows, pieces.moments) == (whole.rows, whole.moments)


@given(babble() | noise(TALK), cuts())
def test_any_bytes_raise_nothing_and_their_cut_does_not_matter(said, cut):
    whole, pieces = hear(said), hear(said, cut)
    assert (pieces.rows, pieces.moments, pieces.counters) == (whole.rows, whole.moments, whole.counters)


@pytest.mark.parametrize(("client", "server", "found"), [
    (b"SSH-2.0-x", b"", True), (b"SS", b"", None), (b"GET /", b"", False), (b"", b"", None),
    (b"", b"welcome\r\nSSH-2.0-y", True), (b"", b"welcome", None), (b"", b"w" * 64, False)])
def test_the_probe(client, server, found):
    assert probe(client, server, TCP_FLOW) is found


def test_settings_have_ranges():
    with pytest.raises(UsageError, match="banner_bytes is 1"):
        SshSettings(banner_bytes=1)
