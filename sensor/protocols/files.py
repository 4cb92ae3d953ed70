"""FileTracker: follows one file through a conversation and tells it as one row of FILEINFO."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from columns.app import AppProto
from columns.errors import UsageError
from columns.limits import limit, limited
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
from sensor.protocols.printing import json_words
from sensor.protocols.shown import shown

CLOSED, TRUNCATED, ERROR = "CLOSED", "TRUNCATED", "ERROR"
HASHES = ("md5", "sha1", "sha256")
_ISO_END = ISO_OFFSET + len(ISO_MARK)
_NO_HINTS: frozenset[str] = frozenset()
_NAMES = {proto.value: proto.name.lower() for proto in AppProto}


@limited("files")
@dataclass(frozen=True)
class FileSettings:
    """Settings of files; hashes: those to compute over every file (md5, sha1, sha256), none by default."""

    hashes: tuple[str, ...] = ()
    inspect_bytes: int = limit(102_400, 4096, 1 << 32, "bytes", "of a file are looked at for its type and hints")
    name_bytes: int = limit(4096, 64, 65_535, "bytes", "of a file's name are kept")

    def __post_init__(self) -> None:
        for name in self.hashes:
            if name not in HASHES:
                raise UsageError(f"hashes holds {name!r}", where="files", expected=", ".join(HASHES))


class FileTracker:
    """One file: begin it by making the tracker, give its bytes in order, and end it once.

    Where its bytes are kept for those who inspect contents, they are looked at once: at its end or before its first
    gap.
    """

    __slots__ = ("_context", "_hashes", "_head", "_hinted", "_hints", "_inspect", "_iso", "_kept", "_late", "_tail",
                 "_type", "app_proto", "gaps", "name", "size", "to_server", "tx_id")

    def __init__(self, context: Context, settings: FileSettings, name: str | bytes, to_server: bool,
                 app_proto: AppProto, tx_id: int) -> None:
        self._context, self._inspect = context, settings.inspect_bytes
        self.name = shown(name[: settings.name_bytes]) if isinstance(name, bytes) else name[: settings.name_bytes]
        self.to_server, self.app_proto, self.tx_id = to_server, app_proto, tx_id
        self.size, self.gaps = 0, False
        self._hashes = [hashlib.new(h, usedforsecurity=False) for h in settings.hashes] if settings.hashes else ()
        self._head = self._iso = self._tail = b""
        self._kept = Beginning(self._inspect) if context.contents else None
        self._late = self._kept is not None  # nothing was looked at yet
        self._hints: frozenset[str] = _NO_HINTS
        self._type = EMPTY
        self._hinted: bool | None = None  # whether hints are looked for; None until the type is known

    @property
    def passable(self) -> int:
        """For so many next bytes ``skip`` is enough: they themselves do not matter."""
        if self._hashes and not self.gaps:
            return 0
        if self.size >= self._inspect:
            return NO_END
        if self._kept is not None or self._hinted is not False:
            return 0
        return ISO_OFFSET - self.size if self.size < ISO_OFFSET else 0 if self.size < _ISO_END else NO_END

    def data(self, data: bytes) -> None:
        """Take the next bytes."""
        if self._hashes and not self.gaps:
            for h in self._hashes:
                h.update(data)
        room = self._inspect - self.size
        if room > 0:
            piece = data if len(data) <= room else data[:room]
            if self._kept is not None:
                self._kept.add(piece)
            if not self._late:
                self._look(piece, self.size)
        self.size += len(data)

    def skip(self, size: int) -> None:
        """Count bytes that were there, but are not looked at: at most ``passable``."""
        self.size += size

    def gap(self, size: int) -> None:
        """Count bytes that were never captured; hashes and what the type is told by end before them."""
        self._look_back(self._kept.joined() if self._late and self._kept is not None else b"")
        self.size += size
        self.gaps = True
        self._tail = b""

    def _look_back(self, kept: bytes) -> None:
        """Look at what was kept, if that was not done as it came; the type is told by it at the latest."""
        if self._late:
            self._late = False
            self._look(kept, 0)
        if self._hinted is None:
            self._decide(b"", 0)

    def _look(self, data: bytes, place: int) -> None:
        """Look at the bytes from some place in the file on."""
        if self._hinted is None:
            rest = HEAD_BYTES - len(self._head)
            self._head += data[:rest]
            if len(data) >= rest:
                self._decide(data, rest)
        elif self._hinted:
            self._look_for_hints(data)
        if place < _ISO_END and place + len(data) > ISO_OFFSET:
            self._iso += data[max(ISO_OFFSET - place, 0) : _ISO_END - place]

    def _decide(self, data: bytes, behind: int) -> None:
        """The head is as long as it gets: it tells the type, and hints are looked for from its first byte on.

        behind: where in data the bytes behind the head begin.
        """
        self._type = file_type(self._head)
        self._hinted = self._type.name in HINTED
        if self._hinted:
            self._look_for_hints(self._head + data[behind:])

    def _look_for_hints(self, data: bytes) -> None:
        joined = self._tail + data
        self._hints |= hints_in(joined)
        self._tail = joined[-HINT_TAIL_BYTES:]

    def end(self, at: Moment, state: str = CLOSED, **objects: str) -> None:
        """Tell the file; objects are JSON texts of what carried it (http=..., smtp=..., email=..., smb=...)."""
        told = self.facts(state, at)
        told |= objects
        self._context.emit(FILEINFO, at, told)

    def _show(self, at: Moment, facts: dict[str, Any], kept: bytes) -> None:
        """Show what rules ask of files."""
        buffers = [("file.name", self.name.encode("utf-8", "surrogateescape"))] if self.name else []
        assert self._context.contents is not None
        buffers += (("file.data", kept), ("file.magic", facts["file_type"].encode()),
                    ("file.size", b"%d" % self.size), ("file.state", facts["state"].lower().encode()))
        if self._hashes and not self.gaps:
            buffers += [(f"file.{h.name}", h.digest()) for h in self._hashes]
        self._context.contents(at, self.tx_id, self.to_server, buffers)
        self._kept = None

    def facts(self, state: str, at: Moment) -> dict[str, Any]:
        """Return the columns of the file that is over, for a caller that tells it later; it is shown now."""
        kept = self._kept.joined() if self._kept is not None else b""
        self._look_back(kept)
        kind = ISO if self._iso == ISO_MARK else self._type if self._head or not self.size else DATA
        if kind.name in HINTED and zip_locked(self._head):
            self._hints |= {"encrypted"}
        if self.gaps and state == CLOSED:
            state = TRUNCATED
        told = {
            "app_proto": _NAMES[self.app_proto], "to_server": int(self.to_server), "file_tx_id": self.tx_id,
            "filename": self.name, "file_type": kind.name, "mime_type": kind.mime, "size": self.size,
            "hints": json_words(sorted(self._hints)) if self._hints else "", "gaps": int(self.gaps), "state": state,
            "stored": 0}
        if self._hashes:
            told |= {h.name: h.hexdigest() for h in self._hashes}
        if self._kept is not None:
            self._show(at, told, kept)
        return told
