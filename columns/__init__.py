"""What flows through the product: one table per kind of row, defined once; everything else is derived from it."""

from columns.alert import ALERT, Alerts
from columns.coverage import COVERAGE, Coverages
from columns.flow import FLOW, Flows
from columns.packet import PACKET, Packets
from columns.protocols import TRANSACTIONS
from columns.schema import (
    TEXTUAL,
    Column,
    Table,
    Text,
    concat_rows,
    rows_in,
    slice_rows,
    take_rows,
    text_column,
    text_equals,
    text_filled,
    text_values,
)
from columns.sensor_health import SENSOR_HEALTH, Health

TABLES = (PACKET, FLOW, ALERT, SENSOR_HEALTH, COVERAGE, *TRANSACTIONS)

__all__ = [
    "ALERT", "COVERAGE", "FLOW", "PACKET", "SENSOR_HEALTH", "TABLES", "TEXTUAL", "TRANSACTIONS",
    "Alerts", "Column", "Coverages", "Flows", "Health", "Packets", "Table", "Text",
    "concat_rows", "rows_in", "slice_rows", "take_rows", "text_column", "text_equals", "text_filled", "text_values",
]
