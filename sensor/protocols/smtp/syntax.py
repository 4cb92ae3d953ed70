"""Commands and replies as they are written (RFC 5321 4.1 and 4.2, RFC 3030)."""

from __future__ import annotations

import re

VERBS = frozenset({b"HELO", b"EHLO", b"LHLO", b"MAIL", b"RCPT", b"DATA", b"BDAT", b"RSET", b"NOOP", b"QUIT", b"VRFY",
                   b"EXPN", b"HELP", b"AUTH", b"STARTTLS", b"TURN", b"ETRN", b"ATRN", b"SEND", b"SOML", b"SAML",
                   b"XCLIENT", b"XFORWARD", b"X-EXPS", b"XEXCH50", b"X-ANONYMOUSTLS", b"X-LINK2STATE", b"BURL"})
_PATH = re.compile(rb"\s*(?:FROM|TO)\s*:\s*(<[^>\r\n]{0,1024}>|[^\s]{0,1024})", re.I)
_REPLY = re.compile(rb"([2-5]\d\d)([ -]|$)")
_CHUNK_SIZE = re.compile(rb"\s*(\d{1,18})\s*(LAST)?\s*\Z", re.I)


def command_of(line: bytes) -> tuple[bytes, bytes]:
    """Return the verb in upper case and what follows it."""
    line = line.strip()
    verb, _, rest = line.partition(b" ")
    verb = verb.upper()
    if verb.startswith((b"MAIL\t", b"RCPT\t")):
        return verb[:4], line[4:].strip()
    return verb, rest.strip()


def is_command(text: bytes) -> bool:
    """Whether a text begins with a verb that is known."""
    return text.partition(b"\n")[0].split(b" ")[0].strip().upper() in VERBS


def path_of(argument: bytes) -> bytes:
    """Return the address that MAIL or RCPT names, in its brackets if it has them."""
    found = _PATH.match(argument)
    return found[1] if found else argument[:1024]


def chunk_of(argument: bytes) -> tuple[int, bool] | None:
    """Return size of a chunk that BDAT announces, and whether it is the last; None where that makes no sense."""
    found = _CHUNK_SIZE.match(argument)
    return (int(found[1]), bool(found[2])) if found else None


def reply_of(line: bytes) -> tuple[int, bool] | None:
    """Return the code of a line of a reply, and whether more lines follow; None where it is none."""
    found = _REPLY.match(line)
    return (int(found[1]), found[2] == b"-") if found else None
