"""IRC (RFC 1459, 2812): what the client says of itself, its channels, and the files it offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from columns.app import AppProto
from columns.limits import limit, limited
from columns.protocols.irc import IRC
from sensor.protocols.lines import Lines
from sensor.protocols.parser import Context, FlowFacts, Moment, Opening, Wants, letters
from sensor.protocols.printing import printed
from sensor.protocols.verbs import beginnings

_TOLD = frozenset({b"NICK", b"USER", b"JOIN", b"PART", b"TOPIC", b"QUIT"})
_OPENING = (b"NICK ", b"USER ", b"PASS ", b"CAP ")
_BEGINNINGS = beginnings(_OPENING)
_DCC = b"\x01DCC SEND "
_SAYING = frozenset({b"PRIVMSG", b"NOTICE"})


@limited("irc")
@dataclass(frozen=True)
class IrcSettings:
    """Settings of IRC; a value outside its range raises UsageError."""

    line_bytes: int = limit(8192, 512, 1 << 16, "bytes", "bytes kept of a line")


class IrcStream:
    """Follows both directions; the server's lines matter only for files offered to the client."""

    app_proto: ClassVar[AppProto] = AppProto.IRC

    def __init__(self, context: Context) -> None:
        limits = context.settings if isinstance(context.settings, IrcSettings) else IrcSettings()
        self._context, self.done = context, False
        self._lines = Lines(limits.line_bytes), Lines(limits.line_bytes)
        self._nick = self._user = ""

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction."""
        for line, cut in self._lines[not to_server].feed(data):
            if cut:
                self._context.count("irc_line_cut")
            self._line(line, to_server, at)

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Go on at the next line."""
        self._context.count("irc_gap")
        self._lines[not to_server].forget()

    def end(self, at: Moment) -> None:
        """Nothing is left to tell."""

    def _line(self, line: bytes, to_server: bool, at: Moment) -> None:
        if line.startswith(b"@"):  # tags (IRCv3)
            line = line.partition(b" ")[2].lstrip()
        if line.startswith(b":"):
            line = line.partition(b" ")[2].lstrip()
        name, _, rest = line.partition(b" ")
        name = name.upper()
        if name in _SAYING and _DCC in rest:
            target, _, offered = rest.partition(b" ")
            self._tell("DCC", target, offered.partition(_DCC)[2].split(b"\x01")[0], at)
        elif to_server and name in _TOLD:
            first, _, more = rest.lstrip().partition(b" ")
            first = first.removeprefix(b":")
            if name == b"NICK":
                self._nick = printed(first)
            elif name == b"USER":
                self._user = printed(first)
            self._tell(name.decode(), first, more.lstrip().removeprefix(b":"), at)

    def _tell(self, command: str, value: bytes, additional: bytes, at: Moment) -> None:
        self._context.emit(IRC, at, {"command": command, "nick": self._nick, "user": self._user,
                                     "value": printed(value), "additional": printed(additional)})


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is IRC: the client registers (NICK, USER of four words, CAP), or the server notices."""
    if flow.proto != 6:
        return False
    if responder.startswith((b":", b"NOTICE AUTH", b"PING :")) and b" NOTICE " in b" " + responder:
        return True
    first = initiator.lstrip(b"\r\n")
    if not first:
        return None
    line = first.partition(b"\n")[0].upper()
    if not line.startswith(_OPENING) and line not in _BEGINNINGS:
        return False
    if line.startswith(b"NICK ") or line.startswith((b"CAP LS", b"CAP REQ")):
        return not responder or responder[:1] in b":NPE@"
    if line.startswith(b"USER "):
        return None if b"\n" not in first and len(first) < 64 else len(line.split()) >= 5
    if line.startswith(b"PASS ") and b"\n" in first:
        after = first.split(b"\n")[1].upper()
        return True if after.startswith((b"NICK ", b"USER ")) else None if len(after) < 5 else False
    return None if len(first) < 64 else False


WANTS: tuple[Wants, ...] = (Wants(AppProto.IRC, IrcStream, probe, (IRC,),
                                  Opening(letters("NUPC") + b"\r\n", b":NP", either=True)),)
