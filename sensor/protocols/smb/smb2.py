"""SMB 2 and 3: messages, of which several may be compounded (MS-SMB2 2.2)."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct, error, unpack_from
from typing import Any

from sensor.protocols.krb5_ticket import ticket_columns
from sensor.protocols.ntlmssp import login_of
from sensor.protocols.parser import Moment
from sensor.protocols.printing import json_column
from sensor.protocols.smb import status as names
from sensor.protocols.smb.sink import Sink
from sensor.protocols.smb.state import Columns, OpenFile, Request, State

(NEGOTIATE, SESSION_SETUP, LOGOFF, TREE_CONNECT, TREE_DISCONNECT, CREATE, CLOSE, _FLUSH, READ, WRITE, _LOCK, IOCTL,
 CANCEL) = range(13)
_GET_INFO, _SET_INFO, _OPLOCK_BREAK = 16, 17, 18
_RESPONSE, _PENDING, _BUFFER_OVERFLOW, _MORE_PROCESSING = 1, 0x103, 0x80000005, 0xC0000016
_SILENT = frozenset({READ, WRITE, CANCEL, _GET_INFO, _OPLOCK_BREAK})
_RELATED = b"\xff" * 16
_COMPOUNDED = 64
_PIPE_TRANSCEIVE = 0x0011C017
_RENAME, _DISPOSITION = 10, 13
_HEADER = Struct("<IH2xIIQ4xIQ").unpack_from
_GUID = Struct("<IHHHHI").unpack
_EPOCH, _TICKS = 116_444_736_000_000_000, 10_000_000


def guid(raw: bytes) -> str:
    """Return a GUID or file identifier as Suricata writes it: every part turned round."""
    if len(raw) == 16:
        return "{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}".format(*_GUID(raw))
    return "-".join(raw[a:b][::-1].hex() for a, b in ((0, 4), (4, 6), (6, 8), (8, 10)))


def seconds(filetime: int) -> int:
    """Return a time of Windows in seconds since 1970, 0 where there is none."""
    return max((filetime - _EPOCH) // _TICKS, 0) if filetime < 1 << 63 else 0


class Header:
    """The header of one message within a compound, the message itself, and what more of it is there."""

    __slots__ = ("command", "data", "following", "message_id", "more", "response", "session_id", "status", "tree_id")

    def __init__(self, data: bytes, more: bytes, before: Header | None) -> None:
        (self.status, self.command, flags, self.following, self.message_id, self.tree_id,
         self.session_id) = _HEADER(data, 8)
        self.data, self.more = data[: self.following] if self.following else data, more
        self.response = bool(flags & _RESPONSE)
        if flags & 2:  # asynchronous: a number of its own stands in its place
            self.tree_id = 0
        if before is not None and flags & 4:
            if self.session_id == (1 << 64) - 1:
                self.session_id = before.session_id
            if self.tree_id == (1 << 32) - 1:
                self.tree_id = before.tree_id

    def columns(self) -> Columns:
        """What every row says."""
        return {"command": names.command2(self.command), "session_id": self.session_id, "tree_id": self.tree_id}


class Smb2:
    """Understands messages; what is read or written goes into the sink that ``message`` returns."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._last = _RELATED  # the file that was opened last, as responses tell

    def message(self, data: bytes, more: bytes, at: Moment) -> Sink | None:
        """Take a message, or the head of one that carries file data; return where the rest of it goes.

        more: as much of that rest as is there already.
        """
        before, sink = None, None
        for _ in range(_COMPOUNDED):
            if len(data) < 64 or data[:4] != b"\xfeSMB":
                self._state.context.count("smb_cut_off")
                break
            header = Header(data, more, before)
            following = header.following
            if 0 < following < 64:
                self._state.context.count("smb_malformed")
                break
            try:
                sink = self._response(header, at) if header.response else self._request(header, at)
            except (error, IndexError):
                self._state.context.count("smb_malformed")
                sink = None
            if not following:
                break
            if sink is not None:
                sink.end()
            data, before = data[following:], header
            sink = None
        return sink

    def _request(self, header: Header, at: Moment) -> Sink | None:
        if header.command == WRITE:
            self._state.ask(header.message_id, Request(header.columns(), about=header.data[80:96]), at)
            return self._write(header, at)
        request = Request(header.columns())
        problem: Exception | None = None
        try:
            if understand := _ASKED.get(header.command):
                understand(self, header, request, at)
        except (error, IndexError) as e:
            problem = e
        if header.command not in _SILENT and not request.silent:
            request.number = self._state.number()
        if header.command != CANCEL:
            self._state.ask(header.message_id, request, at)
        if problem:
            raise problem
        return None

    def _response(self, header: Header, at: Moment) -> Sink | None:
        if header.status == _PENDING:
            return None
        state = self._state
        request = state.pending.pop(header.message_id, None)
        if request is None and header.command == NEGOTIATE:
            request = state.pending.pop("negotiate", None)  # asked in SMB1
        seen = "both" if request else "response"
        if request is None:
            if header.command in _SILENT and header.command != READ:
                return None
            request = Request(header.columns())
            request.number = 0 if header.command in _SILENT else state.number()
        columns = request.columns
        columns |= names.status_columns(header.status)
        if header.session_id:
            columns["session_id"] = header.session_id
        if header.command == READ:
            return self._read(header, request, at)
        failed = header.status >> 30 == 3 and header.status != _MORE_PROCESSING
        try:
            if (understand := _ANSWERED.get(header.command)) and not failed:
                understand(self, header, request, at)
        finally:
            if header.command == CLOSE and request.about and not failed:
                state.close(self._opened(request.about), at)
            elif header.command == WRITE and request.about:
                state.written(self._opened(request.about), columns)
            if request.number:
                state.tell(request.number, {**columns, "seen": seen}, at)
        return None

    # requests

    def _ask_negotiate(self, header: Header, request: Request, at: Moment) -> None:
        many = unpack_from("<H", header.data, 66)[0]
        request.columns["client_guid"] = guid(header.data[76:92])
        many = min(many, (len(header.data) - 100) // 2)
        offered = [names.dialect2(d) for d in unpack_from(f"<{max(many, 0)}H", header.data, 100)]
        request.columns["client_dialects"] = json_column(offered[:64])

    def _ask_session(self, header: Header, request: Request, at: Moment) -> None:
        offset, size = unpack_from("<HH", header.data, 76)
        request.columns |= login_columns(header.data[offset : offset + size])

    def _ask_tree(self, header: Header, request: Request, at: Moment) -> None:
        offset, size = unpack_from("<HH", header.data, 68)
        request.about = _text(header.data[offset : offset + size])

    def _ask_create(self, header: Header, request: Request, at: Moment) -> None:
        access, _, _, disposition, options, offset, size = unpack_from("<IIIIIHH", header.data, 88)
        name = _text(header.data[offset : offset + size]) or "<share_root>"
        request.about = name
        request.columns |= {
            "directory" if options & 1 else "filename": name, "desired_access": access,
            "access": "delete on close" if options & 0x1000 else "normal",
            "disposition": names.DISPOSITIONS[disposition] if disposition < 6 else "UNKNOWN"}

    def _ask_close(self, header: Header, request: Request, at: Moment) -> None:
        request.about = self._file_key(header, 72)
        one = self._state.files.get(request.about)
        request.columns |= {"fuid": guid(request.about), "filename": one.name if one else ""}

    def _ask_read(self, header: Header, request: Request, at: Moment) -> None:
        request.about = (self._file_key(header, 80), unpack_from("<Q", header.data, 72)[0])

    def _ask_find(self, header: Header, request: Request, at: Moment) -> None:
        offset, size = unpack_from("<HH", header.data, 88)
        one = self._state.files.get(self._file_key(header, 72))
        request.columns["filename"] = _text(header.data[offset : offset + size])
        request.columns["directory"] = one.name if one else ""

    def _ask_ioctl(self, header: Header, request: Request, at: Moment) -> None:
        code = unpack_from("<I", header.data, 68)[0]
        request.columns["function"] = names.FSCTLS.get(code, f"{code:#010x}")
        if code == _PIPE_TRANSCEIVE:
            request.about = key = self._file_key(header, 72)
            offset, size = unpack_from("<II", header.data, 88)
            one = self._state.files.get(key)
            if one is not None and size:
                piece = header.data[offset : offset + size]
                sink = Sink(self._state, one, True, 0, size, header.columns(), piece)
                sink.data(piece, at)
                request.silent = one.calls is not None

    def _ask_set_info(self, header: Header, request: Request, at: Moment) -> None:
        kind, level = header.data[66], header.data[67]
        size, offset = unpack_from("<IH", header.data, 68)
        request.about = key = self._file_key(header, 80)
        one = self._state.files.get(key)
        request.columns |= {
            "set_info_class": names.INFO_CLASSES.get(kind, str(kind)), "fuid": guid(key),
            "set_info_level": f"SMB2_{names.FILE_CLASSES.get(level, level)}" if kind == 1 else str(level)}
        what = header.data[offset : offset + size]
        if kind == 1 and level == _RENAME:
            length = unpack_from("<I", what, 16)[0]
            request.columns |= {"rename_from": one.name if one else "", "rename_to": _text(what[20 : 20 + length])}
        elif kind == 1 and level == _DISPOSITION:
            request.columns["filename"] = one.name if one else ""
            request.columns["access"] = "delete on close" if any(what[:1]) else ""

    def _write(self, header: Header, at: Moment) -> Sink:
        data_offset, size, offset = unpack_from("<HIQ", header.data, 66)
        one = self._known(self._file_key(header, 80), header.tree_id, at)
        return Sink.of_message(self._state, one, True, header.data, header.more, data_offset, (offset, size),
                               header.columns(), at)

    # responses

    def _read(self, header: Header, request: Request, at: Moment) -> Sink | None:
        if header.status not in (0, _BUFFER_OVERFLOW) or request.about is None:
            return None
        data_offset, size = unpack_from("<BxI", header.data, 66)
        one = self._known(self._opened(request.about[0]), request.columns["tree_id"], at)
        return Sink.of_message(self._state, one, False, header.data, header.more, data_offset,
                               (request.about[1], size), request.columns, at)

    def _answer_negotiate(self, header: Header, request: Request, at: Moment) -> None:
        dialect = unpack_from("<H", header.data, 68)[0]
        self._state.dialect = names.dialect2(dialect)
        request.columns |= {"server_guid": guid(header.data[72:88])}
        request.columns["max_read_size"], request.columns["max_write_size"] = unpack_from("<II", header.data, 96)

    def _answer_tree(self, header: Header, request: Request, at: Moment) -> None:
        kind = header.data[66]
        request.columns |= {"share_type": names.SHARE_TYPES.get(kind, "UNKNOWN"), "tree_id": header.tree_id,
                            "named_pipe" if kind == 2 else "share": request.about or ""}
        if request.about is not None:
            self._state.add_tree(header.tree_id, request.about, kind == 2)

    def _answer_disconnect(self, header: Header, request: Request, at: Moment) -> None:
        self._state.trees.pop(request.columns["tree_id"], None)

    def _answer_create(self, header: Header, request: Request, at: Moment) -> None:
        created, accessed, modified, changed, _, size, attributes = unpack_from("<QQQQQQI", header.data, 72)
        self._last = key = header.data[128:144]
        columns = request.columns
        columns |= {"created": seconds(created), "accessed": seconds(accessed), "modified": seconds(modified),
                    "changed": seconds(changed), "size": size, "fuid": guid(key)}
        name = request.about
        if attributes & 0x10 and "filename" in columns and name:
            columns["directory"] = columns.pop("filename")
        before = self._state.files.pop(_RELATED, None)
        one = self._state.open(key, name or "", columns["tree_id"], guid(key), at, before)
        if not one.pipe:
            one.size = size

    def _answer_ioctl(self, header: Header, request: Request, at: Moment) -> None:
        one = self._state.files.get(request.about) if isinstance(request.about, bytes) else None
        if one is None:
            return
        offset, size = unpack_from("<II", header.data, 96)
        Sink(self._state, one, False, 0, size, request.columns).data(header.data[offset : offset + size], at)

    def _answer_named(self, header: Header, request: Request, at: Moment) -> None:
        """A request for the file that its own compound opened: now its name is known."""
        one = self._state.files.get(self._opened(request.about))
        if one is None or request.about != _RELATED:
            return
        request.columns["fuid"] = one.fuid
        request.columns |= {n: one.name for n in ("filename", "rename_from") if n in request.columns}

    # files

    def _file_key(self, header: Header, place: int) -> bytes:
        """The file of a request: _RELATED for the one that the compound itself opens."""
        return header.data[place : place + 16]

    def _opened(self, key: Any) -> Any:
        """The file that a request is about, now that the compound's own opening was answered."""
        return self._last if key == _RELATED else key

    def _known(self, key: bytes, tree_id: int, at: Moment) -> OpenFile:
        """Return the open file, also one whose opening was not seen."""
        return self._state.files.get(key) or self._state.open(key, "", tree_id, guid(key), at)


def login_columns(blob: bytes) -> Columns:
    """Return who logs in by a security blob."""
    login = login_of(blob)
    if login is None:
        return ticket_columns(blob)
    return {"ntlmssp_domain": login.domain, "ntlmssp_user": login.user, "ntlmssp_host": login.host,
            "ntlmssp_version": login.version}


def _text(raw: bytes) -> str:
    return raw.decode("utf-16-le", "replace").replace("\0", "")


_ASKED: dict[int, Callable[..., None]] = {
    NEGOTIATE: Smb2._ask_negotiate, SESSION_SETUP: Smb2._ask_session, TREE_CONNECT: Smb2._ask_tree,
    CREATE: Smb2._ask_create, CLOSE: Smb2._ask_close, READ: Smb2._ask_read, IOCTL: Smb2._ask_ioctl,
    _SET_INFO: Smb2._ask_set_info, 14: Smb2._ask_find}
_ANSWERED: dict[int, Callable[..., None]] = {
    NEGOTIATE: Smb2._answer_negotiate, TREE_CONNECT: Smb2._answer_tree, CREATE: Smb2._answer_create,
    TREE_DISCONNECT: Smb2._answer_disconnect, IOCTL: Smb2._answer_ioctl, CLOSE: Smb2._answer_named,
    _SET_INFO: Smb2._answer_named}
