"""What the commands of the spool do."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sekisho.config import load_settings
from sekisho.language import Lang
from sekisho.store_place import store_place
from sekisho.terminal import Screen, quantity

if TYPE_CHECKING:
    from storage import SpoolSettings
    from storage.spool.status import SpoolStatus

_DONE, _WAITING = 0, 1


def show_status(folder: Path | None, config: Path | None, *, as_json: bool, lang: Lang | None) -> None:
    """Show what waits in the spool."""
    from storage.spool.status import read_status

    screen, spool = Screen(lang), _spool(folder, config)
    status = read_status(spool.folder)
    if as_json:
        screen.json({"spool": str(spool.folder), "rows": status.rows, **asdict(status)})
        return
    _print_status(screen, spool, status)


def drain_and_show(store: str | None, folder: Path | None, config: Path | None, *, as_json: bool,
                   lang: Lang | None) -> int:
    """Send what waits, tell what became of it, and return the exit code."""
    from storage.draining import drain_spool

    screen, spool = Screen(lang), _spool(folder, config)
    place = store_place(store, load_settings(config))
    drained = drain_spool(place.target, place.settings, spool,
                          lambda waiting: screen.note(f"{waiting.rows} rows wait ({quantity(waiting.bytes, 'B')})"))
    sent, waiting = drained.counters["acknowledged_rows"], drained.waiting.rows
    if as_json:
        screen.json({"spool": str(spool.folder), "waiting_rows": waiting, **drained.counters,
                     "error": str(drained.error) if drained.error else None})
    else:
        screen.table(("sent", "waiting"), [(sent, waiting)], right=("sent", "waiting"))
    if drained.error is not None and waiting:
        screen.note(str(drained.error))
    return _WAITING if waiting else _DONE


def clear_and_show(folder: Path | None, config: Path | None) -> None:
    """Give up what waits, and tell how much it was."""
    from storage.draining import clear_spool

    spool = _spool(folder, config)
    Screen().note(f"{clear_spool(spool)} rows in {spool.folder} were given up")


def _spool(folder: Path | None, config: Path | None) -> SpoolSettings:
    spool = load_settings(config).spool
    return spool if folder is None else replace(spool, path=str(folder))


def _print_status(screen: Screen, spool: SpoolSettings, status: SpoolStatus) -> None:
    words = screen.words
    screen.table(("spool", "server", "rows", "bytes", "age of the oldest"), [
        (str(spool.folder), status.server, status.rows, f"{status.bytes:,} / {spool.max_bytes:,}",
         f"{status.oldest_s:.0f} s" if status.rows else "")], right=("rows", "bytes"))
    if status.waiting:
        screen.heading("waiting")
        screen.table(("table", "blocks", "rows"), [(t, b, r) for t, (b, r) in sorted(status.waiting.items())],
                     right=("blocks", "rows"))
    if status.runs:
        screen.heading("runs")
        screen.table(("run", "state"), [
            (run, words("being written") if state == "open" else words.label("ended"))
            for run, state in status.runs.items()])
    lost = [(table, words.label(cause), rows) for table, causes in sorted(status.lost.items())
            for cause, rows in causes.items()]
    if lost:
        screen.heading("given up")
        screen.table(("table", "cause", "rows"), lost, right=("rows",))
    if status.torn:
        screen.note(f"{status.torn} records ({status.torn_bytes} bytes) were cut off by a crash before they were whole")
