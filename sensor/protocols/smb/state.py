"""What a conversation in SMB knows: requests that wait, trees and open files by their numbers."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from columns.app import AppProto
from columns.protocols.smb import SMB
from sensor.protocols.dce import UNREPLIED, Call, Calls
from sensor.protocols.files import CLOSED, TRUNCATED, FileTracker
from sensor.protocols.parser import Context, Moment
from sensor.protocols.smb.settings import SmbSettings

Columns = dict[str, Any]
_OF_TREES = ("named_pipe", "share")
_SHOWN = (("named_pipe", "smb.named_pipe"), ("share", "smb.share"), ("ntlmssp_user", "smb.ntlmssp_user"),
          ("ntlmssp_domain", "smb.ntlmssp_domain"))


@dataclass(slots=True)
class Request:
    """A request that waits. number: of its transaction, 0 for none; about: what its response needs to be understood."""

    columns: Columns
    number: int = 0
    about: Any = None
    silent: bool = False  # told otherwise, as a remote call


@dataclass(slots=True)
class Transfer:
    """What is read or written of one file."""

    tracker: FileTracker
    columns: Columns
    number: int
    next_offset: int = 0


@dataclass(slots=True)
class OpenFile:
    """A file, directory or pipe that is open."""

    name: str
    share: str
    fuid: str
    size: int | None = None
    known_tree: bool = True
    pipe: bool = False
    calls: Calls | None = None  # of a pipe through which DCE/RPC is spoken
    transfers: dict[bool, Transfer] = field(default_factory=dict)  # by direction, to_server


class State:
    """Remembers within limits: the oldest request, file or tree makes room for the next."""

    def __init__(self, context: Context, settings: SmbSettings) -> None:
        self.context, self.settings = context, settings
        self.dialect = ""
        self.pending: dict[Hashable, Request] = {}
        self.trees: dict[int, tuple[str, bool]] = {}  # name, whether it is for pipes
        self.files: dict[bytes, OpenFile] = {}
        self._number = 0
        self._overlaps: dict[int, bool] = {}
        self.at = Moment(0, 0)  # the packet that is looked at

    def number(self) -> int:
        """Return the number of a new transaction, from 1."""
        self._number += 1
        return self._number

    def ask(self, key: Hashable, request: Request, at: Moment) -> None:
        """Remember a request until its response."""
        if key in self.pending:
            self._unanswered(self.pending.pop(key), at)
        elif len(self.pending) >= self.settings.pending:
            self.context.count("smb_pending_full")
            self._unanswered(self.pending.pop(next(iter(self.pending))), at)
        request.columns["request_ts_ns"] = at.ts_ns
        self.pending[key] = request

    def _unanswered(self, request: Request, at: Moment) -> None:
        if request.number:
            self.tell(request.number, {**request.columns, "seen": "request"}, at)

    def tell(self, number: int, columns: Columns, at: Moment, *, over: bool = True) -> None:
        """Give out one transaction; over: nothing more of it is shown."""
        limit = self.settings.name_bytes
        if over and self.context.show:
            self._show(number - 1, columns, at)
        shown = {"tx_id": number - 1, "id": number, "dialect": self.dialect or "unknown", **columns}
        for name, value in columns.items():
            if isinstance(value, str) and len(value) > limit and name != "dcerpc":
                shown[name] = value[:limit]
        self.context.emit(SMB, at, shown)

    def _show(self, tx_id: int, columns: Columns, at: Moment) -> None:
        """Show what rules ask of a transaction that is over, in both directions."""
        assert self.context.show is not None
        odd = [("event", b"smb.file_overlap")] if self._overlaps.pop(tx_id + 1, None) is not None else []
        version = [*odd, ("smb.version", b"2" if columns["command"].startswith("SMB2") else b"1")]
        named = [(buffer, str(columns[name]).encode()) for name, buffer in _SHOWN if columns.get(name) and (
            name not in _OF_TREES or "TREE_CONNECT" in columns["command"])]
        self.context.show(at, tx_id, True, [*version, *named], True)
        self.context.show(at, tx_id, False, version, True)

    def add_tree(self, tree_id: int, name: str, pipes: bool) -> None:
        """A share is connected to."""
        if len(self.trees) >= self.settings.trees:
            del self.trees[next(iter(self.trees))]
        self.trees[tree_id] = name, pipes

    def open(self, key: bytes, name: str, tree_id: int, fuid: str, at: Moment,
             before: OpenFile | None = None) -> OpenFile:
        """A file is open; it is a pipe where its share is for pipes. before: what was written to it already."""
        if key in self.files:
            self.close(key, at, TRUNCATED)
        elif len(self.files) >= self.settings.open_files:
            self.context.count("smb_files_full")
            self.close(next(iter(self.files)), at, TRUNCATED)
        share, pipes = self.trees.get(tree_id, ("", False))
        one = self.files[key] = OpenFile(name, share, fuid, known_tree=tree_id in self.trees)
        if pipes:
            self.become_pipe(one)
        elif before is not None:
            one.transfers = before.transfers
            for transfer in one.transfers.values():
                transfer.tracker.name = name
                transfer.columns |= {"filename": name, "share": share, "fuid": fuid}
        return one

    def close(self, key: bytes, at: Moment, state: str = CLOSED) -> None:
        """A file is closed: tell what was read and written of it."""
        one = self.files.pop(key, None)
        if one is None:
            return
        for call in one.calls.end() if one.calls else ():
            self.tell_call(call, {}, at)
        for to_server, transfer in one.transfers.items():
            whole = to_server or one.size is None or transfer.next_offset >= one.size
            columns = {**transfer.columns, "transferred_bytes": transfer.tracker.size, "seen": "both"}
            shown = {n: columns[n] for n in ("command", "session_id", "tree_id", "filename", "share", "fuid")}
            self.tell(transfer.number, columns, at, over=False)
            transfer.tracker.end(at, state if whole else TRUNCATED, smb=json.dumps({"id": transfer.number, **shown}))
            if self.context.show:
                self._show(transfer.number - 1, columns, at)

    def transfer(self, one: OpenFile, to_server: bool, columns: Columns) -> Transfer:
        """Return the transfer of a file in one direction, begun with its first bytes."""
        found = one.transfers.get(to_server)
        if found is None:
            number = self.number()
            tracker = FileTracker(self.context, self.settings.files, one.name, to_server, AppProto.SMB, number - 1)
            found = Transfer(tracker, {**columns, "filename": one.name, "share": one.share, "fuid": one.fuid}, number)
            one.transfers[to_server] = found
        return found

    def overlapped(self, number: int, to_server: bool) -> None:
        """What is read or written was there before: show it with the transfer, when that is over."""
        self._overlaps[number] = to_server

    def written(self, key: bytes, status: Columns) -> None:
        """A write was answered."""
        one = self.files.get(key)
        if one is not None and True in one.transfers:
            one.transfers[True].columns |= {k: status[k] for k in ("status", "status_code")}

    def become_pipe(self, one: OpenFile) -> None:
        """What is open turns out to be a pipe: remote calls go through it."""
        one.pipe, one.calls = True, Calls(self._asked, stubs=self.context.show is not None)

    def _asked(self, call: Call) -> None:
        """A remote call has its number from its request on, whether or not somebody inspects it."""
        call.number = self.number()
        if self.context.show:
            self.context.show(self.at, call.number - 1, True, call.buffers(True), True)

    def tell_call(self, call: Call, status: Columns, at: Moment) -> None:
        """Give out one remote call through a pipe."""
        number = call.number or self.number()
        if self.context.show and call.number:
            self.context.show(at, number - 1, False, call.buffers(False), True)
        seen = "request" if call.response == UNREPLIED else "response" if call.request == "REQUEST_LOST" else "both"
        self.tell(number, {**call.facts, **status, "dcerpc": call.text(), "seen": seen}, at)

    def end(self, at: Moment) -> None:
        """The conversation is over."""
        for request in self.pending.values():
            self._unanswered(request, at)
        self.pending.clear()
        for key in list(self.files):
            self.close(key, at, TRUNCATED)
