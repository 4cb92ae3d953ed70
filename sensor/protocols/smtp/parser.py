"""SmtpParser: follows a conversation between mail client and server; commands and replies in their order."""

from __future__ import annotations

from collections import deque
from typing import ClassVar

from columns.app import AppProto
from columns.protocols.fileinfo import FILEINFO
from columns.protocols.smtp import SMTP
from sensor.protocols.parser import Context, Handover, Moment
from sensor.protocols.smtp.dots import Dots
from sensor.protocols.smtp.lines import Lines
from sensor.protocols.smtp.mail import mail_of
from sensor.protocols.smtp.settings import SmtpSettings
from sensor.protocols.smtp.showing import EVENTS, email_buffers
from sensor.protocols.smtp.syntax import VERBS, chunk_of, command_of, is_command, path_of, reply_of
from sensor.protocols.smtp.transaction import Session, Transaction, email_object, row_of, smtp_object

_COMMAND, _WAITING, _MAIL, _CHUNK, _SECRET = range(5)
"""What the client says now. WAITING: held after DATA until its reply; SECRET: answers within AUTH."""


class SmtpParser:
    """One connection. successor: what goes on behind an accepted STARTTLS, else None."""

    app_proto: ClassVar[AppProto] = AppProto.SMTP

    def __init__(self, context: Context) -> None:
        self._context = context
        self._settings: SmtpSettings = context.settings or SmtpSettings()
        most, odd = self._settings.line_bytes, self._odd
        self._lines = (Lines(most, odd), Lines(most, odd))  # of the server, of the client
        self._held = b""  # what came behind DATA before its reply
        self._heard = [False, False]
        self._state, self._left, self._last_chunk, self._nonsense = _COMMAND, 0, False, 0
        self._outstanding: deque[tuple[bytes, Transaction, bytes]] = deque()
        self._session, self._next_id = Session(), 1
        self._tx = Transaction(0)
        self._dots = Dots(self._mail)
        self._told_any = False
        self._at = Moment(0, 0)
        self.successor: Handover | None = None
        self.done = False

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction."""
        self._at = at
        self._heard[to_server] = True
        if to_server:
            self._client(data)
        else:
            self._server(data)

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """So many bytes were never captured."""
        self._at = at
        self._context.count("gap_bytes", size)
        self._tx.note("gap")
        if not to_server or self._state in (_COMMAND, _SECRET):
            self._lines[to_server].gap()
            return
        if self._tx.message is not None and self._state in (_MAIL, _CHUNK):
            self._tx.message.gap(size if self._state == _MAIL else min(size, self._left))
        if self._state == _CHUNK:
            self._left -= min(size, self._left)
            self._chunk_over()

    def end(self, at: Moment) -> None:
        """The conversation is over."""
        self._at = at
        if self.done and self._told_any:
            return
        if self._state == _WAITING:
            self._accept()
        if self._state == _MAIL:
            self._dots.finish()
        self._finish_message(False)
        while self._outstanding:
            self._tell(self._outstanding.popleft()[1])
        if not self._told_any or self._tx.sender or self._tx.message:
            self._tell(self._tx)

    # the client

    def _client(self, data: bytes) -> None:
        while data and not self.done:
            if self._state == _WAITING:
                data = self._hold(data)
            elif self._state == _MAIL:
                used = self._dots.data(data)
                if used < 0:
                    return
                if self._dots.bare_end:
                    self._odd("bare_end_of_mail")
                data = data[used:]
                self._mail_over(b".")
            elif self._state == _CHUNK:
                data = self._chunk(data)
            else:
                data = self._command_line(data)

    def _command_line(self, data: bytes) -> bytes:
        line, data = self._lines[True].next(data)
        if line is not None:
            self._command(line)
        return data

    def _command(self, line: bytes) -> None:
        verb, rest = command_of(line)
        if self._state == _SECRET:
            if verb not in (b"MAIL", b"QUIT", b"RSET", b"EHLO") or self._heard[False]:
                return
            self._state = _COMMAND
        if verb not in VERBS:
            self._nonsense += 1
            self._context.count("unknown_command")
            if self._nonsense > self._settings.nonsense_lines:
                self._context.count("not_smtp")
                self.done = True
            self._expect(b"?", self._tx)
            return
        if handle := _HANDLERS.get(verb):
            handle(self, verb, rest)
        else:
            self._expect(verb, self._tx)

    def _expect(self, verb: bytes, tx: Transaction, what: bytes = b"") -> None:
        """A reply to this command is due."""
        self._outstanding.append((verb, tx, what))
        if len(self._outstanding) > self._settings.outstanding:
            self._outstanding.popleft()
            if self._heard[False]:
                self._context.count("too_many_outstanding")

    def _hello(self, verb: bytes, rest: bytes) -> None:
        self._reset()
        self._session.helo = rest
        self._show(self._tx, [("smtp.helo", rest)])
        self._expect(verb, self._tx)

    def _mail_from(self, verb: bytes, rest: bytes) -> None:
        self._reset()
        self._tx.sender = path_of(rest)
        helo = [("smtp.helo", self._session.helo)] if self._session.helo and self._tx.tx_id else []
        self._show(self._tx, [*helo, ("smtp.mail_from", self._tx.sender)])
        self._expect(verb, self._tx)

    def _rcpt_to(self, verb: bytes, rest: bytes) -> None:
        recipient = path_of(rest)
        self._show(self._tx, [("smtp.rcpt_to", recipient)])
        if len(self._tx.recipients) < self._settings.recipients:
            self._tx.recipients.append(recipient)
        else:
            self._odd("too_many_recipients")
        self._expect(verb, self._tx, recipient)

    def _rset(self, verb: bytes, rest: bytes) -> None:
        self._reset()
        self._expect(verb, self._tx)

    def _data(self, verb: bytes, rest: bytes) -> None:
        self._expect(verb, self._tx)
        self._state = _WAITING

    def _bdat(self, verb: bytes, rest: bytes) -> None:
        if (chunk := chunk_of(rest)) is None:
            self._odd("bad_chunk_size")
            self._expect(b"?", self._tx)
            return
        self._left, self._last_chunk = chunk
        if self._tx.message is None:
            self._tx.message = mail_of(self, self._tx)
        self._state = _CHUNK
        self._chunk_over()

    def _auth(self, verb: bytes, rest: bytes) -> None:
        self._session.auth, self._session.auth_outcome = rest.partition(b" ")[0].upper()[:32], ""
        self._expect(verb, self._tx)
        self._state = _SECRET

    def _quit(self, verb: bytes, rest: bytes) -> None:
        self._reset()
        self._expect(verb, self._tx)

    def _reset(self) -> None:
        """A new transaction begins, if the old one holds anything."""
        tx = self._tx
        if tx.sender or tx.recipients or tx.message:
            if not any(t is tx for _, t, _ in self._outstanding):
                self._tell(tx)
            self._tx = Transaction(self._next_id)
            self._next_id += 1

    def _hold(self, data: bytes) -> bytes:
        """Hold what comes after DATA until the server has answered; take it as accepted when that takes too long."""
        self._held += data
        if len(self._held) <= self._settings.held_bytes:
            return b""
        self._odd("data_before_reply")
        return self._accept()

    def _accept(self) -> bytes:
        """The mail follows; return what was held of it."""
        held, self._held = self._held, b""
        self._state = _MAIL
        self._dots = Dots(self._mail)
        self._tx.message = mail_of(self, self._tx)
        if held:
            self._client(held)
        return b""

    def _mail(self, data: bytes) -> None:
        if self._tx.message is not None:
            self._tx.message.data(data)

    def _chunk(self, data: bytes) -> bytes:
        take = min(self._left, len(data))
        self._mail(data[:take])
        self._left -= take
        self._chunk_over()
        return data[take:]

    def _chunk_over(self) -> None:
        if self._left:
            return
        self._state = _COMMAND
        if self._last_chunk:
            self._mail_over(b"BDAT")
        else:
            self._expect(b"BDAT-", self._tx)

    def _mail_over(self, verb: bytes) -> None:
        self._state = _COMMAND
        self._finish_message(True)
        self._expect(verb, self._tx)
        self._tx = Transaction(self._next_id)
        self._next_id += 1

    def _finish_message(self, whole: bool) -> None:
        tx = self._tx
        if tx.message is None or tx.finished:
            return
        tx.finished = True
        tx.message.finish(whole)
        self._show(tx, email_buffers(tx.message), done=True)
        beside = {"smtp": smtp_object(self._session, tx), "email": email_object(tx.message)}
        for facts in tx.files:
            self._context.emit(FILEINFO, self._at, facts | beside)
        tx.files.clear()

    # the server

    def _server(self, data: bytes) -> None:
        while data and not self.done:
            line, data = self._lines[False].next(data)
            if line is not None:
                self._reply_line(line, data)

    def _reply_line(self, line: bytes, rest: bytes) -> None:
        reply = reply_of(line)
        if reply is None:
            self._context.count("bad_reply")
        elif not reply[1]:
            self._reply(reply[0], line[4:], rest)

    def _reply(self, code: int, text: bytes, rest: bytes) -> None:
        if not self._outstanding:
            if not self._session.banner:
                self._session.banner = text
            else:
                self._context.count("reply_without_command")
            return
        if not self._session.banner and self._outstanding[0][0] in (b"HELO", b"EHLO", b"LHLO") and code == 220:
            self._session.banner = text  # the client did not wait for the greeting
            return
        verb, tx, what = self._outstanding[0]
        if verb == b"AUTH" and code == 334:
            return
        self._outstanding.popleft()
        if code >= 400:
            tx.reply = code
        if verb in (b".", b"BDAT"):
            tx.reply = code
            self._tell(tx)
        elif verb == b"RCPT" and code >= 400 and len(tx.rejected) < self._settings.recipients:
            tx.rejected.append(what)
        elif verb == b"AUTH":
            self._session.auth_outcome = "accepted" if code < 300 else "refused"
            self._state = _COMMAND if self._state == _SECRET else self._state
        elif verb in (b"STARTTLS", b"X-ANONYMOUSTLS") and code == 220:
            self._secured(rest)
        elif verb == b"DATA":
            self._answer_to_data(code)

    def _answer_to_data(self, code: int) -> None:
        if self._state != _WAITING:
            return
        held = self._held
        if code == 354:
            self._accept()
        elif code < 400 or (held and not is_command(held)):
            self._odd("mail_after_refusal" if code >= 400 else "odd_reply_to_data")
            self._accept()
        else:
            self._state, self._held = _COMMAND, b""
            self._client(held)

    def _secured(self, rest: bytes) -> None:
        self._session.starttls = 1
        self._tell(self._tx)
        self.successor = Handover(AppProto.UNKNOWN, self._lines[True].pending(), rest)
        self.done = True

    def _odd(self, cause: str) -> None:
        self._context.count(cause)
        self._tx.note(cause)

    def _tell(self, tx: Transaction) -> None:
        if tx.told:
            return
        tx.told = self._told_any = True
        for to_server in (True, False):
            self._show(tx, [("event", f"smtp.{EVENTS[odd]}".encode()) for odd in tx.odd if odd in EVENTS],
                       to_server=to_server, done=True)
        seen = "both" if all(self._heard) else "client" if self._heard[True] else "server"
        self._context.emit(SMTP, self._at, row_of(self._session, tx, seen, self._settings.md5))

    def _show(self, tx: Transaction, buffers: list[tuple[str, bytes]], *, to_server: bool = True,
              done: bool = False) -> None:
        if self._context.show:
            self._context.show(self._at, tx.tx_id, to_server, buffers, done)

    @property
    def context(self) -> Context:
        """What the parser was given."""
        return self._context

    @property
    def settings(self) -> SmtpSettings:
        """Its limits."""
        return self._settings

    @property
    def at(self) -> Moment:
        """The packet that is looked at."""
        return self._at


_HANDLERS = {b"HELO": SmtpParser._hello, b"EHLO": SmtpParser._hello, b"LHLO": SmtpParser._hello,
             b"MAIL": SmtpParser._mail_from, b"RCPT": SmtpParser._rcpt_to, b"DATA": SmtpParser._data,
             b"BDAT": SmtpParser._bdat, b"RSET": SmtpParser._rset, b"AUTH": SmtpParser._auth,
             b"QUIT": SmtpParser._quit}
