"""Pieces of SQL that panels share: ranges, filters, points in time, present states of alerts, addresses as text."""

from __future__ import annotations

from dashboards.panels.routing import MINUTES_UP_TO_MS

FROM, TO = "{from_ms:Int64}", "{to_ms:Int64}"
FROM_S, TO_S = f"intDiv({FROM}, 1000)", f"intDiv({TO} + 999, 1000)"
GRAIN_S = "if('@grain' = '1m', 60, 3600)"
SPAN_S = f"greatest(({TO} - {FROM}) / 1000, 1)"
"""Length of the range in seconds."""
STEP_S = f"greatest({{step_s:UInt32}}, {GRAIN_S})"
"""Width of a point of a rollup, never below its grain."""
RAW_STEP_S = "greatest({step_s:UInt32}, 1)"
NOT_PERMITTED = "t.verdict NOT IN ('not_judged', 'permitted')"
JA = "{lang:String} = 'ja'"
SIGNATURE = f"if({JA}, signature_ja, signature)"
BYTES = "bytes_toserver + bytes_toclient"
PACKETS = "packets_toserver + packets_toclient"


def among(parameter: str, column: str) -> str:
    """Return the condition that a column is one of a filter's values; an empty filter lets all pass."""
    return f"(empty({{{parameter}:Array(String)}}) OR has({{{parameter}:Array(String)}}, {column}))"


def where_from(zones: str = "either", of: str = "t.") -> str:
    """Return the reader's filters for any table with site and sensor.

    zones: ``either`` for two zone columns, ``own`` for one, ``none``. of: the table's name, with its dot.
    """
    parts = [among("site", f"{of}site"), among("sensor", f"{of}sensor")]
    if zones == "either":
        inside = f"has({{zone:Array(String)}}, {of}src_zone) OR has({{zone:Array(String)}}, {of}dst_zone)"
        parts.append(f"(empty({{zone:Array(String)}}) OR {inside})")
    elif zones == "own":
        parts.append(among("zone", f"{of}zone"))
    return " AND ".join(parts)


def buckets(start: str = FROM_S, stop: str = TO_S, grain: str = GRAIN_S) -> str:
    """Return the condition that a rollup's bucket touches a range in seconds."""
    return (f"bucket >= toDateTime(greatest(intDiv({start}, {grain}) * {grain}, 0), 'UTC') "
            f"AND bucket < toDateTime({stop}, 'UTC')")


def during(column: str) -> str:
    """Return the condition that a nanosecond time lies in the range."""
    return (f"{column} >= fromUnixTimestamp64Milli({FROM}, 'UTC') "
            f"AND {column} < fromUnixTimestamp64Milli({TO}, 'UTC')")


def last_day(column: str) -> str:
    """Return the condition that a nanosecond time lies in the last 25 hours of the range."""
    return f"{column} >= fromUnixTimestamp64Milli(toInt64({TO} - {MINUTES_UP_TO_MS}), 'UTC')"


def point(column: str = "bucket", step: str = STEP_S) -> str:
    """Return the start of the point that a time falls into."""
    seconds = "toUnixTimestamp(bucket)" if column == "bucket" else f"toUnixTimestamp64Second({column})"
    return f"toDateTime(intDiv({seconds}, {step}) * {step}, 'UTC')"


def shown_time(column: str) -> str:
    """Return a nanosecond time as milliseconds in UTC."""
    return f"toDateTime64({column}, 3, 'UTC')"


def address(column: str) -> str:
    """Return an IPv6 column as people read it: IPv4 dotted."""
    text = f"toString({column})"
    return f"if(startsWith({text}, '::ffff:') AND position({text}, '.') > 0, substring({text}, 8), {text})"


def service(port: str = "dst_port", proto: str = "proto") -> str:
    """Return protocol and port as ``tcp/443``, ``icmp``; port 0 of a rollup is every port that names no service."""
    name = (f"transform({proto}, [1, 6, 17, 41, 47, 50, 58, 132], "
            f"['icmp', 'tcp', 'udp', 'ipv6', 'gre', 'esp', 'icmpv6', 'sctp'], concat('ip-', toString({proto})))")
    return (f"concat({name}, multiIf({proto} NOT IN (6, 17, 132), '', {port} = 0, '/*', "
            f"concat('/', toString({port}))))")


def traffic(select: str, rest: str = "", extra: str = "") -> str:
    """Return a question to the traffic rollups of the range under the reader's filters.

    The table is named t, here and in the questions below: ``t.flows`` is its column, also where an alias of the SELECT
    list has the same name (an alias wins over a bare name, in WHERE too).
    """
    return f"SELECT {select}\nFROM traffic_@grain AS t\nWHERE {_all(buckets(), where_from(), extra)}\n{rest}".rstrip()


def new_alerts(columns: str, select: str, rest: str = "", extra: str = "") -> str:
    """Return a question to the alerts that began in the range, as they are now, under the reader's filters.

    columns: those of the alert table that select and extra need beside severity and start_ns; each alert is one row. An
    alert may have become more severe since it was new, so its newest revision is asked and not the rollups, which count
    first reports. extra is a condition on the present revision.
    """
    newest = (f"SELECT {columns + ', ' if columns else ''}severity, start_ns\nFROM alert AS t\n"
              f"WHERE {_all(during('t.start_ns'), where_from())}\nORDER BY revision DESC LIMIT 1 BY run_id, alert_id")
    condition = _all(among("severity", "toString(t.severity)"), extra)
    return f"SELECT {select}\nFROM (\n{newest}\n) AS t\nWHERE {condition}\n{rest}".rstrip()


def raw_flows(select: str, rest: str = "", extra: str = "") -> str:
    """Return a question to the flow rows that begin in the range under the reader's filters."""
    condition = _all(during("t.ts_start_ns"), where_from(), extra)
    return f"SELECT {select}\nFROM flow AS t\nWHERE {condition}\n{rest}".rstrip()


def transactions(table: str, select: str, rest: str = "", extra: str = "") -> str:
    """Return a question to a table of protocol transactions; of a long range its last 25 hours.

    No rollup holds names: a day of rows is read, not a month.
    """
    condition = _all(during("t.ts_ns"), last_day("t.ts_ns"), where_from(), extra)
    return f"SELECT {select}\nFROM {table} AS t\nWHERE {condition}\n{rest}".rstrip()


def talkers(extra: str = "", raw_extra: str = "") -> str:
    """Return a table expression of (zone, ip, role, flows, bytes_out, bytes_in, peers as a state) for the range.

    A short range is answered from flow rows, to the second; a longer one from the rollup, by whole hours. extra is a
    condition on zone, ip and role; raw_extra one on the flow rows that lets their index find an address.
    """
    role = "ARRAY JOIN ['initiator', 'responder'] AS role"
    by_hour = _all("'@source' = 'rollup'", buckets(grain="3600"), where_from("own"), extra)
    rolled = ("SELECT zone, ip, toString(role) AS role, flows, bytes_out, bytes_in, peers, bucket AS hour\n"
              f"FROM talkers_1h AS t\nWHERE {by_hour}")
    by_row = _all("'@source' = 'raw'", during("t.ts_start_ns"), where_from("none"), raw_extra)
    measured = (f"SELECT {_end('src_zone', 'dst_zone')} AS zone, {_end('src_ip', 'dst_ip')} AS ip, role, "
                f"countIf(part = 0) AS flows, sum({_end('bytes_toserver', 'bytes_toclient')}) AS bytes_out, "
                f"sum({_end('bytes_toclient', 'bytes_toserver')}) AS bytes_in, "
                f"uniqState({_end('dst_ip', 'src_ip')}) AS peers, "
                "toStartOfHour(toDateTime(max(ts_start_ns), 'UTC')) AS hour\n"
                f"FROM flow AS t {role}\nWHERE {by_row}\nGROUP BY zone, ip, role")
    raw = f"SELECT * FROM (\n{measured}\n)\nWHERE {_all(among('zone', 'zone'), extra)}"
    return f"(\n{rolled}\nUNION ALL\n{raw}\n)"


def with_top(rank: str, limit: int, extra: str = "") -> str:
    """Return the beginning of a question to talkers(): ``top``, the addresses that stand highest by an aggregate.

    The question restricts talkers() by AMONG_TOP then. Peers are states that cost much to merge: so they are read for
    the few addresses that are shown.
    """
    return (f"WITH (\nSELECT groupArray(ip)\nFROM (\nSELECT t.ip AS ip\nFROM {talkers(extra)} AS t\n"
            f"GROUP BY t.ip ORDER BY {rank} DESC, t.ip LIMIT {limit}\n)\n) AS top\n")


AMONG_TOP = "ip IN (SELECT arrayJoin(top))"  # a set, which the key and the indexes know how to look for


def _end(initiator: str, responder: str) -> str:
    return f"if(role = 'initiator', {initiator}, {responder})"


def alerts_now(columns: str, extra: str = "", after: str = "") -> str:
    """Return a table expression of the present revisions of the alerts whose life touches the range.

    columns: those of the alert table to keep. extra is a condition that all revisions share (an address, a detector),
    after one on the present revision. Its status is joined by the caller, see with_status.
    """
    life = (f"end_ns >= fromUnixTimestamp64Milli({FROM}, 'UTC') "
            f"AND start_ns < fromUnixTimestamp64Milli({TO}, 'UTC')")
    newest = (f"SELECT {columns}, severity, revision, run_id, alert_id\nFROM alert AS t\n"
              f"WHERE {_all(life, where_from(), extra)}\n"
              "ORDER BY revision DESC LIMIT 1 BY run_id, alert_id")
    return f"(\nSELECT * FROM (\n{newest}\n)\nWHERE {_all(among('severity', 'toString(severity)'), after)}\n)"


def with_status(alerts: str, name: str = "present") -> str:
    """Return a join of alerts and what people did about them: ``status.status`` is '' for an alert nobody touched."""
    return f"{alerts} AS {name}\nLEFT JOIN alert_status AS status USING (run_id, alert_id)"


STATUS = "if(status.status = '', 'open', status.status)"
"""Status of an alert in a join made by with_status."""


def _all(*conditions: str) -> str:
    return "\n  AND ".join(c for c in conditions if c)
