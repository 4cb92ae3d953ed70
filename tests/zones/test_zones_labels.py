"""Longest-prefix labels of both families, against the ipaddress module asked prefix by prefix."""

import ipaddress

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from columns.address import MAPPED_LO
from zones.labels import label_rows, label_table
from zones.prefixes import Prefix, PrefixSet

V4, V6 = 32, 128


def networks(bits):
    def network(value, length, near):
        base = near << (bits - 12) | value & (1 << (bits - 12)) - 1
        return ipaddress.ip_network((base >> (bits - length) << (bits - length), length)) if bits == V6 else \
            ipaddress.IPv4Network((base >> (bits - length) << (bits - length), length))
    return st.builds(network, st.integers(0, (1 << bits) - 1), st.integers(0, bits), st.integers(0, 3) | st.just(4095))


def oracle(prefixes, address):
    best = max((p for p in prefixes if p.network.version == address.version and address in p.network),
               key=lambda p: p.network.prefixlen, default=Prefix(None, 0))
    return best.label


def probes(prefixes, extra):
    for prefix in prefixes:
        kind = type(prefix.network.network_address)
        first, last = int(prefix.network.network_address), int(prefix.network.broadcast_address)
        for value in (first - 1, first, (first + last) // 2, last, last + 1):
            if 0 <= value < 1 << prefix.network.max_prefixlen:
                yield kind(value)
    yield from extra


@settings(max_examples=120, deadline=None)
@given(st.lists(networks(V4) | networks(V6), max_size=25), st.lists(st.ip_addresses(), max_size=10))
def test_labels_agree_with_ipaddress(nets, extra):
    prefixes = list(PrefixSet(Prefix(n, i) for i, n in enumerate(nets, 1)))
    addresses = [a for a in probes(prefixes, extra)
                 if a.version == 4 or int(a) >> 32 != 0xFFFF]
    values = [int(a) | MAPPED_LO if a.version == 4 else int(a) for a in addresses]
    label = np.full(len(values), 99, np.uint16)
    label_rows(label_table(prefixes), np.array([v >> 64 for v in values], np.uint64),
               np.array([v & (1 << 64) - 1 for v in values], np.uint64), label)
    assert label.tolist() == [oracle(prefixes, a) for a in addresses]


def test_a_prefix_listed_twice_keeps_its_first_label():
    net = ipaddress.ip_network("10.0.0.0/8")
    assert list(PrefixSet([Prefix(net, 1), Prefix(net, 2)])) == [Prefix(net, 1)]
