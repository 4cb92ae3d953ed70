"""A process that writes a run into a store behind a spool, to be killed: python -m tests.support.spool_writer ….

Rows are the same for the same run and number, whatever the process. It prints how many rows the spool has taken, line
by line, and "done" when the run is finished and everything is sent.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import storage.chunk
from columns import ALERT, FLOW, SENSOR_HEALTH, slice_rows
from columns.alert import Alerts
from storage import Run, RunSummary, SpoolSettings, open_store
from tests.support.rows import START_NS, VOCABULARIES, city_flows

BATCH = 500


def flows(rows: int) -> Any:
    """Flows numbered from 0 on."""
    batch = city_flows(rows)
    batch.flow_id[:] = range(rows)
    return batch


def alerts(first: int, rows: int) -> Alerts:
    """Alerts numbered from first on."""
    return ALERT.from_rows([{
        "alert_id": n, "revision": 1, "severity": 1 + n % 4, "signature_id": n % 7, "signature": f"signature {n % 7}",
        "start_ns": START_NS + n * 10**9, "end_ns": START_NS + n * 10**9} for n in range(first, first + rows)])


def write(store: Any, run: Run, rows: int, pause_s: float = 0.0) -> None:
    """Write a run of so many flows, with an alert for every fifty, and counters of the sensor."""
    store.begin_run(run)
    every = flows(rows)
    for start in range(0, rows, BATCH):
        store.insert(FLOW, slice_rows(every, start, start + BATCH), vocabularies=VOCABULARIES)
        store.insert(ALERT, alerts(start // 50, BATCH // 50))
        print(store.counters().get("spooled_rows", 0), flush=True)
        time.sleep(pause_s)
    store.insert(SENSOR_HEALTH, SENSOR_HEALTH.from_rows([
        {"ts_ns": START_NS, "stage": "flow", "cause": "rows", "value": rows}]))
    store.finish_run(RunSummary(packets=rows, bytes=rows, digest="d"))


def main() -> None:
    """Write one run as the command line says: URL, folder of the spool, run, kind, rows."""
    url, folder, run_id, kind, rows = sys.argv[1:]
    storage.chunk.CHUNK_ROWS = 1000
    spool = SpoolSettings(path=folder, wait_s=60.0, backoff_first_s=0.02, backoff_max_s=0.3, segment_bytes=1 << 17,
                          max_bytes=1 << 28)
    run = Run(run_id, kind=kind, keep_days=3650 if kind == "live" else 0)  # type: ignore[arg-type]
    with open_store(url, spool=spool) as store:
        write(store, run, int(rows), pause_s=0.01)
    print("done", flush=True)


if __name__ == "__main__":
    main()
