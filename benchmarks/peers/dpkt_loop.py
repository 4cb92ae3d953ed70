"""dpkt's bare parse loop: read each frame, parse Ethernet, IP and TCP or UDP, touch the fields a flow key needs."""

from __future__ import annotations

import json
import sys
import time

import dpkt


def main(path: str) -> None:
    """Parse the capture and print packets, flow-able packets and seconds."""
    packets = keyed = 0
    start = time.perf_counter()
    with open(path, "rb") as file:
        for _, data in dpkt.pcap.Reader(file):
            packets += 1
            try:
                ip = dpkt.ethernet.Ethernet(data).data
            except dpkt.Error:
                continue
            if isinstance(ip, (dpkt.ip.IP, dpkt.ip6.IP6)):
                transport = ip.data
                if isinstance(transport, (dpkt.tcp.TCP, dpkt.udp.UDP)):
                    key = (ip.src, ip.dst, transport.sport, transport.dport)
                    keyed += len(key) == 4
    seconds = time.perf_counter() - start
    print(json.dumps({"packets": packets, "keyed": keyed, "seconds": seconds, "version": dpkt.__version__}))


if __name__ == "__main__":
    main(sys.argv[1])
