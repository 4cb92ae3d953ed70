"""The chain: all detectors in order over the same rows; one that fails is named and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from columns import Alerts, Flows, Packets, concat_rows, rows_in, take_rows, text_column, text_values
from columns.app import AppProto
from columns.errors import UsageError
from columns.said import NOTHING_SAID, Said
from detectors.alerts import alerts_of
from detectors.contract import Detector
from detectors.settings import check_settings, setting
from detectors.storm import STORM, SignatureStorms, StormControl


@dataclass(frozen=True)
class ChainSettings:
    """Limits on what the detectors may tell; ConfigError names a value out of range."""

    new_alerts_per_minute: int = setting(
        1000, unit="alerts", low=1, high=1_000_000,
        meaning="new alerts of one detector per minute of event time; the rest are held back and counted")
    max_held: int = setting(
        65536, unit="alerts", low=1, high=1 << 24,
        meaning="alerts held back whose later revisions are recognised and held back as well")

    def __post_init__(self) -> None:
        check_settings(self, "chain")


@dataclass
class Failure:
    """A detector that raised: how often, and what it said the first time."""

    detector: str
    times: int
    first: str


class Chain:
    """Runs detectors in the order given.

    A sensor without detectors must not look healthy: no detector, or two of one name, raises UsageError. A detector
    that raises loses its alerts of that batch and is called again with the next; it stands in failures, counters
    and notes. Alerts leave in order of event time, then of the detectors, with the digests given here. zone_names, if
    given, is called with the halves of addresses and returns the names of their zones for alerts that have none.
    remarks are lines that stand before the notes of each run.
    """

    def __init__(
        self, detectors: Sequence[Detector], settings: ChainSettings | None = None, *, policy_digest: str = "",
        config_digest: str = "", ruleset_digest: str = "",
        zone_names: Callable[[np.ndarray, np.ndarray, np.ndarray], Sequence[str]] | None = None,
        remarks: Sequence[str] = (),
    ) -> None:
        names = [d.name for d in detectors]
        if not names:
            raise UsageError("no detector is switched on", where="detectors", expected="at least one",
                             remedy="a sensor that looks for nothing must not look healthy")
        if len(set(names)) < len(names):
            raise UsageError(f"two detectors are named {max(names, key=names.count)}", where="detectors",
                             expected="one of each")
        self.detectors = list(detectors)
        self.settings = settings or ChainSettings()
        self.digests = {"policy_digest": policy_digest, "config_digest": config_digest,
                        "ruleset_digest": ruleset_digest}
        self.zone_names, self.remarks = zone_names, list(remarks)
        self._begin()

    def reset(self) -> None:
        """Forget everything, in the detectors too."""
        for detector in self.detectors:
            detector.reset()
        self._begin()

    def _begin(self) -> None:
        limits = self.settings
        self.storms_ = {d.name: _storm(d, limits) for d in self.detectors}
        self.failures_: dict[str, Failure] = {}
        self.rows_ = {"packets": 0, "flows": 0, "alerts": 0}

    @property
    def signatures(self) -> tuple[Any, ...]:
        """Everything that the chain can tell."""
        return (*(s for d in self.detectors for s in d.signatures), STORM)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The detectors that raised, in the order in which they first did."""
        return tuple(self.failures_.values())

    @property
    def notes(self) -> list[str]:
        """One line for each detector that raised, or held alerts back."""
        lines = [f"detector {f.detector} failed {f.times} times, first with {f.first}: what it would have told then "
                 "is missing" for f in self.failures]
        return [*self.remarks, *lines] + [f"detector {name}: {storm.held_back} alerts held back by storm control"
                        for name, storm in self.storms_.items() if storm.held_back]

    @property
    def listens(self) -> bool:
        """Whether a detector inspects the buffers of transactions and the bytes of streams."""
        return any(getattr(d, "listens", False) for d in self.detectors)

    @property
    def inspects(self) -> frozenset[AppProto] | None:
        """The protocols whose buffers are inspected, None for all."""
        found = [getattr(d, "inspects", None) for d in self.detectors if getattr(d, "listens", False)]
        return None if None in found else frozenset[AppProto]().union(*found)

    @property
    def wants_contents(self) -> bool:
        """Whether a detector inspects the buffers of transactions, though perhaps no streams."""
        return self.listens or any(getattr(d, "wants_contents", False) for d in self.detectors)

    @property
    def contents(self) -> frozenset[str]:
        """The names of the buffers that detectors inspect which inspect no streams."""
        return frozenset[str]().union(*(d.contents for d in self.detectors if getattr(d, "wants_contents", False)))

    def update(self, packets: Packets, flows: Flows, said: Said = NOTHING_SAID) -> Alerts:
        """Take the next rows and return the alerts they give rise to."""
        self.rows_["packets"] += rows_in(packets)
        self.rows_["flows"] += rows_in(flows)
        return self._gather([
            self.storms_[d.name].filter(self._safely(d, lambda d=d: d.update(packets, flows, said)))
            for d in self.detectors])

    def finish(self) -> Alerts:
        """End of input: return the last revision of what is still open."""
        return self._gather([
            part for d in self.detectors
            for part in (self.storms_[d.name].filter(self._safely(d, d.finish)), self.storms_[d.name].finish())])

    def counters(self) -> dict[str, dict[str, int]]:
        """Return the counts of each detector by its name, and the chain's own under "chain"."""
        own = dict(self.rows_)
        for name, storm in self.storms_.items():
            own[f"held_back_{name}"] = storm.held_back
            own[f"failed_{name}"] = self.failures_[name].times if name in self.failures_ else 0
        own["held_forgotten"] = sum(storm.forgotten for storm in self.storms_.values())
        return {d.name: d.counters() for d in self.detectors} | {"chain": own}

    def _safely(self, detector: Detector, call: Callable[[], Alerts]) -> Alerts:
        try:
            return call()
        except Exception as error:  # whatever a detector trips over, the others must go on
            failure = self.failures_.setdefault(
                detector.name, Failure(detector.name, 0, f"{type(error).__name__}: {error}"))
            failure.times += 1
            return alerts_of([])

    def _gather(self, parts: list[Alerts]) -> Alerts:
        parts = [p for p in parts if rows_in(p)]
        if not parts:
            return alerts_of([])
        alerts = concat_rows(parts)
        if np.any(alerts.ts_ns[1:] < alerts.ts_ns[:-1]):
            alerts = take_rows(alerts, np.argsort(alerts.ts_ns, kind="stable"))
        rows = rows_in(alerts)
        self.rows_["alerts"] += rows
        alerts = alerts._replace(**{name: text_column([value] * rows) for name, value in self.digests.items()
                                    if value or name != "ruleset_digest"})
        return self._with_zones(alerts) if self.zone_names is not None else alerts

    def _with_zones(self, alerts: Alerts) -> Alerts:
        """Name the zones of addresses where a detector did not; :: stands for many and has none."""
        named = {}
        for zone, hi, lo in (("src_zone", alerts.src_ip_hi, alerts.src_ip_lo),
                             ("dst_zone", alerts.dst_ip_hi, alerts.dst_ip_lo)):
            known = text_values(getattr(alerts, zone))
            if all(known):
                continue
            found = self.zone_names(hi, lo, alerts.start_ns)
            many = ((hi == 0) & (lo == 0)).tolist()
            named[zone] = text_column([
                k or ("" if m else f) for k, m, f in zip(known, many, found, strict=True)])
        return alerts._replace(**named)


def _storm(detector: Detector, limits: ChainSettings) -> StormControl | SignatureStorms:
    """Storms are of a detector, or of each signature of one that has many."""
    kind = SignatureStorms if getattr(detector, "storm_by_signature", False) else StormControl
    return kind(detector.name, limits.new_alerts_per_minute, limits.max_held)
