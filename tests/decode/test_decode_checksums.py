"""Checksums: what is verified, what is done about bad ones, and how ``auto`` makes up its mind."""

import pytest

from columns.codes import Checksum, Status
from sensor.decode import Decoder, DecodeSettings
from sensor.frames import frame_block
from tests.support import frames as f
from tests.support.decoded import assert_agrees, cut, decode_rows

GOOD = f.ethernet(f.ipv4(f.tcp(b"abc")))
BAD = f.ethernet(f.ipv4(f.tcp(b"abc", checksum=1)))


@pytest.mark.parametrize("size", [0, 1, 2, 7, 8, 9, 15, 255, 1460, 65000])
@pytest.mark.parametrize("make", [f.tcp, f.udp, f.icmp, f.icmpv6])
def test_every_length_and_protocol_is_verified(make, size):
    body = bytes(255 - i * 37 % 251 for i in range(size))
    wrap = (lambda s: f.ipv6(s, src="2001:db8::ff:ffff", dst="ff02::1")) if make is f.icmpv6 else f.ipv4
    for checksum, wanted in ((None, Checksum.GOOD), (0x1234, Checksum.BAD)):
        (row,) = assert_agrees(frame_block([f.ethernet(wrap(make(body, checksum=checksum)))]), "validate")
        assert row["checksum"] == wanted
        assert row["status"] == (Status.OK if wanted == Checksum.GOOD else Status.CHECKSUM_BAD)


def test_udp_without_a_checksum_is_unverified():
    for packet in (f.ipv4(f.udp(b"x", checksum=0)), f.ipv6(f.udp(b"x", checksum=0))):
        (row,) = assert_agrees(frame_block([f.ethernet(packet)]), "validate")
        assert (row["status"], row["checksum"]) == (Status.OK, Checksum.UNVERIFIED)


def test_ignore_computes_nothing():
    (row,) = assert_agrees(frame_block([BAD]), "ignore")
    assert (row["status"], row["checksum"]) == (Status.OK, Checksum.UNVERIFIED)


def test_nothing_is_unpacked_from_a_packet_with_a_bad_checksum():
    carrier = f.ethernet(f.ipv4(f.raw(f.ipv4(f.tcp()), 4), checksum=3))
    rows = assert_agrees(frame_block([carrier]), "validate")
    assert [r["status"] for r in rows] == [Status.CHECKSUM_BAD]


def auto(frames, batch):
    decoder = Decoder(DecodeSettings(checksums="auto"))
    rows = decode_rows(cut(frame_block(frames), batch), decoder)
    return rows, decoder


@pytest.mark.parametrize("batch", [1, 7, 4096])
@pytest.mark.parametrize(("bad", "later"), [(99, Status.CHECKSUM_BAD), (100, Status.OK)])
def test_auto_decides_after_a_thousand_verifiable_frames(batch, bad, later):
    unverifiable = f.ethernet(f.arp(), ether_type=0x0806)
    frames = [BAD] * bad + [unverifiable] * 50 + [GOOD] * (1000 - bad) + [BAD]
    rows, decoder = auto(frames, batch)
    assert rows[0]["status"] == Status.OK  # undecided: used, and marked
    assert rows[0]["checksum"] == Checksum.BAD
    assert rows[-1]["status"] == later
    assert decoder.details["checksums_sampled_bad"] == bad
    assert ("ignored" if later == Status.OK else "refused") in decoder.notes[0]
    assert rows == assert_agrees_rows(frames)


def assert_agrees_rows(frames):
    return assert_agrees(frame_block(frames), "auto")


def test_auto_that_saw_too_little_says_so():
    _, decoder = auto([BAD] * 3, 4096)
    assert "3 of the first 3 verifiable frames were bad; too few" in decoder.notes[0]
    assert Decoder(DecodeSettings(checksums="ignore")).notes == []
