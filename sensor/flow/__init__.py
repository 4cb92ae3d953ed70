"""The flow table: packets in capture order become flow rows, and each packet learns its flow."""

from sensor.flow.settings import FlowSettings
from sensor.flow.table import FlowTable

__all__ = ["FlowSettings", "FlowTable"]
