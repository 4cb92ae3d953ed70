"""Telling of what a protocol does not allow for."""

from __future__ import annotations

from typing import ClassVar

from columns.app import AppProto
from columns.protocols.anomaly import ANOMALY
from sensor.protocols.parser import Context, Moment

DIFFERING = "stream.reassembly_overlap_different_data"
MISMATCH = "APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS"


class Anomalies:
    """Tells of anomalies of one conversation; of each kind the first ones, the rest is only counted."""

    MOST: ClassVar[int] = 8

    def __init__(self, context: Context, app_proto: AppProto) -> None:
        self._context, self._app_proto = context, app_proto.name.lower().replace("_", "-")
        self._told: dict[str, int] = {}

    def tell(self, event: str, tx_id: int, to_server: bool, at: Moment, layer: str = "proto_parser") -> None:
        """Tell one; event is its name in EVE."""
        self._told[event] = self._told.get(event, 0) + 1
        if self._told[event] > self.MOST:
            self._context.count("anomaly_not_told")
            return
        if self._context.show is not None and layer == "proto_parser":
            name = f"{self._app_proto.replace('-', '_')}.{event}"
            self._context.show(at, tx_id, to_server, [("event", name.encode())])
        self._context.emit(ANOMALY, at, {"tx_id": tx_id, "to_server": int(to_server), "type": "applayer",
                                         "event": event, "layer": layer, "app_proto": self._app_proto})
