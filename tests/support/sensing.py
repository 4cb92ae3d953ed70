"""The sensor alone: a capture's flow rows, without detectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from columns import FLOW, Flows, concat_rows, rows_in, take_rows
from sensor.capture import open_capture
from sensor.decode import Decoder, DecodeSettings
from sensor.flow import FlowSettings, FlowTable


def flows_of(path: Path, *, batch: int = 65536, checksums: str = "ignore", flow: FlowSettings | None = None) -> Flows:
    """Return every flow row of a capture."""
    decoder, table, written = Decoder(DecodeSettings(checksums=checksums)), FlowTable(flow), [FLOW.empty(0)]
    with open_capture(path) as capture:
        for block in capture.blocks(batch):
            for packets, _ in decoder.decode(block):
                written += [_copied(flows) for _, _, flows in table.update(packets)]
    written += [_copied(flows) for flows in table.finish()]
    return concat_rows(written)


def _copied(flows: Flows) -> Flows:
    return take_rows(flows, np.arange(rows_in(flows)))
