"""FTP's control connection (RFC 959, 2228, 2428): commands, replies, and the data connections agreed on."""

from __future__ import annotations

import ipaddress
import re
from collections import deque
from dataclasses import dataclass, field
from typing import ClassVar

from columns.app import AppProto
from columns.limits import limit, limited
from columns.protocols.ftp import FTP, FTP_DATA
from sensor.protocols.ftp_data import FtpData, Transfer
from sensor.protocols.lines import Lines
from sensor.protocols.parser import Context, FlowFacts, Moment, Opening, Wants, letters
from sensor.protocols.printing import json_column, printed
from sensor.protocols.verbs import beginnings

_OPENING = frozenset(b"USER AUTH FEAT SYST OPTS HOST CLNT PASS PASV EPSV PORT TYPE PWD CWD".split())
_BEGINNINGS = beginnings(_OPENING)
_TRANSFERS = frozenset({b"RETR", b"STOR", b"STOU", b"APPE", b"LIST", b"NLST", b"MLSD"})
_LISTINGS = frozenset({b"LIST", b"NLST", b"MLSD"})
_SECRET = frozenset({b"PASS", b"ACCT", b"ADAT"})
_REPLY = re.compile(rb"(\d{3})([ -]?)(.*)", re.DOTALL)
_SIX = re.compile(rb"(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})")
_EXTENDED = re.compile(rb"([!-~])\1\1(\d{1,5})\1")


@limited("ftp")
@dataclass(frozen=True)
class FtpSettings:
    """Settings of FTP; a value outside its range raises UsageError."""

    line_bytes: int = limit(4096, 64, 1 << 20, "bytes", "bytes kept of a command or a line of a reply")
    waiting: int = limit(256, 1, 65536, "", "commands that wait for a reply")
    reply_lines: int = limit(256, 1, 65536, "", "lines kept of the replies to one command")


@dataclass
class _Command:
    name: bytes = b""
    argument: bytes = b""
    cut: bool = False
    replies: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    reply_cut: bool = False
    mode: str = ""
    port: int = 0
    answered: bool = False
    number: int = 0
    lines: list[bytes] = field(default_factory=list)


class FtpStream:
    """Pairs commands with replies in order; done once TLS takes over."""

    app_proto: ClassVar[AppProto] = AppProto.FTP

    def __init__(self, context: Context) -> None:
        self._context, self.done = context, False
        self._limits = context.settings if isinstance(context.settings, FtpSettings) else FtpSettings()
        self._lines = Lines(self._limits.line_bytes), Lines(self._limits.line_bytes)
        self._waiting: deque[_Command] = deque()
        self._multiline = b""
        self._user, self._number = "", 0
        self._data: tuple[str, str, int] = ("", "", 0)  # mode, address, port

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction."""
        for line, cut in self._lines[not to_server].feed(data):
            if self.done:
                return
            if to_server:
                self._command(line, cut, at)
            else:
                self._reply(line, cut, at)

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Go on with what follows; commands and replies are no longer in step, so what waits is told as it is."""
        self._context.count("ftp_gap")
        self._lines[not to_server].forget()
        self._multiline = b""
        self._flush(at)

    def end(self, at: Moment) -> None:
        """Tell the commands that had no reply."""
        self._flush(at)

    def _flush(self, at: Moment) -> None:
        while self._waiting:
            self._tell(self._waiting.popleft(), at)

    def _command(self, line: bytes, cut: bool, at: Moment) -> None:
        name, _, argument = line.strip().partition(b" ")
        if not name:
            return
        name = name.lstrip(b"\xff\xf2\xf4").upper()  # ABOR comes with Telnet's interrupt
        command = self._numbered(_Command(name, b"" if name in _SECRET else argument, cut))
        if name == b"USER":
            self._user = printed(argument)
        elif name in (b"PORT", b"EPRT"):
            self._agreed(command, "active", *_endpoint(name, argument))
        if len(self._waiting) >= self._limits.waiting:
            self._context.count("ftp_command_forgotten")
            self._tell(self._waiting.popleft(), at)
        self._waiting.append(command)
        if name in _TRANSFERS:
            self._announce(name, b"" if name in _LISTINGS else argument)
        if self._context.show:
            self._context.show(at, command.number, True, self._asked(command, argument))

    def _announce(self, name: bytes, filename: bytes) -> None:
        """Say which connection carries the data of a command, if that is agreed."""
        mode, _, port = self._data
        if port and self._context.expect is not None:
            self._context.expect(mode == "passive", port, lambda context: FtpData(context, Transfer(name, filename)))

    def _numbered(self, command: _Command) -> _Command:
        command.number = self._number
        self._number += 1
        return command

    @staticmethod
    def _asked(command: _Command, argument: bytes) -> list[tuple[str, bytes]]:
        found = [("ftp.command", command.name)]
        if argument:
            found.append(("ftp.command_data", argument))
        if command.cut:
            found.append(("event", b"ftp.request_command_too_long"))
        if command.port:
            found += [("ftp.dynamic_port", b"%d" % command.port), ("ftp.mode", command.mode.encode())]
        return found

    def _replied(self, command: _Command) -> list[tuple[str, bytes]]:
        found = [("ftp.reply", line) for line in command.lines]
        found += [("ftp.completion_code", code.encode()) for code in command.codes]
        found.append(("ftp.reply_received", b"yes" if command.answered else b"no"))
        if command.reply_cut:
            found.append(("event", b"ftp.response_command_too_long"))
        if command.port:
            found += [("ftp.dynamic_port", b"%d" % command.port), ("ftp.mode", command.mode.encode())]
        return found

    def _agreed(self, command: _Command, mode: str, address: str, port: int) -> None:
        if port:
            command.mode, command.port = mode, port
            self._data = (mode, address, port)

    def _reply(self, line: bytes, cut: bool, at: Moment) -> None:
        found = _REPLY.fullmatch(line)
        if not self._waiting:
            self._waiting.append(self._numbered(_Command()))  # the greeting, or what nobody asked for
        command = self._waiting[0]
        code, mark, text = found.groups() if found else (b"", b"", line)
        command.answered, command.reply_cut = True, command.reply_cut or cut
        if len(command.replies) < self._limits.reply_lines:
            command.replies.append(printed(text))
            if self._context.show:
                command.lines.append(text)
            if code:
                command.codes.append(code.decode())
        if self._multiline:
            if code != self._multiline or mark == b"-":
                return
            self._multiline = b""
        elif mark == b"-" and code:
            self._multiline = code
            return
        if code:
            self._finished(command, code, text, at)

    def _finished(self, command: _Command, code: bytes, text: bytes, at: Moment) -> None:
        """A reply is whole: 1xx is followed by another, all others end the command."""
        if code == b"227" or code == b"229":
            self._agreed(command, "passive", *self._passive(code, text))
        if code[:1] == b"1" and command.name:
            return
        self._waiting.popleft()
        self._tell(command, at)
        if command.name == b"AUTH" and code == b"234":
            self.done = True

    def _passive(self, code: bytes, text: bytes) -> tuple[str, int]:
        if code == b"227":
            found = _SIX.search(text)
            return _six(found) if found else ("", 0)
        extended = _EXTENDED.search(text)
        port = int(extended[2]) if extended else 0
        server = self._context.flow.dst_ip
        shown = ipaddress.IPv6Address(server)
        return str(shown.ipv4_mapped or shown), port if port < 65536 else 0

    def _tell(self, command: _Command, at: Moment) -> None:
        if self._context.show:
            late = [("ftp.mode", command.mode.encode()), ("ftp.dynamic_port", b"%d" % command.port)]
            self._context.show(at, command.number, True, late if command.mode == "passive" else [], True)
            self._context.show(at, command.number, False, self._replied(command), True)
        self._context.emit(FTP, at, {
            "command": printed(command.name), "command_data": printed(command.argument),
            "command_truncated": int(command.cut), "reply": json_column(command.replies),
            "completion_code": json_column(command.codes), "reply_truncated": int(command.reply_cut),
            "reply_received": "yes" if command.answered else "no", "mode": command.mode,
            "dynamic_port": command.port, "user": self._user,
        })
        if command.name in _TRANSFERS:
            mode, address, port = self._data
            self._context.emit(FTP_DATA, at, {
                "command": printed(command.name), "mode": mode,
                "filename": "" if command.name in _LISTINGS else printed(command.argument),
                "data_ip": address, "data_port": port, "user": self._user,
                "reply_code": int(command.codes[-1]) if command.codes else 0,
            })


def _six(found: re.Match[bytes]) -> tuple[str, int]:
    numbers = [int(n) for n in found.groups()]
    if max(numbers) > 255:
        return "", 0
    return ".".join(map(str, numbers[:4])), numbers[4] << 8 | numbers[5]


def _endpoint(name: bytes, argument: bytes) -> tuple[str, int]:
    """Return address and port of PORT and EPRT, port 0 where they are malformed."""
    if name == b"PORT":
        found = _SIX.search(argument)
        return _six(found) if found else ("", 0)
    parts = argument.split(argument[:1]) if argument else []
    if len(parts) < 4 or not parts[3].isdigit() or len(parts[3]) > 5 or int(parts[3]) > 65535:
        return "", 0
    try:
        return str(ipaddress.ip_address(parts[2].decode("ascii", "replace"))), int(parts[3])
    except ValueError:
        return "", 0


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is FTP: a greeting (220) of FTP, or one together with a command that only FTP opens with."""
    if flow.proto != 6:
        return False
    command = initiator.partition(b"\n")[0].partition(b" ")[0].strip().upper()
    whole = b"\n" in initiator or len(command) < len(initiator.strip())
    if initiator and command not in (_OPENING if whole else _BEGINNINGS):
        return False
    if responder:
        if not responder.startswith((b"220", b"120", b"530", b"331", b"230", b"421")[: 2 if not initiator else 6]):
            return False if len(responder) >= 3 else None
        if b"ftp" in responder.lower() and b"smtp" not in responder.lower():
            return True
    if not initiator or b"\n" not in initiator:
        return None
    if responder or len(initiator.split(b"\n")[0].split()) > 2:  # IRC's USER has four words
        return bool(responder)
    return True if flow.dst_port == 21 else None


WANTS: tuple[Wants, ...] = (Wants(AppProto.FTP, FtpStream, probe, (FTP, FTP_DATA),
                                  Opening(letters("UAFSOHCPET") + b" \t\n\r\v\f", alone=b"21")),)
