"""The detector of Individual Numbers over packets with payload, through the real flow table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from columns.said import Said, Step
from detectors.mynumber import MyNumberDetector
from tests.support.payloads import Talk
from tests.support.traffic import joined, rows_of

MINE, LGWAN, INET, FAR = "10.10.1.13", "10.20.1.45", "10.30.2.44", "192.0.2.66"


def leaks(detector: MyNumberDetector, talk: Talk, cuts: Iterable[int] = (),
          steps: Sequence[Step] = ()) -> list[dict[str, Any]]:
    """All alert revisions; steps come with the portion that holds their packet."""
    packets, buffers = talk.packets()
    found = []
    for p, f in joined(packets, cuts):
        numbers = p.packet_number
        mine = [s for s in steps if numbers.size and numbers[0] <= s.at.packet_number <= numbers[-1]]
        found.append(detector.update(p, f, Said(spoken=mine, buffers=buffers)))
    return [row for batch in [*found, detector.finish()] for row in rows_of(batch)]


def scored(data: bytes, cuts: Iterable[int] = (), *, udp: bool = False,
           detector: MyNumberDetector | None = None) -> list[dict[str, Any]]:
    """The last revisions of what is found when a desk of the My Number zone says data to the Internet."""
    talk = Talk()
    if udp:
        talk.datagram(0, MINE, 4000, FAR, 514, data)
    else:
        talk.connection(0, MINE, 4000, FAR, 80, data, b"ok", cuts)
    found = leaks(detector or MyNumberDetector(), talk)
    last = {row["alert_id"]: row for row in found}
    return list(last.values())


def pieces(rng: np.random.Generator, size: int, count: int) -> list[int]:
    """Places at which to cut."""
    return sorted(set(rng.integers(1, max(size, 2), count).tolist()))
