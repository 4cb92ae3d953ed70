"""What is said: streams put in order and conversations followed, their rows masked, labelled and summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from columns import Flows, Packets, Table
from columns.app import AppProto
from columns.said import Said
from detectors.chain import Chain
from detectors.mynumber.masking import Masking
from sekisho.digest import ResultDigest, Sums
from sekisho.settings import Settings, parser_settings
from sekisho.stopwatch import Stopwatch
from sensor.protocols import DATAGRAM_WANTS, STREAM_WANTS, Dissector
from sensor.streams import Streams
from zones import Policy
from zones.judging import label_ends

Counts = dict[str, dict[str, int]]


class Asked(NamedTuple):
    """What the detectors ask of those who look into what is said, see Dissector."""

    inspected: bool
    shown: bool
    buffers_of: frozenset[AppProto] | None


def asked_by(chain: Chain) -> Asked:
    """Return what the detectors of a chain ask."""
    return Asked(chain.listens, chain.wants_contents, chain.inspects)


class Payload:
    """Looks into what the packets of a replay say, or into those of one worker of several.

    Individual Numbers in the rows are masked and, with a policy, their ends labelled with its zones. What may be kept
    of all conversations and streams together is divided among workers.
    """

    def __init__(self, settings: Settings, policy: Policy | None, asked: Asked, seconds: Stopwatch,
                 workers: int = 1) -> None:
        streams, protocols = settings.streams, settings.protocols
        if workers > 1:
            streams = replace(streams, memory_mib=max(streams.memory_mib // workers, 1))
            protocols = replace(protocols, conversations=max(protocols.conversations // workers, 16))
        self._seconds, self._policy, self._digest = seconds, policy, ResultDigest()
        self._masking = Masking() if settings.mynumber.mask else None
        self._streams = Streams(streams, settings.flow.max_flows)
        self.dissector = Dissector(self._streams, STREAM_WANTS, DATAGRAM_WANTS, protocols, parser_settings(settings),
                                   packet_rows=settings.packets, **asked._asdict())

    def update(self, packets: Packets, flows: Flows, buffers: Sequence[np.ndarray]) -> Said:
        """Return what was said in the next rows; app_proto and transactions of the flows are filled in."""
        seconds, before = self._seconds, self._seconds["streams"]
        chunks = seconds.timed("streams", self._streams.update(packets, flows, *buffers))
        with seconds.watch("protocols"):
            said = self.dissector.update(packets, flows, chunks, buffers)
        seconds["protocols"] -= seconds["streams"] - before  # it asks for them while it is watched
        return said._replace(rows=[(table, self._kept(table, batch)) for table, batch in said.rows])

    def _kept(self, table: Table, batch: Any) -> Any:
        """Return rows as they are kept."""
        if self._masking is not None:
            with self._seconds.watch("mask"):
                batch = self._masking.masked(table, batch)
        if self._policy is not None:
            with self._seconds.watch("zones"):
                label_ends(self._policy, batch)
        with self._seconds.watch("digest"):
            self._digest.add_transactions(table, batch)
        return batch

    def go_on(self) -> None:
        """The next block of frames is taken."""

    def stop(self) -> int:
        """No more blocks than those that are returned here need to be taken after this one."""
        return 0

    def finish(self) -> tuple[Counts, Sums]:
        """Return the counters of streams and protocols, and the sums of all rows, at the end."""
        masked = self._masking.counted if self._masking is not None else 0
        counters = {"streams": self._streams.counters(), "protocols": dict(sorted(self.dissector.counters().items())),
                    "mask": {"numbers_masked": masked}, **self.dissector.by_protocol()}
        return counters, self._digest.sums()
