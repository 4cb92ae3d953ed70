"""One command of a message of SMB 1: header, parameter words, bytes (MS-CIFS 2.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct, unpack_from

from sensor.protocols.smb import status as names
from sensor.protocols.smb.state import Columns

_BUFFER_OVERFLOW, _MORE_PROCESSING = 0x80000005, 0xC0000016
_HEADER = Struct("<IBH12xHHHH").unpack_from
_EXTENDED, _NT_STATUS, _UNICODE = 0x0800, 0x4000, 0x8000


class Part:
    """One command of a message: its header, the parameter words, the bytes."""

    __slots__ = (
        "bytes_at",
        "bytes_end",
        "code",
        "command",
        "data",
        "extended",
        "flags2",
        "key",
        "response",
        "status",
        "tree_id",
        "unicode",
        "user_id",
        "words",
        "words_at",
    )

    def __init__(self, data: bytes, command: int, at: int) -> None:
        self.data, self.command, self.words_at = data, command, at + 1
        self.words = data[at]
        self.bytes_at = at + 3 + 2 * self.words
        self.bytes_end = self.bytes_at + unpack_from("<H", data, self.bytes_at - 2)[0]
        self.code, flags, self.flags2, self.tree_id, process, self.user_id, multiplex = _HEADER(data, 5)
        self.response, self.extended = bool(flags & 0x80), bool(self.flags2 & _EXTENDED)
        self.unicode = bool(self.flags2 & _UNICODE)
        self.key = ("1", process, multiplex, command)
        code, nt = self.code, self.flags2 & _NT_STATUS
        self.status = code if nt else (code >> 16 | (code & 0xFF) << 16 if code else 0)

    @property
    def failed(self) -> bool:
        """Whether the response says that it did not work."""
        return self.status not in (0, _BUFFER_OVERFLOW, _MORE_PROCESSING)

    def status_columns(self) -> Mapping[str, str]:
        """What rows say of the status of a response."""
        if self.flags2 & _NT_STATUS:
            return names.status_columns(self.code)
        return names.dos_columns(self.code & 0xFF, self.code >> 16)

    def columns(self) -> Columns:
        """What every row says."""
        return {"command": names.command1(self.command), "session_id": self.user_id, "tree_id": self.tree_id}

    def word(self, place: int, form: str = "<H") -> int:
        """Return a parameter at a place in bytes."""
        value: int = unpack_from(form, self.data, self.words_at + place)[0]
        return value

    def text(self, at: int, *, unicode: bool | None = None, end: int = 0) -> tuple[str, int]:
        """Return a text that ends with a zero, and where the next one begins."""
        end = min(end or self.bytes_end, len(self.data))
        if self.unicode if unicode is None else unicode:
            at += at & 1  # aligned, counted from the header
            stop = at
            while (stop := self.data.find(b"\0\0", stop, end)) >= 0 and (stop - at) & 1:
                stop += 1
            stop = stop if stop >= 0 else end
            return self.data[at:stop].decode("utf-16-le", "replace"), stop + 2
        stop = self.data.find(b"\0", at, end)
        stop = stop if stop >= 0 else end
        return self.data[at:stop].decode("latin-1"), stop + 1
