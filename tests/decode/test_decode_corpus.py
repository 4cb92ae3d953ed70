"""Real captures: none of them stops the decoder, and tshark, dpkt and scapy see in them what it sees."""

import hashlib
import re
from pathlib import Path

import pytest

from columns import PACKET
from columns.codes import REFUSED_FROM
from columns.errors import CaptureError
from sensor.capture import open_capture
from sensor.decode import Decoder, DecodeSettings
from tests.support.corpus import corpus
from tests.support.decoded import assert_agrees
from tests.support.differential import by_dpkt, by_scapy, by_tshark, disagreements, has_tshark, ours, outermost

DOCS = Path(__file__).parents[2] / "docs" / "differential.md"

FEW = (
    "arkime/gtp-iphone.pcap", "arkime/dot1ad.pcap", "arkime/mpls-basic.pcap", "arkime/gre-sample.pcap",
    "arkime/gre-erspan-vxlan.pcap", "arkime/v6-http.pcap", "arkime/sctp-www.pcap", "arkime/nflog.pcap",
    "arkime/80211http.pcap", "arkime/padded-udp.pcap", "arkime/wireshark-dhcp.pcap", "arkime/pppoe.pcap",
    "malformed/various_gre.pcap", "malformed/erspan-type-ii-3.pcap", "malformed/bigtcp-ipv6-vxlan-ipv4.pcap",
)


def captures(*folders):
    suffixes = (".pcap", ".pcapng", ".cap")
    return [path for folder in folders for path in sorted(corpus(folder).rglob("*")) if path.suffix in suffixes]


def blocks_of(path, size=4096):
    with open_capture(path) as capture:
        yield from capture.blocks(size)


def readable(paths):
    for path in paths:
        try:
            yield path, list(blocks_of(path))
        except CaptureError:
            continue


def test_every_malformed_capture_is_decoded_as_the_oracle_has_it():
    seen = refused = 0
    for _, blocks in readable(captures("malformed", "pcapng")):
        for block in blocks[:1]:
            few = block._replace(**{name: getattr(block, name)[:40] for name in block._fields[1:7]})
            rows = assert_agrees(few, "validate")
            seen += len(rows)
            refused += sum(row["status"] >= REFUSED_FROM for row in rows)
    assert seen > 2000
    assert refused > 200


def replayed(path, size, rows):
    """Return (a digest of each column, counters, details) of a capture decoded in blocks of this size."""
    decoder = Decoder(DecodeSettings(checksums="auto", rows_per_batch=rows))
    digests = {name: hashlib.sha256() for name in PACKET.batch._fields}
    for block in blocks_of(path, size):
        for packets, _ in decoder.decode(block):
            for offset in (packets.payload_offset, packets.transport_offset):
                offset[packets.buffer == 1] = 0  # where in the arena depends on the portion
            for name, digest in digests.items():
                digest.update(getattr(packets, name).tobytes())
    decoder.finish()
    return {name: digest.hexdigest() for name, digest in digests.items()}, decoder.counters, decoder.details


def test_real_captures_are_conserved_and_the_batch_does_not_matter():
    for path in captures("zeek", "ddos"):
        small, large = replayed(path, 7, 64), replayed(path, 65536, 8192)
        assert small == large, path.name
        counters = dict(small[1])
        assert counters.pop("frames_in") == sum(counters.values()), path.name


def known_reasons():
    return set(re.findall(r"^### `([a-z-]+)`", DOCS.read_text(), re.MULTILINE))


def compare(paths):
    """Return the reasons met, failing on what has none in docs/differential.md."""
    met, unknown = set(), []
    for path in paths:
        try:
            us = ours(path)
        except CaptureError:
            continue
        for why, number, name, one, other in disagreements(us, by_tshark(path)):
            met.add(why)
            if why not in known_reasons():
                unknown.append(f"{path.name} frame {number} {name}: ours {one}, tshark {other}")
    assert not unknown, "\n".join(unknown[:20])
    return met


@pytest.mark.skipif(not has_tshark(), reason="tshark is not installed")
def test_tshark_agrees_but_for_the_documented_reasons():
    assert len(compare(corpus(name) for name in FEW)) >= 3


@pytest.mark.slow
@pytest.mark.skipif(not has_tshark(), reason="tshark is not installed")
@pytest.mark.timeout(3600)
def test_tshark_agrees_on_the_whole_corpus_and_every_documented_reason_occurs():
    folders = ("arkime", "zeek", "malformed", "community-id", "ja4", "log4shell", "adversary", "suricata-verify", "ics")
    assert compare(p for p in captures(*folders) if p.stat().st_size < 1_000_000) >= known_reasons()


@pytest.mark.parametrize(("tool", "limit"), [(by_dpkt, 400), (by_scapy, 40)])
def test_libraries_agree_on_the_outermost_packet(tool, limit):
    compared = 0
    for path in captures("arkime", "zeek")[::6]:
        for frame, row in outermost(path, limit):
            found = tool(frame)
            if found is None:  # behind a link layer that the library does not know
                continue
            assert {name: row[name] for name in found} == found, path.name
            compared += 1
    assert compared > 300
