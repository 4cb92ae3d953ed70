"""SMB 1: messages, in which commands may be chained (MS-CIFS 2.2.3, MS-SMB 2.2.4)."""

from __future__ import annotations

from collections.abc import Callable
from struct import error, unpack_from

from sensor.protocols.parser import Moment
from sensor.protocols.printing import json_column
from sensor.protocols.smb import status as names
from sensor.protocols.smb.sink import Sink
from sensor.protocols.smb.smb1_part import Part
from sensor.protocols.smb.smb2 import guid, login_columns, seconds
from sensor.protocols.smb.state import OpenFile, Request, State

(CLOSE, DELETE, RENAME, TRANS, OPEN_ANDX, READ_ANDX, WRITE_ANDX, TREE_DISCONNECT, NEGOTIATE, SESSION_SETUP,
 TREE_CONNECT, NT_CREATE) = (0x04, 0x06, 0x07, 0x25, 0x2D, 0x2E, 0x2F, 0x71, 0x72, 0x73, 0x75, 0xA2)
_ANDX = frozenset({0x24, OPEN_ANDX, READ_ANDX, WRITE_ANDX, SESSION_SETUP, 0x74, TREE_CONNECT, NT_CREATE})
_SILENT = frozenset({READ_ANDX, WRITE_ANDX, 0xA4})
_CHAINED = 8


class Smb1:
    """Understands messages; what is read or written goes into the sink that ``message`` returns."""

    def __init__(self, state: State) -> None:
        self._state = state

    def message(self, data: bytes, more: bytes, at: Moment) -> Sink | None:
        """Take a message, or the head of one that carries file data; return where the rest of it goes.

        more: as much of that rest as is there already.
        """
        if len(data) < 35:
            self._state.context.count("smb_cut_off")
            return None
        command, place, sink = data[4], 32, None
        for _ in range(_CHAINED):
            try:
                part = Part(data, command, place)
                sink = self._response(part, at) if part.response else self._request(part, at)
                if command not in _ANDX or part.words < 2 or part.word(0) & 0xFF == 0xFF:
                    break
                following = part.word(2)
            except (error, IndexError):
                self._state.context.count("smb_malformed")
                break
            if following <= place or following >= len(data):
                break
            command, place = part.word(0) & 0xFF, following
        if sink is not None and more:
            sink.data(more, at)
        return sink

    def _request(self, part: Part, at: Moment) -> Sink | None:
        request = Request(part.columns())
        if part.command == WRITE_ANDX:
            request.about = _key(part.word(4))
            self._state.ask(part.key, request, at)
            return self._write(part, at)
        problem: Exception | None = None
        try:
            if understand := _ASKED.get(part.command):
                understand(self, part, request, at)
        except (error, IndexError) as e:
            problem = e
        if part.command not in _SILENT and not request.silent:
            request.number = self._state.number()
        if part.command != 0xA4:
            self._state.ask("negotiate" if part.command == NEGOTIATE else part.key, request, at)
        if problem:
            raise problem
        return None

    def _response(self, part: Part, at: Moment) -> Sink | None:
        state = self._state
        request = state.pending.pop("negotiate" if part.command == NEGOTIATE else part.key, None)
        seen = "both" if request else "response"
        if request is None:
            if part.command in _SILENT:
                return None
            request = Request(part.columns(), state.number())
        columns = request.columns
        columns |= part.status_columns()
        if part.command == READ_ANDX:
            return self._read(part, request, at)
        try:
            if (understand := _ANSWERED.get(part.command)) and not part.failed:
                understand(self, part, request, at)
        finally:
            if part.command == CLOSE and request.about and not part.failed:
                state.close(request.about, at)
            elif part.command == WRITE_ANDX and request.about:
                state.written(request.about, columns)
            if request.number:
                state.tell(request.number, {**columns, "seen": seen}, at)
        return None

    # requests

    def _ask_negotiate(self, part: Part, request: Request, at: Moment) -> None:
        offered = [d.rstrip(b"\0").decode("latin-1") for d in part.data[part.bytes_at : part.bytes_end].split(b"\x02")]
        request.about = [d for d in offered if d][:64]
        request.columns["client_dialects"] = json_column(request.about)

    def _ask_session(self, part: Part, request: Request, at: Moment) -> None:
        columns = request.columns
        if part.words == 12:
            size = part.word(14)
            columns |= login_columns(part.data[part.bytes_at : part.bytes_at + size])
            columns["request_native_os"], place = part.text(part.bytes_at + size)
        elif part.words == 13:
            ansi, wide = part.word(14), part.word(16)
            columns["ntlmssp_user"], place = part.text(part.bytes_at + ansi + wide)
            columns["ntlmssp_domain"], place = part.text(place)
            columns["request_native_os"], place = part.text(place)
        else:
            return
        columns["request_native_lm"], _ = part.text(place)

    def _ask_tree(self, part: Part, request: Request, at: Moment) -> None:
        path, place = part.text(part.bytes_at + part.word(6))
        service, _ = part.text(place, unicode=False)
        request.about = path
        request.columns |= {"service_request": service, "named_pipe" if path.endswith("\\IPC$") else "share": path}

    def _ask_create(self, part: Part, request: Request, at: Moment) -> None:
        size = part.word(5)
        access, disposition, options = part.word(15, "<I"), part.word(35, "<I"), part.word(39, "<I")
        name, _ = part.text(part.bytes_at, end=part.bytes_at + size + (part.bytes_at & 1 if part.unicode else 0))
        self._named(request, name, disposition)
        request.columns |= {"desired_access": access, "access": "delete on close" if options & 0x1000 else "normal"}
        if options & 1:
            request.columns["directory"] = request.columns.pop("filename")

    def _ask_open(self, part: Part, request: Request, at: Moment) -> None:
        name, _ = part.text(part.bytes_at)
        how = part.word(16)
        self._named(request, name, {0x01: 1, 0x10: 2, 0x11: 3, 0x02: 4, 0x12: 5}.get(how, 6))
        request.columns["access"] = "normal"

    def _named(self, request: Request, name: str, disposition: int) -> None:
        request.about = name = name.replace("\0", "") or "<share_root>"
        request.columns |= {
            "filename": name, "disposition": names.DISPOSITIONS[disposition] if disposition < 6 else "UNKNOWN"}

    def _ask_close(self, part: Part, request: Request, at: Moment) -> None:
        request.about = _key(part.word(0))
        one = self._state.files.get(request.about)
        request.columns |= {"fuid": _fid(part.word(0)), "filename": one.name if one else ""}

    def _ask_read(self, part: Part, request: Request, at: Moment) -> None:
        high = part.word(20, "<I") if part.words >= 12 else 0
        request.about = (_key(part.word(4)), high << 32 | part.word(6, "<I"))

    def _ask_delete(self, part: Part, request: Request, at: Moment) -> None:
        request.columns["filename"], _ = part.text(part.bytes_at + 1)

    def _ask_rename(self, part: Part, request: Request, at: Moment) -> None:
        request.columns["rename_from"], place = part.text(part.bytes_at + 1)
        request.columns["rename_to"], _ = part.text(place + 1)

    def _ask_trans(self, part: Part, request: Request, at: Moment) -> None:
        """A transaction through a named pipe (MS-CIFS 2.2.5.6): its setup words are the function and the pipe."""
        request.columns["filename"], _ = part.text(part.bytes_at)
        size, offset = part.word(22), part.word(24)
        if part.words < 16 or part.word(28) != 0x26:
            return
        fid = part.word(30)
        request.about = _key(fid)
        one = self._known(fid, part, at)
        piece = part.data[offset : offset + size]
        Sink(self._state, one, True, 0, size, part.columns(), piece).data(piece, at)
        request.silent = one.calls is not None

    def _write(self, part: Part, at: Moment) -> Sink:
        high = part.word(24, "<I") if part.words >= 14 else 0
        size = part.word(18) << 16 | part.word(20)
        one = self._known(part.word(4), part, at)
        return Sink.of_message(self._state, one, True, part.data, b"", part.word(22),
                               (high << 32 | part.word(6, "<I"), size), part.columns(), at)

    # responses

    def _read(self, part: Part, request: Request, at: Moment) -> Sink | None:
        if part.failed or request.about is None or part.words < 12:
            return None
        size = part.word(14, "<I") << 16 | part.word(10)
        one = self._state.files.get(request.about[0]) or self._open(request.about[0], "", part, at)
        return Sink.of_message(self._state, one, False, part.data, b"", part.word(12), (request.about[1], size),
                               request.columns, at)

    def _answer_negotiate(self, part: Part, request: Request, at: Moment) -> None:
        chosen, offered = part.word(0), request.about or []
        self._state.dialect = offered[chosen] if chosen < len(offered) else "unknown"
        if part.words == 17 and part.extended:
            from_guid = part.data[part.bytes_at : part.bytes_at + 16]
            request.columns["server_guid"] = "" if len(from_guid) < 16 else guid(from_guid)

    def _answer_session(self, part: Part, request: Request, at: Moment) -> None:
        columns = request.columns
        columns["session_id"] = part.user_id
        place = part.bytes_at + (part.word(6) if part.words == 4 else 0)
        columns["response_native_os"], place = part.text(place)
        columns["response_native_lm"], _ = part.text(place)

    def _answer_tree(self, part: Part, request: Request, at: Moment) -> None:
        service, _ = part.text(part.bytes_at, unicode=False)
        request.columns |= {"service_response": service, "tree_id": part.tree_id}
        if request.about is not None:
            self._state.add_tree(part.tree_id, request.about, service == "IPC")

    def _answer_disconnect(self, part: Part, request: Request, at: Moment) -> None:
        self._state.trees.pop(part.tree_id, None)

    def _answer_create(self, part: Part, request: Request, at: Moment) -> None:
        fid = part.word(5)
        times = unpack_from("<QQQQ", part.data, part.words_at + 11)
        columns = request.columns
        columns |= dict(zip(("created", "accessed", "modified", "changed"), map(seconds, times), strict=True))
        columns |= {"size": part.word(55, "<Q"), "fuid": _fid(fid)}
        if part.words_at + 67 < len(part.data) and part.data[part.words_at + 67] and "filename" in columns:
            columns["directory"] = columns.pop("filename")
        one = self._open(_key(fid), request.about or "", part, at)
        if not one.pipe:
            one.size = columns["size"]

    def _answer_open(self, part: Part, request: Request, at: Moment) -> None:
        fid = part.word(4)
        request.columns |= {"size": part.word(12, "<I"), "fuid": _fid(fid)}
        self._open(_key(fid), request.about or "", part, at).size = part.word(12, "<I")

    def _answer_trans(self, part: Part, request: Request, at: Moment) -> None:
        one = self._state.files.get(request.about) if isinstance(request.about, bytes) else None
        if one is None or part.words < 10:
            return
        size, offset = part.word(12), part.word(14)
        Sink(self._state, one, False, 0, size, request.columns).data(part.data[offset : offset + size], at)

    # files

    def _known(self, fid: int, part: Part, at: Moment) -> OpenFile:
        return self._state.files.get(_key(fid)) or self._open(_key(fid), "", part, at)

    def _open(self, key: bytes, name: str, part: Part, at: Moment) -> OpenFile:
        return self._state.open(key, name, part.tree_id, _fid(int.from_bytes(key, "little")), at)


def _key(fid: int) -> bytes:
    return fid.to_bytes(2, "little")


def _fid(fid: int) -> str:
    return f"{fid:04x}"


_ASKED: dict[int, Callable[..., None]] = {
    NEGOTIATE: Smb1._ask_negotiate, SESSION_SETUP: Smb1._ask_session, TREE_CONNECT: Smb1._ask_tree,
    NT_CREATE: Smb1._ask_create, OPEN_ANDX: Smb1._ask_open, CLOSE: Smb1._ask_close, READ_ANDX: Smb1._ask_read,
    DELETE: Smb1._ask_delete, RENAME: Smb1._ask_rename, TRANS: Smb1._ask_trans}
_ANSWERED: dict[int, Callable[..., None]] = {
    NEGOTIATE: Smb1._answer_negotiate, SESSION_SETUP: Smb1._answer_session, TREE_CONNECT: Smb1._answer_tree,
    TREE_DISCONNECT: Smb1._answer_disconnect, NT_CREATE: Smb1._answer_create, OPEN_ANDX: Smb1._answer_open,
    TRANS: Smb1._answer_trans}
