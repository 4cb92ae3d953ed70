"""Which table answers: raw rows for a short range, one-minute and one-hour rollups for longer ones; and the binding."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

RAW_UP_TO_MS = 3 * 3600 * 1000
"""Longest range that is answered from raw flow rows where a rollup exists too."""
MINUTES_UP_TO_MS = 25 * 3600 * 1000
"""Longest range that is answered from one-minute rollups: a day, and an hour more for who looks back from now."""

Value = str | int | Sequence[str]
_PARAMETER = re.compile(r"\{(\w+):([A-Za-z0-9() ]+)\}")


@dataclass(frozen=True)
class Request:
    """What a reader looks at: a time range [from_ms, to_ms), the width of a point, filters (empty = all), language.

    values: the page's own parameters (``ip``, ``run``, ``alert_id``, …) by name.
    """

    from_ms: int
    to_ms: int
    step_s: int = 60
    site: tuple[str, ...] = ()
    sensor: tuple[str, ...] = ()
    zone: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    lang: str = "en"
    values: Mapping[str, Value] = field(default_factory=dict)


def grain_of(span_ms: int) -> str:
    """Return the grain of the rollups for a range: ``1m`` or ``1h``."""
    return "1m" if span_ms <= MINUTES_UP_TO_MS else "1h"


def source_of(span_ms: int) -> str:
    """Return ``raw`` for a range that raw rows answer, else ``rollup``."""
    return "raw" if span_ms <= RAW_UP_TO_MS else "rollup"


def step_for(span_ms: int, points: int = 240) -> int:
    """Return a step in seconds that gives at most about so many points: a whole number people know."""
    steps = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800, 21600, 43200, 86400)
    return next((s for s in steps if span_ms <= s * 1000 * points), steps[-1])


def parameters_of(sql: str) -> dict[str, str]:
    """Return the parameters in a statement: name -> ClickHouse type."""
    return dict(_PARAMETER.findall(sql))


def bind(sql: str, request: Request) -> tuple[str, dict[str, Value]]:
    """Return the statement with its route chosen, and the parameters that it asks for.

    A page parameter that the request does not give is empty: "" for text, 0 for a number, [] for an array.
    """
    span = request.to_ms - request.from_ms
    routed = sql.replace("@grain", grain_of(span)).replace("@source", source_of(span))
    known: dict[str, Value] = {
        "from_ms": request.from_ms, "to_ms": request.to_ms, "step_s": request.step_s, "lang": request.lang,
        "site": list(request.site), "sensor": list(request.sensor), "zone": list(request.zone),
        "severity": list(request.severity), **request.values}
    return routed, {name: known.get(name, _empty(kind)) for name, kind in parameters_of(routed).items()}


def _empty(kind: str) -> Value:
    if kind.startswith("Array"):
        return []
    return "" if kind == "String" else 0
