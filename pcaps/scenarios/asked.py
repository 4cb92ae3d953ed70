"""Leaks that names and headers tell of, each with its benign twin."""

from __future__ import annotations

from pcaps import services
from pcaps.city import CITY, SITES, far
from pcaps.dice import opaque
from pcaps.scene import MINUTE, SECOND, Host, Scene
from pcaps.session import Session


def name_leak(scene: Scene, at_us: int) -> None:
    """Add questions for inner names at the outer resolver: LGWAN, proxy discovery, the reverse of an inner address."""
    desk = CITY.inet_desks[3]
    for number, (name, kind) in enumerate((("mail.kaku.lgwan.jp", "A"), ("wpad.kaku.example", "A"),
                                           ("12.5.20.10.in-addr.arpa", "PTR"))):
        services.dns(scene, at_us + number * SECOND, desk, CITY.cloud_dns, name, qtype=kind, exists=False)
    services.web_by_proxy(scene, at_us + 9 * SECOND, desk, CITY.proxy, "asp.lgwan.jp", [(300, 900)])


def name_leak_benign(scene: Scene, at_us: int) -> None:
    """Add the same questions where they belong, and one that only looks alike."""
    services.dns(scene, at_us, CITY.lgwan_desks[3], CITY.lgwan_dns, "mail.kaku.lgwan.jp", address=CITY.lgwan_asp.ip)
    services.dns(scene, at_us + SECOND, CITY.inet_desks[3], CITY.cloud_dns, "lgwan-jp.horei.example")
    services.dns(scene, at_us + 2 * SECOND, CITY.inet_desks[3], CITY.cloud_dns, "80.100.51.198.in-addr.arpa",
                 qtype="PTR", exists=False)


def mail(scene: Scene, at_us: int, sender: Host, receiver: Host, headers: bytes, body: bytes = b"text\r\n") -> int:
    """Add one SMTP delivery with headers of one's own; return its end."""
    session = Session(scene, at_us, sender, receiver, 25).open().hear(b"220 mail.kaku.example ESMTP\r\n")
    session.say(b"EHLO relay.kaku.example\r\n").hear(b"250 mail.kaku.example\r\n")
    session.say(b"MAIL FROM:<soumu@kaku.example>\r\n").hear(b"250 2.1.0 Ok\r\n")
    session.say(b"RCPT TO:<aite@shimbun.example>\r\n").hear(b"250 2.1.5 Ok\r\n")
    session.say(b"DATA\r\n").hear(b"354 go\r\n")
    head = headers + b"From: soumu@kaku.example\r\nTo: aite@shimbun.example\r\nSubject: shiryo\r\n\r\n"
    session.say(head + body + b".\r\n").hear(b"250 2.0.0 Ok\r\n")
    return session.say(b"QUIT\r\n").hear(b"221 2.0.0 Bye\r\n").close().now


def header_leak(scene: Scene, at_us: int) -> None:
    """Add a mail that leaves with the inner hops in its Received headers."""
    mail(scene, at_us, CITY.inet_mail, CITY.cloud_mail,
         b"Received: from soumu-07 ([10.20.1.61]) by net-mail.kaku.example; Wed, 10 Jun 2026 10:00:00 +0900\r\n"
         b"X-Originating-IP: [10.20.1.61]\r\n")


def header_leak_benign(scene: Scene, at_us: int) -> None:
    """Add a mail whose headers name outer hosts only, and a version number that looks like an address."""
    mail(scene, at_us, CITY.inet_mail, CITY.cloud_mail,
         b"Received: from out.kaku.example ([203.0.113.5]) by out.kaku.example (14.3.123.4); "
         b"Wed, 10 Jun 2026 10:00:00 +0900\r\n")


def remote_access(scene: Scene, at_us: int) -> None:
    """Add two remote-access tools: one by its port from the LGWAN zone, one by its name through the proxy."""
    Session(scene, at_us, CITY.lgwan_desks[4], far("192.0.2.130"), 5938, rtt_us=12_000).open().say(
        b"\x17\x24\x0a\x20" + opaque(scene.dice, 60)).hear(b"\x17\x24\x0b\x20" + opaque(scene.dice, 60)).close()
    services.web_by_proxy(scene, at_us + 20 * SECOND, CITY.inet_desks[4], CITY.proxy, "relay-3f.net.anydesk.com",
                          [(400, 3000)])


def remote_access_benign(scene: Scene, at_us: int) -> None:
    """Add the same port within the zone, and a name that only looks alike."""
    Session(scene, at_us, CITY.lgwan_desks[4], CITY.lgwan_directory, 5938, rtt_us=400).refused()
    services.web_by_proxy(scene, at_us + SECOND, CITY.inet_desks[4], CITY.proxy, "anydesk.com.horei.example",
                          [(400, 3000)])


def encrypted_dns(scene: Scene, at_us: int) -> None:
    """Add DNS over HTTPS through the proxy, and a CONNECT that greets somebody else."""
    services.web_by_proxy(scene, at_us, CITY.inet_desks[5], CITY.proxy, "dns.google", [(120, 300)])
    session = Session(scene, at_us + 10 * SECOND, CITY.inet_desks[6], CITY.proxy, 8080, rtt_us=6000).open()
    session.say(b"CONNECT www.bunka.example:443 HTTP/1.1\r\nHost: www.bunka.example:443\r\n\r\n")
    session.hear(b"HTTP/1.1 200 Connection established\r\n\r\n")
    services.tls_exchange(session, "ura.okiba.example", [(400, 900)]).close()


def encrypted_dns_benign(scene: Scene, at_us: int) -> None:
    """Add visits whose CONNECT and greeting agree, also within one domain."""
    services.web_by_proxy(scene, at_us, CITY.inet_desks[5], CITY.proxy, SITES[1], [(120, 300)])
    session = Session(scene, at_us + 10 * SECOND, CITY.inet_desks[6], CITY.proxy, 8080, rtt_us=6000).open()
    session.say(b"CONNECT www.bunka.example:443 HTTP/1.1\r\nHost: www.bunka.example:443\r\n\r\n")
    session.hear(b"HTTP/1.1 200 Connection established\r\n\r\n")
    services.tls_exchange(session, "cdn.bunka.example", [(400, 900)]).close()


def proxy_bypass_benign(scene: Scene, at_us: int) -> None:
    """Add the same site visited through the security cloud."""
    services.web_by_proxy(scene, at_us, CITY.inet_desks[0], CITY.proxy, "video.haishin.example", [(500, 9000)])


def storage_upload(scene: Scene, at_us: int) -> None:
    """Add a transfer site visited through the proxy, and an upload of 2.4 MB straight out of the LGWAN zone."""
    services.web_by_proxy(scene, at_us, CITY.inet_desks[7], CITY.proxy, "115.gigafile.nu", [(40_000, 900)])
    session = Session(scene, at_us + 20 * SECOND, CITY.lgwan_desks[1], far("192.0.2.140"), 443, rtt_us=12_000).open()
    services.tls_exchange(session, "files.okiba.example", [(30_000, 200)] * 80, pause_us=20_000).close()


def storage_upload_benign(scene: Scene, at_us: int) -> None:
    """Add a small upload, and a large download, through the proxy."""
    services.web_by_proxy(scene, at_us, CITY.inet_desks[7], CITY.proxy, "gigafile.horei.example", [(40_000, 900)])
    services.web_by_proxy(scene, at_us + MINUTE, CITY.inet_desks[7], CITY.proxy, SITES[6], [(600, 900_000)])


def direct_updates(scene: Scene, at_us: int) -> None:
    """Add an LGWAN work place that fetches updates from the Internet, and would share them across zones."""
    services.http(scene, at_us, CITY.lgwan_desks[7], far("192.0.2.150"), "au.download.windowsupdate.com",
                  "/c/update.cab", 9000, rtt_us=12_000)
    Session(scene, at_us + 10 * SECOND, CITY.lgwan_desks[7], CITY.inet_desks[7], 7680, rtt_us=900).refused()


def direct_updates_benign(scene: Scene, at_us: int) -> None:
    """Add updates of the Internet zone through the proxy, and sharing within the LGWAN zone."""
    services.web_by_proxy(scene, at_us, CITY.inet_desks[7], CITY.proxy, "sls.update.microsoft.com", [(400, 3000)])
    Session(scene, at_us + 10 * SECOND, CITY.lgwan_desks[7], CITY.lgwan_desks[6], 7680, rtt_us=300).refused()
