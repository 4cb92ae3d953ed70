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

    def __init__(self, context: Context, found: Wants, wants: Recogniser, client: bytes, server: bytes) -> None:
        self._context, self._found, self._wants = context, found, wants
        self._awaited, self._head = not client, b""  # the direction that was not heard yet, and what it says
        self.done = bool(client and server) or context.flow.proto != 6

    def hear(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of either end."""
        if to_server != self._awaited or not data:
            return
        self._head = (self._head + data)[:PROBE_BYTES]
        own = self._answer(self._found, to_server)
        if own is False:
            self._ask_others(to_server, at)
        else:
            self.done = own or len(self._head) >= PROBE_BYTES

    def _answer(self, want: Wants, to_server: bool) -> bool | None:
        return want.probe(*self._heads(to_server), self._context.flow)

    def _heads(self, to_server: bool) -> tuple[bytes, bytes]:
        return (self._head, b"") if to_server else (b"", self._head)

    def _ask_others(self, to_server: bool, at: Moment) -> None:
        undecided = False
        for want in self._wants.candidates(*self._heads(to_server)):
            if want.app_proto == self._found.app_proto:
                continue
            answer = self._answer(want, to_server)
            if answer:
                Anomalies(self._context, self._found.app_proto).tell(MISMATCH, 0, to_server, at, "proto_detect")
                self.done = True
                return
            undecided |= answer is None
        self.done = not undecided or len(self._head) >= PROBE_BYTES


def agreement(context: Context, found: Wants, wants: Recogniser, client: bytes, server: bytes) -> Agreement | None:
    """Return what goes on listening, or None where both ends were heard already or the protocol was handed over."""
    listening = Agreement(context, found, wants, client, server)
    return None if listening.done or context.from_proto != AppProto.UNKNOWN else listening
