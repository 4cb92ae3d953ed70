"""DNS messages read per second: ``python -m benchmarks.dns``; whole batches, rows of many flows, one message a call."""

from __future__ import annotations

import json
import struct
import time

import numpy as np

from sensor.protocols.datagrams import Events
from sensor.protocols.dns import DnsDatagrams, DnsSettings
from sensor.protocols.dns.flows import DnsFlows
from sensor.protocols.dns.reader import DnsReader
from sensor.protocols.facts import FACTS
from sensor.protocols.parser import Context, FlowFacts, Moment

_BATCH = 65_536


def _message(i: int) -> bytes:
    """Alternately a request, and a response with three answers, two authorities and an OPT record."""
    name = b"\x04host\x06%06d\x07example\x00" % (i % 10_000)
    if i % 2 == 0:
        return struct.pack(">6H", i & 0xFFFF, 0x0100, 1, 0, 0, 1) + name + b"\0\1\0\1" + b"\0\0\x29\4\xd0" + b"\0" * 6
    cname = b"\xc0\x0c\0\5\0\1\0\0\1\0\0\6\3cdn\xc0\x18"
    addresses = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes([10, i & 255, 1, k]) for k in range(2))
    authorities = b"".join(b"\xc0\x18\0\2\0\1\0\1\0\0\0\6\3ns%d\xc0\x18" % k for k in range(2))
    return (struct.pack(">6H", i - 1 & 0xFFFF, 0x8180, 1, 3, 2, 1) + name + b"\0\1\0\1" + cname + addresses
            + authorities + b"\0\0\x29\4\xd0" + b"\0" * 6)


def main() -> None:
    """Print the figures as JSON: the best of five."""
    messages = [_message(i) for i in range(_BATCH)]
    sizes = np.array([len(m) for m in messages], np.int64)
    stops = np.cumsum(sizes)
    buffer, variants = np.frombuffer(b"".join(messages), np.uint8), np.zeros(_BATCH, np.uint8)
    reader = DnsReader(DnsSettings().text_bytes)
    batch = min(_timed(lambda: reader.read(buffer, stops - sizes, stops, variants)) for _ in range(6))
    zeros, rows = np.zeros(_BATCH, np.int64), np.arange(_BATCH)
    events = Events(rows, zeros, rows, zeros.view(np.uint64), zeros.astype(np.int32), rows, rows, rows % 2 == 0, zeros,
                    stops - sizes, sizes)
    facts, seats = np.zeros(_BATCH, FACTS), (1 + rows // 2).astype(np.int32)
    facts["dst_port"] = 53
    flows = DnsFlows(None, _BATCH)
    flows.begin(seats, _BATCH)
    at_once = min(_timed(lambda: flows.take(events, seats, facts, [buffer])) for _ in range(6))
    parser = DnsDatagrams(Context(FlowFacts(1, 1, 2, 40000, 53, 17, 0), lambda *a: None, lambda *a: None, None))
    single = min(_timed(lambda: [parser.datagram(i % 2 == 0, m, Moment(i, i)) for i, m in enumerate(messages)])
                 for _ in range(5))
    print(json.dumps({"messages": _BATCH, "mean_bytes": round(float(sizes.mean()), 1),
                      "batch_messages_per_s": round(_BATCH / batch),
                      "batch_mbit_per_s": round(float(sizes.sum()) * 8 / batch / 1e6),
                      "rows_per_s_at_once": round(_BATCH / at_once),
                      "rows_per_s_one_at_a_time": round(_BATCH / single)}))


def _timed(work: object) -> float:
    start = time.process_time()
    work()  # type: ignore[operator]
    return time.process_time() - start


if __name__ == "__main__":
    main()
