"""Pieces of SQL that panels share: ranges, filters, points in time, addresses as text."""

from __future__ import annotations

FROM, TO = "{from_ms:Int64}", "{to_ms:Int64}"
GRAIN_S = "if('@grain' = '1m', 60, 3600)"
SPAN_S = f"greatest(({TO} - {FROM}) / 1000, 1)"
"""Length of the range in seconds."""
STEP_S = f"greatest({{step_s:UInt32}}, {GRAIN_S})"
"""Width of a point of a rollup, never below its grain."""
RAW_STEP_S = "greatest({step_s:UInt32}, 1)"


def among(parameter: str, column: str) -> str:
    """Return the condition that a column is one of a filter's values; an empty filter lets all pass."""
    return f"(empty({{{parameter}:Array(String)}}) OR has({{{parameter}:Array(String)}}, {column}))"


def where_from(*, zones: bool = True, severity: bool = False) -> str:
    """Return the reader's filters for any table with site and sensor, and perhaps two zones and a severity."""
    parts = [among("site", "site"), among("sensor", "sensor")]
    if zones:
        either = "has({zone:Array(String)}, src_zone) OR has({zone:Array(String)}, dst_zone)"
        parts.append(f"(empty({{zone:Array(String)}}) OR {either})")
    if severity:
        parts.append(among("severity", "toString(severity)"))
    return " AND ".join(parts)


def buckets() -> str:
    """Return the condition that a rollup's bucket touches the range."""
    start = f"intDiv(intDiv({FROM}, 1000), {GRAIN_S}) * {GRAIN_S}"
    return f"bucket >= toDateTime({start}, 'UTC') AND bucket < toDateTime(intDiv({TO} + 999, 1000), 'UTC')"


def hours() -> str:
    """Return the condition that a bucket of an hour touches the range."""
    start = f"intDiv({FROM}, 3600000) * 3600"
    return f"bucket >= toDateTime({start}, 'UTC') AND bucket < toDateTime(intDiv({TO} + 999, 1000), 'UTC')"


def during(column: str) -> str:
    """Return the condition that a nanosecond time lies in the range."""
    return (f"{column} >= fromUnixTimestamp64Milli({FROM}, 'UTC') "
            f"AND {column} < fromUnixTimestamp64Milli({TO}, 'UTC')")


def point(column: str = "bucket", step: str = STEP_S) -> str:
    """Return the start of the point that a time falls into."""
    return f"toDateTime(intDiv(toUnixTimestamp({column}), {step}) * {step}, 'UTC')"


def address(column: str) -> str:
    """Return an IPv6 column as people read it: IPv4 dotted."""
    text = f"toString({column})"
    return f"if(startsWith({text}, '::ffff:') AND position({text}, '.') > 0, substring({text}, 8), {text})"


def traffic(select: str, rest: str, extra: str = "") -> str:
    """Return a question to the traffic rollups of the range under the reader's filters."""
    more = f" AND {extra}" if extra else ""
    return f"SELECT {select}\nFROM traffic_@grain\nWHERE {buckets()} AND {where_from()}{more}\n{rest}"


def alert_counts(select: str, rest: str, extra: str = "") -> str:
    """Return a question to the alert rollups of the range under the reader's filters."""
    more = f" AND {extra}" if extra else ""
    return f"SELECT {select}\nFROM alerts_@grain\nWHERE {buckets()} AND {where_from(severity=True)}{more}\n{rest}"
