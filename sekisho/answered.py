"""Alerts whose telling waits for an answer: where they must compare with Suricata's, as its EVE events do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from columns import Alerts, concat_rows, rows_in, take_rows, text_column
from columns.alert import UNANSWERED


class Unanswered:
    """Holds the alerts that a detector of the chain tells again once they are answered."""

    def __init__(self, detectors: Sequence[Any]) -> None:
        self._detectors = [d for d in detectors if getattr(d, "answers", False)]
        self._held: dict[int, Alerts] = {}

    def pass_on(self, alerts: Alerts) -> Alerts:
        """Keep the alerts that wait; return the others."""
        waits = np.zeros(rows_in(alerts), bool)
        for detector in self._detectors:
            waits |= detector.waits(alerts.alert_id)
        for k in np.flatnonzero(waits).tolist():
            self._held[int(alerts.alert_id[k])] = take_rows(alerts, np.array([k]))
        return take_rows(alerts, ~waits) if waits.any() else alerts

    def answered(self) -> Alerts | None:
        """Return the alerts that were answered since this was asked last, with what is known by now; None for none."""
        found = [(self._held.pop(answer.alert_id), answer) for detector in self._detectors
                 for answer in detector.answered() if answer.alert_id in self._held]
        if not found:
            return None
        alerts = concat_rows([alert for alert, _ in found])
        times = [now if answer.ts_ns is None else answer.ts_ns
                 for now, (_, answer) in zip(alerts.ts_ns.tolist(), found, strict=True)]
        return alerts._replace(
            ts_ns=np.array(times, np.int64), context=text_column([answer.context for _, answer in found]),
            logged_packet=np.array([answer.packet_number or UNANSWERED for _, answer in found], np.uint64))
