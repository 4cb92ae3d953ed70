"""Parsers run over scripted conversations, without captures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sensor.protocols.parser import Context, FlowFacts, Moment

SERVER, CLIENT = True, False
"""Where bytes go to: ``to_server``."""

Row = dict[str, Any]


class Recorder:
    """A Context that keeps what parsers emit and count; what a json column says must be JSON."""

    def __init__(self, flow: FlowFacts, settings: Any = None) -> None:
        self.rows: list[tuple[str, Row]] = []
        self.causes: dict[str, int] = {}
        self.context = Context(flow, self._emit, self._count, settings)

    def of(self, table: str) -> list[Row]:
        """Return the rows of one table."""
        return [row for name, row in self.rows if name == table]

    def _emit(self, table: Any, at: Moment, columns: Row) -> None:
        unknown = set(columns) - {c.name for c in table.columns}
        assert not unknown, f"{table.name} has no column {unknown}"
        table.from_rows([columns])
        for column in table.columns:
            if column.dtype == "json" and (value := columns.get(column.name)):
                json.loads(value)
        self.rows.append((table.name, {"ts_ns": at.ts_ns, **columns}))

    def _count(self, cause: str, times: int = 1) -> None:
        self.causes[cause] = self.causes.get(cause, 0) + times


def flow_of(*, src_port: int = 40000, dst_port: int = 0, proto: int = 6) -> FlowFacts:
    """Return facts of a flow between two private addresses."""
    return FlowFacts(1, 0xFFFF0A000001, 0xFFFF0A000002, src_port, dst_port, proto, 0)


def run_stream(parser: Callable[[Context], Any], pieces: Iterable[tuple[bool, bytes | int]], flow: FlowFacts,
               settings: Any = None) -> Recorder:
    """Give pieces (direction, bytes, or the size of a gap) to a stream parser, one microsecond apart."""
    recorder, now = Recorder(flow, settings), 0
    running = parser(recorder.context)
    for now, (to_server, piece) in enumerate(pieces, 1):
        if running.done:
            continue
        if isinstance(piece, int):
            running.gap(to_server, piece, Moment(now * 1000, now))
        else:
            running.data(to_server, piece, Moment(now * 1000, now))
    running.end(Moment(now * 1000, now))
    return recorder


def run_datagrams(parser: Callable[[Context], Any], datagrams: Sequence[tuple[bool, bytes]], flow: FlowFacts,
                  settings: Any = None) -> Recorder:
    """Give datagrams to a parser, one microsecond apart."""
    recorder = Recorder(flow, settings)
    running = parser(recorder.context)
    for now, (to_server, data) in enumerate(datagrams, 1):
        if not running.done:
            running.datagram(to_server, data, Moment(now * 1000, now))
    running.end(Moment(len(datagrams) * 1000, len(datagrams)))
    return recorder


def without_times(rows: Iterable[tuple[str, Row]]) -> list[tuple[str, Row]]:
    """Return rows without what depends on where the stream was cut."""
    return [(name, {k: v for k, v in row.items() if k not in ("ts_ns", "rtt_ns")}) for name, row in rows]


def cut_up(pieces: Sequence[tuple[bool, bytes]], sizes: Sequence[int]) -> list[tuple[bool, bytes]]:
    """Cut the pieces of a conversation into smaller ones, their sizes taken in turn."""
    cut, turn = [], 0
    for to_server, data in pieces:
        at = 0
        while at < len(data):
            size = sizes[turn % len(sizes)]
            cut.append((to_server, data[at : at + size]))
            at, turn = at + size, turn + 1
    return cut
