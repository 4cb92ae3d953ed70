"""nfstream: build every flow of the capture, without statistics; with dissection when told how many packets of each."""

from __future__ import annotations

import json
import sys
import time

import nfstream


def main(path: str, dissections: int) -> None:
    """Iterate all flows and print packets, flows and seconds."""
    start = time.perf_counter()
    streamer = nfstream.NFStreamer(source=path, statistical_analysis=False, n_dissections=dissections, n_meters=1)
    flows = packets = 0
    for flow in streamer:
        flows += 1
        packets += flow.bidirectional_packets
    seconds = time.perf_counter() - start
    print(json.dumps({"packets": packets, "flows": flows, "seconds": seconds, "version": nfstream.__version__}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
