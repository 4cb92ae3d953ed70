"""A replay's progress on a terminal, and Ctrl-C as a request to end in order."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from columns.kernel import is_cold
from sekisho.terminal import Screen, quantity

if TYPE_CHECKING:
    from sekisho.report import Progress


class ReplayProgress:
    """A bar on stderr with bytes, packets per second and alerts so far; nothing when stderr is no terminal."""

    def __init__(self, screen: Screen) -> None:
        self._shown = sys.stderr.isatty() and not screen.quiet
        self._screen = screen
        self._bar: Any = None
        self._began = 0.0

    def __enter__(self) -> ReplayProgress:
        if self._shown:
            self._bar, self._task = _bar(self._screen)
            self._bar.start()
        self._began = time.perf_counter()
        return self

    def update(self, progress: Progress) -> None:
        """Show how far the replay has come."""
        if self._bar is None:
            return
        rate = progress.packets / max(time.perf_counter() - self._began, 1e-9)
        self._bar.update(
            self._task, total=progress.bytes_total or None, completed=progress.bytes_read, description="",
            rate=quantity(rate, "pps"), alerts=f"{progress.alerts:,} {self._screen.words('alerts')}",
        )

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()


class StepProgress:
    """A bar on stderr over rows of which some are done; nothing when stderr is no terminal.

    word: what is being done, in English as Words knows it. total: rows in all, None where nobody knows.
    """

    def __init__(self, screen: Screen, word: str, total: int | None) -> None:
        self._shown = sys.stderr.isatty() and not screen.quiet
        self._word, self._total = screen.words(word), total
        self._bar: Any = None

    def __enter__(self) -> StepProgress:
        if self._shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                                 TimeRemainingColumn(), console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(self._word, total=self._total)
            self._bar.start()
        return self

    def step(self, rows: int) -> None:
        """So many more are done."""
        if self._bar is not None:
            self._bar.advance(self._task, rows)

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bar(screen: Screen) -> tuple[Any, Any]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    bar = Progress(BarColumn(), DownloadColumn(), TextColumn("{task.fields[rate]}"),
                   TextColumn("{task.fields[alerts]}"), TextColumn("{task.description}"),
                   console=Console(stderr=True), transient=True)
    first = screen.words("compiling kernels (first run, up to 30 s)") if is_cold() else ""
    return bar, bar.add_task(first, total=None, rate="", alerts="")


@contextmanager
def stop_on_interrupt(screen: Screen) -> Iterator[Callable[[], bool]]:
    """Give a function that says whether Ctrl-C was pressed; a second one ends the replay at once."""
    asked: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        screen.note("interrupted: finishing what was read (Ctrl-C again ends at once)")

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)
