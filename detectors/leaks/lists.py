"""Lists: names, ports, networks and kinds of things to look for, as dated data files that are replaced without code."""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import numpy as np

from columns.errors import ConfigError
from columns.networks import network_words

PACKAGED = Path(__file__).parent / "lists"
"""The lists that come with the program."""

FILES = ("internal_names", "remote_access", "storage_sites", "tunnels", "resolvers", "updates", "tethering",
         "side_channels", "directory_services", "shared_storage", "printing", "lookup_services")
OLD_DAYS = 400
_ENTRY_KEYS = {"name", "names", "ports", "networks", "protocols"}
_PROTOCOLS = {"tcp": 6, "udp": 17}


@dataclass(frozen=True)
class Entry:
    """One thing to look for: domain names (with all below them), services (protocol, first and last port), networks,
    IP protocols."""

    name: str
    names: tuple[str, ...] = ()
    ports: tuple[tuple[int, int, int], ...] = ()
    networks: tuple[str, ...] = ()
    protocols: tuple[int, ...] = ()


@dataclass(frozen=True)
class LeakList:
    """A list with its date; the first entry that knows a name, port or protocol gives it its name."""

    title: str
    date: dt.date
    entries: tuple[Entry, ...]

    @cached_property
    def _domains(self) -> dict[str, str]:
        return {name: entry.name for entry in reversed(self.entries) for name in entry.names}

    @cached_property
    def _ports(self) -> np.ndarray:
        known = np.zeros(2 << 16, np.uint16)
        for number, entry in reversed(list(enumerate(self.entries, 1))):
            for proto, first, last in entry.ports:
                base = (proto == 17) << 16
                known[base + first : base + last + 1] = number
        return known

    @cached_property
    def _protocols(self) -> np.ndarray:
        known = np.zeros(256, np.uint16)
        for number, entry in reversed(list(enumerate(self.entries, 1))):
            known[list(entry.protocols)] = number
        return known

    @cached_property
    def _networks(self) -> tuple[np.ndarray, np.ndarray]:
        pairs = [(number, network) for number, entry in enumerate(self.entries, 1) for network in entry.networks]
        return network_words(tuple(n for _, n in pairs)), np.array([number for number, _ in pairs], np.uint16)

    def of_name(self, name: str) -> str:
        """Return the entry that a domain name, or a domain above it, stands in, or ""."""
        name = name.rstrip(".").lower()
        domains = self._domains
        while name:
            if name in domains:
                return domains[name]
            name = name.partition(".")[2]
        return ""

    def of_ports(self, proto: np.ndarray, port: np.ndarray) -> np.ndarray:
        """Return the number of the entry of each service, 0 for none: uint16."""
        found = self._ports[np.where(proto == 17, 1 << 16, 0) + port.astype(np.int64)]
        return np.where((proto == 6) | (proto == 17), found, np.uint16(0))

    def of_protocols(self, proto: np.ndarray) -> np.ndarray:
        """Return the number of the entry of each IP protocol, 0 for none: uint16."""
        return self._protocols[proto]

    def of_networks(self, hi: np.ndarray, lo: np.ndarray) -> np.ndarray:
        """Return the number of the entry of each address, 0 for none: uint16."""
        found = np.zeros(hi.size, np.uint16)
        words, numbers = self._networks
        for (mask_hi, mask_lo, net_hi, net_lo), number in zip(words[::-1], numbers[::-1], strict=True):
            found[(hi & mask_hi == net_hi) & (lo & mask_lo == net_lo)] = number
        return found

    def entry(self, number: int) -> Entry:
        """Return an entry by its number (from 1)."""
        return self.entries[number - 1]


@dataclass(frozen=True)
class Lists:
    """All lists by the names of their files, and a digest of them."""

    files: dict[str, LeakList]
    digest: str

    def __getitem__(self, name: str) -> LeakList:
        return self.files[name]

    def notes(self, today: dt.date) -> list[str]:
        """Return one line for each list that is older than OLD_DAYS."""
        return [f"list {name} is of {known.date}, {(today - known.date).days} days old: look for a newer one"
                for name, known in self.files.items() if (today - known.date).days > OLD_DAYS]


def port_set(*ports: int) -> np.ndarray:
    """Return bool by port number: whether it is one of these."""
    known = np.zeros(1 << 16, bool)
    known[list(ports)] = True
    return known


def load_lists(folder: str = "") -> Lists:
    """Return the packaged lists, with those replaced that a folder has a file for.

    ConfigError names file, entry and key of what is wrong, and a file in the folder that is no list of ours.
    """
    return _packaged() if not folder else _loaded(folder)


@cache
def _packaged() -> Lists:
    return _loaded("")


def _loaded(folder: str) -> Lists:
    digest, files = hashlib.sha256(), {}
    own = Path(folder) if folder else None
    if own is not None:
        _check_folder(own)
    for name in FILES:
        path = own / f"{name}.toml" if own and (own / f"{name}.toml").is_file() else PACKAGED / f"{name}.toml"
        raw = path.read_bytes()
        digest.update(name.encode() + b"\0" + raw)
        files[name] = _parsed(raw, str(path))
    return Lists(files, digest.hexdigest())


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise ConfigError("is no folder", where=f"[leaks] lists = {str(folder)!r}", remedy="name a folder of lists")
    for path in sorted(folder.glob("*.toml")):
        if path.stem not in FILES:
            raise ConfigError("is no list of leak detectors", where=str(path),
                              expected=f"one of {', '.join(f'{f}.toml' for f in FILES)}")


def _parsed(raw: bytes, where: str) -> LeakList:
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", where=where, expected="TOML in UTF-8") from None
    date, entries = data.get("date"), data.get("entry", [])
    if type(date) is not dt.date:
        raise ConfigError(f"date is {date!r}", where=where, expected="the day of the list, as in date = 2026-11-01")
    if not isinstance(entries, list) or set(data) - {"title", "date", "source", "entry"}:
        raise ConfigError("has unknown keys", where=where, expected="title, date, source and [[entry]]")
    return LeakList(str(data.get("title", "")), date,
                    tuple(_entry(e, f"{where}: entry {n}") for n, e in enumerate(entries, 1)))


def _entry(data: dict[str, Any], where: str) -> Entry:
    unknown = set(data) - _ENTRY_KEYS
    if unknown or not data.get("name"):
        raise ConfigError(f"unknown key {sorted(unknown)[0]}" if unknown else "has no name", where=where,
                          expected=f"name, and {', '.join(sorted(_ENTRY_KEYS - {'name'}))}")
    for key in _ENTRY_KEYS - {"name"}:
        if not isinstance(data.get(key, []), list):
            raise ConfigError(f"{key} is {data[key]!r}", where=where, expected="a list")
    try:
        networks = tuple(str(ip_network(n)) for n in data.get("networks", []))
        ports = tuple(_service(p) for p in data.get("ports", []))
        protocols = tuple(int(p) for p in data.get("protocols", []))
        if not all(0 <= p <= 255 for p in protocols):
            raise ValueError(f"an IP protocol of {protocols} is not within 0 to 255")
    except (ValueError, TypeError) as error:
        raise ConfigError(str(error), where=where, expected="ports such as tcp/443 or udp/3478-3481, networks "
                          "such as 192.0.2.0/24, protocols such as 47") from None
    names = tuple(str(n).lower().removeprefix("*.").strip(".") for n in data.get("names", []))
    return Entry(str(data["name"]), names, ports, networks, protocols)


def _service(text: str) -> tuple[int, int, int]:
    proto, _, ports = str(text).partition("/")
    first, _, last = ports.partition("-")
    found = _PROTOCOLS.get(proto), int(first), int(last or first)
    if found[0] is None or not 0 <= found[1] <= found[2] <= 65535:
        raise ValueError(f"{text!r} is no service")
    return found
