"""One step in the schema's history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Migration:
    """What changed with one number.

    tables: those whose definition changed, to be copied into new ones. fills: for a table, the SQL over its old columns
    that gives a new column its value in old rows. rollups: those that are new or count differently, to be filled again
    from the raw rows. fed: rollups that keep their rows and get new ones in another way. altered: tables keep
    what comes in from now on in another way (settings, codecs).
    """

    number: int
    name: str
    tables: tuple[str, ...] = ()
    fills: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rollups: tuple[str, ...] = ()
    fed: tuple[str, ...] = ()
    altered: bool = False
