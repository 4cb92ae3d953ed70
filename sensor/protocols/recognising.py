"""Which protocol a conversation speaks, asked of those that may begin with its first bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sensor.protocols.parser import FlowFacts, Wants

_SILENT = 256
"""The place of a side that has not spoken, behind those of all first bytes."""


class Recogniser:
    """Asks the probes in their order; one that refuses everything with such first bytes is left out.

    A bit for each protocol stands in four tables by first byte: whether the initiator, or the responder, may begin so
    where a protocol asks it of every side that has spoken; and the same where one side is enough.
    """

    def __init__(self, wants: Sequence[Wants]) -> None:
        self.wants = tuple(wants)
        self._client = self._table(lambda w, byte: w.opens.either or _opens(w.opens.initiator, byte))
        self._server = self._table(lambda w, byte: w.opens.either or _opens(w.opens.responder, byte))
        self._client_alone = self._table(lambda w, byte: not w.opens.either or _opens(w.opens.initiator, byte))
        self._server_alone = self._table(lambda w, byte: byte != _SILENT and _opens(w.opens.responder, byte))
        self._sets: dict[int, tuple[Wants, ...]] = {}

    def _table(self, may: Callable[[Wants, int], bool]) -> list[int]:
        return [sum(1 << k for k, w in enumerate(self.wants) if may(w, byte)) for byte in range(_SILENT + 1)]

    def candidates(self, client: bytes, server: bytes) -> tuple[Wants, ...]:
        """Return those whose probes may not refuse what the initiator and the responder have said."""
        c, s = client[0] if client else _SILENT, server[0] if server else _SILENT
        bits = self._client[c] & self._server[s] & (self._client_alone[c] | self._server_alone[s])
        try:
            return self._sets[bits]
        except KeyError:
            self._sets[bits] = found = tuple(w for k, w in enumerate(self.wants) if bits >> k & 1)
            return found

    def asked_first(self, want: Wants) -> np.ndarray:
        """Return whether nobody is asked before a protocol, where one side alone has spoken and begins with a byte.

        bool[2, 256]: that side (0 the initiator, 1 the responder) and byte.
        """
        sides = [[(bytes((byte,)), b"") for byte in range(256)], [(b"", bytes((byte,))) for byte in range(256)]]
        return np.array([[self.candidates(*heads)[:1] == (want,) for heads in side] for side in sides], np.bool_)

    def forestalls(self, want: Wants, client: bytes, server: bytes, flow: FlowFacts) -> bool:
        """Return whether another protocol says yes before this one is asked, or this one may not begin so."""
        for other in self.candidates(client, server):
            if other is want:
                return False
            if other.probe(client, server, flow):
                return True
        return True

    def ask(self, client: bytes, server: bytes, flow: FlowFacts) -> tuple[Wants | None, bool]:
        """Return the first protocol that says yes, and whether one might still say it."""
        undecided = False
        for want in self.candidates(client, server):
            answer = want.probe(client, server, flow)
            if answer:
                return want, False
            undecided |= answer is None
        return None, undecided


def _opens(begins: bytes | None, byte: int) -> bool:
    return begins is None or byte == _SILENT or byte in begins
