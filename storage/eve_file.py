"""EVE JSON lines into a file or to standard output, whole lines only."""

from __future__ import annotations

import errno
import os
import sys
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from columns.errors import StoreError
from columns.eve import flow_lines, stats_lines
from columns.eve_alerts import alert_lines
from columns.eve_netflow import netflow_lines
from columns.eve_settings import DEFAULTS, EveSettings
from columns.eve_transactions import transaction_lines
from columns.schema import Table, rows_in, slice_rows

_ROWS_AT_ONCE = 8192
_ALERTED_FLOWS = 65_536


class EveWriter:
    """Writes events as they come; a file that was there before is replaced.

    path: a file, or ``-`` for standard output. sensor: goes into ``host``. options: which events, in which form. Each
    write ends at the end of a line, and one that fails half-way is taken back to it, so that a reader never meets a
    partial line. StoreError when the file cannot be made or the disk is full; when the reader of a pipe has gone,
    ``reader_gone`` is True and what comes after is dropped.

    ``flow.alerted`` is true where an alert that was written before, not later than the flow's row in event time, names
    the flow; the last 65,536 such flows are remembered. Write the alerts of a batch before its flows.
    """

    def __init__(self, path: Path | str, *, sensor: str = "", options: EveSettings = DEFAULTS) -> None:
        self.path, self.reader_gone, self._options = str(path), False, options
        self._sensor = sensor
        self._alerted: OrderedDict[int, int] = OrderedDict()
        self._stream: BinaryIO | None = None
        if self.path == "-":
            sys.stdout.flush()
            self._stream = sys.stdout.buffer
            return
        try:
            self._stream = open(self.path, "wb", buffering=0)  # noqa: SIM115 (close() is the end of it)
        except OSError as error:
            raise StoreError(f"the EVE file cannot be written ({error.strerror})", where=self.path,
                             expected="a file in a directory that exists and may be written") from error

    def __enter__(self) -> EveWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write_flows(self, flows: Any, vocabularies: Mapping[str, Sequence[str]]) -> None:
        """Write one ``flow`` event per row."""
        for start in range(0, rows_in(flows), _ROWS_AT_ONCE):
            some = slice_rows(flows, start, start + _ROWS_AT_ONCE)
            if self._options.writes("flow"):
                self._write(flow_lines(some, vocabularies, alerted=self._is_alerted(some), sensor=self._sensor,
                                       options=self._options))
            if self._options.writes_netflow:
                self._write(netflow_lines(some, sensor=self._sensor, options=self._options))

    def write_alerts(self, alerts: Any) -> None:
        """Write one ``alert`` event per revision."""
        for flow_id, ts_ns in zip(alerts.flow_id.tolist(), alerts.ts_ns.tolist(), strict=True):
            if flow_id:
                self._alerted.setdefault(flow_id, ts_ns)
        while len(self._alerted) > _ALERTED_FLOWS:
            self._alerted.popitem(last=False)
        if self._options.writes("alert"):
            self._write(alert_lines(alerts, sensor=self._sensor, options=self._options))

    def write_transactions(self, table: Table, batch: Any, vocabularies: Mapping[str, Sequence[str]]) -> None:
        """Write one event per row, of the type that the table is named after."""
        self._write(transaction_lines(table, batch, vocabularies, sensor=self._sensor, options=self._options))

    def write_stats(self, health: Any) -> None:
        """Write one ``stats`` event per time of reading."""
        if self._options.writes("stats"):
            self._write(stats_lines(health, sensor=self._sensor))

    def close(self) -> None:
        """End the file; what was written is there for others to read."""
        if self._stream is not None and self.path != "-":
            self._stream.close()
        self._stream = None

    def _is_alerted(self, flows: Any) -> np.ndarray:
        found = np.zeros(flows.flow_id.size, bool)
        if self._alerted:
            named = np.flatnonzero(np.isin(flows.flow_id, np.fromiter(self._alerted, np.uint64)))
            for i in named.tolist():
                found[i] = self._alerted[int(flows.flow_id[i])] <= int(flows.clock_ns[i])
        return found

    def _write(self, text: str) -> None:
        if self.reader_gone or not text:
            return
        if self._stream is None:
            raise StoreError("the EVE file is closed", where=self.path)
        left, written = memoryview(text.encode("utf-8", "replace")), 0
        try:
            while written < len(left):
                written += self._stream.write(left[written:])
            self._stream.flush()
        except BrokenPipeError:
            self._leave_pipe()
        except OSError as error:
            self._take_back(bytes(left[:written]))
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            raise StoreError("the disk is full" if full else f"the EVE file cannot be written ({error.strerror})",
                             where=self.path, remedy="free space there and run again" if full else "") from error

    def _leave_pipe(self) -> None:
        """Nobody reads any more, as after ``| head``: what Python still holds for the pipe goes nowhere, quietly."""
        self.reader_gone = True
        if self.path == "-":
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)

    def _take_back(self, written: bytes) -> None:
        """Cut the file off after its last whole line; a pipe keeps what it got."""
        partial = len(written) - (written.rfind(b"\n") + 1)
        if partial and self._stream is not None and self._stream.seekable():
            self._stream.truncate(self._stream.seek(-partial, os.SEEK_CUR))
