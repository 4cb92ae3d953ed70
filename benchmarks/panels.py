"""``python -m benchmarks.panels``: every panel over 50 M flows and 1 M alerts, for a day and for 30 days.

The store is made once (``--make``, about half an hour and 6 GB) and kept. Then each panel's question is asked as the
console asks it, first once to warm up, then ``--repeats`` times: milliseconds (least and median) and rows read.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from benchmarks import captures, harness, panel_store
from dashboards.panels import PAGES, Panel, Request, bind, step_for

OUT = captures.ROOT / "benchmarks" / "out"
DAY_MS = 86_400_000
RANGES = {"24 h": DAY_MS, "30 d": 30 * DAY_MS}
FLOORS_MS = {("overview", "24 h"): 300, ("overview", "30 d"): 1000, ("zones", "24 h"): 300, ("zones", "30 d"): 1000,
             ("host", "24 h"): 500, ("host", "30 d"): 500}
"""Page and range -> what each of its panels may take."""
MEMORY_BYTES = 1 << 30
"""What the embedded store grants its engine."""


class Timed(NamedTuple):
    """One panel over one range; error instead of figures where the engine refused."""

    page: str
    panel: str
    span: str
    ms: float = 0.0
    least_ms: float = 0.0
    rows_read: int = 0
    bytes_read: int = 0
    rows: int = 0
    error: str = ""

    @property
    def floor_ms(self) -> int | None:
        """What it may take, None where nothing is promised."""
        return FLOORS_MS.get((self.page, self.span))

    @property
    def met(self) -> bool:
        """Is the promise kept, by the median?"""
        return not self.error and (self.floor_ms is None or self.ms <= self.floor_ms)


def parsed(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.panels", description=__doc__)
    parser.add_argument("--store", type=Path, default=OUT / "panels-store", help="where the store is kept")
    parser.add_argument("--make", action="store_true", help="make the store first")
    parser.add_argument("--flows", type=int, default=50_000_000, help="flow rows to make (50,000,000)")
    parser.add_argument("--alerts", type=int, default=1_000_000, help="alerts to make (1,000,000)")
    parser.add_argument("--repeats", type=int, default=5, help="timed runs of each panel (5)")
    parser.add_argument("--only", nargs="+", metavar="PAGE", help="only these pages")
    parser.add_argument("--json", type=Path, default=OUT / "panels.json", help="where the results are kept")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a promise is not kept")
    return parser.parse_args(argv)


class Engine:
    """A session that reads as the console's store reads, and says how much it read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._session = self._opened()

    def _opened(self) -> Any:
        session = panel_store.engine(self._folder, MEMORY_BYTES)
        for setting in ("session_timezone = 'UTC'", "readonly = 1"):
            session.query(f"SET {setting}")
        return session

    def ask(self, sql: str, params: dict[str, Any] | None = None) -> Any:
        """Run one question; the result knows its rows, its time and what was read."""
        from storage.params import param_text

        try:
            return self._session.query(sql, "JSONCompactEachRow",
                                       params={k: param_text(v) for k, v in (params or {}).items()})
        except RuntimeError:
            self._session.close()
            self._session = self._opened()
            raise

    def close(self) -> None:
        """End the session."""
        self._session.close()


def requests(engine: Engine) -> dict[str, Request]:
    """Return what a reader looks at who looks back from the end of what is stored."""
    first = json.loads(engine.ask("SELECT toUnixTimestamp64Milli(max(ts_start_ns)) + 1 FROM flow").bytes())
    end = int(first[0])
    # a busy host of the middle: found by rank, so that it exists whatever the store was made of
    (ip,) = json.loads(engine.ask("SELECT toString(ip) FROM talkers_1h WHERE role = 'initiator' GROUP BY ip "
                                  "ORDER BY sum(flows) DESC LIMIT 1 OFFSET 200").bytes())
    run, alert = json.loads(engine.ask("SELECT run_id, toString(alert_id) FROM alert LIMIT 1").bytes())
    values = {"ip": ip, "run": run, "alert_id": alert, "policy_zones": list(panel_store.BASES),
              "policy_conduits": [f"C{n:02d}" for n in range(3, 20)]}
    return {name: Request(end - span, end, step_for(span), values=values) for name, span in RANGES.items()}


def timed(engine: Engine, page: str, panel: Panel, span: str, request: Request, repeats: int) -> Timed:
    """Ask a panel's question several times."""
    sql, params = bind(panel.sql, request)
    taken: list[float] = []
    try:
        for _ in range(repeats + 1):
            began = time.perf_counter()
            result = engine.ask(sql, params)
            taken.append((time.perf_counter() - began) * 1000)
    except RuntimeError as error:
        return Timed(page, panel.id, span, error=" ".join(str(error).split())[:160])
    warm = taken[1:] or taken
    return Timed(page, panel.id, span, statistics.median(warm), min(warm), result.storage_rows_read(),
                 result.storage_bytes_read(), result.bytes().count(b"\n"))


def measured(options: argparse.Namespace, console: Console) -> Iterator[Timed]:
    """Yield the figures of every panel over every range."""
    engine = Engine(options.store)
    try:
        asked = requests(engine)
        for page in PAGES:
            if options.only and page.id not in options.only:
                continue
            for panel in page.panels:
                for span, request in asked.items():
                    row = timed(engine, page.id, panel, span, request, options.repeats)
                    console.print(f"{row.page:10} {row.panel:22} {row.span}  {row.ms:8.0f} ms  {row.rows_read:12,} "
                                  f"{'' if row.met else 'TOO SLOW '}{row.error}", style="" if row.met else "bold red")
                    yield row
    finally:
        engine.close()


def table(rows: list[Timed]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| page | panel | range | ms (median) | least | rows read | MB read | floor ms |",
             "|---|---|---|---:|---:|---:|---:|---:|"]
    for r in rows:
        figures = (f"{r.ms:.0f} | {r.least_ms:.0f} | {r.rows_read:,} | {r.bytes_read / 1e6:.1f}" if not r.error
                   else f"{r.error} | | | ")
        lines.append(f"| {r.page} | {r.panel} | {r.span} | {figures} | {r.floor_ms or ''} |")
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> int:
    """Do what the command line asks; return the exit code."""
    options, console = parsed(argv), Console(width=160, highlight=False)
    if options.make:
        panel_store.make(options.store, options.flows, options.alerts, lambda text: console.print(text, style="dim"))
    if not options.store.is_dir():
        console.print(f"{options.store} is not there; make it with --make")
        return 2
    machine = harness.machine()
    rows = list(measured(options, console))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"machine": machine, "flows": options.flows, "alerts": options.alerts,
                                        "rows": [r._asdict() for r in rows]}, indent=1) + "\n")
    options.json.with_suffix(".md").write_text(table(rows))
    late = [r for r in rows if not r.met]
    console.print(f"{len(rows)} measured, {len(late)} beyond their floor; kept in {options.json}")
    return 1 if options.strict and late else 0


if __name__ == "__main__":
    sys.exit(main())
