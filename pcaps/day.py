"""The ordinary working day: what a healthy city does, all of it permitted by the policy."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import NamedTuple

from pcaps import neighbourhood, services
from pcaps.city import CITY, PRIVATE_LINE_MAC, SITES, router_of
from pcaps.dice import opaque
from pcaps.scene import MINUTE, SECOND, WORKING_DAY, Host, Scene, clock, ways
from pcaps.session import Session

VISIT_TURNS = ((420, 1800), (600, 5200), (350, 900), (900, 14000))


def turns(scene: Scene, most: int = 3) -> list[tuple[int, int]]:
    """Return some requests and answers of a web visit, as bytes up and down."""
    return [scene.dice.pick(VISIT_TURNS) for _ in range(1 + scene.dice.below(most))]


def browse(scene: Scene, at_us: int) -> None:
    """Visit a site through the security cloud: a name looked up, then CONNECT."""
    client, site = scene.dice.pick(CITY.inet_desks), scene.dice.pick(SITES)
    at_us = services.dns(scene, at_us, client, CITY.cloud_dns, site)
    services.web_by_proxy(scene, at_us + 3000, client, CITY.proxy, site, turns(scene), rtt_us=6000, lossy=1)


def browse6(scene: Scene, at_us: int) -> None:
    """Visit a site through the security cloud over IPv6."""
    client, site = scene.dice.pick(CITY.inet_desks6), scene.dice.pick(SITES)
    services.web_by_proxy(scene, at_us, client, CITY.proxy6, site, turns(scene), rtt_us=7000)


def look_up(scene: Scene, at_us: int) -> None:
    """Look up names in the Internet zone, now and then one that does not exist."""
    client = scene.dice.pick(CITY.inet_desks)
    exists = not scene.dice.chance(8)
    name = scene.dice.pick(SITES) if exists else "old-printer.kaku.example"
    services.dns(scene, at_us, client, CITY.cloud_dns, name, rtt_us=5000, exists=exists)
    if exists:
        services.dns(scene, at_us + 300, client, CITY.cloud_dns, name, qtype="AAAA", address="2001:db8:98::80")


def look_up_lgwan(scene: Scene, at_us: int) -> None:
    """Look up a name of the LGWAN."""
    services.dns(scene, at_us, scene.dice.pick(CITY.lgwan_desks), CITY.lgwan_dns, "asp.lgwan.example",
                 address=CITY.lgwan_asp.ip)


def set_clocks(scene: Scene, at_us: int) -> None:
    """Ask the time in both zones."""
    services.ntp(scene, at_us, CITY.inet_directory, CITY.cloud_ntp)
    services.ntp(scene, at_us + 2 * SECOND, CITY.lgwan_directory, CITY.lgwan_ntp)


def use_asp(scene: Scene, at_us: int) -> None:
    """Use an LGWAN-ASP service by TLS, sometimes by plain HTTP."""
    client = scene.dice.pick(CITY.lgwan_desks)
    if scene.dice.chance(20):
        services.http(scene, at_us, client, CITY.lgwan_asp, "asp.lgwan.example", "/oshirase", 6000)
    else:
        services.https(scene, at_us, client, CITY.lgwan_asp, "asp.lgwan.example", turns(scene), rtt_us=5000)


def mail_from_outside(scene: Scene, at_us: int) -> None:
    """Pass one mail along: security cloud, Internet zone, sanitizing gateway as text, LGWAN zone (C07, C04, C05)."""
    size = 900 + scene.dice.below(5000)
    end = services.mail(scene, at_us, CITY.cloud_mail, CITY.inet_mail, size * 3)
    end = services.mail(scene, end + 2 * SECOND, CITY.inet_mail, CITY.gateway_mail, size * 3)
    services.mail(scene, end + 4 * SECOND, CITY.gateway_mail, CITY.lgwan_mail, size)


def mail_to_outside(scene: Scene, at_us: int) -> None:
    """Send a mail to the security cloud (C18) and one over the LGWAN (C09)."""
    services.mail(scene, at_us, CITY.inet_mail, CITY.cloud_mail, 2400)
    services.mail(scene, at_us + 40 * SECOND, CITY.lgwan_mail, CITY.lgwan_mail_hub, 1800)


def watch_screen(scene: Scene, at_us: int) -> None:
    """Browse from an LGWAN work place by screen transfer (C01), with its UDP channel now and then."""
    number = scene.dice.below(len(CITY.lgwan_desks))
    client, screen = CITY.lgwan_desks[number], CITY.screens[number]
    services.screen_transfer(scene, at_us, client, screen, 6 + scene.dice.below(12), rtt_us=900)
    if scene.dice.chance(40):
        services.screen_transfer_udp(scene, at_us + 5 * SECOND, client, screen, 25)


def clean_file(scene: Scene, at_us: int) -> None:
    """Hand a file to the sanitizing gateway (C02) and fetch it cleaned from the other side (C03)."""
    size, desk = scene.dice.pick((18_000, 40_000, 75_000)), scene.dice.pick(CITY.inet_desks)
    end = services.https(scene, at_us, desk, CITY.gateway_in, "in.mugai.kaku.example",
                         [(700, 3000), (size, 400)], rtt_us=700)
    services.https(scene, end + 3 * MINUTE, scene.dice.pick(CITY.lgwan_desks), CITY.gateway_out,
                   "out.mugai.kaku.example", [(700, 3000), (500, size)], rtt_us=700)


def resident_records(scene: Scene, at_us: int) -> None:
    """Work on resident records in the government cloud over the private line (C13), beyond the zone's router."""
    client = scene.dice.pick(CITY.mynumber_desks)
    seen = ways(client, CITY.govcloud, vlan=111, client_mac=client.router_mac, server_mac=PRIVATE_LINE_MAC)
    services.https(scene, at_us, client, CITY.govcloud, "juki.gov-cloud.example", turns(scene, 4), rtt_us=9000,
                   seen=seen)


def exchange(scene: Scene, at_us: int) -> None:
    """Ask the intermediate server for another body's record (C11)."""
    services.https(scene, at_us, CITY.exchange_server, CITY.intermediate_server, "chukan.lgwan.example",
                   [(1500, 2800)], rtt_us=8000)


def fetch_applications(scene: Scene, at_us: int) -> None:
    """Fetch electronic applications from the LGWAN zone (C12), a batch."""
    services.https(scene, at_us, CITY.application_server, CITY.intake_server, "shinsei.kaku.example",
                   [(600, 1200), (500, 26_000)], rtt_us=600)


def visit_city(scene: Scene, at_us: int) -> None:
    """Let a citizen read the city's site: the security cloud's WAF asks the public server (C08)."""
    services.http(scene, at_us, scene.dice.pick(CITY.waf), CITY.public_web, "www.kaku.example",
                  scene.dice.pick(("/", "/kurashi", "/bosai", "/gomi")), scene.dice.pick((2400, 7000, 15_000)),
                  rtt_us=400)


def break_out(scene: Scene, at_us: int) -> None:
    """Use the office cloud by the local breakout (C14)."""
    services.https(scene, at_us, CITY.breakout, CITY.office_cloud, "tenant.share.example", turns(scene), rtt_us=12_000)


def update(scene: Scene, at_us: int) -> None:
    """Fetch updates (C10)."""
    services.http(scene, at_us, CITY.update_server, CITY.update_platform, "update.lgwan.example", "/selfupdate",
                  70_000, port=8530, rtt_us=5000)


def share_files(scene: Scene, at_us: int) -> None:
    """Read files from the zone's own server; within a zone nothing is judged."""
    desks, server = scene.dice.pick((
        (CITY.lgwan_desks, CITY.lgwan_directory), (CITY.mynumber_desks, CITY.mynumber_directory),
        (CITY.inet_desks, CITY.inet_directory)))
    services.file_share(scene, at_us, scene.dice.pick(desks), server, 1 + scene.dice.below(4), rtt_us=400)


def fail(scene: Scene, at_us: int) -> None:
    """Print to a printer that is off, or ask a server for a service it has not: nothing is quite healthy."""
    client = scene.dice.pick(CITY.lgwan_desks)
    if scene.dice.chance(50):
        Session(scene, at_us, client, Host("10.20.1.200", vlan=120), 9100).knock(tries=3)
    else:
        Session(scene, at_us, client, CITY.lgwan_directory, 5985, rtt_us=300).refused()


def check_line(scene: Scene, at_us: int) -> None:
    """Ping the security cloud (C06)."""
    services.ping(scene, at_us, CITY.inet_directory, CITY.cloud_dns, 4)


def murmur(scene: Scene, at_us: int) -> None:
    """Add what segments say by themselves."""
    desk = scene.dice.pick(CITY.lgwan_desks + CITY.inet_desks + CITY.mynumber_desks)
    neighbourhood.arp(scene, at_us, desk, router_of(desk))
    if scene.dice.chance(30):
        neighbourhood.neighbour(scene, at_us + 90_000, desk, router_of(desk))
    if scene.dice.chance(20):
        neighbourhood.mdns(scene, at_us + 400_000, desk)
    if scene.dice.chance(20):
        neighbourhood.spanning_tree(scene, at_us + 700_000, desk.router_mac)


class Habit(NamedTuple):
    """Something that happens again and again, with its mean time between."""

    mean_s: int
    act: Callable[[Scene, int], None]


HABITS = (
    Habit(900, browse), Habit(5000, browse6), Habit(240, look_up), Habit(360, look_up_lgwan), Habit(1024, set_clocks),
    Habit(1600, use_asp), Habit(3000, mail_from_outside), Habit(6000, mail_to_outside), Habit(9000, watch_screen),
    Habit(9000, clean_file), Habit(2000, resident_records), Habit(3200, exchange), Habit(7000, fetch_applications),
    Habit(900, visit_city), Habit(2600, break_out), Habit(2000, share_files), Habit(3000, fail),
    Habit(6000, check_line), Habit(300, murmur),
)
UPDATES = Habit(9000, update)
"""Left out after the review-by date of its conduit has passed."""


def send_logs(scene: Scene, start_us: int, end_us: int, every_us: int = 4 * MINUTE) -> None:
    """Keep one connection to the log server open and send a few lines now and then (C15)."""
    session = Session(scene, start_us, CITY.log_forwarder, CITY.log_server, 6514, rtt_us=500).open()
    services.tls_handshake(session, "log.kaku.example")
    while session.now < end_us:
        session.say(services.tls_data(scene.dice, 200 + scene.dice.below(1100))).wait(every_us)
    session.close()


def switch_on(scene: Scene, at_us: int) -> None:
    """Start the working day: DHCP in every zone."""
    for desk in CITY.mynumber_desks[:2] + CITY.lgwan_desks[:3] + CITY.inet_desks[:3]:
        neighbourhood.dhcp(scene, at_us + scene.dice.below(10 * MINUTE), desk, router_of(desk))


def maintain(scene: Scene, at_us: int, minutes: int) -> None:
    """Let the maintenance vendor work on a server by SSH (C16)."""
    session = Session(scene, at_us, CITY.vendor, CITY.business_server, 22, rtt_us=9000).open()
    session.hear(b"SSH-2.0-OpenSSH_9.6\r\n").say(b"SSH-2.0-OpenSSH_9.3\r\n")
    end = session.now + minutes * MINUTE
    while session.now < end:
        session.say(opaque(scene.dice, 64)).hear(opaque(scene.dice, 64 + 36 * scene.dice.below(30)))
        session.wait(scene.dice.gap(30 * SECOND))
    session.close()


def nightly_batch(scene: Scene, at_us: int, size: int = 120_000) -> None:
    """Send the day's reports by SFTP at night (C17)."""
    session = Session(scene, at_us, CITY.report_server, CITY.report_center, 22, rtt_us=9000).open()
    session.say(b"SSH-2.0-OpenSSH_9.6\r\n").hear(b"SSH-2.0-OpenSSH_9.6\r\n")
    for _ in range(4):
        session.say(opaque(scene.dice, size // 4)).hear(opaque(scene.dice, 52))
    session.close()


def habits(scene: Scene, start_us: int, end_us: int, *, busy: int = 1, updates: bool = True) -> None:
    """Add everybody's habits between two times; ``busy`` times as many of them as on an ordinary day."""
    for habit in (*HABITS, UPDATES) if updates else HABITS:
        mean_us = habit.mean_s * SECOND // busy
        at_us = start_us + scene.dice.gap(mean_us)
        while at_us < end_us:
            habit.act(scene, at_us)
            at_us += scene.dice.gap(mean_us)


def whole_day(scene: Scene, day: datetime.date = WORKING_DAY, *, updates: bool = True) -> None:
    """Add a working day from 08:30 to 17:15 and the batch of the night."""
    start, end = clock("08:30", day), clock("17:15", day)
    switch_on(scene, start)
    habits(scene, start, end, updates=updates)
    send_logs(scene, start + 5 * SECOND, end)
    maintain(scene, clock("13:40", day), 20)
    nightly_batch(scene, clock("22:10", day))
