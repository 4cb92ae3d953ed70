"""Speaking to a parser by hand: what is said in which direction, cut as one likes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st

from columns.address import address_int
from columns.app import AppProto
from sensor.protocols.parser import Context, FlowFacts, Moment

TCP_FLOW = FlowFacts(1, address_int("10.0.0.1"), address_int("10.0.0.2"), 40000, 443, 6, 0)
UDP_FLOW = TCP_FLOW._replace(proto=17)


class Heard:
    """A parser's context, and what came of it: rows by table, counters, the parser itself."""

    def __init__(self, parser: Any, settings: Any = None, *, flow: FlowFacts = TCP_FLOW,
                 from_proto: AppProto = AppProto.UNKNOWN) -> None:
        self.rows: list[dict[str, Any]] = []
        self.moments: list[Moment] = []
        self.counters: Counter[str] = Counter()
        self.parser = parser(Context(flow, self._emit, self._count, settings, from_proto))

    def _emit(self, table: Any, at: Moment, columns: dict[str, Any]) -> None:
        unknown = set(columns) - {c.name for c in table.columns}
        assert not unknown, f"{table.name} has no column {unknown}"
        table.from_rows([columns])  # every value fits its column
        self.rows.append({"table": table.name, **columns})
        self.moments.append(at)

    def _count(self, cause: str, times: int = 1) -> None:
        self.counters[cause] += times

    def say(self, said: Iterable[tuple[bool, bytes]], cuts: Sequence[int] = (), *, end: bool = True) -> Heard:
        """Give what was said, as (to_server, bytes); cuts are sizes of pieces, used over and over. Then end."""
        number = place = 0
        for number, (to_server, data) in enumerate(said, 1):
            at = 0
            while at < len(data):
                size = cuts[place % len(cuts)] if cuts else len(data)
                place += 1
                if not self.parser.done:
                    self.parser.data(to_server, data[at : at + size], Moment(number, number))
                at += size
        if end:
            self.parser.end(Moment(number + 1, number + 1))
        return self

    @property
    def row(self) -> dict[str, Any]:
        """The only row."""
        assert len(self.rows) == 1, self.rows
        return self.rows[0]


def cuts() -> st.SearchStrategy[list[int]]:
    """Sizes of the pieces that a stream is cut into."""
    return st.lists(st.integers(1, 700), min_size=1, max_size=20) | st.just([1])


def noise(said: Sequence[tuple[bool, bytes]]) -> st.SearchStrategy[list[tuple[bool, bytes]]]:
    """Real words, a few bytes of which are damaged, cut off or doubled."""
    @st.composite
    def damaged(draw: Any) -> list[tuple[bool, bytes]]:
        out = []
        for to_server, data in said:
            changed = bytearray(data)
            for place, value in draw(st.lists(st.tuples(st.integers(0, max(len(data) - 1, 0)), st.integers(0, 255)),
                                              max_size=6)):
                if changed:
                    changed[place] = value
            out.append((to_server, bytes(changed[: draw(st.integers(0, len(data)) | st.just(len(data)))])))
        return out
    return damaged()


def babble() -> st.SearchStrategy[list[tuple[bool, bytes]]]:
    """Any bytes in any direction."""
    return st.lists(st.tuples(st.booleans(), st.binary(max_size=200)), max_size=12)
