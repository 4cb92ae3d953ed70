"""FileTracker: follows one file through a conversation and tells it as one row of FILEINFO."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from columns.app import AppProto
from columns.errors import UsageError
from columns.limits import check_limits, limit
from columns.protocols.fileinfo import FILEINFO
from sensor.protocols.beginning import Beginning
from sensor.protocols.magic import (
    DATA,
    EMPTY,
    HEAD_BYTES,
    HINT_TAIL_BYTES,
    HINTED,
    ISO,
    ISO_MARK,
    ISO_OFFSET,
    file_type,
    hints_in,
    zip_locked,
)
from sensor.protocols.parser import NO_END, Context, Moment
from sensor.protocols.shown import shown

CLOSED, TRUNCATED, ERROR = "CLOSED", "TRUNCATED", "ERROR"
HASHES = ("md5", "sha1", "sha256")
_ISO_END = ISO_OFFSET + len(ISO_MARK)


@dataclass(frozen=True)
class FileSettings:
    """Settings of files; hashes: those to compute over every file (md5, sha1, sha256), none by default."""

    hashes: tuple[str, ...] = ()
    inspect_bytes: int = limit(102_400, 4096, 1 << 32, "bytes", "of a file are looked at for its type and hints")
    name_bytes: int = limit(4096, 64, 65_535, "bytes", "of a file's name are kept")

    def __post_init__(self) -> None:
        check_limits(self, "files")
        for name in self.hashes:
            if name not in HASHES:
                raise UsageError(f"hashes holds {name!r}", where="files", expected=", ".join(HASHES))


class FileTracker:
    """One file: begin it by making the tracker, give its bytes in order, and end it once."""

    __slots__ = ("_context", "_hashes", "_head", "_hinted", "_hints", "_inspect", "_iso", "_shown", "_tail", "_type",
                 "app_proto", "gaps", "name", "size", "to_server", "tx_id")

    def __init__(self, context: Context, settings: FileSettings, name: str | bytes, to_server: bool,
                 app_proto: AppProto, tx_id: int) -> None:
        self._context, self._inspect = context, settings.inspect_bytes
        self.name = shown(name[: settings.name_bytes]) if isinstance(name, bytes) else name[: settings.name_bytes]
        self.to_server, self.app_proto, self.tx_id = to_server, app_proto, tx_id
        self.size, self.gaps = 0, False
        self._hashes = [hashlib.new(h, usedforsecurity=False) for h in settings.hashes]
        self._head, self._iso, self._tail = b"", b"", b""
        self._shown = Beginning(self._inspect) if context.contents else None
        self._hints: set[str] = set()
        self._type = EMPTY
        self._hinted: bool | None = None  # whether hints are looked for; None until the type is known

    @property
    def passable(self) -> int:
        """For so many next bytes ``skip`` is enough: they themselves do not matter."""
        if self._hashes and not self.gaps:
            return 0
        if self.size >= self._inspect:
            return NO_END
        if self._shown is not None or self._hinted is not False:
            return 0
        return ISO_OFFSET - self.size if self.size < ISO_OFFSET else 0 if self.size < _ISO_END else NO_END

    def data(self, data: bytes) -> None:
        """Take the next bytes."""
        if self._hashes and not self.gaps:
            for h in self._hashes:
                h.update(data)
        if self.size < self._inspect:
            self._look(data[: self._inspect - self.size])
        self.size += len(data)

    def skip(self, size: int) -> None:
        """Count bytes that were there, but are not looked at: at most ``passable``."""
        self.size += size

    def gap(self, size: int) -> None:
        """Count bytes that were never captured; hashes and what the type is told by end before them."""
        if self._hinted is None:
            self._decide(b"")
        self.size += size
        self.gaps = True
        self._tail = b""

    def _look(self, data: bytes) -> None:
        if self._hinted is None:
            rest = HEAD_BYTES - len(self._head)
            self._head += data[:rest]
            if len(data) >= rest:
                self._decide(data[rest:])
        elif self._hinted:
            self._look_for_hints(data)
        if self._shown is not None:
            self._shown.add(data)
        if self.size < _ISO_END and self.size + len(data) > ISO_OFFSET:
            self._iso += data[max(ISO_OFFSET - self.size, 0) : _ISO_END - self.size]

    def _decide(self, behind: bytes) -> None:
        """The head is as long as it gets: it tells the type, and hints are looked for from its first byte on."""
        self._type = file_type(self._head)
        self._hinted = self._type.name in HINTED
        if self._hinted:
            self._look_for_hints(self._head + behind)

    def _look_for_hints(self, data: bytes) -> None:
        joined = self._tail + data
        self._hints |= hints_in(joined)
        self._tail = joined[-HINT_TAIL_BYTES:]

    def end(self, at: Moment, state: str = CLOSED, **objects: str) -> None:
        """Tell the file; objects are JSON texts of what carried it (http=..., smtp=..., email=..., smb=...)."""
        self._context.emit(FILEINFO, at, self.facts(state, at) | objects)

    def _show(self, at: Moment, facts: dict[str, Any]) -> None:
        """Show what rules ask of files."""
        buffers = [("file.name", self.name.encode("utf-8", "surrogateescape"))] if self.name else []
        assert self._context.contents is not None
        assert self._shown is not None
        buffers += [("file.data", self._shown.joined()), ("file.magic", facts["file_type"].encode()),
                    ("file.size", b"%d" % self.size), ("file.state", facts["state"].lower().encode())]
        buffers += [(f"file.{h.name}", h.digest()) for h in self._hashes if not self.gaps]
        self._context.contents(at, self.tx_id, self.to_server, buffers)
        self._shown = None

    def facts(self, state: str, at: Moment) -> dict[str, Any]:
        """Return the columns of the file that is over, for a caller that tells it later; it is shown now."""
        if self._hinted is None:
            self._decide(b"")
        kind = ISO if self._iso == ISO_MARK else self._type if self._head or not self.size else DATA
        if kind.name in HINTED and zip_locked(self._head):
            self._hints.add("encrypted")
        if self.gaps and state == CLOSED:
            state = TRUNCATED
        told = {
            "app_proto": self.app_proto.name.lower(), "to_server": int(self.to_server), "file_tx_id": self.tx_id,
            "filename": self.name, "file_type": kind.name, "mime_type": kind.mime, "size": self.size,
            "hints": json.dumps(sorted(self._hints)) if self._hints else "", "gaps": int(self.gaps), "state": state,
            "stored": 0, **{h.name: h.hexdigest() for h in self._hashes}}
        if self._shown is not None:
            self._show(at, told)
        return told
