"""The settings of the search for Individual Numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from columns.errors import ConfigError
from detectors.settings import check_settings, require_power_of_two, setting

_LEAST_KEY_BYTES = 32


@dataclass(frozen=True)
class MyNumberSettings:
    """What is looked into, and how much is kept; ConfigError names a value out of range."""

    inspect: Literal["auto", "on", "off"] = field(default="auto", metadata={"meaning":
        "look for Individual Numbers in payload; auto: where payload is looked into, on: always"})
    decoded: bool = field(default=True, metadata={"meaning":
        "look, too, into what parsers decode: bodies, mail, files and what is packed in them"})
    report: Literal["high", "all"] = field(default="high", metadata={"meaning":
        "high: numbers with a keyword near them, and lists; all: every one with a right check digit, as low alerts"})
    mask: bool = field(default=True, metadata={"meaning":
        "put * for the digits of every number with a right check digit in stored transactions"})
    key_file: str = field(default="", metadata={"result": False, "meaning":
        "file with a secret of at least 32 bytes: alerts then carry keyed marks by which equal numbers are known"})
    quiet_s: int = setting(600, unit="s", low=1, high=86_400, meaning="event time without a number that ends an alert")
    leaks: int = setting(4096, unit="alerts", low=16, high=1 << 20, meaning="open alerts kept at once")
    numbers: int = setting(4096, unit="numbers", low=16, high=1 << 20,
                           meaning="different numbers that one sender's are counted up to")
    lanes: int = setting(16_384, unit="directions", low=64, high=1 << 22,
                         meaning="directions of connections whose last bytes are kept, 2 KiB each")
    lists: int = setting(8192, unit="senders", low=64, high=1 << 20,
                         meaning="senders whose last 64 candidates are kept, 0.6 KiB each")
    unpacked_kib: int = setting(4096, unit="KiB", low=1, high=1 << 20,
                                meaning="bytes that one body or file may unpack to, all layers together")
    unpacked_members: int = setting(256, unit="members", low=1, high=1 << 16,
                                    meaning="members of archives, and pieces of base64, looked into in one")

    def __post_init__(self) -> None:
        check_settings(self, "mynumber")
        require_power_of_two(self, "mynumber", "lanes", "lists")

    def key(self) -> bytes:
        """Return the secret of key_file, empty where there is none; ConfigError when it cannot be used."""
        if not self.key_file:
            return b""
        where = "[mynumber] key_file"
        try:
            key = Path(self.key_file).read_bytes().strip()
        except OSError as error:
            raise ConfigError(f"{self.key_file}: {error.strerror}", where=where, expected="a file that can be read",
                              remedy="make one: head -c 32 /dev/urandom | base64 > FILE; chmod 600 FILE") from None
        if len(key) < _LEAST_KEY_BYTES:
            raise ConfigError(f"{self.key_file} holds {len(key)} bytes", where=where,
                              expected=f"at least {_LEAST_KEY_BYTES}",
                              remedy="make one: head -c 32 /dev/urandom | base64 > FILE; chmod 600 FILE")
        return key
