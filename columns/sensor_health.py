"""SENSOR_HEALTH: every counter of the sensor, by stage and cause, at the end of a replay (and live, per interval)."""

from columns.schema import Column, Table

SENSOR_HEALTH = Table(
    name="sensor_health",
    meaning="One counter of one stage at one time; in = processed + refused (by cause) holds over these rows.",
    batch_name="Health",
    module=__name__,
    order_by=("run_id", "ts_ns", "stage", "cause"),
    columns=(
        Column("ts_ns", "int64", "event time of the reading", "ns since 1970",
               clickhouse="DateTime64(9, 'UTC')", codec="GCD, T64, ZSTD", eve="timestamp"),
        Column("stage", "text", "capture, decode, fragments, flow, a detector's name, store",
               clickhouse="LowCardinality(String)", eve="sekisho.stage"),
        Column("cause", "text", "what is counted", clickhouse="LowCardinality(String)", eve="sekisho.cause"),
        Column("value", "uint64", "count since the start of the run", clickhouse="UInt64", codec="T64, ZSTD",
               eve="sekisho.value"),
    ),
)

Health = SENSOR_HEALTH.batch
