"""Conversations given to one parser by hand, in any pieces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sensor.protocols.parser import Context, FlowFacts, Moment

FLOW = FlowFacts(1, 0xFFFF0A000001, 0xFFFF0A000002, 40000, 80, 6, 0)
Said = Sequence[tuple[bool, bytes]]
"""(to_server, bytes) in the order in which they were said."""


class Heard:
    """What a parser told: rows by name of the table, counters, the parser itself."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.counters: dict[str, int] = {}
        self.inspected: dict[str, bytes] = {}
        self.steps: list[tuple[int, bool, tuple[tuple[str, bytes], ...], bool]] = []
        self.parser: Any = None

    def table(self, name: str) -> list[dict[str, Any]]:
        return self.rows.get(name, [])

    def everything(self) -> Any:
        return self.rows, self.inspected


def hear(make: Any, said: Iterable[tuple[bool, bytes | int]], settings: Any = None, end: bool = True) -> Heard:
    """Give a conversation to a new parser; an int instead of bytes is a gap of that size."""
    heard = Heard()

    def emit(table: Any, at: Moment, columns: dict[str, Any]) -> None:
        unknown = set(columns) - {c.name for c in table.columns}
        assert not unknown, unknown
        kept = {k: v for k, v in columns.items() if not k.endswith("_ts_ns")}  # when is a matter of the pieces
        heard.rows.setdefault(table.name, []).append(kept)

    def count(cause: str, times: int = 1) -> None:
        heard.counters[cause] = heard.counters.get(cause, 0) + times

    def show(at: Moment, tx_id: int, to_server: bool, buffers: Any, done: bool = False) -> None:
        heard.steps.append((tx_id, to_server, tuple(buffers), done))
        for name, data in buffers:
            heard.inspected[name] = heard.inspected.get(name, b"") + data

    heard.parser = parser = make(Context(FLOW, emit, count, settings, show=show, contents=show))
    at = Moment(0, 0)
    for n, (to_server, data) in enumerate(said, 1):
        at = Moment(n * 1000, n)
        if parser.done:
            break
        if isinstance(data, int):
            parser.gap(to_server, data, at)
        else:
            parser.data(to_server, data, at)
    if end:
        parser.end(at)
    return heard


def cut(said: Said, sizes: Sequence[int]) -> list[tuple[bool, bytes]]:
    """Return the same conversation in pieces of these sizes, used round and round."""
    out, n = [], 0
    for to_server, data in said:
        at = 0
        while at < len(data):
            size = max(sizes[n % len(sizes)], 1)
            out.append((to_server, data[at : at + size]))
            at, n = at + size, n + 1
    return out
