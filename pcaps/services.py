"""What hosts say to one another: one short function per service, each adding one exchange to a scene."""

from __future__ import annotations

import struct

from pcaps import frames, templates
from pcaps.dice import Dice, opaque
from pcaps.scene import MINUTE, SECOND, Host, Scene, ways
from pcaps.session import Session

TLS_HANDSHAKE, TLS_DATA, TLS_CCS = 22, 23, 20


def tls_record(kind: int, body: bytes) -> bytes:
    """Return one TLS 1.2 record."""
    return struct.pack("!BHH", kind, 0x0303, len(body)) + body


def client_hello(dice: Dice, server_name: str) -> bytes:
    """Return a TLS 1.3 ClientHello with SNI and ALPN (RFC 8446, RFC 6066, RFC 7301)."""
    name = server_name.encode()
    sni = struct.pack("!HHHBH", 0, len(name) + 5, len(name) + 3, 0, len(name)) + name
    alpn = b"\x00\x10\x00\x0e\x00\x0c\x02h2\x08http/1.1"
    groups = b"\x00\x0a\x00\x06\x00\x04\x00\x1d\x00\x17"
    versions = b"\x00\x2b\x00\x03\x02\x03\x04"
    key_share = b"\x00\x33\x00\x26\x00\x24\x00\x1d\x00\x20" + opaque(dice, 32)
    extensions = sni + alpn + groups + versions + key_share
    ciphers = b"\x13\x01\x13\x02\x13\x03\xc0\x2f\xc0\x30"
    body = (b"\x03\x03" + opaque(dice, 32) + b"\x20" + opaque(dice, 32) + struct.pack("!H", len(ciphers)) + ciphers
            + b"\x01\x00" + struct.pack("!H", len(extensions)) + extensions)
    return tls_record(TLS_HANDSHAKE, b"\x01" + len(body).to_bytes(3, "big") + body)


def tls_handshake(session: Session, server_name: str) -> None:
    """Add a full TLS 1.3 handshake: both hellos, the encrypted certificate flight, finished."""
    dice = session.dice
    session.say(client_hello(dice, server_name))
    extensions = b"\x00\x2b\x00\x02\x03\x04" + b"\x00\x33\x00\x24\x00\x1d\x00\x20" + opaque(dice, 32)
    body = (b"\x03\x03" + opaque(dice, 32) + b"\x20" + opaque(dice, 32) + b"\x13\x01\x00"
            + struct.pack("!H", len(extensions)) + extensions)
    hello = tls_record(TLS_HANDSHAKE, b"\x02" + len(body).to_bytes(3, "big") + body)
    change = tls_record(TLS_CCS, b"\x01")
    session.hear(hello + change + tls_record(TLS_DATA, opaque(dice, 2400 + dice.below(900))))
    session.wait(300 + dice.below(700)).say(change + tls_record(TLS_DATA, opaque(dice, 53)))
    session.hear(tls_record(TLS_DATA, opaque(dice, 250)))


def tls_data(dice: Dice, size: int) -> bytes:
    """Return application data of about this size as TLS records."""
    whole, rest = divmod(size, 16384)
    sizes = [16384] * whole + ([rest] if rest else [])
    return b"".join(tls_record(TLS_DATA, opaque(dice, n)) for n in sizes)


def tls_exchange(session: Session, server_name: str, turns: list[tuple[int, int]], pause_us: int = 200_000) -> Session:
    """Add a TLS connection after its opening: each turn sends so many bytes up and so many down."""
    tls_handshake(session, server_name)
    for up, down in turns:
        session.say(tls_data(session.dice, up)).hear(tls_data(session.dice, down))
        session.wait(session.dice.gap(pause_us))
    return session


def https(scene: Scene, at_us: int, client: Host, server: Host, name: str, turns: list[tuple[int, int]],
          *, port: int = 443, **options: object) -> int:
    """Add one HTTPS (or other TLS) connection; return its end."""
    session = Session(scene, at_us, client, server, port, **options).open()
    return tls_exchange(session, name, turns).close(by_client=scene.dice.chance(70)).now


def http(scene: Scene, at_us: int, client: Host, server: Host, name: str, path: str, size: int,
         *, port: int = 80, **options: object) -> int:
    """Add one plain HTTP/1.1 request and its answer; return the end."""
    session = Session(scene, at_us, client, server, port, **options).open()
    session.say(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nUser-Agent: kaku/1.0\r\nAccept: */*\r\n\r\n".encode())
    head = f"HTTP/1.1 200 OK\r\nServer: kaku\r\nContent-Type: text/html\r\nContent-Length: {size}\r\n\r\n".encode()
    body = b"".join(opaque(scene.dice, min(16384, size - at)) for at in range(0, size, 16384))
    return session.hear(head + body).wait(scene.dice.gap(SECOND)).close().now


def web_by_proxy(scene: Scene, at_us: int, client: Host, proxy: Host, name: str, turns: list[tuple[int, int]],
                 **options: object) -> int:
    """Add one web visit through the security cloud's proxy: CONNECT, then TLS; return its end."""
    session = Session(scene, at_us, client, proxy, 8080, **options).open()
    session.say(f"CONNECT {name}:443 HTTP/1.1\r\nHost: {name}:443\r\nProxy-Connection: keep-alive\r\n\r\n".encode())
    session.hear(b"HTTP/1.1 200 Connection established\r\n\r\n")
    return tls_exchange(session, name, turns).close(by_client=scene.dice.chance(70)).now


def mail(scene: Scene, at_us: int, sender: Host, receiver: Host, size: int, **options: object) -> int:
    """Add one SMTP delivery of a plain-text mail; return its end."""
    session = Session(scene, at_us, sender, receiver, 25, **options).open()
    session.hear(b"220 mail.kaku.example ESMTP\r\n").say(b"EHLO relay.kaku.example\r\n")
    session.hear(b"250-mail.kaku.example\r\n250-SIZE 20971520\r\n250 8BITMIME\r\n")
    session.say(b"MAIL FROM:<soumu@kaku.example>\r\n").hear(b"250 2.1.0 Ok\r\n")
    session.say(b"RCPT TO:<zeimu@kaku.example>\r\n").hear(b"250 2.1.5 Ok\r\n").say(b"DATA\r\n")
    session.hear(b"354 End data with <CR><LF>.<CR><LF>\r\n")
    line = "会議資料の送付について。よろしくお願いします。\r\n".encode()
    head = b"From: soumu@kaku.example\r\nTo: zeimu@kaku.example\r\nSubject: kaigi\r\nContent-Type: text/plain\r\n\r\n"
    session.say(head + line * (size // len(line) + 1) + b".\r\n").hear(b"250 2.0.0 Ok: queued\r\n")
    return session.say(b"QUIT\r\n").hear(b"221 2.0.0 Bye\r\n").close().now


def dns(scene: Scene, at_us: int, client: Host, server: Host, name: str, *, qtype: str = "A",
        address: str = "198.51.100.80", rtt_us: int = 1500, exists: bool = True) -> int:
    """Add one DNS question and its answer; return the end."""
    up, down = ways(client, server)
    ident, port = scene.dice.below(65536).to_bytes(2, "big"), scene.port(client)
    scene.udp(at_us, up, port, 53, ident + templates.dns_query(name, qtype)[2:])
    answer = templates.dns_answer(name, qtype, address if exists else "", rcode=0 if exists else 3)
    scene.udp(at_us + rtt_us, down, 53, port, ident + answer[2:])
    return at_us + rtt_us


def ntp(scene: Scene, at_us: int, client: Host, server: Host) -> int:
    """Add one NTP question and its answer; return the end."""
    up, down = ways(client, server)
    rtt_us = 900 + scene.dice.below(800)
    sent = struct.pack("!Q", (at_us // SECOND + 2_208_988_800) << 32 | scene.dice.below(1 << 32))
    scene.udp(at_us, up, 123, 123, templates.ntp(3)[:40] + sent)
    scene.udp(at_us + rtt_us, down, 123, 123, templates.ntp(4)[:16] + sent * 4)
    return at_us + rtt_us


def screen_transfer(scene: Scene, at_us: int, client: Host, server: Host, minutes: int, **options: object) -> int:
    """Add one RDP session: X.224 request, TLS, then many screen updates and few keystrokes; return its end."""
    session = Session(scene, at_us, client, server, 3389, **options).open()
    session.say(b"\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00")
    session.hear(b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x00\x08\x00\x02\x00\x00\x00")
    tls_handshake(session, "vdi.kaku.example")
    end = session.now + minutes * MINUTE
    while session.now < end:
        session.say(tls_data(scene.dice, 60 + scene.dice.below(90)))
        session.hear(tls_data(scene.dice, scene.dice.pick((300, 900, 1400, 4200, 11000))))
        session.wait(scene.dice.gap(15 * SECOND))
    return session.close().now


def rdp_datagram(dice: Dice, number: int, acknowledged: int, size: int) -> bytes:
    """Return an RDP-UDP data packet ([MS-RDPEUDP] 2.2.2) around one DTLS record."""
    head = struct.pack("!IHH", acknowledged, 64, 0x000C) + b"\x00\x01\x01\x00" + struct.pack("!II", number, number)
    return head + struct.pack("!BHHIHH", TLS_DATA, 0xFEFD, 1, 0, number & 0xFFFF, size) + opaque(dice, size)


def screen_transfer_udp(scene: Scene, at_us: int, client: Host, server: Host, seconds: int) -> int:
    """Add the UDP channel of an RDP session; return its end."""
    up, down = ways(client, server)
    dice, port, now, end = scene.dice, scene.port(client), at_us, at_us + seconds * SECOND
    sent, received = dice.below(1 << 31), dice.below(1 << 31)
    while now < end:
        sent += 1
        scene.udp(now, up, port, 3389, rdp_datagram(dice, sent, received, 80 + dice.below(60)))
        for _ in range(1 + dice.below(4)):
            now, received = now + 1500 + dice.below(900), received + 1
            scene.udp(now, down, 3389, port, rdp_datagram(dice, received, sent, 1180))
        now += dice.gap(2 * SECOND)
    return now


def smb(dice: Dice, size: int) -> bytes:
    """Return an encrypted SMB 3 message of this size behind its transform header ([MS-SMB2] 2.2.41)."""
    head = b"\xfdSMB" + opaque(dice, 32) + struct.pack("<IHH", size, 0, 1) + bytes(8)
    return struct.pack("!I", len(head) + size) + head + opaque(dice, size)


def file_share(scene: Scene, at_us: int, client: Host, server: Host, reads: int, **options: object) -> int:
    """Add one SMB connection within a zone: reads of some files; return its end."""
    session = Session(scene, at_us, client, server, 445, **options).open()
    session.say(smb(scene.dice, 170)).hear(smb(scene.dice, 240))
    for _ in range(reads):
        session.say(smb(scene.dice, 113)).hear(smb(scene.dice, scene.dice.pick((420, 3000, 12000))))
        session.wait(scene.dice.gap(3 * SECOND))
    return session.reset(by_client=True).now if scene.dice.chance(15) else session.close().now


def ping(scene: Scene, at_us: int, client: Host, server: Host, count: int, *, answered: bool = True) -> int:
    """Add echo requests a second apart, and their replies; return the end."""
    up, down = ways(client, server)
    ident, data = scene.dice.below(65536), bytes(range(0x61, 0x77)) + bytes(range(0x61, 0x6b))
    for seq in range(count):
        now = at_us + seq * SECOND + scene.dice.below(3000)
        request = frames.echo(up, reply=False, ident=ident, seq=seq + 1, payload=data)
        scene.add(now, frames.frame(up, frames.icmp_proto(up), request, ip_id=scene.dice.below(65536)))
        if answered:
            reply = frames.echo(down, reply=True, ident=ident, seq=seq + 1, payload=data)
            later = now + 700 + scene.dice.below(900)
            scene.add(later, frames.frame(down, frames.icmp_proto(down), reply, ip_id=scene.dice.below(65536)))
    return at_us + count * SECOND
