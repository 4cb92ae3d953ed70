"""Decode: frames (FrameBlock) in, packets (Packets) out."""

from sensor.decode.decoder import Decoder
from sensor.decode.settings import DecodeSettings

__all__ = ["DecodeSettings", "Decoder"]
