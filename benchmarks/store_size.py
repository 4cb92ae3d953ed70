"""``python -m benchmarks.store_size [CAPTURE...]``: bytes a stored row takes, by table and column.

Each capture is replayed into a store of its own with the example policy, the engine merges what it holds, and what lies
on the disk is divided by the rows. Without captures it takes those of the benchmarks that are there, and the demo day.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import captures, subjects

_TABLES = """SELECT table, sum(parts.rows) AS rows, sum(bytes_on_disk) AS bytes,
    sum(secondary_indices_compressed_bytes) AS index_bytes
FROM system.parts WHERE database = currentDatabase() AND active AND parts.rows > 0 GROUP BY table ORDER BY bytes DESC"""
_COLUMNS = """SELECT column, sum(column_bytes_on_disk) AS bytes FROM system.parts_columns
WHERE database = currentDatabase() AND active AND table = {table:String} GROUP BY column ORDER BY bytes DESC"""


def measured(capture: Path) -> dict[str, Any]:
    """Replay a capture and return bytes per row of every table, and of every column of flow."""
    with tempfile.TemporaryDirectory(prefix="sekisho-size-") as folder:
        store = Path(folder) / "store"
        subprocess.run([sys.executable, "-m", "sekisho", "replay", str(capture), "--zones", str(subjects.POLICY),
                        "--store", str(store), "--quiet"], check=True, cwd=captures.ROOT)
        return {"capture": capture.name} | sizes(store)


def sizes(folder: Path) -> dict[str, Any]:
    """Return what the tables of a store take once their parts are merged."""
    from storage import open_store

    with open_store(folder, create=False) as store:
        connection = store.engine.connect()
        for table in [row[0] for row in store.query(_TABLES).rows]:
            connection.execute(f"OPTIMIZE TABLE {table} FINAL")
        connection.close()
        tables = store.query(_TABLES).dicts()
        flows = next((t["rows"] for t in tables if t["table"] == "flow"), 0)
        columns = store.query(_COLUMNS, {"table": "flow"}).dicts()
    for table in tables:
        table["bytes_per_row"] = round(table["bytes"] / table["rows"], 2)
    return {"tables": tables, "flow_columns": {c["column"]: round(c["bytes"] / max(flows, 1), 3) for c in columns}}


def default_captures(folder: Path) -> list[Path]:
    """Return the large benchmark captures in a folder, and the demo day, made into it where it is not there."""
    demo = folder / "demo_day.pcap"
    if not demo.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pcaps", str(folder), "--only", "demo_day"], check=True,
                       cwd=captures.ROOT)
    return [p for p in (folder / "main.pcap", folder / "ipv6.pcap", demo) if p.exists()]


def main() -> int:
    """Measure and print: tables for people, or one JSON object a capture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store_size", description=__doc__)
    parser.add_argument("capture", nargs="*", type=Path)
    parser.add_argument("--data", type=Path, default=captures.DATA, help="where the benchmark captures are")
    parser.add_argument("--json", action="store_true", help="one JSON object per capture")
    options = parser.parse_args()
    for capture in options.capture or default_captures(options.data):
        found = measured(capture.absolute())
        print(json.dumps(found) if options.json else _text(found), flush=True)
    return 0


def _text(found: dict[str, Any]) -> str:
    lines = [f"{found['capture']}", f"{'table':15}{'rows':>10}{'bytes':>12}{'bytes/row':>11}{'of it indexes':>15}"]
    lines += [f"{t['table']:15}{t['rows']:10,}{t['bytes']:12,}{t['bytes_per_row']:11.2f}"
              f"{t['index_bytes'] / t['rows']:15.2f}" for t in found["tables"]]
    lines += ["bytes per flow row by column:",
              ", ".join(f"{name} {size:.2f}" for name, size in found["flow_columns"].items() if size >= 0.005)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
