"""Rollups: what panels over long ranges read instead of raw rows, kept up by the store with every insert.

Each is defined once here; its table, the materialized view that fills it, the documentation and the golden dump are
derived. A rollup holds exactly what the same aggregation over the raw rows gives.
"""

from __future__ import annotations

from dataclasses import dataclass

from columns.alert import ALERT
from columns.ddl import PREFIX, TTL, Create, column_line, column_type, quoted
from columns.flow import FLOW
from columns.schema import Table

SERVICE_PORTS = (
    1080, 1194, 1433, 1521, 1701, 1723, 1812, 1813, 1883, 2049, 2375, 2376, 2404, 3128, 3268, 3269, 3306, 3389, 4500,
    4840, 5060, 5061, 5432, 5671, 5672, 5900, 5985, 5986, 6379, 6443, 8000, 8080, 8443, 8883, 9000, 9092, 9100, 9200,
    10050, 10051, 11211, 20000, 27017, 44818, 47808,
)
"""Ports from 1024 on that stand for a service. What is in neither range counts as port 0: other ports are chosen at
random by clients and scanners, and a rollup with a row for each would be no smaller than the flows."""

BUCKET = column_line("bucket", "DateTime('UTC')", "ZSTD")
"""The column of time. DoubleDelta would take half as much again, and every question reads it: three times as long."""

_LAST_SECOND = 4_294_967_295


@dataclass(frozen=True)
class Measure:
    """One column of a rollup. sql: over the source's columns, qualified with its name; of a key it is one value, else
    an aggregate. clickhouse: its type, "" for that of the source column of the same name. group: of a key, what has one
    value where it has one and is cheaper to group by."""

    name: str
    meaning: str
    sql: str = ""
    clickhouse: str = ""
    unit: str = ""
    group: str = ""


@dataclass(frozen=True)
class Rollup:
    """Rows of a source aggregated per bucket of its time column, run, site, sensor and keys.

    sums add up when rows of one key meet; states are partial aggregates, to be read with the -Merge function. rows is
    a condition on the source's rows; each unfolds a row into several first (an ARRAY JOIN). lead is what the table is
    sorted by before anything else, for questions that name it; without it, time leads. finer: the rollup with the same
    columns and shorter buckets whose new rows fill this one, which are far fewer than the source's.
    """

    name: str
    meaning: str
    source: Table
    time: str
    bucket_s: int
    keys: tuple[Measure, ...]
    sums: tuple[Measure, ...]
    states: tuple[Measure, ...] = ()
    rows: str = ""
    each: str = ""
    lead: tuple[str, ...] = ()
    finer: str = ""

    def type_of(self, measure: Measure) -> str:
        """Return the type in the rollup's table."""
        kind = measure.clickhouse or column_type(self.source.column(measure.name))
        return f"SimpleAggregateFunction(sum, {kind})" if measure in self.sums else kind

    def sql_of(self, measure: Measure) -> str:
        """Return the expression over the source's columns."""
        return measure.sql or f"{self.source.name}.{measure.name}"

    @property
    def view(self) -> str:
        """Name of the materialized view that fills it."""
        return f"{self.name}_mv"

    @property
    def feeder(self) -> str:
        """Name of the table whose inserts fill it."""
        return self.finer or self.source.name

    @property
    def stands_for(self) -> tuple[str, ...]:
        """What one row stands for: rows that agree in these columns become one when the engine merges them."""
        return ("bucket", "run_id", "site", "sensor", *(k.name for k in self.keys))

    @property
    def order_by(self) -> tuple[str, ...]:
        """Sorting key: what leads, then the rest of what a row stands for."""
        return (*self.lead, *(name for name in self.stands_for if name not in self.lead))

    def create(self) -> Create:
        """Return the table to create; partitions and retention are as with the raw rows, by run and insertion."""
        prefix = {name: (kind, codec) for name, kind, codec, _ in PREFIX}
        lines = [BUCKET]
        lines += [column_line(name, *prefix[name]) for name in ("run_id", "site", "sensor")]
        lines += [column_line(k.name, self.type_of(k), "" if "LowCard" in self.type_of(k) else "ZSTD")
                  for k in self.keys]
        lines += [column_line(s.name, self.type_of(s), "T64, ZSTD") for s in self.sums]
        lines += [column_line(s.name, self.type_of(s), "ZSTD") for s in self.states]
        lines += [column_line("keep_days", "SimpleAggregateFunction(max, UInt16)", "ZSTD"),
                  column_line("inserted_at", "SimpleAggregateFunction(max, DateTime)", "ZSTD")]
        lines += [f"INDEX {k.name}_bloom {k.name} TYPE bloom_filter(0.01) GRANULARITY 1"
                  for k in self.keys if self.type_of(k) == "IPv6"]
        return Create(self.name, tuple(lines), "AggregatingMergeTree", self.order_by,
                      "(run_id, toYYYYMM(inserted_at))", TTL, shard_by="cityHash64(sensor, site)")

    def select(self, source: str = "") -> str:
        """Return the aggregation over the raw rows (of another table of that form, if named)."""
        mine = self.source.name
        shown = [f"{_bucket(f'{mine}.{self.time}', self.bucket_s)} AS bucket"]
        shown += [f"{mine}.{name} AS {name}" for name in ("run_id", "site", "sensor")]
        shown += [f"{self.sql_of(m)} AS {m.name}" for m in (*self.keys, *self.sums, *self.states)]
        shown += [f"max({mine}.keep_days) AS keep_days", f"max({mine}.inserted_at) AS inserted_at"]
        body = ",\n".join("    " + line for line in shown)
        groups = {m.name: m.group or m.name for m in self.keys}
        parts = [f"SELECT\n{body}\nFROM {source or mine} AS {mine}", self.each and f"ARRAY JOIN {self.each}",
                 self.rows and f"WHERE {self.rows}",
                 f"GROUP BY {', '.join(groups.get(name, name) for name in self.stands_for)}"]
        return "\n".join(part for part in parts if part)

    def feed(self, feeder: str = "") -> str:
        """Return what is done with new rows of the feeder (of another table of that form, if named)."""
        if not self.finer:
            return self.select(feeder)
        mine = self.finer
        seconds = self.bucket_s
        shown = [f"toDateTime(intDiv(toUnixTimestamp({mine}.bucket), {seconds}) * {seconds}, 'UTC') AS bucket"]
        shown += [f"{mine}.{name} AS {name}" for name in self.stands_for[1:]]
        shown += [f"sum({mine}.{m.name}) AS {m.name}" for m in self.sums]
        shown += [f"max({mine}.{name}) AS {name}" for name in ("keep_days", "inserted_at")]
        body = ",\n".join("    " + line for line in shown)
        return f"SELECT\n{body}\nFROM {feeder or mine} AS {mine}\nGROUP BY {', '.join(self.stands_for)}"

    def view_sql(self) -> str:
        """Return the statement that makes the materialized view; it may be run again."""
        return f"CREATE MATERIALIZED VIEW IF NOT EXISTS {self.view} TO {self.name} AS\n{self.feed()}"


def _bucket(time: str, seconds: int) -> str:
    # what a hostile capture claims to be before 1970 or after 2106 counts in the first or last bucket
    clamped = f"least(greatest(toUnixTimestamp64Second({time}), 0), {_LAST_SECOND})"
    return f"toDateTime(intDiv({clamped}, {seconds}) * {seconds}, 'UTC')"


def _traffic(name: str, words: str, seconds: int, finer: str = "") -> Rollup:
    return Rollup(
        name, f"Flows per {words}, zone pair, service and judgement, by the start of the flow's row.",
        FLOW, "ts_start_ns", seconds, finer=finer,
        keys=(
            Measure("src_zone", "zone of the initiator"),
            Measure("dst_zone", "zone of the responder"),
            Measure("proto", "IP protocol number"),
            Measure("app", "protocol by content; '' where it is not known",
                    "if(flow.app_proto = 'unknown', '', toString(flow.app_proto))", "LowCardinality(String)",
                    group="flow.app_proto"),
            Measure("dst_port", "the responder's port where it stands for a service, 0 for any other",
                    f"if(flow.dst_port < 1024 OR flow.dst_port IN {SERVICE_PORTS}, flow.dst_port, 0)", "UInt16"),
            Measure("verdict", "judgement by the zone policy"),
            Measure("conduit", "conduit that the flows matched or came nearest to"),
            Measure("outcome", "did the communication come about"),
        ),
        sums=(
            Measure("flows", "flows that began (rows with part 0)", "countIf(flow.part = 0)", "UInt64", "flows"),
            Measure("packets_toserver", "packets sent by initiators", "sum(flow.pkts_toserver)", "UInt64", "packets"),
            Measure("packets_toclient", "packets sent by responders", "sum(flow.pkts_toclient)", "UInt64", "packets"),
            Measure("bytes_toserver", "bytes on the wire sent by initiators", "sum(flow.bytes_toserver)", "UInt64",
                    "bytes"),
            Measure("bytes_toclient", "bytes on the wire sent by responders", "sum(flow.bytes_toclient)", "UInt64",
                    "bytes"),
        ),
    )


def _alerts(name: str, words: str, seconds: int, finer: str = "") -> Rollup:
    return Rollup(
        name, f"New alerts per {words} by their first evidence; later revisions of an alert are not counted.",
        ALERT, "start_ns", seconds, finer=finer,
        keys=(
            Measure("signature_id", "what was found, as a number"),
            Measure("signature", "what was found, in English"),
            Measure("signature_ja", "what was found, in Japanese"),
            Measure("detector", "name of the detector"),
            Measure("severity", "severity of the first report"),
            Measure("src_zone", "zone of the initiator or attacker"),
            Measure("dst_zone", "zone of the responder or victim"),
        ),
        sums=(Measure("alerts", "new alerts", "count()", "UInt64", "alerts"),),
        rows="alert.revision = 1",
    )


def _end(initiator: str, responder: str) -> str:
    return f"if(role = 'initiator', flow.{initiator}, flow.{responder})"


_ROLE = "Enum8('initiator' = 0, 'responder' = 1)"

TALKERS_1H = Rollup(
    "talkers_1h", "Both ends of every flow, per hour and address, by the start of the flow's row.",
    FLOW, "ts_start_ns", 3600,
    keys=(
        Measure("zone", "zone of the address", _end("src_zone", "dst_zone"), "LowCardinality(String)"),
        Measure("ip", "the address", _end("src_ip", "dst_ip"), "IPv6"),
        Measure("role", "initiator or responder", "role", _ROLE),
    ),
    sums=(
        Measure("flows", "flows that began (rows with part 0)", "countIf(flow.part = 0)", "UInt64", "flows"),
        Measure("bytes_out", "bytes on the wire that it sent", f"sum({_end('bytes_toserver', 'bytes_toclient')})",
                "UInt64", "bytes"),
        Measure("bytes_in", "bytes on the wire sent to it", f"sum({_end('bytes_toclient', 'bytes_toserver')})",
                "UInt64", "bytes"),
    ),
    states=(Measure("peers", "different addresses at the other end: uniqMerge(peers)",
                    f"uniqState({_end('dst_ip', 'src_ip')})", "AggregateFunction(uniq, IPv6)", "addresses"),),
    each=f"CAST(['initiator', 'responder'], {quoted(f'Array({_ROLE})')}) AS role",
    lead=("intDiv(toUInt32(bucket), 86400)", "ip"),  # a day at a time, so that one address is found in few places
)

ROLLUPS = (
    _traffic("traffic_1m", "minute", 60), _traffic("traffic_1h", "hour", 3600, finer="traffic_1m"), TALKERS_1H,
    _alerts("alerts_1m", "minute", 60), _alerts("alerts_1h", "hour", 3600, finer="alerts_1m"),
)
"""Every rollup of a store."""
