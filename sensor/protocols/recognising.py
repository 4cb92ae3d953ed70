"""Which protocol a conversation speaks, asked of those that may begin with its first bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from columns.app import AppProto
from sensor.protocols.parser import FlowFacts, Wants

_SILENT = 256
"""In place of a first byte: the side has not spoken."""


class Candidates(NamedTuple):
    """The protocols that may begin with two first bytes, in their order.

    sure: those of all whose probes may say yes; unsure: those that may only not know yet, so that one is enough.
    """

    all: tuple[Wants, ...]
    sure: tuple[Wants, ...]
    unsure: tuple[Wants, ...]


class Recogniser:
    """Asks the probes in their order; one that refuses everything with such first bytes is left out."""

    def __init__(self, wants: Sequence[Wants]) -> None:
        self.wants = tuple(wants)
        self._candidates: dict[int, Candidates] = {}  # by the two first bytes, those that came so far

    def candidates(self, client: bytes, server: bytes) -> tuple[Wants, ...]:
        """Return those whose probes may not refuse what the initiator and the responder have said."""
        return self.asked(client, server).all

    def asked(self, client: bytes, server: bytes) -> Candidates:
        """Return the same, and who of them is asked first."""
        c, s = client[0] if client else _SILENT, server[0] if server else _SILENT
        try:
            return self._candidates[c << 9 | s]
        except KeyError:
            found = tuple(w for w in self.wants if _may_begin(w, c, s))
            self._candidates[c << 9 | s] = Candidates(found, tuple(w for w in found if _may_agree(w, c, s)),
                                                      tuple(w for w in found if not _may_agree(w, c, s)))
            return self._candidates[c << 9 | s]

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

    def ask(self, client: bytes, server: bytes, flow: FlowFacts,
            but: AppProto | None = None) -> tuple[Wants | None, bool]:
        """Return the first protocol, but for one, that says yes, and whether one might still say it."""
        undecided = False
        _, sure, unsure = self.asked(client, server)
        for want in sure:
            if but is not None and want.app_proto == but:
                continue
            answer = want.probe(client, server, flow)
            if answer:
                return want, False
            if answer is None:
                undecided = True
        return None, undecided or any(want.app_proto != but and want.probe(client, server, flow) is None
                                      for want in unsure)


def _may_begin(want: Wants, client: int, server: int) -> bool:
    opens = want.opens
    client_may, server_may = _opens(opens.initiator, client), _opens(opens.responder, server)
    return client_may and server_may if not opens.either else client_may or (server_may and server != _SILENT)


def _may_agree(want: Wants, client: int, server: int) -> bool:
    """Whether the probe may say yes, where it may not refuse."""
    opens = want.opens
    return client != _SILENT or _opens(opens.responder if opens.alone is None else opens.alone, server)


def _opens(begins: bytes | None, byte: int) -> bool:
    return begins is None or byte == _SILENT or byte in begins
