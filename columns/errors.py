"""The error tree. Every error a user can meet says what is wrong, where, what was expected, and the remedy.

SekishoError
├── UsageError         exit 2: a wrong argument, an unknown key, a bad value
│   ├── ConfigError    the configuration file
│   └── PolicyError    the zone policy
├── CaptureError       exit 2: not a capture, unreadable, unknown format
├── StoreError         exit 1: the store cannot be opened, is in use, is full, or refuses
│   ├── StoreMissing   there is none yet
│   └── StoreAway      it cannot be reached, is busy or full: the same may succeed later
└── GrafanaError       exit 1: Grafana cannot be reached, or refuses
"""

from __future__ import annotations


class SekishoError(Exception):
    """An error to show to the user as one clear line; exit_code is what the command line ends with."""

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", expected: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.expected, self.remedy = what, where, expected, remedy

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.remedy:
            parts.append(self.remedy)
        return "; ".join(parts)


class UsageError(SekishoError):
    """A wrong argument or value."""

    exit_code = 2


class ConfigError(UsageError):
    """The configuration file is wrong."""


class PolicyError(UsageError):
    """The zone policy is wrong."""


class CaptureError(SekishoError):
    """A capture cannot be read at all; what is only damaged is counted instead."""

    exit_code = 2


class StoreError(SekishoError):
    """The store cannot be opened, is in use by another process, is full, or refuses."""


class StoreMissing(StoreError):
    """There is no store at this place yet, and what was asked does not make one."""


class StoreAway(StoreError):
    """The store cannot be reached, is busy or has no room now. Nothing is wrong with what was asked: it may be retried.

    A block that was being sent may be stored already; its token keeps a repetition from doubling it.
    """


class GrafanaError(SekishoError):
    """Grafana cannot be reached, or refuses what it is given."""
