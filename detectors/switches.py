"""Which detectors stand in the chain: all of them, but for those that are switched off by name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

from columns.errors import ConfigError

NAMES = (
    "scan", "flood", "signatures", "mynumber", "zone_verdicts", "zone_evidence",
    "dual_homed", "foreign_segment", "routes", "shared_address", "tethering", "named_places", "given_away", "ipv6",
    "wireguard", "dns_tunnel", "icmp_tunnel", "time_and_answers", "stepping_stone", "listed_services", "paths",
    "gateway_output", "printers", "volumes", "baseline",
)
"""Every detector, in the order of the chain. They stand here so that settings can be read without the detectors."""


@dataclass(frozen=True)
class DetectorSettings:
    """Which detectors are left out; ConfigError names one that does not exist."""

    off: tuple[str, ...] = field(default=(), metadata={
        "unit": "detectors", "meaning": "detectors left out of the chain: what they would tell is not told, and what "
                                        "they would cost is saved; " + ", ".join(NAMES)})

    def __post_init__(self) -> None:
        unknown = [name for name in self.off if name not in NAMES]
        if unknown:
            raise ConfigError(f"there is no detector {unknown[0]!r}", where="[detectors] off",
                              expected="some of " + ", ".join(NAMES), remedy=f"nearest is {_nearest(unknown[0])}")
        object.__setattr__(self, "off", tuple(name for name in NAMES if name in self.off))

    def stands(self, name: str) -> bool:
        """Return whether a detector stands in the chain, by these settings."""
        return name not in self.off


def _nearest(word: str) -> str:
    return difflib.get_close_matches(word, NAMES, n=1, cutoff=0.0)[0]
