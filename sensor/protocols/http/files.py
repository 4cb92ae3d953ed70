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


class HttpFile(FileTracker):
    """One file, which is told only if there was anything of it."""

    __slots__ = ("_owner", "_tx")

    patient = True

    def __init__(self, owner: Any, tx: Transaction, to_server: bool, name: bytes) -> None:
        super().__init__(owner.context, owner.settings.files, name, to_server, AppProto.HTTP, tx.tx_id)
        self._owner, self._tx = owner, tx

    def over(self, state: str) -> None:
        """Tell the file, if there was one."""
        if self.size or self.gaps:
            self.end(self._owner.at, state, http=http_object(self._tx))


class MultipartSink:
    """The parts of a form; those with a file name are files."""

    __slots__ = ("_form", "_owner", "_tx")

    passable = 0  # boundaries may be anywhere
    patient = False  # and a file is told where it ends

    def __init__(self, owner: Any, tx: Transaction, boundary: bytes) -> None:
        self._owner, self._tx = owner, tx
        self._form = Multipart(boundary, self._begin, owner.settings.multipart_parts)

    def _begin(self, name: bytes) -> HttpFile | None:
        if not name:
            return None
        self._tx.file_names.append(name)
        return HttpFile(self._owner, self._tx, True, name)

    def data(self, data: bytes) -> None:
        """Take bytes."""
        self._form.data(data)

    def skip(self, size: int) -> None:
        """Count bytes."""
        self._form.gap(size)

    def gap(self, size: int) -> None:
        """Count missing bytes."""
        self._form.gap(size)

    def over(self, state: str) -> None:
        """The body is over."""
        self._form.finish()
