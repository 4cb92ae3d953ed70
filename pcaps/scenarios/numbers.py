"""個人番号 in clear text on wires where they have no business, and numbers that only look like them."""

from __future__ import annotations

import base64
from urllib.parse import quote

from pcaps.city import CITY, far
from pcaps.dice import Dice
from pcaps.scene import SECOND, Host, Scene
from pcaps.session import Session

_WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_WIDE = str.maketrans("0123456789-", "０１２３４５６７８９－")


def individual_number(dice: Dice) -> str:
    """Return twelve digits with a right check digit, of nobody in particular."""
    eleven = [dice.below(10) for _ in range(11)]
    rest = sum(d * w for d, w in zip(eleven, _WEIGHTS, strict=True)) % 11
    return "".join(map(str, eleven)) + str(0 if rest <= 1 else 11 - rest)


def corporate_number(dice: Dice) -> str:
    """Return thirteen digits of a 法人番号: public, and no matter for an alert."""
    twelve = [dice.below(10) for _ in range(12)]
    return str(9 - sum(d * (2 - k % 2) for k, d in enumerate(twelve, 1)) % 9) + "".join(map(str, twelve))


def post(scene: Scene, at_us: int, client: Host, server: Host, path: str, body: bytes, kind: str,
         **options: object) -> int:
    """Add a plain HTTP/1.1 POST and its answer; return its end."""
    session = Session(scene, at_us, client, server, 80, **options).open()
    session.say(f"POST {path} HTTP/1.1\r\nHost: asp.kaku.example\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return session.hear(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").close().now


def mail_with_file(scene: Scene, at_us: int, sender: Host, receiver: Host, name: str, data: bytes,
                   **options: object) -> int:
    """Add an SMTP delivery of a mail with one file in base64; return its end."""
    session = Session(scene, at_us, sender, receiver, 25, **options).open()
    session.hear(b"220 mail.kaku.example ESMTP\r\n").say(b"EHLO relay.kaku.example\r\n")
    session.hear(b"250-mail.kaku.example\r\n250 8BITMIME\r\n").say(b"MAIL FROM:<soumu@kaku.example>\r\n")
    session.hear(b"250 2.1.0 Ok\r\n").say(b"RCPT TO:<itaku@kaku.example>\r\n").hear(b"250 2.1.5 Ok\r\n")
    session.say(b"DATA\r\n").hear(b"354 End data with <CR><LF>.<CR><LF>\r\n")
    head = (b"From: soumu@kaku.example\r\nTo: itaku@kaku.example\r\nSubject: meibo\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=kugiri\r\n\r\n--kugiri\r\nContent-Type: text/plain\r\n\r\n"
            b"meibo wo okurimasu\r\n--kugiri\r\nContent-Type: text/csv\r\nContent-Transfer-Encoding: base64\r\n"
            b'Content-Disposition: attachment; filename="' + name.encode() + b'"\r\n\r\n')
    coded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    session.say(head + coded + b"--kugiri--\r\n.\r\n").hear(b"250 2.0.0 Ok: queued\r\n")
    return session.say(b"QUIT\r\n").hear(b"221 2.0.0 Bye\r\n").close().now


def mynumber_in_clear(scene: Scene, at_us: int) -> None:
    """Add three leaks: a form to an ASP, a list in a mail's file to the outside, a table to the Internet."""
    dice = scene.dice
    form = f"shimei={quote('架空花子')}&{quote('個人番号')}={individual_number(dice)}".encode()
    post(scene, at_us, CITY.lgwan_desks[2], CITY.lgwan_asp, "/shinsei", form, "application/x-www-form-urlencoded")
    rows = "".join(f"{k},{individual_number(dice)},{1950 + dice.below(60)}-04-01\r\n" for k in range(1, 31))
    mail_with_file(scene, at_us + 20 * SECOND, CITY.inet_mail, CITY.cloud_mail, "meibo.csv", rows.encode("cp932"))
    numbers = [individual_number(dice) for _ in range(5)]
    table = "氏名\tマイナンバー\r\n" + "".join(
        f"架空{k}\t{'-'.join((n[:4], n[4:8], n[8:])).translate(_WIDE)}\r\n" for k, n in enumerate(numbers))
    post(scene, at_us + 40 * SECOND, CITY.mynumber_desks[4], far("192.0.2.66", 49), "/upload", table.encode("cp932"),
         "text/plain", rtt_us=11_000)


def mynumber_lookalikes(scene: Scene, at_us: int) -> None:
    """Add what is none: numbers within their own zone, and corporate numbers, times, codes and UUIDs elsewhere."""
    dice = scene.dice
    own = "個人番号\r\n" + "".join(individual_number(dice) + "\r\n" for _ in range(20))
    post(scene, at_us, CITY.mynumber_desks[1], CITY.application_server, "/shokai", own.encode(), "text/csv")
    lines = []
    for k in range(60):
        uuid_end, card = f"{dice.bits():016x}-{dice.below(10**12):012d}", f"4000 {k:04d} 1234 {dice.below(10**4):04d}"
        lines.append(f"請求書 法人番号 {corporate_number(dice)} 登録番号T{corporate_number(dice)} "
                     f"日時 20260610{dice.below(24):02d}{dice.below(60):02d} 電話 03-{dice.below(9000) + 1000}-"
                     f"{dice.below(9000) + 1000} JAN 49{dice.below(10**11):011d} 伝票 {dice.below(10**12):012d} "
                     f"{uuid_end} カード {card}\r\n")
    text = "".join(lines)
    post(scene, at_us + 20 * SECOND, CITY.lgwan_desks[3], CITY.lgwan_asp, "/seikyu", text.encode(), "text/plain")
    mail_with_file(scene, at_us + 40 * SECOND, CITY.inet_mail, CITY.cloud_mail, "seikyu.csv", text.encode("cp932"))
