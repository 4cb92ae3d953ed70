"""Limits of the signature engine."""

from __future__ import annotations

from dataclasses import dataclass

from detectors.settings import check_settings, setting


@dataclass(frozen=True)
class SignatureSettings:
    """What the engine may keep; ConfigError names a value out of range."""

    flows: int = setting(
        65536, unit="flows", low=16, high=1 << 22,
        meaning="flows of which bits, transactions and parts of streams are kept; beyond that the oldest is forgotten")
    transactions: int = setting(
        256, unit="transactions", low=1, high=65536, meaning="transactions of one flow that go on at once")
    bits: int = setting(
        262_144, unit="bits", low=1024, high=1 << 24, meaning="xbits and hostbits that are set at once")
    thresholds: int = setting(
        262_144, unit="counts", low=1024, high=1 << 24,
        meaning="counts that thresholds and detection filters keep by rule and address")
    alerts_per_packet: int = setting(
        64, unit="alerts", low=1, high=1024, meaning="alerts of one packet; the rest are counted only")

    def __post_init__(self) -> None:
        check_settings(self, "signatures")
