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
from zones import FlowKeys

if TYPE_CHECKING:
    from storage import Store

PORTION = int(os.environ.get("SEKISHO_HISTORY_ROWS", "200000"))
"""Flow rows that are read at once, as nearly as whole hours allow."""

_LOW = (1 << 64) - 1
_NAMES = """LEFT JOIN (
SELECT run_id, flow_id, any(name) AS name FROM (
SELECT run_id, flow_id, sni AS name FROM tls WHERE {filters} AND hellos_seen IN ('both', 'client')
UNION ALL SELECT run_id, flow_id, sni FROM quic WHERE {filters} AND sender = 'client'
UNION ALL SELECT run_id, flow_id, hostname FROM http WHERE {filters} AND hostname != ''
) GROUP BY run_id, flow_id) AS said ON said.run_id = flow.run_id AND said.flow_id = flow.flow_id"""


class Judged(NamedTuple):
    """Groups of alike flow rows: keys and names to judge them, verdict and conduit as stored, and examples.

    flows: how many of the group began; up, down: bytes of its rows; hour: in which they ended. example: flow_id, run_id
    of one of them; rows: how many there are.
    """

    keys: FlowKeys
    names: list[str]
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
    """The stored flows that filters keep. with_names: join what TLS, QUIC and HTTP say of the server's name."""

    store: Store
    filters: Filters
    with_names: bool = False

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
        said = ""
        if self.with_names:
            of_run = Filters()
            of_run.params = mine.params
            of_run.equals("run_id", run)
            said = _NAMES.format(filters=of_run.sql)
        name = "said.name" if self.with_names else "''"
        told = "said.flow_id != 0" if self.with_names else "0"
        # what is judged by the minute is judged alike within it; a guess alone depends on the initiator's port
        sql = f"""SELECT toString(flow.src_ip), toString(flow.dst_ip),
if(direction_certainty = 'syn_seen', 0, flow.src_port) AS sport, flow.dst_port, flow.proto, icmp_type,
intDiv(toUnixTimestamp64Second(flow.ts_start_ns), 60) AS minute, toString(direction_certainty),
if(tunnel_depth = 0, src_mac, 0) AS mac, toString(app_proto), {name} AS name, {told} AS told,
toString(verdict), toString(conduit), intDiv(toUnixTimestamp64Second(flow.ts_end_ns), 3600) AS hour,
countIf(part = 0), count(), sum(bytes_toserver), sum(bytes_toclient), any(flow.flow_id), any(flow.run_id),
min(toUnixTimestamp64Nano(flow.ts_start_ns)) AS first_ns
FROM flow {said} WHERE {mine.sql}
GROUP BY flow.src_ip, flow.dst_ip, sport, flow.dst_port, flow.proto, icmp_type, minute, direction_certainty, mac,
app_proto, name, told, verdict, conduit, hour ORDER BY minute, first_ns"""
        return _judged(self.store.query(sql, mine.params).rows)


def _judged(rows: list[tuple[Any, ...]]) -> Judged:
    columns = list(zip(*rows, strict=True)) if rows else [()] * 22
    src, dst = ([address_int(a) for a in columns[k]] for k in (0, 1))
    names = list(dict.fromkeys(n for n, told in zip(columns[10], columns[11], strict=True) if told))
    number = {name: k for k, name in enumerate(names)}
    keys = FlowKeys(
        *[np.array(v, np.uint64) for ends in (src, dst) for v in ([x >> 64 for x in ends], [x & _LOW for x in ends])],
        np.array(columns[2], np.uint16), np.array(columns[3], np.uint16), np.array(columns[4], np.uint8),
        np.array(columns[5], np.uint8), np.array(columns[21], np.int64),
        np.array([Certainty[c.upper()] for c in columns[7]], np.uint8), np.array(columns[8], np.uint64),
        np.array([AppProto[a.upper()] for a in columns[9]], np.uint8),
        np.array([number[n] if told else -1 for n, told in zip(columns[10], columns[11], strict=True)], np.int32),
    )
    counts = [np.array(columns[k], np.uint64) for k in (15, 16, 17, 18)]
    return Judged(keys, names, list(columns[12]), list(columns[13]), *counts, np.array(columns[14], np.int64),
                  list(zip(columns[19], columns[20], strict=True)))
