"""Editions: the policy as one file says it, and from when on; several follow one another."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from zones.hours import time_zone
from zones.model import Draft

ALWAYS = int(np.iinfo(np.int64).min)
_LATEST = dt.datetime(2262, 1, 1, tzinfo=dt.UTC)  # int64 nanoseconds end in 2262


@dataclass(frozen=True)
class Edition:
    """A sound draft, the SHA-256 (hex) of its file, and the file's name."""

    draft: Draft
    digest: str
    source: str = ""

    @cached_property
    def since_ns(self) -> int:
        """Event time from which it holds; ALWAYS where the file does not say."""
        return valid_from_ns(self.draft)


def valid_from_ns(draft: Draft) -> int:
    """Return valid_from as ns since 1970, read in the draft's time zone; a day begins at midnight there."""
    moment = draft.valid_from
    if moment is None:
        return ALWAYS
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=time_zone(draft.timezone))
    since = (min(moment, _LATEST) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
    return since * 1000


def digest_of_all(editions: Sequence[Edition]) -> str:
    """Return the digest of one edition, or of several: the SHA-256 over their times and digests, a line for each."""
    if len(editions) == 1:
        return editions[0].digest
    return hashlib.sha256("".join(f"{e.since_ns} {e.digest}\n" for e in editions).encode()).hexdigest()
