"""Leak captures with a side or their beginnings missing: nobody is accused on a guess."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import dpkt
import pytest

from columns.codes import Certainty, Severity, labels_of
from pcaps.manifest import load_manifest
from sekisho.settings import default_settings
from tests.support.replay import replay

ROOT = Path(__file__).parents[2]
MANIFEST_ROWS = load_manifest()
LEAKS = [row.name for row in MANIFEST_ROWS.values() if row.zones and row.alerts and row.packets < 2500
         and row.name not in ("demo_day", "fragmented_leak")]  # in the fragments a SYN is not seen by this test
SYN_SEEN = labels_of(Certainty)[Certainty.SYN_SEEN]
CRITICAL = labels_of(Severity)[Severity.CRITICAL]


def transport(frame: bytes) -> tuple[bytes, bytes, object]:
    """Return source and destination address and the transport header of a frame, as far as there are any."""
    packet = dpkt.ethernet.Ethernet(frame).data
    if not isinstance(packet, (dpkt.ip.IP, dpkt.ip6.IP6)):
        return b"", b"", None
    return packet.src, packet.dst, packet.data


def no_syn(frame: bytes, number: int) -> bool:
    """Keep what has no SYN: every connection begins in its middle."""
    data = transport(frame)[2]
    return not (isinstance(data, dpkt.tcp.TCP) and data.flags & dpkt.tcp.TH_SYN)


def upward(frame: bytes, number: int) -> bool:
    """Keep one direction: from the lower address to the higher."""
    src, dst, _ = transport(frame)
    return src <= dst and no_syn(frame, number)


def downward(frame: bytes, number: int) -> bool:
    """Keep the other direction."""
    src, dst, _ = transport(frame)
    return src >= dst and no_syn(frame, number)


@pytest.mark.parametrize("keep", [no_syn, upward, downward], ids=lambda k: k.__name__)
def test_no_critical_alert_comes_of_a_guess(keep: Callable[[bytes, int], bool], capture_of, tmp_path):
    alerts = 0
    for name in LEAKS:
        path = tmp_path / f"{name}.pcap"
        with capture_of(name).open("rb") as source, path.open("wb") as target:
            writer = dpkt.pcap.Writer(target)
            for number, (ts, frame) in enumerate(dpkt.pcap.Reader(source)):
                if keep(frame, number):
                    writer.writepkt(frame, ts)
        settings = default_settings()
        if MANIFEST_ROWS[name].sensor:
            settings = settings.with_section("replay", dataclasses.replace(
                settings.replay, sensor=MANIFEST_ROWS[name].sensor))
        for alert in replay(path, policy=ROOT / MANIFEST_ROWS[name].policy, settings=settings).alerts:
            alerts += 1
            assert alert["severity"] != CRITICAL, (name, alert["why"])
            assert alert["direction_certainty"] != SYN_SEEN, (name, alert["why"])
    assert alerts > 50


def test_the_captures_as_they_are_raise_a_critical_alert(capture_of):
    name = "mynumber_to_internet_established"
    found = replay(capture_of(name), policy=ROOT / MANIFEST_ROWS[name].policy)
    assert CRITICAL in {alert["severity"] for alert in found.alerts}
