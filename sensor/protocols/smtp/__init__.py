"""SMTP and the mail in it (RFC 5321, RFC 3030, RFC 3207, RFC 4954)."""

from __future__ import annotations

import re

from columns.app import AppProto
from columns.protocols.fileinfo import FILEINFO
from columns.protocols.smtp import SMTP
from sensor.protocols.parser import FlowFacts, Opening, Wants, letters
from sensor.protocols.smtp.parser import SmtpParser
from sensor.protocols.smtp.settings import SmtpSettings
from sensor.protocols.verbs import beginnings

__all__ = ["WANTS", "SmtpParser", "SmtpSettings", "probe"]

_PORTS = (25, 465, 587, 2525)
_HELLO = re.compile(rb"(?:EHLO|HELO|LHLO)(?:[ \t]|\r?\n)", re.I)
_OTHERS = re.compile(rb"(?:MAIL FROM:|RCPT TO:|STARTTLS\r?\n|BDAT \d)", re.I)
_GREETING = re.compile(rb"(?:220|554|421)[ -]")
_MAIL_WORD = re.compile(rb"\be?smtp\b|\bmail\b|\bmx\d*\b|postfix|sendmail|exim", re.I)
_FTP_WORD = re.compile(rb"\bftp", re.I)
_EARLY = beginnings((b"EHLO ", b"HELO ", b"LHLO ", b"MAIL FROM:", b"STARTTLS"))


def probe(to_server: bytes, to_client: bytes, flow: FlowFacts) -> bool | None:
    """Tell SMTP by the client's first command, or by a greeting that names mail; FTP greets with 220 too."""
    if _HELLO.match(to_server) or _OTHERS.match(to_server):
        return True
    if to_server:
        if to_server.upper() not in _EARLY:
            return bool(_GREETING.match(to_client)) and flow.dst_port in _PORTS
        return None
    if not to_client:
        return None
    if not _GREETING.match(to_client):
        return None if len(to_client) < 4 and b"220 ".startswith(to_client) else False
    whole = b"\n" in to_client or len(to_client) >= 64
    return True if whole and _MAIL_WORD.search(to_client) and not _FTP_WORD.search(to_client) else None


WANTS = (Wants(AppProto.SMTP, SmtpParser, probe, (SMTP, FILEINFO), Opening(letters("EHLMRSB"), b"254", either=True)),)
