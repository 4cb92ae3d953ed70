"""Stored flows as they are judged anew: read in portions that fit into memory, alike ones as one row with a count."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from columns.address import address_int
from columns.app import AppProto
from columns.codes import Certainty
from sekisho.filters import Filters
from sekisho.said_flows import joins
from zones import FlowKeys
from zones.applications import DIRECT_TLS

if TYPE_CHECKING:
    from storage import Store

PORTION = int(os.environ.get("SEKISHO_HISTORY_ROWS", "200000"))
"""Flow rows that are read at once, as nearly as whole hours allow."""

_LOW = (1 << 64) - 1


class Judged(NamedTuple):
    """Groups of alike flow rows: keys and names to judge them, verdict and conduit as stored, and examples.

    keys: one for each name that was told in a group, at least one; group: which it belongs to, in order. contents: what
    was carried, as said_flows tells it, None where nothing of that is stored. flows: how many of the group began; up,
    down: bytes of its rows; hour: in which they ended. example: flow_id, run_id of one of them; rows: how many there
    are.
    """

    keys: FlowKeys
    group: np.ndarray
    names: list[str]
    contents: list[list[str] | None]
    verdict: list[str]
    conduit: list[str]
    flows: np.ndarray
    rows: np.ndarray
    up: np.ndarray
    down: np.ndarray
    hour: np.ndarray
    example: list[tuple[int, str]]


@dataclass(frozen=True)
class History:
    """The stored flows that filters keep.

    with_names: with what TLS, QUIC and HTTP say of the server's name; with_contents: with what files, mails and remote
    desktops say of what they carry.
    """

    store: Store
    filters: Filters
    with_names: bool = False
    with_contents: bool = False

    def portions(self) -> list[tuple[str, int, int, int]]:
        """Return (run, first hour, hour after the last, rows) of the portions, in order."""
        sql = ("SELECT run_id, intDiv(toUnixTimestamp64Second(flow.ts_start_ns), 3600) AS hour, count() AS rows "
               f"FROM flow WHERE {self.filters.sql} GROUP BY run_id, hour ORDER BY run_id, hour")
        found: list[tuple[str, int, int, int]] = []
        for run, hour, rows in self.store.query(sql, self.filters.params).rows:
            if found and found[-1][0] == run and found[-1][3] + rows <= PORTION:
                found[-1] = (run, found[-1][1], hour + 1, found[-1][3] + rows)
            else:
                found.append((run, hour, hour + 1, rows))
        return found

    def read(self) -> Iterator[tuple[int, Judged]]:
        """Yield (rows read, groups) portion by portion; an hour with very many rows is read in several."""
        for run, first, after, rows in self.portions():
            parts = -(-rows // PORTION)
            for part in range(parts):
                yield rows // parts, self._portion(run, first, after, parts, part)

    def _portion(self, run: str, first: int, after: int, parts: int, part: int) -> Judged:
        mine = Filters()
        mine.params |= self.filters.params
        mine.where(self.filters.sql)
        mine.where("flow.run_id = ?", (run, "String"))
        mine.where("intDiv(toUnixTimestamp64Second(flow.ts_start_ns), 3600) BETWEEN ? AND ?",
                   (first, "Int64"), (after - 1, "Int64"))
        if parts > 1:
            mine.where("flow_id % ? = ?", (parts, "UInt64"), (part, "UInt64"))
        of_run = Filters()
        of_run.params = mine.params
        of_run.equals("run_id", run)
        said = joins(of_run, names=self.with_names, contents=self.with_contents)
        names, direct = ("said.names", "said.direct") if self.with_names else ("emptyArrayString()", "0")
        contents, told = (("carried.contents", "carried.flow_id != 0") if self.with_contents
                          else ("emptyArrayString()", "0"))
        # what is judged by the minute is judged alike within it; a guess alone depends on the initiator's port
        sql = f"""SELECT toString(flow.src_ip), toString(flow.dst_ip),
if(direction_certainty = 'syn_seen', 0, flow.src_port) AS sport, flow.dst_port, flow.proto, icmp_type,
intDiv(toUnixTimestamp64Second(flow.ts_start_ns), 60) AS minute, toString(direction_certainty),
if(tunnel_depth = 0, src_mac, 0) AS mac, toString(app_proto), {names} AS names, {direct} AS direct,
toString(verdict), toString(conduit), intDiv(toUnixTimestamp64Second(flow.ts_end_ns), 3600) AS hour,
countIf(part = 0), count(), sum(bytes_toserver), sum(bytes_toclient), any(flow.flow_id), any(flow.run_id),
min(toUnixTimestamp64Nano(flow.ts_start_ns)) AS first_ns, {contents} AS contents, {told} AS told
FROM (SELECT * FROM flow WHERE {mine.sql}) AS flow {said}
GROUP BY flow.src_ip, flow.dst_ip, sport, flow.dst_port, flow.proto, icmp_type, minute, direction_certainty, mac,
app_proto, names, direct, contents, told, verdict, conduit, hour ORDER BY minute, first_ns"""
        return _judged(self.store.query(sql, mine.params).rows)


def _judged(rows: list[tuple[Any, ...]]) -> Judged:
    columns = list(zip(*rows, strict=True)) if rows else [()] * 24
    told = [names or [None] for names in columns[10]]
    group = np.repeat(np.arange(len(rows)), [len(names) for names in told])
    names = list(dict.fromkeys(name for some in told for name in some if name is not None))
    number = {name: k for k, name in enumerate(names)}
    keys = FlowKeys(*[column[group] for column in _keys(columns)],
                    np.array([-1 if name is None else number[name] for some in told for name in some], np.int32))
    counts = [np.array(columns[k], np.uint64) for k in (15, 16, 17, 18)]
    contents = [list(what) if told else None for what, told in zip(columns[22], columns[23], strict=True)]
    return Judged(keys, group, names, contents, list(columns[12]), list(columns[13]), *counts,
                  np.array(columns[14], np.int64), list(zip(columns[19], columns[20], strict=True)))


def _keys(columns: list[tuple[Any, ...]]) -> list[np.ndarray]:
    """Return the columns of FlowKeys but the last, one row for each group."""
    halves = [np.array([half(address_int(a)) for a in columns[k]], np.uint64)
              for k in (0, 1) for half in (lambda ip: ip >> 64, lambda ip: ip & _LOW)]
    app = np.array([AppProto[a.upper()] for a in columns[9]], np.uint8)
    app[(app == int(AppProto.TLS)) & (np.array(columns[11], np.uint8) == 1)] = DIRECT_TLS
    return [*halves, np.array(columns[2], np.uint16), np.array(columns[3], np.uint16), np.array(columns[4], np.uint8),
            np.array(columns[5], np.uint8), np.array(columns[21], np.int64),
            np.array([Certainty[c.upper()] for c in columns[7]], np.uint8), np.array(columns[8], np.uint64), app]
