"""POP3 (RFC 1939, 2449, 2595, 5034): commands and replies, until the connection is encrypted."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Any, ClassVar

from columns.app import AppProto
from columns.limits import limit, limited
from columns.protocols.pop3 import POP3
from sensor.protocols.lines import Lines
from sensor.protocols.parser import Context, FlowFacts, Handover, Moment, Opening, Wants, letters
from sensor.protocols.printing import json_column, printed

_COMMAND = re.compile(rb"(USER \S|APOP \S+ |AUTH|CAPA|STLS|QUIT)", re.IGNORECASE)
_SECRET, _LONG, _LONG_ALONE = frozenset({b"PASS"}), frozenset({b"RETR", b"TOP", b"CAPA"}), frozenset({b"LIST", b"UIDL"})
_ARGUMENTS = 8


@limited("pop3")
@dataclass(frozen=True)
class Pop3Settings:
    """Settings of POP3; a value outside its range raises UsageError."""

    line_bytes: int = limit(8192, 512, 1 << 16, "bytes", "bytes kept of a line")
    reply_lines: int = limit(32, 1, 65_535, "lines", "kept of a longer reply; the text of mails is not kept")
    waiting: int = limit(256, 1, 65_535, "", "commands of a connection that wait for their replies")


@dataclass(slots=True)
class _Exchange:
    command: bytes = b""
    arguments: list[bytes] = field(default_factory=list)
    response: dict[str, Any] = field(default_factory=dict)
    size: int = 0

    @property
    def long(self) -> bool:
        """Whether a reply that says OK goes on until a dot."""
        return self.command in _LONG or (self.command in _LONG_ALONE and not self.arguments)


class Pop3Stream:
    """Follows both directions; replies come in the order of the commands."""

    app_proto: ClassVar[AppProto] = AppProto.POP3

    def __init__(self, context: Context) -> None:
        self._context, self.done = context, False
        self.successor: Handover | None = None
        self._limits = context.settings if isinstance(context.settings, Pop3Settings) else Pop3Settings()
        self._lines = {side: Lines(self._limits.line_bytes) for side in (True, False)}
        self._waiting: deque[_Exchange] = deque([_Exchange()])  # the greeting
        self._more: _Exchange | None = None  # whose reply goes on
        self._secrets = 0  # lines of the client that belong to an authentication
        self._user = ""

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction."""
        for line, cut in self._lines[to_server].feed(data):
            if self.done:
                return
            if cut:
                self._context.count("pop3_line_cut")
            if to_server:
                self._command(line, at)
            elif self._more is not None:
                self._line(line, at)
            else:
                self._reply(line, at)

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Go on with what follows; commands and replies are no longer in step, so what waits is told as it is."""
        self._context.count("pop3_gap")
        self._lines[to_server].forget()
        self.end(at)

    def end(self, at: Moment) -> None:
        """Tell the commands that had no reply."""
        if self._more is not None:
            self._tell(self._more, at)
            self._more = None
        while self._waiting:
            self._tell(self._waiting.popleft(), at)

    def _command(self, line: bytes, at: Moment) -> None:
        if self._secrets:
            self._secrets -= 1
            return
        name, *arguments = line.split()[: _ARGUMENTS + 1] or [b""]
        name = name[:16].upper()
        if not name:
            return
        if name in (b"USER", b"APOP") and arguments:
            self._user = printed(arguments[0])
        if len(self._waiting) >= self._limits.waiting:
            self._context.count("pop3_command_forgotten")
            self._tell(self._waiting.popleft(), at)
        kept = [] if name in _SECRET else arguments[:1] if name in (b"APOP", b"AUTH") else arguments
        self._waiting.append(_Exchange(name, kept))

    def _reply(self, line: bytes, at: Moment) -> None:
        if line.startswith(b"+ ") or line == b"+":  # the server asks for the next line of an authentication
            self._secrets = 1
            return
        exchange = self._waiting.popleft() if self._waiting else _Exchange()
        good, bad = line.startswith(b"+OK"), line.startswith(b"-ERR")
        if not good and not bad:
            self._context.count("pop3_malformed")
        exchange.response = {"success": good, "status": "OK" if good else "ERR",
                             "header": printed(line[3 if good else 4 :].strip())}
        self._secrets = 0
        if good and exchange.long:
            self._more = exchange
            return
        self._tell(exchange, at)
        if good and exchange.command == b"STLS":
            self.successor = Handover(AppProto.TLS)
            self.done = True

    def _line(self, line: bytes, at: Moment) -> None:
        """Take a line of a longer reply; the text of a mail is only counted."""
        exchange = self._more
        if exchange is None or line == b".":
            self._more = None
            if exchange is not None:
                self._tell(exchange, at)
            return
        exchange.size += len(line) + 2
        kept = exchange.response.setdefault("data", [])
        if exchange.command not in (b"RETR", b"TOP") and len(kept) < self._limits.reply_lines:
            kept.append(printed(line))

    def _tell(self, exchange: _Exchange, at: Moment) -> None:
        if not exchange.command and not exchange.response:
            return
        response = {k: v for k, v in exchange.response.items() if v != []}
        request = {"command": printed(exchange.command), "args": [printed(a) for a in exchange.arguments]}
        self._context.emit(POP3, at, {
            "request": json_column(request) if exchange.command else "", "response": json_column(response),
            "command": printed(exchange.command), "user": self._user, "status": response.get("status", ""),
            "reply_bytes": exchange.size})


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is POP3: a greeting ``+OK`` and, where the client has spoken, a command."""
    if flow.proto != 6 or (responder and not (b"+OK".startswith(responder[:3]) or responder.startswith(b"-ERR"))):
        return False
    if initiator and not _COMMAND.match(initiator):
        return False
    if len(responder) < 3:
        return None
    return True if b"\n" in responder or len(responder) == 64 or initiator else None


WANTS: tuple[Wants, ...] = (Wants(AppProto.POP3, Pop3Stream, probe, (POP3,), Opening(letters("UACSQ"), b"+-")),)
