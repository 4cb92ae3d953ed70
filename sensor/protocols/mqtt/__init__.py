"""MQTT over TCP (OASIS 3.1.1 and 5, IBM's 3.1)."""

from sensor.protocols.mqtt.parser import WANTS, MqttStream
from sensor.protocols.mqtt.settings import MqttSettings

__all__ = ["WANTS", "MqttSettings", "MqttStream"]
