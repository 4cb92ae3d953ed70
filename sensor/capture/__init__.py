"""Captures in, frames out: pcap and pcapng, plain, gzip or Zstandard, in place where they can be mapped."""

from sensor.capture.counts import REFUSALS, TS_MAX_NS, Count
from sensor.capture.frames import Frame, frames_at, frames_of
from sensor.capture.reader import Capture, open_capture
from sensor.capture.writer import write_pcap, write_pcapng

__all__ = [
    "REFUSALS", "TS_MAX_NS", "Capture", "Count", "Frame", "frames_at", "frames_of", "open_capture", "write_pcap",
    "write_pcapng",
]
