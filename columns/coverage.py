"""COVERAGE: over what was looked at, by pair of zones and whole minutes, and why not where it was not."""

from columns.codes import Coverage, CoverageCause
from columns.schema import Column, Table

COVERAGE = Table(
    name="coverage",
    meaning="Whole minutes in which a sensor observed, partly observed or did not observe what goes from one zone to "
            "another. Minutes that are alike and follow one another are one row.",
    batch_name="Coverages",
    module=__name__,
    order_by=("run_id", "src_zone", "dst_zone", "ts_from_ns"),
    columns=(
        Column("ts_from_ns", "int64", "beginning of the first minute", "ns since 1970",
               clickhouse="DateTime64(9, 'UTC')", codec="GCD, T64, ZSTD"),
        Column("ts_until_ns", "int64", "end of the last minute", "ns since 1970",
               clickhouse="DateTime64(9, 'UTC')", codec="GCD, T64, ZSTD"),
        Column("src_zone", "uint16", "zone of the initiators", labels="zone", clickhouse="LowCardinality(String)"),
        Column("dst_zone", "uint16", "zone of the responders", labels="zone", clickhouse="LowCardinality(String)"),
        Column("state", "uint8", "was it observed", labels=Coverage, clickhouse="Enum8"),
        Column("cause", "uint8", "why it was not, or only partly", labels=CoverageCause, clickhouse="Enum8"),
        Column("minutes", "uint32", "number of minutes", "minutes", clickhouse="UInt32", codec="T64, ZSTD"),
        Column("flows", "uint64", "flows between the zones that began in them, in this direction", "flows",
               clickhouse="UInt64", codec="T64, ZSTD"),
    ),
)

Coverages = COVERAGE.batch
