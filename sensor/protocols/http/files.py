"""Files in HTTP: a body, or the parts of a form, given to a FileTracker."""

from __future__ import annotations

from typing import Any

from columns.app import AppProto
from sensor.protocols.files import FileTracker
from sensor.protocols.http.multipart import Multipart, file_name_of
from sensor.protocols.http.transaction import Transaction, http_object


def response_file_name(tx: Transaction) -> bytes:
    """Return the name of what a response carries: from Content-Disposition, else the path that was asked for."""
    disposition = tx.answered(b"content-disposition")
    return (file_name_of(disposition) if disposition else b"") or tx.target.path


class FileSink:
    """One file, begun with its first byte."""

    __slots__ = ("_name", "_owner", "_to_server", "_tracker", "_tx")

    def __init__(self, owner: Any, tx: Transaction, to_server: bool, name: bytes) -> None:
        self._owner, self._tx, self._to_server, self._name = owner, tx, to_server, name
        self._tracker: FileTracker | None = None

    patient = True

    @property
    def passable(self) -> int:
        """So many next bytes do not matter."""
        return self._tracker.passable if self._tracker is not None else 0

    def _file(self) -> FileTracker:
        if self._tracker is None:
            self._tracker = FileTracker(self._owner.context, self._owner.settings.files, self._name, self._to_server,
                                        AppProto.HTTP, self._tx.tx_id)
        return self._tracker

    def data(self, data: bytes) -> None:
        """Take bytes."""
        (self._tracker or self._file()).data(data)

    def skip(self, size: int) -> None:
        """Count bytes."""
        self._file().skip(size)

    def gap(self, size: int) -> None:
        """Count missing bytes."""
        self._file().gap(size)

    def end(self, state: str) -> None:
        """Tell the file, if there was one."""
        if self._tracker is not None:
            self._tracker.end(self._owner.at, state, http=http_object(self._tx))
            self._tracker = None


class MultipartSink:
    """The parts of a form; those with a file name are files."""

    __slots__ = ("_form", "_owner", "_tx")

    passable, patient = 0, False  # boundaries may be anywhere, and a file is told where it ends

    def __init__(self, owner: Any, tx: Transaction, boundary: bytes) -> None:
        self._owner, self._tx = owner, tx
        self._form = Multipart(boundary, self._begin, owner.settings.multipart_parts)

    def _begin(self, name: bytes) -> FileSink | None:
        if not name:
            return None
        self._tx.file_names.append(name)
        return FileSink(self._owner, self._tx, True, name)

    def data(self, data: bytes) -> None:
        """Take bytes."""
        self._form.data(data)

    def skip(self, size: int) -> None:
        """Count bytes."""
        self._form.gap(size)

    def gap(self, size: int) -> None:
        """Count missing bytes."""
        self._form.gap(size)

    def end(self, state: str) -> None:
        """The body is over."""
        self._form.finish()
