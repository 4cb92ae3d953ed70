"""The figures the product promises, each judged against what was measured."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

Results = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Floor:
    """One promise: at_least or at most a value; measured is None where it could not be measured."""

    what: str
    value: float
    unit: str
    at_least: bool
    measured: float | None

    @property
    def met(self) -> bool | None:
        """Tell whether the promise holds; None when nothing was measured."""
        if self.measured is None:
            return None
        return self.measured >= self.value if self.at_least else self.measured <= self.value

    def as_dict(self) -> dict[str, Any]:
        """Return the row for JSON."""
        return asdict(self) | {"met": self.met}


def value(results: Results, subject: str, *keys: str) -> float | None:
    """Return a figure of a subject, or None where the subject is missing or failed."""
    found: Any = results.get(subject, {})
    for key in keys:
        if not isinstance(found, dict) or key not in found:
            return None
        found = found[key]
    return found


def ratio(over: float | None, under: float | None) -> float | None:
    """Return over / under, or None where one is missing."""
    return None if over is None or not under else over / under


def judged(results: Results) -> list[Floor]:
    """Return every promise with its measurement; speeds are medians, memory is the highest of all repeats."""

    def of(subject: str, *keys: str) -> float | None:
        return value(results, subject, *keys)

    speed, whole = of("main", "processing", "mpps"), of("main", "whole", "mpps")
    dpkt, nfstream = of("dpkt parse loop", "processing", "mpps"), of("nfstream", "processing", "mpps")
    half, full = of("syn_flood_half", "peak_mb", "max"), of("syn_flood", "peak_mb", "max")
    return [
        Floor("main: packets a second, processing", 3.0, "Mpps", True, speed),
        Floor("main: bits a second, processing", 10.0, "Gbit/s", True, of("main", "processing", "gbit_s")),
        Floor("main: packets a second, whole process with start-up", 3.0, "Mpps", True, whole),
        Floor("main: bits a second, whole process with start-up", 10.0, "Gbit/s", True, of("main", "whole", "gbit_s")),
        Floor("main: times dpkt's bare parse loop, both without start-up", 25.0, "x", True, ratio(speed, dpkt)),
        Floor("main: times nfstream, both without start-up", 25.0, "x", True, ratio(speed, nfstream)),
        Floor("main: times dpkt, both whole processes", 25.0, "x", True,
              ratio(whole, of("dpkt parse loop", "whole", "mpps"))),
        Floor("main: times nfstream, both whole processes", 25.0, "x", True,
              ratio(whole, of("nfstream", "whole", "mpps"))),
        Floor("main with the store, of the speed without", 0.5, "x", True,
              ratio(of("main, store", "processing", "mpps"), speed)),
        Floor("main: peak memory", 600, "MB", False, of("main", "peak_mb", "max")),
        Floor("million_flows: peak memory", 1024, "MB", False, of("million_flows", "peak_mb", "max")),
        Floor("syn_flood: peak memory, of that with half the flood", 1.1, "x", False, ratio(full, half)),
        Floor("warm start to the first packet", 1.5, "s", False, of("warm start", "wall_s", "median")),
        Floor("cold start, main replayed", 30.0, "s", False, of("cold start", "wall_s", "median")),
    ]
