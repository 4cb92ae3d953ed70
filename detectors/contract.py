"""What every detector is: columns in, alerts out, with its metadata beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from columns import Alerts, Flows, Packets
from columns.codes import Property, Severity
from columns.said import NOTHING_SAID, Said


@dataclass(frozen=True)
class Signature:
    """One thing that a detector can find; its numbers and words go into each alert as they stand here."""

    signature_id: int
    signature: str
    signature_ja: str
    category: str
    severity: Severity
    property: Property
    technique: str = ""
    clause: str = ""
    runbook: str = ""
    rev: int = 1
    gid: int = 9000


@runtime_checkable
class Detector(Protocol):
    """A detector sees event time only, in order: first the flows of a call, then its packets, row by row as
    ``flows.emitted_before`` and ``packets.packet_number`` interleave. The same rows in other portions give the
    same alerts (batch invariance). What was said comes with the packets that completed it and carries their numbers.
    Whatever a detector keeps by address is capped, and counted when the cap is reached.

    A detector that has ``listens = True`` is given the steps of transactions and the bytes of streams, too: they are
    made only then, steps of the protocols in its ``inspects`` alone where it has that. One that has
    ``wants_contents = True`` is given the steps of bodies and files alone, which cost much less.

    The constructor only stores parameters; learned state is in attributes that end in ``_`` and is made by reset().
    """

    name: str
    signatures: tuple[Signature, ...]

    def reset(self) -> None:
        """Forget everything learned."""

    def update(self, packets: Packets, flows: Flows, said: Said = NOTHING_SAID) -> Alerts:
        """Take the next rows (any may be empty) and return the alerts they give rise to."""

    def finish(self) -> Alerts:
        """End of input: return the last revision of what is still open."""

    def counters(self) -> dict[str, int]:
        """Return counts by cause: rows seen, state evicted, alerts held back."""
