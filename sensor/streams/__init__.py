"""TCP payload put in order: from segments to the bytes that the other end reads."""

from sensor.streams.engine import Chunks, Streams
from sensor.streams.settings import StreamSettings

__all__ = ["Chunks", "StreamSettings", "Streams"]
