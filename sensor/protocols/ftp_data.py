"""FTP's data connections: what was agreed on the control connection says which they are; each carries one file."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from columns.app import AppProto
from sensor.protocols.files import CLOSED, TRUNCATED, FileSettings, FileTracker
from sensor.protocols.parser import NO_END, Context, Moment


class Transfer(NamedTuple):
    """What the control connection says of a data connection: the command and the file it names."""

    command: bytes
    filename: bytes


class FtpData:
    """Follows one data connection to its end."""

    app_proto: ClassVar[AppProto] = AppProto.FTP_DATA

    def __init__(self, context: Context, transfer: Transfer) -> None:
        self._context, self._transfer, self.done = context, transfer, False
        self._tracker: FileTracker | None = None
        self._to_server = True

    def _begin(self, to_server: bool, at: Moment) -> FileTracker:
        settings = self._context.settings if isinstance(self._context.settings, FileSettings) else FileSettings()
        self._to_server = to_server
        if self._context.show:
            self._context.show(at, 0, to_server, [("ftpdata_command", self._transfer.command)])
        return FileTracker(self._context, settings, self._transfer.filename, to_server, AppProto.FTP_DATA, 0)

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes; only one side sends the file, the first to speak."""
        if self._tracker is None:
            self._tracker = self._begin(to_server, at)
        if to_server != self._to_server:
            self._context.count("ftp_data_both_ways")
        else:
            self._tracker.data(data)

    def passable(self, to_server: bool) -> int:
        """So many next bytes of the file nobody looks at."""
        return self._tracker.passable if self._tracker is not None and to_server == self._to_server else 0

    def patient(self, to_server: bool) -> int:
        """So many next bytes may be told late: the file is told at its end."""
        return NO_END if self._tracker is not None and to_server == self._to_server else 0

    def skip(self, to_server: bool, size: int, at: Moment) -> None:
        """So many bytes, at most ``passable``, are there but are not handed over."""
        assert self._tracker is not None
        self._tracker.skip(size)

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Some of the file is missing."""
        if self._tracker is not None and to_server == self._to_server:
            self._tracker.gap(size)

    def end(self, at: Moment) -> None:
        """The file is over with its connection."""
        if self._tracker is None:
            return
        self._tracker.end(at, TRUNCATED if self._tracker.gaps else CLOSED)
        if self._context.show:
            for to_server in (True, False):
                self._context.show(at, 0, to_server, (), True)
        self._tracker = None
