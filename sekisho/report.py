"""What a replay tells: how far it has come, and at the end what it read, found and took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from columns import SENSOR_HEALTH, Health
from columns.codes import REFUSED_FROM, Severity, Status
from sekisho.coverage import CoverageReport
from sensor.capture.counts import REFUSALS as BY_READER


@dataclass(frozen=True)
class Progress:
    """How far a replay has come: bytes of all captures read and to be read (0 if unknown), and what was found."""

    bytes_read: int
    bytes_total: int
    packets: int
    alerts: int


@dataclass
class CaptureRead:
    """One capture as it was read: its packets are numbered from first_packet on."""

    path: str
    first_packet: int
    packets: int = 0
    bytes: int = 0


@dataclass
class ReplayReport:
    """What a replay read, found and took; the counters are by stage and cause, the seconds by stage.

    rule_costs are there only when rules are profiled.
    """

    packets: int = 0
    bytes: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    counters: dict[str, dict[str, int]] = field(default_factory=dict)
    flows: int = 0
    transactions: dict[str, int] = field(default_factory=dict)
    alerts: int = 0
    alerts_by_detector: dict[str, int] = field(default_factory=dict)
    alerts_by_signature: dict[int, int] = field(default_factory=dict)
    highest_severity: Severity | None = None
    first_ns: int = 0
    last_ns: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    digest: str = ""
    captures: list[CaptureRead] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False
    rule_costs: list[Any] = field(default_factory=list)
    coverage: CoverageReport | None = None


_BY_DECODER = tuple(s.name.lower() for s in Status if s >= REFUSED_FROM)


def refused_by_cause(counters: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return what was refused on its way in, by cause: records by the capture reader, frames by the decoder."""
    records = {cause: counters.get("capture", {}).get(cause, 0) for cause in BY_READER}
    frames = {cause: counters.get("decode", {}).get(cause, 0) for cause in _BY_DECODER}
    return {cause: count for cause, count in (records | frames).items() if count}


def health_rows(report: ReplayReport) -> Health:
    """Return every counter of every stage as rows of SENSOR_HEALTH, at the event time of the end."""
    return SENSOR_HEALTH.from_rows([
        {"ts_ns": report.last_ns, "stage": stage, "cause": cause, "value": count}
        for stage, causes in report.counters.items() for cause, count in causes.items()
    ])
