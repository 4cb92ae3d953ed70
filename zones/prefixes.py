"""Set logic on prefixes: which zone an address or a whole prefix belongs to, by the longest match."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import NamedTuple

from zones.model import Network, Zone

UNATTRIBUTED = 0
LOCAL = 65535
"""Label of addresses that no router forwards to another zone: multicast, broadcast, link-local, unspecified."""

# RFC 6890 registries, RFC 1918, RFC 6598, RFC 4193, RFC 3879; Class E (240/4) is never a partner on the Internet.
PRIVATE = tuple(map(ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "240.0.0.0/4",
    "::1/128", "fc00::/7", "fec0::/10",
)))
NEVER_ROUTED = tuple(map(ip_network, (
    "0.0.0.0/32", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "::/128", "fe80::/10", "ff00::/8",
)))


class Prefix(NamedTuple):
    """A prefix and the label (number of the zone) of the addresses in it that no longer prefix claims."""

    network: Network
    label: int


class PrefixSet:
    """Prefixes of both families, each at most once; the first label given to a prefix stands."""

    def __init__(self, prefixes: Iterable[Prefix] = ()) -> None:
        self._labels: dict[Network, int] = {}
        for prefix in prefixes:
            self._labels.setdefault(prefix.network, prefix.label)
        self._order: list[tuple[int, int, Network]] | None = None

    def __iter__(self) -> Iterator[Prefix]:
        return (Prefix(network, label) for network, label in self._labels.items())

    def __len__(self) -> int:
        return len(self._labels)

    def enclosing(self, network: Network, *, strict: bool = False) -> Prefix | None:
        """Return the longest prefix that holds all of a network (strict: that is also larger than it), or None."""
        whole = network
        while True:
            if not (strict and whole == network) and whole in self._labels:
                return Prefix(whole, self._labels[whole])
            if whole.prefixlen == 0:
                return None
            whole = whole.supernet()

    def label_of(self, network: Network) -> int:
        """Return the label that the longest match gives to a network (parts of it may be carved out)."""
        found = self.enclosing(network)
        return found.label if found else UNATTRIBUTED

    def inside(self, network: Network) -> list[Network]:
        """Return the prefixes that lie in a network and are not all of it."""
        if self._order is None:
            self._order = sorted((n.version, int(n.network_address), n) for n in self._labels)
        first = bisect_left(self._order, (network.version, int(network.network_address)))
        last = bisect_left(self._order, (network.version, int(network.broadcast_address) + 1))
        return [n for _, _, n in self._order[first:last] if n in self._labels and n.prefixlen > network.prefixlen]

    def discard(self, network: Network) -> None:
        """Take a prefix out."""
        self._labels.pop(network, None)


def zone_prefixes(zones: Iterable[Zone], number: Mapping[str, int] | None = None) -> PrefixSet:
    """Return the prefixes of zones, with the private and never-routed space that none of them claims.

    number: the label of each zone by name; without it they are numbered from 1. Private space counts as claimed where a
    zone that is not external holds it, or any zone lists exactly it.
    """
    zones = list(zones)
    number = number or {z.name: i for i, z in enumerate(zones, 1)}
    listed = PrefixSet(Prefix(n, number[z.name]) for z in zones for n in z.networks)
    inner = PrefixSet(Prefix(n, number[z.name]) for z in zones if z.kind != "external" for n in z.networks)
    special = [Prefix(n, UNATTRIBUTED) for n in PRIVATE] + [Prefix(n, LOCAL) for n in NEVER_ROUTED]
    return PrefixSet([*listed, *(p for p in special if inner.enclosing(p.network) is None)])


def intervals(prefixes: Iterable[Prefix], version: int) -> tuple[list[int], list[int]]:
    """Return (starts, labels) of disjoint intervals, in order, that cover a whole address family by longest match."""
    bits = 32 if version == 4 else 128
    family = sorted(
        (p for p in prefixes if p.network.version == version),
        key=lambda p: (int(p.network.network_address), p.network.prefixlen),
    )
    starts, labels = [0], [UNATTRIBUTED]
    open_prefixes: list[tuple[int, int]] = []  # (end, label) of the prefixes around the present address

    def mark(at: int, label: int) -> None:
        if at >> bits:
            return
        if starts[-1] == at:
            labels[-1] = label
        elif labels[-1] != label:
            starts.append(at)
            labels.append(label)

    def close_until(at: int) -> None:
        while open_prefixes and open_prefixes[-1][0] <= at:
            end, _ = open_prefixes.pop()
            mark(end, open_prefixes[-1][1] if open_prefixes else UNATTRIBUTED)

    for network, label in family:
        first = int(network.network_address)
        close_until(first)
        mark(first, label)
        open_prefixes.append((first + network.num_addresses, label))
    close_until(1 << bits)
    return starts, labels


def redundant(network: Network, prefixes: PrefixSet) -> bool:
    """Return whether removing a listed prefix would leave the zone of every address as it is."""
    around = prefixes.enclosing(network, strict=True)
    if around and around.label == prefixes.label_of(network):
        return True
    return _covered(network, prefixes.inside(network))


def _covered(network: Network, parts: list[Network]) -> bool:
    at, last = int(network.network_address), int(network.broadcast_address)
    for part in sorted(parts, key=lambda n: (int(n.network_address), n.prefixlen)):
        if int(part.network_address) > at:
            return False
        at = max(at, int(part.broadcast_address) + 1)
    return at > last


def any_overlap(a: list[Network], b: list[Network]) -> bool:
    """Return whether some address is in both lists; an empty list stands for all addresses of a zone."""
    if not a or not b:
        return True
    return any(x.version == y.version and x.overlaps(y) for x in a for y in b)


def all_inside(narrow: list[Network], wide: list[Network]) -> bool:
    """Return whether every address of narrow is in wide; an empty list stands for all addresses of a zone."""
    if not wide:
        return True
    return bool(narrow) and all(_covered(n, _clipped(wide, n)) for n in narrow)


def _clipped(wide: list[Network], network: Network) -> list[Network]:
    same = [w for w in wide if w.version == network.version and w.overlaps(network)]
    return [network if network.subnet_of(w) else w for w in same]
