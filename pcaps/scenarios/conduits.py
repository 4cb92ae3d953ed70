"""Conduits that are used as agreed, and each in one way as it was not."""

from __future__ import annotations

import base64

from pcaps import services
from pcaps.city import CITY
from pcaps.dice import Dice, opaque
from pcaps.scene import SECOND, Host, Scene, ways
from pcaps.session import Session

_OFFICE = b"PK\x03\x04\x14\x00\x06\x00\x08\x00" + b"\x00" * 20 + b"[Content_Types].xml" + b"word/vbaProject.bin"


def other_application(scene: Scene, at_us: int) -> None:
    """Add SSH on the port by which cleaned files are fetched from the gateway (C03 is for TLS)."""
    session = Session(scene, at_us, CITY.lgwan_desks[1], CITY.gateway_out, 443).open()
    session.hear(b"SSH-2.0-OpenSSH_9.6\r\n").say(b"SSH-2.0-PuTTY_Release_0.81\r\n")
    for _ in range(6):
        session.say(opaque(scene.dice, 900)).hear(opaque(scene.dice, 600))
    session.close()


def other_tenant(scene: Scene, at_us: int) -> None:
    """Add the breakout host on the permitted cloud service, but at another tenant's address (C14)."""
    services.https(scene, at_us, CITY.breakout, CITY.office_cloud, "yoso.share.example", [(500, 900), (24_000, 300)],
                   rtt_us=12_000)


def unsanitized_mail(scene: Scene, at_us: int) -> None:
    """Add a mail that leaves the gateway with a document with macros attached (C05 is for text alone)."""
    letter(scene, at_us, _OFFICE + opaque(scene.dice, 3000))


def excessive_batch(scene: Scene, at_us: int) -> None:
    """Add a nightly batch that sends more than its conduit permits in an hour (C17: 1 MB)."""
    batch(scene, at_us, 70)


def other_mac(scene: Scene, at_us: int) -> None:
    """Add the intake of applications from the address of its server, but from another network card (C12)."""
    impostor = Host(CITY.application_server.ip, vlan=110, mac=b"\x02\x00\x00\x77\x00\x01")
    services.https(scene, at_us, impostor, CITY.intake_server, "shinsei.kaku.example", [(700, 5000)],
                   seen=ways(impostor, CITY.intake_server))


def conduits_kept(scene: Scene, at_us: int) -> None:
    """Add the same conduits used as they were agreed on."""
    services.https(scene, at_us, CITY.lgwan_desks[1], CITY.gateway_out, "mugai.kaku.example", [(500, 30_000)])
    services.https(scene, at_us + 3 * SECOND, CITY.breakout, CITY.office_cloud, "tenant.share.example",
                   [(500, 900), (24_000, 300)], rtt_us=12_000)
    letter(scene, at_us + 6 * SECOND, b"")
    batch(scene, at_us + 9 * SECOND, 30)
    services.https(scene, at_us + 30 * SECOND, CITY.application_server, CITY.intake_server, "shinsei.kaku.example",
                   [(700, 5000)])


def batch(scene: Scene, at_us: int, blocks: int) -> None:
    """Send so many blocks of 16 KiB by SFTP over the conduit of the nightly batch (C17)."""
    session = Session(scene, at_us, CITY.report_server, CITY.report_center, 22, rtt_us=9000).open()
    session.say(b"SSH-2.0-OpenSSH_9.6\r\n").hear(b"SSH-2.0-OpenSSH_9.6\r\n")
    for _ in range(blocks):
        session.say(opaque(scene.dice, 16384)).hear(opaque(scene.dice, 52))
    session.close()


def letter(scene: Scene, at_us: int, attachment: bytes) -> None:
    """Add a mail from the gateway into the LGWAN zone, in MIME with an attachment if there is one."""
    session = Session(scene, at_us, CITY.gateway_mail, CITY.lgwan_mail, 25).open()
    session.hear(b"220 mail.kaku.example ESMTP\r\n").say(b"EHLO gateway.kaku.example\r\n")
    session.hear(b"250-mail.kaku.example\r\n250 8BITMIME\r\n")
    session.say(b"MAIL FROM:<soumu@kaku.example>\r\n").hear(b"250 2.1.0 Ok\r\n")
    session.say(b"RCPT TO:<zeimu@kaku.example>\r\n").hear(b"250 2.1.5 Ok\r\n").say(b"DATA\r\n")
    session.hear(b"354 End data with <CR><LF>.<CR><LF>\r\n")
    session.say(_message(scene.dice, attachment) + b".\r\n").hear(b"250 2.0.0 Ok: queued\r\n")
    session.say(b"QUIT\r\n").hear(b"221 2.0.0 Bye\r\n").close()


def _message(dice: Dice, attachment: bytes) -> bytes:
    head = b"From: soumu@kaku.example\r\nTo: zeimu@kaku.example\r\nSubject: kaigi\r\nMIME-Version: 1.0\r\n"
    text = "会議資料の送付について。\r\n".encode() * 8
    plain = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text
    if not attachment:
        return head + plain
    line = f"kaku-{dice.below(1 << 30):08x}".encode()
    coded = base64.encodebytes(attachment).replace(b"\n", b"\r\n")
    return (head + b'Content-Type: multipart/mixed; boundary="' + line + b'"\r\n\r\n--' + line + b"\r\n" + plain
            + b"--" + line + b"\r\nContent-Type: application/vnd.ms-word.document.macroEnabled.12\r\n"
            + b'Content-Disposition: attachment; filename="shiryo.docm"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
            + coded + b"--" + line + b"--\r\n")
