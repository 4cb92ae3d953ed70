"""Payload becomes meaning: which protocol a conversation speaks, and what was said in it."""

from sensor.protocols.dissector import Dissector
from sensor.protocols.registry import DATAGRAM_WANTS, SETTINGS, STREAM_WANTS
from sensor.protocols.settings import ProtocolSettings

__all__ = ["DATAGRAM_WANTS", "SETTINGS", "STREAM_WANTS", "Dissector", "ProtocolSettings"]
