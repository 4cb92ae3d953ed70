"""A digest of flows, alerts and transactions that depends neither on their order nor on how they were cut up."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from columns import ALERT, FLOW, TEXTUAL, TRANSACTIONS, Alerts, Flows, Table, Text, rows_in
from columns.kernel import kernel

_ROWS_AT_ONCE = 4096  # 700 KB of words: stays in the second-level cache, and numpy's cost per call is spread thin
_TEXTS_REMEMBERED = 4096
_PROVENANCE = frozenset({"policy_digest", "config_digest", "ruleset_digest"})
_LEFT_OUT = _PROVENANCE | {"app_proto"}  # known only where somebody looks into what is said: the third part covers that
_MASK = (1 << 64) - 1

Sums = dict[str, tuple[int, int, int]]
"""By table: rows, and the sum of their hashes in each lane."""


class ResultDigest:
    """Sums a 128-bit hash of every row, modulo 2**64 in each of two lanes, and the number of rows.

    A row counts with every stored column except app_proto and the digests of policy, configuration and rules (they say
    how a result came about, not what it is). Addition makes it a hash of the multiset: order and batches do not matter,
    a row missing or doubled does. Of the sums, 64 bits are shown per table: two results that differ share a digest
    by accident with probability about 2**-64. Somebody who chooses the rows can make two sets collide, so it
    compares runs and proves nothing against an adversary.
    """

    def __init__(self) -> None:
        self._flows, self._alerts = _TableSum(FLOW), _TableSum(ALERT)
        self._transactions: dict[str, _TableSum] = {}

    def add_flows(self, flows: Flows) -> None:
        """Take the rows of a batch of flows."""
        self._flows.add(flows)

    def add_alerts(self, alerts: Alerts) -> None:
        """Take the rows of a batch of alerts (every revision is a row)."""
        self._alerts.add(alerts)

    def add_transactions(self, table: Table, batch: Any) -> None:
        """Take the rows of a batch of a protocol's transactions."""
        self._of(table).add(batch)

    def _of(self, table: Table) -> _TableSum:
        if table.name not in self._transactions:
            self._transactions[table.name] = _TableSum(table)
        return self._transactions[table.name]

    def sums(self) -> Sums:
        """Return the sums over the transactions so far, by table, for another digest."""
        return {name: table.total() for name, table in self._transactions.items()}

    def add_sums(self, sums: Sums) -> None:
        """Take the transactions that another digest has summed up."""
        for table in TRANSACTIONS:
            if table.name in sums:
                self._of(table).add_total(*sums[table.name])

    def hexdigest(self) -> str:
        """Return the digest of all rows so far: 16 hex digits each for alerts, flows and transactions, with hyphens."""
        said = " ".join(f"{name}={table}" for name, table in sorted(self._transactions.items()))
        parts = (str(self._alerts), str(self._flows), said)
        return "-".join(hashlib.sha256(part.encode()).hexdigest()[:16] for part in parts)


class _TableSum:
    """The sum over the rows of one table; its columns are packed side by side into 64-bit words for the kernel."""

    def __init__(self, table: Table) -> None:
        columns = [c for c in table.columns if c.clickhouse and c.name not in _LEFT_OUT]
        fields = [(f, np.dtype("u8" if c.dtype in ("ip", *TEXTUAL) else c.dtype)) for c in columns for f in c.fields]
        fields.sort(key=lambda field: -field[1].itemsize)  # widest first, so that no field straddles two words
        words = -(-sum(dtype.itemsize for _, dtype in fields) // 8)
        self._words = np.zeros((words, _ROWS_AT_ONCE), np.uint64)
        self._places, byte = [], 0
        for name, dtype in fields:
            step = 8 // dtype.itemsize
            self._places.append((name, self._words[byte // 8].view(dtype)[byte % 8 // dtype.itemsize :: step]))
            byte += dtype.itemsize
        self._keys = _keys(table.name, words)
        self._scratch = np.zeros((2, _ROWS_AT_ONCE), np.uint64)
        self._known_texts = _TextHashes()
        self._rows, self._waiting, self._lanes = 0, 0, [0, 0]

    def __str__(self) -> str:
        rows, a, b = self.total()
        return f"{rows}:{a:016x}{b:016x}"

    def total(self) -> tuple[int, int, int]:
        """Return how many rows there were, and their sum in each lane."""
        self._sum_up()
        return self._rows, self._lanes[0], self._lanes[1]

    def add_total(self, rows: int, *lanes: int) -> None:
        """Take rows that were summed up elsewhere."""
        self._rows += rows
        self._lanes = [(mine + other) & _MASK for mine, other in zip(self._lanes, lanes, strict=True)]

    def add(self, batch: Any) -> None:
        rows, taken = rows_in(batch), 0
        if rows == 0:
            return
        arrays = {name: getattr(batch, name) for name, _ in self._places}
        arrays = {name: self._hashed(a) if isinstance(a, Text) else a for name, a in arrays.items()}
        while taken < rows:
            count = min(rows - taken, _ROWS_AT_ONCE - self._waiting)
            for name, place in self._places:
                place[self._waiting : self._waiting + count] = arrays[name][taken : taken + count]
            taken, self._waiting = taken + count, self._waiting + count
            if self._waiting == _ROWS_AT_ONCE:
                self._sum_up()

    def _sum_up(self) -> None:
        with np.errstate(over="ignore"):  # the kernel as plain Python wraps around, as it should
            lanes = _sum_rows(self._words, self._waiting, self._keys, self._scratch)
        self._lanes = [(total + int(lane)) & _MASK for total, lane in zip(self._lanes, lanes, strict=True)]
        self._rows, self._waiting = self._rows + self._waiting, 0

    def _hashed(self, text: Text) -> np.ndarray:
        """Return one 64-bit hash per text; most texts of alerts repeat, so they are remembered (up to a cap)."""
        if not text.data.size:
            return np.full(text.offsets.size - 1, _EMPTY, np.uint64)
        raw, known, hashes = text.data.tobytes(), self._known_texts, np.full(text.offsets.size - 1, _EMPTY, np.uint64)
        there = np.flatnonzero(text.offsets[1:] != text.offsets[:-1])
        firsts, lasts = text.offsets[there].tolist(), text.offsets[there + 1].tolist()
        hashes[there] = [known[raw[first:last]] for first, last in zip(firsts, lasts, strict=True)]
        return hashes


class _TextHashes(dict[bytes, int]):
    """The hashes of texts that were met, up to so many."""

    def __missing__(self, value: bytes) -> int:
        if len(self) >= _TEXTS_REMEMBERED:
            self.clear()
        self[value] = found = _hash(value)
        return found


def _hash(value: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(value, digest_size=8).digest(), "little")


_EMPTY = _hash(b"")


def _keys(name: str, words: int) -> np.ndarray:
    """Return two odd 64-bit keys per word: uint64[2, words]; the same ones on every machine."""
    raw = b"".join(hashlib.blake2b(f"{name} {i}".encode(), digest_size=16).digest() for i in range(words))
    return np.frombuffer(raw, "<u8").reshape(words, 2).T.astype(np.uint64) | np.uint64(1)


@kernel
def _sum_rows(words, count, keys, scratch):
    """Hash rows 0..count of uint64[words, rows] in two lanes and return the sums of the hashes.

    Each word is mixed under its own key by multiply and fold, a row's words are added up (so that the loop over
    the rows of a word has no chain of dependencies), and the sum goes through the finish of splitmix64.
    """
    lane_a, lane_b = scratch[0], scratch[1]
    lane_a[:count] = 0
    lane_b[:count] = 0
    for j in range(words.shape[0]):
        row, key_a, key_b = words[j], keys[0, j], keys[1, j]
        for i in range(count):
            mixed = (row[i] ^ key_a) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(32)
            lane_a[i] += mixed
            lane_b[i] += mixed * key_b
    total_a, total_b = np.uint64(0), np.uint64(0)
    for i in range(count):
        finished = _finished(lane_a[i])
        total_a += finished
        total_b += _finished(lane_b[i] ^ finished)
    return total_a, total_b


@kernel
def _finished(value):
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
