"""Services and volumes between zones, each with its benign twin."""

from __future__ import annotations

from pcaps import services
from pcaps.city import CITY, own
from pcaps.dice import opaque
from pcaps.scene import MINUTE, SECOND, Scene
from pcaps.session import Session

PRINTER = own("10.20.1.200", 120, ttl=64)
WEEK = 7 * 24 * 60 * MINUTE


def mail_skips_gateway(scene: Scene, at_us: int) -> None:
    """Add mail from the security cloud straight to the LGWAN mail server, and an attempt of the Internet zone's."""
    services.mail(scene, at_us, CITY.cloud_mail, CITY.lgwan_mail, 3000)
    Session(scene, at_us + 20 * SECOND, CITY.inet_mail, CITY.lgwan_mail, 25, rtt_us=900).refused()


def mail_skips_gateway_benign(scene: Scene, at_us: int) -> None:
    """Add mail by the right way: security cloud, Internet zone, gateway, LGWAN zone."""
    end = services.mail(scene, at_us, CITY.cloud_mail, CITY.inet_mail, 3000)
    end = services.mail(scene, end + SECOND, CITY.inet_mail, CITY.gateway_mail, 3000)
    services.mail(scene, end + SECOND, CITY.gateway_mail, CITY.lgwan_mail, 1000)


def download(scene: Scene, at_us: int, kind: str, body: bytes) -> None:
    """Fetch a cleaned file from the gateway by plain HTTP, as where TLS ends before the sensor."""
    session = Session(scene, at_us, CITY.lgwan_desks[1], CITY.gateway_out, 443, rtt_us=700).open()
    session.say(b"GET /out/shiryo HTTP/1.1\r\nHost: out.mugai.kaku.example\r\n\r\n")
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    session.hear(head + body).close()


def cdr_failed(scene: Scene, at_us: int) -> None:
    """Add a program that leaves the sanitizing gateway as it came (the file is no TLS, which the conduit asks for)."""
    program = b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + opaque(scene.dice, 9000)
    download(scene, at_us, "application/octet-stream", program)


def cdr_failed_benign(scene: Scene, at_us: int) -> None:
    """Add a file fetched as the conduit permits."""
    services.https(scene, at_us, CITY.lgwan_desks[1], CITY.gateway_out, "out.mugai.kaku.example", [(500, 9000)],
                   rtt_us=700)


def wrong_initiator_benign(scene: Scene, at_us: int) -> None:
    """Add the screen transfer opened from the right side."""
    services.screen_transfer(scene, at_us, CITY.lgwan_desks[2], CITY.screens[2], 1, rtt_us=900)


def printing(scene: Scene, at_us: int, client: object) -> None:
    """Print a page."""
    session = Session(scene, at_us, client, PRINTER, 9100, rtt_us=400).open()
    session.say(opaque(scene.dice, 5000)).hear(b"@PJL READY\r\n").close()


def shared_printer(scene: Scene, at_us: int) -> None:
    """Add a printer of the LGWAN zone that the Internet zone uses, too, and that sends a scan there."""
    printing(scene, at_us, CITY.lgwan_desks[2])
    printing(scene, at_us + 20 * SECOND, CITY.inet_desks[2])
    services.file_share(scene, at_us + 40 * SECOND, PRINTER, CITY.inet_directory, 1, rtt_us=700)


def shared_printer_benign(scene: Scene, at_us: int) -> None:
    """Add a printer that its own zone uses, and its scans to a share there."""
    printing(scene, at_us, CITY.lgwan_desks[2])
    printing(scene, at_us + 20 * SECOND, CITY.lgwan_desks[3])
    services.file_share(scene, at_us + 40 * SECOND, PRINTER, CITY.lgwan_directory, 1, rtt_us=400)


def smb_across_zones_benign(scene: Scene, at_us: int) -> None:
    """Add file sharing within each zone."""
    services.file_share(scene, at_us, CITY.inet_desks[2], CITY.inet_directory, 2, rtt_us=400)
    services.file_share(scene, at_us + 9 * SECOND, CITY.lgwan_desks[2], CITY.lgwan_directory, 2, rtt_us=400)


def shared_storage(scene: Scene, at_us: int) -> None:
    """Add iSCSI from the Internet zone to a storage of the LGWAN zone, and an attempt of a backup agent."""
    session = Session(scene, at_us, CITY.inet_directory, own("10.20.8.10", 120), 3260, rtt_us=500).open()
    session.say(b"\x43\x87" + bytes(46) + opaque(scene.dice, 300)).hear(b"\x23\x87" + bytes(46)).close()
    Session(scene, at_us + 9 * SECOND, CITY.inet_directory, own("10.20.8.11", 120), 13782, rtt_us=500).knock(tries=2)


def shared_storage_benign(scene: Scene, at_us: int) -> None:
    """Add iSCSI within the LGWAN zone."""
    session = Session(scene, at_us, CITY.lgwan_directory, own("10.20.8.10", 120), 3260, rtt_us=500).open()
    session.say(b"\x43\x87" + bytes(46) + opaque(scene.dice, 300)).hear(b"\x23\x87" + bytes(46)).close()


def vendor_drift(scene: Scene, at_us: int) -> None:
    """Add the maintenance vendor that tries remote desktop beside the SSH that its conduit permits."""
    session = Session(scene, at_us, CITY.vendor, CITY.business_server, 3389, rtt_us=9000).open()
    session.say(b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00")
    session.hear(b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x00\x08\x00\x02\x00\x00\x00").close()


def vendor_drift_benign(scene: Scene, at_us: int) -> None:
    """Add the vendor as its conduit permits: SSH, in working hours."""
    session = Session(scene, at_us, CITY.vendor, CITY.business_server, 22, rtt_us=9000).open()
    session.hear(b"SSH-2.0-OpenSSH_9.6\r\n").say(b"SSH-2.0-OpenSSH_9.3\r\n").close()


def weekly(scene: Scene, at_us: int, last: int) -> None:
    """Add the exchange with the intermediate server at the same hour of five weeks; so many bytes in the last."""
    for week in range(5):
        size = last if week == 4 else 60_000 + scene.dice.below(20_000)
        services.https(scene, at_us + week * WEEK, CITY.exchange_server, CITY.intermediate_server,
                       "chukan.lgwan.example", [(size, 2800)], rtt_us=8000)


def above_usual(scene: Scene, at_us: int) -> None:
    """Add a conduit that carries 1.5 MB in an hour in which it carries 70 kB otherwise."""
    weekly(scene, at_us, 1_500_000)


def above_usual_benign(scene: Scene, at_us: int) -> None:
    """Add a conduit that carries twice as much as usual: not yet worth a word."""
    weekly(scene, at_us, 140_000)
