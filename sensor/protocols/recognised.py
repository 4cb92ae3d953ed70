"""Protocols that are recognised and not followed: IMAP and Telnet name their flows, and no more is looked at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_uppercase, digits
from typing import ClassVar

from columns.app import AppProto
from sensor.protocols.parser import Context, FlowFacts, Moment, Opening, Wants, letters
from sensor.protocols.verbs import beginnings

_IMAP_COMMANDS = (b"CAPABILITY", b"LOGIN ", b"AUTHENTICATE ", b"STARTTLS", b"ID ", b"NOOP", b"SELECT ")
_BEGINNINGS = beginnings(_IMAP_COMMANDS)
_TAGGED_OK = re.compile(rb"[A-Za-z0-9.]+ OK ")
_TAG = re.compile(rb"[A-Za-z0-9.]{1,16}")
_IAC, _COMMANDS = 0xFF, frozenset({0xFB, 0xFC, 0xFD, 0xFE, 0xFA})
_OPTIONS = 64


class Silent:
    """A parser that wants nothing more, of whatever protocol it is made for."""

    app_proto: ClassVar[AppProto] = AppProto.UNKNOWN

    def __init__(self, context: Context) -> None:
        self.done = True

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Nothing is looked at."""

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Nothing is missed."""

    def end(self, at: Moment) -> None:
        """Nothing is left to tell."""


class SilentDatagrams(Silent):
    """The same for either transport."""

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Nothing is looked at."""


def chosen(wants: Sequence[Wants], off: Sequence[str], recognised_only: Sequence[str]) -> tuple[Wants, ...]:
    """Return the protocols to look for: without those that are off, and with no parser for those only recognised."""
    return tuple(w._replace(parser=SilentDatagrams, at_once=None) if w.app_proto.name.lower() in recognised_only else w
                 for w in wants if w.app_proto.name.lower() not in off)


class Imap(Silent):
    """IMAP (RFC 9051)."""

    app_proto: ClassVar[AppProto] = AppProto.IMAP


class Telnet(Silent):
    """Telnet (RFC 854)."""

    app_proto: ClassVar[AppProto] = AppProto.TELNET


def probe_imap(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is IMAP: an untagged greeting (other protocols say ``* OK`` too), or a tagged command."""
    if flow.proto != 6:
        return False
    if responder.startswith((b"* OK", b"* PREAUTH", b"* BYE")):
        return True if not initiator else _imap_command(initiator)
    if responder and not b"* ".startswith(responder[:2]) and not _TAGGED_OK.match(responder):
        return False
    if initiator:
        return _imap_command(initiator)
    return None


def _imap_command(first: bytes) -> bool | None:
    """Tell whether a line begins with a tag and a command; None while it could still become one."""
    tag, space, rest = first.partition(b" ")
    if not _TAG.fullmatch(tag):
        return False
    rest = rest.upper()
    if rest.startswith(_IMAP_COMMANDS):
        return True
    return None if not space or rest in _BEGINNINGS else False


def probe_telnet(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is Telnet: one side begins by negotiating options."""
    if flow.proto != 6:
        return False
    for head in (responder, initiator):
        if head and head[0] == _IAC:
            if len(head) < 3:
                return None
            return head[1] in _COMMANDS and head[2] < _OPTIONS
    return False if initiator or responder else None


WANTS: tuple[Wants, ...] = (
    Wants(AppProto.IMAP, Imap, probe_imap, (), Opening(letters(ascii_uppercase) + digits.encode() + b".",
                                                          alone=b"*")),
    Wants(AppProto.TELNET, Telnet, probe_telnet, (), Opening(bytes((_IAC,)), bytes((_IAC,)), either=True)),
)
