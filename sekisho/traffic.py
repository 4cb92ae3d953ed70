"""Traffic: packets by protocol and their sizes, under Suricata's names of decoder counters."""

from __future__ import annotations

import numpy as np

from columns import Flows

_NAMES = {1: "icmpv4", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp"}
_MAPPED = np.uint64(0xFFFF)


class Traffic:
    """Adds up flow rows; packets that belong to no flow (ARP, refused ones) count in pkts and bytes alone."""

    def __init__(self) -> None:
        self._by_proto, self._by_version = np.zeros(256, np.int64), np.zeros(2, np.int64)
        self.largest_bytes = 0
        """Bytes of the largest frame on the wire; kept by whoever reads the frames."""

    def add(self, flows: Flows) -> None:
        """Take the next flow rows."""
        packets = (flows.pkts_toserver + flows.pkts_toclient).astype(np.int64)
        version_6 = (flows.src_ip_hi != 0) | (flows.src_ip_lo >> np.uint64(32) != _MAPPED)
        np.add.at(self._by_proto, flows.proto, packets)
        np.add.at(self._by_version, version_6.astype(np.int64), packets)

    def counters(self, packets: int, size: int) -> dict[str, int]:
        """Return the counters for so many packets of so many bytes in all."""
        return {"pkts": packets, "bytes": size, "ipv4": int(self._by_version[0]), "ipv6": int(self._by_version[1]),
                **{name: int(self._by_proto[proto]) for proto, name in _NAMES.items()},
                "avg_pkt_size": size // packets if packets else 0, "max_pkt_size": self.largest_bytes}
