"""Policy: a sound policy with its lookup columns, in one edition or in several that took over from one another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from zones.conduits import ConduitTable, conduit_table, name_rules
from zones.editions import ALWAYS, Edition, digest_of_all
from zones.labels import LabelTable, label_rows, label_table
from zones.model import Conduit, Draft, Sensor, Zone
from zones.names import NameRule
from zones.prefixes import LOCAL, zone_prefixes
from zones.problems import Problem


@dataclass(frozen=True, eq=False)
class Tables:
    """The lookup columns of one edition of a policy, under the numbers that zones and conduits have in all of them."""

    edition: Edition
    labels: LabelTable
    conduits: ConduitTable
    by_number: dict[int, Conduit]


@dataclass(frozen=True, eq=False)
class Policy:
    """A validated policy. Zone and conduit numbers in columns index zone_names and conduit_names.

    zone_names[0] is "unattributed", conduit_names[0] is "". tables has one entry per edition, by the event time from
    which it holds; a zone or conduit of any edition has one number in all of them, and zones and conduits hold its
    newest form. digest is the SHA-256 of the file in hex; of several files, that of their digests and times.
    """

    warnings: tuple[Problem, ...]
    zones: tuple[Zone, ...]
    conduits: tuple[Conduit, ...]
    rules: tuple[NameRule, ...]
    tables: tuple[Tables, ...]

    @property
    def newest(self) -> Edition:
        """The edition that took over last."""
        return self.tables[-1].edition

    @property
    def city(self) -> str:
        """Whose policy it is."""
        return self.newest.draft.city

    @property
    def model(self) -> str:
        """Separation model."""
        return self.newest.draft.model

    @property
    def timezone(self) -> str:
        """IANA name of the time zone of the newest edition."""
        return self.newest.draft.timezone

    @property
    def sensors(self) -> tuple[Sensor, ...]:
        """The sensors of the newest edition."""
        return tuple(self.newest.draft.sensors.values())

    @cached_property
    def digest(self) -> str:
        """What names the policy in alerts and runs."""
        return digest_of_all([t.edition for t in self.tables])

    @cached_property
    def zone_names(self) -> tuple[str, ...]:
        """Names by zone number."""
        return ("unattributed", *(z.name for z in self.zones))

    @cached_property
    def conduit_names(self) -> tuple[str, ...]:
        """Names by conduit number."""
        return ("", *(c.name for c in self.conduits))

    @cached_property
    def ranks(self) -> tuple[int, ...]:
        """Protection rank by zone number; 0 for unattributed."""
        return (0, *(z.rank for z in self.zones))

    @cached_property
    def external(self) -> int:
        """Number of the one external zone (of the newest edition)."""
        name = next(z.name for z in self.newest.draft.zones.values() if z.kind == "external")
        return self.zone_names.index(name)

    @cached_property
    def since_ns(self) -> np.ndarray:
        """Event time from which each edition holds: int64, rising; the first holds for all time before too."""
        return np.array([ALWAYS, *(t.edition.since_ns for t in self.tables[1:])], np.int64)

    def edition_at(self, ts_ns: np.ndarray | int) -> np.ndarray:
        """Return the number of the edition in force at each event time."""
        return np.searchsorted(self.since_ns, ts_ns, side="right") - 1

    def conduit(self, number: int, ts_ns: int) -> Conduit | None:
        """Return a conduit as it stood at an event time; None for 0, or where that edition had none of this name."""
        return self.tables[int(self.edition_at(ts_ns))].by_number.get(number)

    def zone_of(self, ip_hi: np.ndarray, ip_lo: np.ndarray, ts_ns: np.ndarray | None = None) -> np.ndarray:
        """Return the zone number of each address by longest prefix: uint16, 0 = unattributed.

        ip_hi, ip_lo: uint64, IPv4 mapped; ts_ns: event times, without them the newest edition is asked. Multicast,
        broadcast, link-local and the unspecified address are 0 unless the policy lists them in a zone. ValueError when
        the columns differ in length.
        """
        label = self.labels_of(ip_hi, ip_lo, ts_ns)
        label[label == LOCAL] = 0
        return label

    def is_local(self, ip_hi: np.ndarray, ip_lo: np.ndarray, ts_ns: np.ndarray | None = None) -> np.ndarray:
        """Return where an address never crosses a zone boundary: multicast, broadcast, link-local, unspecified."""
        return self.labels_of(ip_hi, ip_lo, ts_ns) == LOCAL

    def labels_of(self, ip_hi: np.ndarray, ip_lo: np.ndarray, ts_ns: np.ndarray | None = None) -> np.ndarray:
        """Return zone numbers with LOCAL where an address never crosses a boundary; see zone_of."""
        rows = np.size(ip_hi)
        hi, lo = column(ip_hi, "uint64", rows), column(ip_lo, "uint64", rows)
        label = np.empty(rows, np.uint16)
        if ts_ns is None or len(self.tables) == 1:
            label_rows(self.tables[-1].labels, hi, lo, label)
            return label
        for tables, chosen in self.by_edition(column(ts_ns, "int64", rows)):
            part = np.empty(chosen.size, np.uint16)
            label_rows(tables.labels, hi[chosen], lo[chosen], part)
            label[chosen] = part
        return label

    def by_edition(self, ts_ns: np.ndarray) -> Iterable[tuple[Tables, np.ndarray]]:
        """Yield each edition that is in force at one of these event times, with the rows of which it is."""
        edition = self.edition_at(ts_ns)
        for number in np.unique(edition).tolist():
            yield self.tables[number], np.flatnonzero(edition == number)


def build_policy(draft: Draft, digest: str, warnings: tuple[Problem, ...]) -> Policy:
    """Return the policy of a draft in which the checks found no error."""
    return build_policies([Edition(draft, digest)], warnings)


def build_policies(editions: Sequence[Edition], warnings: tuple[Problem, ...]) -> Policy:
    """Return the policy of sound editions, oldest first."""
    zones = {name: zone for e in editions for name, zone in e.draft.zones.items()}
    conduits = {name: conduit for e in editions for name, conduit in e.draft.conduits.items()}
    zone_number, conduit_number = ({name: i for i, name in enumerate(known, 1)} for known in (zones, conduits))
    rules = name_rules(c for e in editions for c in e.draft.conduits.values())
    tables = tuple(Tables(
        e, label_table(zone_prefixes(e.draft.zones.values(), zone_number)),
        conduit_table(e.draft, zone_number, conduit_number, rules),
        {conduit_number[name]: c for name, c in e.draft.conduits.items()},
    ) for e in editions)
    return Policy(warnings, tuple(zones.values()), tuple(conduits.values()), tuple(rules), tables)


def column(values: Any, dtype: Any, rows: int) -> np.ndarray:
    """Return values as a column of a dtype; ValueError when it has another length."""
    if type(values) is np.ndarray and values.dtype == dtype and values.shape == (rows,):
        flags = values.flags
        if flags.c_contiguous and flags.writeable and flags.aligned:
            return values
    made = np.require(values, dtype, ["C", "W"])
    if made.shape != (rows,):
        raise ValueError(f"a column of shape {made.shape} among columns of {rows} rows")
    return made
