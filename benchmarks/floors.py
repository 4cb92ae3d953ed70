"""The figures the product promises, each judged against what was measured."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

Results = dict[str, dict[str, Any]]
SHARE = 0.9


@dataclass(frozen=True)
class Floor:
    """One promise: at_least or at most a value; measured is None where it could not be measured."""

    what: str
    value: float
    unit: str
    at_least: bool
    measured: float | None
    shared: tuple[str, ...] = ()  # speeds only: subjects that had less than SHARE of their core

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


def shared_core(results: Results, *subjects: str) -> tuple[str, ...]:
    """Return the subjects whose processor time is less than SHARE of their wall time, with their percentage.

    Something else ran on their core (or they waited): their speed, and every ratio to it, says little.
    """
    found = []
    for subject in subjects:
        cpu, wall = value(results, subject, "cpu_s", "median"), value(results, subject, "wall_s", "median")
        if cpu is not None and wall and cpu / wall < SHARE:
            found.append(f"{subject} {cpu / wall:.0%}")
    return tuple(found)


def judged(results: Results) -> list[Floor]:
    """Return every promise with its measurement; speeds are medians, memory is the highest of all repeats."""

    def of(subject: str, *keys: str) -> float | None:
        return value(results, subject, *keys)

    speed, whole = of("spine", "processing", "mpps"), of("spine", "whole", "mpps")
    main = of("main", "processing", "mpps")
    dpkt, nfstream = of("dpkt parse loop", "processing", "mpps"), of("nfstream", "processing", "mpps")
    half, full = of("syn_flood_half", "peak_mb", "max"), of("syn_flood", "peak_mb", "max")
    loop, stream = "dpkt parse loop", "nfstream"
    mixed = "mixed, spine, compiled" if "mixed, spine, compiled" in results else "mixed, spine"

    def speed_floor(what: str, least: float, unit: str, measured: float | None, *subjects: str) -> Floor:
        return Floor(what, least, unit, True, measured, shared_core(results, "spine", *subjects))

    def time_floor(what: str, most: float, subject: str) -> Floor:
        return Floor(what, most, "s", False, of(subject, "wall_s", "median"), shared_core(results, subject))

    return [
        speed_floor("spine: packets a second, processing", 3.0, "Mpps", speed),
        speed_floor("spine: bits a second, processing", 10.0, "Gbit/s", of("spine", "processing", "gbit_s")),
        speed_floor("spine: packets a second, whole process", 3.0, "Mpps", whole),
        speed_floor("spine: bits a second, whole process", 10.0, "Gbit/s", of("spine", "whole", "gbit_s")),
        speed_floor("spine: times dpkt's bare parse loop, processing", 25.0, "x", ratio(speed, dpkt), loop),
        speed_floor("spine: times nfstream, processing", 25.0, "x", ratio(speed, nfstream), stream),
        speed_floor("spine: times dpkt, whole processes", 25.0, "x", ratio(whole, of(loop, "whole", "mpps")), loop),
        speed_floor("spine: times nfstream, whole processes", 25.0, "x",
                    ratio(whole, of(stream, "whole", "mpps")), stream),
        speed_floor("main with the store, of the speed without", 0.5, "x",
                    ratio(of("main, store", "processing", "mpps"), main), "main", "main, store"),
        Floor("mixed: bits a second with streams, protocols and spine", 4.0, "Gbit/s", True,
              of(mixed, "processing", "gbit_s"), shared_core(results, mixed)),
        Floor("mixed: times tshark printing the same fields, whole processes", 15.0, "x", True,
              ratio(of(mixed, "whole", "mpps"), of("tshark, dissecting", "whole", "mpps")),
              shared_core(results, mixed, "tshark, dissecting")),
        Floor("mixed: times nfstream with dissection, processing", 10.0, "x", True,
              ratio(of(mixed, "processing", "mpps"), of("nfstream, dissecting", "processing", "mpps")),
              shared_core(results, mixed, "nfstream, dissecting")),
        Floor("zones: added to a flow, 50 zones and 500 conduits", 1000, "ns", False,
              of("zone verdicts", "report", "added_ns_per_flow")),
        Floor("main: peak memory", 600, "MB", False, of("main", "peak_mb", "max")),
        Floor("million_flows: peak memory", 1024, "MB", False, of("million_flows", "peak_mb", "max")),
        Floor("syn_flood: peak memory, of that with half the flood", 1.1, "x", False, ratio(full, half)),
        time_floor("warm start to the first packet", 1.5, "warm start"),
        time_floor("cold start, main replayed", 30.0, "cold start"),
    ]
