"""``python -m benchmarks.store_insert``: flow rows a second into both engines, encoding included.

Rows are seeded flows of an office (every column of the flow table). A figure is rows / (first insert to the end of
flush), in batches of 100,000, through the store as a sensor uses it. `without rollups` drops the materialized views.
`driver, columns` is what clickhouse-driver's own columnar insert makes of the same rows.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import harness, subjects
from columns import FLOW
from columns.codes import labels_of
from columns.rollups import ROLLUPS
from columns.schema import rows_in
from storage import Run, open_store
from storage.block import block_of
from tests.support.clickhouse_listeners import WRITER, WRITER_PASSWORD, ClickHouseListeners, clickhouse_listeners
from tests.support.rows import VOCABULARIES, city_flows

RESULTS = subjects.OUT / "store_insert.json"
FLOORS = {"embedded, without rollups": 700_000, "sockets none, without rollups": 400_000,
          "embedded, with rollups": 350_000, "sockets none, with rollups": 200_000}


def main(argv: list[str] | None = None) -> int:
    """Measure, print a table, and keep the results as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store_insert", description=__doc__)
    parser.add_argument("--batch", type=int, default=100_000, help="rows of a batch (100000)")
    parser.add_argument("--batches", type=int, default=20, help="batches of a run (20)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each case (3)")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="only cases with such a word in their name")
    options = parser.parse_args(argv)
    batches = [city_flows(options.batch, seed=seed) for seed in range(4)]
    results = {}
    for name, case in cases(batches):
        if not options.only or any(word in name for word in options.only):
            results[name] = _measure(case, batches, options)
            print(name, results[name]["rows_s"], file=sys.stderr)
    document = {"machine": harness.machine(), "batch": options.batch, "batches": options.batches,
                "columns": len(FLOW.columns), "results": results, "floors": FLOORS}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(document, indent=1) + "\n")
    _print(document)
    return 0


def cases(batches: list[Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the name of each case and what opens it: a context that yields (insert, flush, the engine's process)."""
    for rollups in (False, True):
        words = f"with{'' if rollups else 'out'} rollups"
        yield f"embedded, {words}", lambda rollups=rollups: _embedded(rollups)
        for compression in ("none", "lz4", "zstd"):
            yield f"sockets {compression}, {words}", lambda rollups=rollups, c=compression: _sockets(rollups, c)
    yield "driver, columns", lambda: _driver(batches)


@contextmanager
def _embedded(rollups: bool) -> Iterator[Any]:
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "s", memory_bytes=2 << 30) as store:
        yield _inserting(store, rollups), store.flush, os.getpid()


@contextmanager
def _sockets(rollups: bool, compression: str) -> Iterator[Any]:
    os.environ["SEKISHO_STORE_PASSWORD"] = WRITER_PASSWORD
    with _server() as server, open_store(server.url(more=f"?compression={compression}")) as store:
        yield _inserting(store, rollups), store.flush, server.process.pid


@contextmanager
def _driver(batches: list[Any]) -> Iterator[Any]:
    """The driver's own way: one Python or numpy value per cell, made from the same columns."""
    with _server() as server:
        os.environ["SEKISHO_STORE_PASSWORD"] = WRITER_PASSWORD
        with open_store(server.url()) as store:
            _drop_rollups(store)
        client = server.client(user=WRITER, database="sekisho", compression="lz4", settings={"use_numpy": True})
        names = [c.name for c in FLOW.columns if c.clickhouse]

        def insert(batch: Any) -> None:
            client.execute(f"INSERT INTO flow ({', '.join(names)}) VALUES", driver_columns(batch), columnar=True)

        yield insert, lambda: None, server.process.pid
        client.disconnect()


@contextmanager
def _server() -> Iterator[ClickHouseListeners]:
    with tempfile.TemporaryDirectory() as folder, clickhouse_listeners(Path(folder)) as server:
        yield server


def driver_columns(batch: Any) -> list[Any]:
    """Return the stored columns of a flow batch as the driver takes them."""
    import numpy as np

    found: list[Any] = []
    for column in (c for c in FLOW.columns if c.clickhouse):
        arrays = [getattr(batch, f) for f in column.fields]
        if column.dtype == "ip":
            found.append(np.array([(int(h) << 64 | int(low)).to_bytes(16, "big")
                                   for h, low in zip(*arrays, strict=True)], object))
        elif isinstance(column.labels, str):
            found.append(np.array(VOCABULARIES[column.labels], object)[arrays[0]])
        elif column.clickhouse == "Enum8":
            words = labels_of(column.labels)
            found.append(np.array([words.get(i, "") for i in range(max(words) + 1)], object)[arrays[0]])
        elif column.clickhouse.startswith("DateTime64"):
            found.append(arrays[0].astype("M8[ns]"))
        else:
            found.append(arrays[0])
    return found


def _inserting(store: Any, rollups: bool) -> Callable[[Any], None]:
    if not rollups:
        _drop_rollups(store)
    store.begin_run(Run(f"r{time.monotonic_ns()}"))
    return lambda batch: store.insert(FLOW, batch, vocabularies=VOCABULARIES)


def _drop_rollups(store: Any) -> None:
    connection = store.engine.connect()
    for rollup in ROLLUPS:
        connection.execute(f"DROP VIEW IF EXISTS {rollup.view}")
    connection.close()


def _measure(case: Callable[[], Any], batches: list[Any], options: argparse.Namespace) -> dict[str, Any]:
    rates, shares = [], []
    rows = options.batches * options.batch
    for _ in range(options.repeats):
        with case() as (insert, flush, engine):
            insert(batches[0])  # untimed: connections, first parts
            flush()
            began, cpu = time.perf_counter(), _cpu_s(engine)
            for number in range(options.batches):
                insert(batches[number % len(batches)])
            flush()
            seconds = time.perf_counter() - began
            rates.append(rows / seconds)
            shares.append((_cpu_s(engine) - cpu) * 1e6 / rows)
    block = block_of(FLOW, batches[0], constants=(), vocabularies=VOCABULARIES, token="")
    return {"rows_s": {"min": round(min(rates)), "median": round(statistics.median(rates)), "max": round(max(rates))},
            "cpu_us_a_row": round(statistics.median(shares), 3),
            "block_bytes_a_row": round(len(block.data) / rows_in(batches[0]), 1)}


def _cpu_s(engine: int) -> float:
    """Processor seconds of this process and of the engine's, if it is another."""
    return sum(_process_s(pid) for pid in {os.getpid(), engine})


def _process_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _print(document: dict[str, Any]) -> None:
    table = Table("case", "rows/s (min / median / max)", "µs of processor a row", "floor", "met by the median")
    for name, found in document["results"].items():
        rates, floor = found["rows_s"], FLOORS.get(name)
        met = "" if floor is None else "yes" if rates["median"] >= floor else "NO"
        table.add_row(name, " / ".join(f"{rates[k]:,}" for k in ("min", "median", "max")),
                      f"{found['cpu_us_a_row']:.2f}", f"{floor:,}" if floor else "", met)
    Console(width=None if sys.stdout.isatty() else 140).print(table)


if __name__ == "__main__":
    sys.exit(main())
