"""Whether both ends of a conversation speak the same protocol."""

from __future__ import annotations

from columns.app import AppProto
from sensor.protocols.anomalies import MISMATCH, Anomalies
from sensor.protocols.parser import Context, Moment, Wants
from sensor.protocols.recognising import Recogniser

PROBE_BYTES = 64


class Agreement:
    """Looks at the first bytes of the end that had not spoken yet when the protocol was decided.

    Where the decided protocol's own probe refuses them and another protocol's takes them, that is told, once.
    """

    __slots__ = ("_awaited", "_context", "_found", "_head", "_wants", "done")

    def __init__(self, context: Context, found: Wants, wants: Recogniser, awaited: bool) -> None:
        self._context, self._found, self._wants = context, found, wants
        self._awaited, self._head = awaited, b""  # the direction that was not heard yet, and what it says
        self.done = False

    def hear(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of either end."""
        if to_server != self._awaited or not data:
            return
        self._head = head = (self._head + data)[:PROBE_BYTES]
        heads, flow = (head, b"") if to_server else (b"", head), self._context.flow
        own = self._found.probe(*heads, flow)
        if own is False:
            other, undecided = self._wants.ask(*heads, flow, but=self._found.app_proto)
            if other is not None:
                Anomalies(self._context, self._found.app_proto).tell(MISMATCH, 0, to_server, at, "proto_detect")
            self.done = not undecided or len(head) >= PROBE_BYTES
        else:
            self.done = bool(own) or len(head) >= PROBE_BYTES


def agreement(context: Context, found: Wants, wants: Recogniser, client: bytes, server: bytes) -> Agreement | None:
    """Return what goes on listening to the end that has not spoken.

    None where both were heard already, where the protocol was handed over, and for datagrams.
    """
    if (client and server) or context.flow.proto != 6 or context.from_proto != AppProto.UNKNOWN:
        return None
    return Agreement(context, found, wants, awaited=not client)
