"""Which scenarios there are, when they take place, and what goes on around them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import NamedTuple

from pcaps import day
from pcaps.scenarios import asked, benign, between, channels, conduits, floods, leaks, numbers, scans, segments
from pcaps.scene import MINUTE, SECOND, WORKING_DAY, Scene, clock

AFTER_REVIEW_BY = datetime.date(2026, 10, 14)
"""A Wednesday two weeks after the review-by date of conduit C10."""


class Plan(NamedTuple):
    """What happens (one minute after the start), and so many minutes of a busy office around it."""

    act: Callable[[Scene, int], None]
    start: str = "10:00"
    minutes: int = 5
    date: datetime.date = WORKING_DAY



PLANS = {
    "busy_server": Plan(benign.busy_server, "14:00", 2),
    "fragments": Plan(benign.fragments, "10:30", 2),
    "midstream": Plan(benign.midstream, "11:00", 2),
    "silent_host": Plan(benign.silent_host, "08:40", 4),
    "port_scan": Plan(scans.port_scan),
    "udp_scan": Plan(scans.udp_scan, "15:30", 3),
    "host_sweep": Plan(scans.host_sweep),
    "sweep_ipv6": Plan(scans.sweep_ipv6, "15:00", 3),
    "patient_sweep": Plan(scans.patient_sweep, "11:00", 3),
    "slow_scan": Plan(scans.slow_scan, "13:00", 4),
    "syn_flood": Plan(floods.syn_flood, "11:20", 3),
    "syn_flood_spoofed": Plan(floods.syn_flood_spoofed, "11:30", 2),
    "udp_flood": Plan(floods.udp_flood, "11:40", 3),
    "icmp_flood": Plan(floods.icmp_flood, "13:20", 3),
    "carpet_bombing": Plan(floods.carpet_bombing, "16:00", 3),
    "mynumber_to_internet_attempted": Plan(leaks.mynumber_to_internet_attempted, "09:10"),
    "mynumber_to_internet_established": Plan(leaks.mynumber_to_internet_established, "09:20"),
    "fragmented_leak": Plan(leaks.fragmented_leak, "09:30", 3),
    "lgwan_to_internet_no_conduit": Plan(leaks.lgwan_to_internet_no_conduit, "09:40"),
    "wrong_initiator": Plan(leaks.wrong_initiator, "14:30"),
    "expired_conduit": Plan(leaks.expired_conduit, "10:10", 5, AFTER_REVIEW_BY),
    "out_of_hours": Plan(leaks.out_of_hours, "20:30", 2),
    "unattributed": Plan(leaks.unattributed, "15:10"),
    "second_interface": Plan(leaks.second_interface, "15:40", 3),
    "smb_across_zones": Plan(leaks.smb_across_zones, "16:05", 3),
    "proxy_bypass": Plan(leaks.proxy_bypass, "16:10", 3),
    "vpn_tunnel": Plan(leaks.vpn_tunnel, "16:15", 3),
    "tunnel_6in4": Plan(leaks.tunnel_6in4, "16:20"),
    "rfc1918_at_edge": Plan(leaks.rfc1918_at_edge, "16:40"),
    "mynumber_in_clear": Plan(numbers.mynumber_in_clear, "13:30", 3),
    "mynumber_lookalikes": Plan(numbers.mynumber_lookalikes, "13:40", 3),
    "conduits_kept": Plan(conduits.conduits_kept, "22:10", 2),
    "other_application": Plan(conduits.other_application, "10:20", 2),
    "other_tenant": Plan(conduits.other_tenant, "10:25", 2),
    "unsanitized_mail": Plan(conduits.unsanitized_mail, "10:40", 2),
    "excessive_batch": Plan(conduits.excessive_batch, "22:20", 2),
    "other_mac": Plan(conduits.other_mac, "10:50", 2),
}
"""The scenarios that are an incident, or a benign rush, in front of a few busy minutes."""


def _pair(act: Callable[[Scene, int], None], benign_twin: Callable[[Scene, int], None], start: str) -> dict[str, Plan]:
    """Return a leak and its benign twin, with nothing around them: the ordinary day is a scenario of its own."""
    return {act.__name__: Plan(act, start, 0), f"{act.__name__}_benign": Plan(benign_twin, start, 0)}


_TWINS = (
    (segments.dual_homed, segments.dual_homed_benign), (segments.trunk_leak, segments.trunk_leak_benign),
    (segments.route_leak, segments.route_leak_benign), (segments.rogue_nat, segments.rogue_nat_benign),
    (segments.rogue_dhcp, segments.rogue_dhcp_benign), (asked.name_leak, asked.name_leak_benign),
    (asked.header_leak, asked.header_leak_benign), (segments.rogue_ipv6, segments.rogue_ipv6_benign),
    (channels.ipsec_tunnel, channels.ipsec_tunnel_benign), (asked.remote_access, asked.remote_access_benign),
    (asked.encrypted_dns, asked.encrypted_dns_benign), (channels.side_channel, channels.side_channel_benign),
    (between.mail_skips_gateway, between.mail_skips_gateway_benign),
    (between.cdr_failed, between.cdr_failed_benign),
    (channels.stepping_stone, channels.stepping_stone_benign), (channels.relay, channels.relay_benign),
    (channels.dns_tunnel, channels.dns_tunnel_benign), (channels.icmp_tunnel, channels.icmp_tunnel_benign),
    (channels.ntp_misuse, channels.ntp_misuse_benign), (channels.stray_answers, channels.stray_answers_benign),
    (asked.storage_upload, asked.storage_upload_benign), (between.shared_printer, between.shared_printer_benign),
    (asked.direct_updates, asked.direct_updates_benign), (between.shared_storage, between.shared_storage_benign),
    (between.vendor_drift, between.vendor_drift_benign), (between.above_usual, between.above_usual_benign),
    (segments.monitor_bridges, segments.monitor_bridges_benign),
)
for _act, _twin in _TWINS:
    PLANS |= _pair(_act, _twin, "13:00")
PLANS |= {
    "rfc1918_at_edge_benign": Plan(segments.rfc1918_at_edge_benign, "16:40", 0),
    "tethering_benign": Plan(segments.tethering_benign, "15:10", 0),
    "proxy_bypass_benign": Plan(asked.proxy_bypass_benign, "16:10", 0),
    "wrong_initiator_benign": Plan(between.wrong_initiator_benign, "14:30", 0),
    "smb_across_zones_benign": Plan(between.smb_across_zones_benign, "16:05", 0),
}
"""Benign twins of leaks that stand above."""

DEMO_INCIDENTS = (
    ("09:20:30", leaks.mynumber_to_internet_established), ("10:05:10", leaks.expired_conduit),
    ("10:48", scans.port_scan), ("11:31:20", floods.syn_flood), ("13:12:40", leaks.wrong_initiator),
    ("14:26", scans.host_sweep), ("15:02:15", leaks.tunnel_6in4), ("15:40:40", leaks.rfc1918_at_edge),
    ("16:20", floods.udp_flood), ("16:55:30", leaks.lgwan_to_internet_no_conduit),
    ("20:30", leaks.out_of_hours),
)
"""What goes wrong on the day of the demonstration."""


def ordinary_day(scene: Scene) -> None:
    """Add a whole working day on which nothing is wrong."""
    day.whole_day(scene)


def demo_day(scene: Scene) -> None:
    """Add a working day with incidents; its updates are left out, for their conduit has expired."""
    day.whole_day(scene, AFTER_REVIEW_BY, updates=False)
    for time, act in DEMO_INCIDENTS:
        act(scene, clock(time, AFTER_REVIEW_BY))


NAMES = ("ordinary_day", *PLANS, "demo_day")


def generate(name: str, seed: int) -> Scene:
    """Return the scene of a scenario; the same name and seed give the same frames. KeyError for an unknown name."""
    scene = Scene(name, seed)
    if name in ("ordinary_day", "demo_day"):
        {"ordinary_day": ordinary_day, "demo_day": demo_day}[name](scene)
        return scene
    plan = PLANS[name]
    start = clock(plan.start, plan.date)
    day.habits(scene, start, start + plan.minutes * MINUTE, busy=5, updates=plan.date == WORKING_DAY)
    plan.act(scene, start + MINUTE + scene.dice.below(SECOND))
    return scene
