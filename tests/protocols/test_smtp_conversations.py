"""SMTP conversations and the mail in them."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as tested
from hypothesis import strategies as st

from columns.app import AppProto
from sensor.protocols.files import FileSettings
from sensor.protocols.mime.headers import addresses, parameters, readable
from sensor.protocols.mime.message import MimeSettings
from sensor.protocols.parser import Handover
from sensor.protocols.smtp import SmtpParser, SmtpSettings, probe
from sensor.protocols.smtp.dots import Dots
from tests.support.conversations import FLOW, Heard, cut, hear

C, S = True, False
ATTACHED = b"%PDF-1.7 " + bytes(range(256)) * 4
MAIL = (
    b"From: =?utf-8?q?J=C3=BCrgen?= <j@x>\r\nTo: \"A, B\" <a@y>,\r\n c@z\r\nSubject: =?iso-8859-1?B?" +
    base64.b64encode("Grüße".encode("latin-1")) + b"?=\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=\"o\"\r\n\r\npreamble\r\n--o\r\n"
    b"Content-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\nsee http://exa=\r\nmple.com/a?b.\r\n..dot\r\n--i--\r\n--o\r\n"
    b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment;\r\n filename*0*=utf-8''r%C3%A9;\r\n filename*1=sum.pdf\r\n\r\n" +
    base64.encodebytes(ATTACHED).replace(b"\n", b"\r\n") + b"--o--\r\n"
)
HELLO = [(S, b"220 mx ESMTP\r\n"), (C, b"EHLO me\r\n"), (S, b"250-mx\r\n250 PIPELINING\r\n")]
ENVELOPE = [(C, b"MAIL FROM:<j@x> SIZE=9\r\n"), (S, b"250 ok\r\n"), (C, b"RCPT TO:<a@y>\r\n"), (S, b"250 ok\r\n"),
            (C, b"RCPT TO:<no@y>\r\n"), (S, b"550 no\r\n")]
SENT = [(C, b"DATA\r\n"), (S, b"354 go\r\n"), (C, MAIL + b".\r\n"), (S, b"250 queued\r\n")]
BYE = [(C, b"QUIT\r\n"), (S, b"221 bye\r\n")]


def only(heard: Heard) -> dict[str, Any]:
    assert len(heard.table("smtp")) == 1, heard.rows
    return heard.table("smtp")[0]


def test_a_mail_with_an_attachment() -> None:
    said_settings = SmtpSettings(files=FileSettings(hashes=("md5",)), md5=True)
    heard = hear(SmtpParser, [*HELLO, *ENVELOPE, *SENT, *BYE], said_settings)
    row = only(heard)
    body = MAIL.partition(b"\r\n\r\n")[2].replace(b"\n..", b"\n.")
    assert row["body_md5"] == hashlib.md5(body).hexdigest()
    assert (row["helo"], row["mail_from"], row["banner"], row["reply_code"]) == ("me", "<j@x>", "mx ESMTP", 250)
    assert json.loads(row["rcpt_to"]) == ["<a@y>", "<no@y>"]
    assert json.loads(row["rejected"]) == ["<no@y>"]
    assert (row["status"], row["subject"], row["email_from"]) == ("PARSE_DONE", "Grüße", "Jürgen <j@x>")
    assert json.loads(row["email_to"]) == ['"A, B" <a@y>', "c@z"]
    assert json.loads(row["url"]) == ["http://example.com/a?b"]
    assert json.loads(row["attachment"]) == ["résum.pdf"]
    file = heard.table("fileinfo")[0]
    assert (file["filename"], file["size"], file["file_type"], file["state"]) == (
        "résum.pdf", len(ATTACHED), "pdf", "CLOSED")
    assert json.loads(file["smtp"])["helo"] == "me"
    assert json.loads(file["email"])["status"] == "PARSE_DONE"
    assert heard.inspected["file.data"] == ATTACHED
    assert heard.inspected["smtp.mail_from"] == b"<j@x>"


def test_several_mails_pipelined() -> None:
    asked = b"EHLO me\r\n" + b"".join(b"MAIL FROM:<%d@x>\r\nRCPT TO:<r@y>\r\n" % i for i in range(1))
    said = [(S, b"220 mx\r\n"), (C, asked), (S, b"250 hi\r\n250 ok\r\n250 ok\r\n"), *SENT, (C, b"MAIL FROM:<1@x>\r\n"),
            (S, b"250 ok\r\n"), (C, b"RSET\r\n"), (S, b"250 ok\r\n"),
            (C, b"MAIL FROM:<2@x>\r\nRCPT TO:<q@y>\r\nDATA\r\n"),
            (S, b"250 ok\r\n250 ok\r\n354 go\r\n"), (C, b"Subject: two\r\n\r\nhi\r\n.\r\nQUIT\r\n"),
            (S, b"554 no\r\n221 bye\r\n")]
    rows = hear(SmtpParser, said).table("smtp")
    assert [(r["tx_id"], r["mail_from"], r["reply_code"]) for r in rows] == [
        (0, "<0@x>", 250), (1, "<1@x>", 0), (2, "<2@x>", 554)]
    assert rows[2]["subject"] == "two"


def test_chunks() -> None:
    half = len(MAIL) // 2
    said = [*HELLO, *ENVELOPE, (C, b"BDAT %d\r\n" % half + MAIL[:half]), (S, b"250 ok\r\n"),
            (C, b"BDAT %d LAST\r\n" % (len(MAIL) - half) + MAIL[half:]), (S, b"250 queued\r\n"), *BYE]
    heard = hear(SmtpParser, said)
    assert only(heard)["reply_code"] == 250
    assert heard.table("fileinfo")[0]["size"] == len(ATTACHED)


def test_starttls_ends_it() -> None:
    heard = hear(SmtpParser, [*HELLO, (C, b"STARTTLS\r\n"), (S, b"220 go\r\n")])
    assert heard.parser.done
    assert heard.parser.successor == Handover(AppProto.UNKNOWN)
    assert (only(heard)["starttls"], only(heard)["helo"]) == (1, "me")


@pytest.mark.parametrize("said", [
    [(C, b"AUTH LOGIN\r\n"), (S, b"334 VXNlcm5hbWU6\r\n"), (C, b"c2VjcmV0\r\n"), (S, b"334 UGFz\r\n"),
     (C, b"c2VjcmV0\r\n"), (S, b"235 ok\r\n")], [(C, b"AUTH PLAIN c2VjcmV0\r\n"), (S, b"235 ok\r\n")]])
def test_credentials_are_not_kept(said: list[tuple[bool, bytes]]) -> None:
    heard = hear(SmtpParser, [*HELLO, *said, *ENVELOPE, *SENT, *BYE])
    row = only(heard)
    assert row["auth"] in ("LOGIN", "PLAIN")
    assert row["auth_outcome"] == "accepted"
    assert "c2Vjcm" not in str(heard.rows)


def test_a_refused_mail_and_what_follows() -> None:
    heard = hear(SmtpParser, [*HELLO, *ENVELOPE, (C, b"DATA\r\n"), (S, b"554 no\r\n"), *BYE])
    assert (only(heard)["reply_code"], only(heard)["seen"]) == (554, "both")
    assert only(heard).get("status", "") == ""


def test_one_sided_and_cut_off() -> None:
    said = [s for s in (*HELLO, *ENVELOPE, *SENT) if s[0]]
    row = only(hear(SmtpParser, said))
    assert (row["seen"], row["subject"], row["reply_code"]) == ("client", "Grüße", 0)
    heard = hear(SmtpParser, [*HELLO, *ENVELOPE, *SENT[:2], (C, MAIL[:-40])])
    assert only(heard)["status"] == "BODY_STARTED"
    assert heard.table("fileinfo")[0]["state"] == "TRUNCATED"


def test_an_end_of_mail_on_which_servers_disagree_is_noted() -> None:
    said = [*HELLO, *ENVELOPE, *SENT[:2], (C, b"Subject: a\r\n\r\nx\n.\r\nMAIL FROM:<evil@x>\r\n"), (S, b"250 ok\r\n")]
    heard = hear(SmtpParser, said)
    assert "bare_end_of_mail" in json.loads(heard.table("smtp")[0]["anomalies"])


def test_nesting_and_parts_are_bounded() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(200))
    many = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 1000
    enclosed = b"Content-Type: message/rfc822\r\n\r\n" * 500
    settings = SmtpSettings(mime=MimeSettings(depth=4, parts=16))
    for mail, cause in ((deep, "too_deep"), (many, "too_many_parts"), (enclosed, "too_deep")):
        said = [*HELLO, *ENVELOPE, *SENT[:2], (C, mail + b"\r\n.\r\n"), (S, b"250 ok\r\n")]
        assert cause in json.loads(hear(SmtpParser, said, settings).table("smtp")[0]["anomalies"])


WHOLE = [*HELLO, *ENVELOPE, *SENT, *BYE]
SIZES = st.lists(st.integers(1, 300), min_size=1, max_size=10)


@tested(deadline=None)
@given(SIZES)
def test_any_pieces_give_the_same_rows(sizes: list[int]) -> None:
    settings = SmtpSettings(files=FileSettings(hashes=("sha1",)))
    assert hear(SmtpParser, cut(WHOLE, sizes), settings).everything() == hear(SmtpParser, WHOLE, settings).everything()


@tested(deadline=None)
def undotted(text: bytes) -> tuple[bytes, int]:
    mail, used = b"", 0
    for line in text.splitlines(keepends=True):
        used += len(line)
        if line in (b".\n", b".\r\n"):
            return mail, used
        mail += line[1:] if line.startswith(b".") and line != b"." else line
    return mail, -1


@given(st.lists(st.sampled_from([b"\r\n", b"\n", b".", b"..", b"a", b"a.", b"\n.\r\n"]), max_size=12), SIZES)
def test_dots_go_and_one_alone_ends_a_mail(parts: list[bytes], sizes: list[int]) -> None:
    given: list[bytes] = []
    dots, before, used = Dots(given.append), 0, -1
    for _, piece in cut([(C, b"".join(parts))], sizes):
        if (used := dots.data(piece)) >= 0:
            break
        before += len(piece)
    dots.finish()
    assert (b"".join(given), used if used < 0 else before + used) == undotted(b"".join(parts))


@given(st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=200)), max_size=8), SIZES)
def test_random_bytes_never_raise(said: list[tuple[bool, bytes]], sizes: list[int]) -> None:
    hear(SmtpParser, cut([*HELLO, *said], sizes))


@tested(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2000), st.integers(0, 255)), max_size=8), SIZES,
       st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.integers(1, 500)), max_size=3))
def test_damage_and_gaps_never_raise(wounds: list[tuple[int, int, int]], sizes: list[int],
                                     gaps: list[tuple[int, bool, int]]) -> None:
    said: list[Any] = [[side, bytearray(data)] for side, data in WHOLE]
    for which, at, byte in wounds:
        data = said[which % len(said)][1]
        data[at % len(data)] = byte
    pieces: list[Any] = list(cut([(side, bytes(data)) for side, data in said], sizes))
    for place, to_server, size in gaps:
        pieces.insert(min(place, len(pieces)), (to_server, size))
    hear(SmtpParser, pieces)


@pytest.mark.parametrize(("client", "server", "found"), [
    (b"EHLO x\r\n", b"", True), (b"", b"220 mail.x ESMTP\r\n", True), (b"", b"220 FTP server\r\n", None),
    (b"USER x\r\n", b"220 FTP\r\n", False), (b"", b"2", None), (b"GET / H", b"", False), (b"EH", b"", None),
    (b"", b"SSH-2.0", False)])
def test_probe(client: bytes, server: bytes, found: bool | None) -> None:
    assert probe(client, server, FLOW) is found


def test_headers_as_they_are_read() -> None:
    assert readable(b"=?utf-8?q?a_b?= =?utf-8?q?c?= d") == "a bc d"
    assert readable(b"=?utf-8?B?4pyT?=x =?nonsense-charset?q?=41?=") == "✓x A"
    assert readable(b"=?utf-8?B?" + base64.b64encode("é".encode()[:1]) + b"?= =?utf-8?B?" +
                    base64.b64encode("é".encode()[1:]) + b"?=") == "é"
    assert addresses(b"a@b (c, d), <e,f@g>, \"x\\\", y\" <z@w>") == ["a@b (c, d)", "<e,f@g>", '"x\\", y" <z@w>']
    assert parameters(b"text/plain; name=\"a;b\"; NAME2=c") == {"name": "a;b", "name2": "c"}
    assert parameters(b"x; filename=plain; filename*=utf-8''f%C3%A9") == {"filename": "fé"}
