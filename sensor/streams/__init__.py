"""TCP payload put in order: from segments to the bytes that the other end reads."""

from sensor.streams.acknowledged import Acknowledged
from sensor.streams.engine import Chunks, Streams
from sensor.streams.settings import StreamSettings

__all__ = ["Acknowledged", "Chunks", "StreamSettings", "Streams"]
