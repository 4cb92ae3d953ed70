"""Limits of the signature engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from columns.errors import ConfigError
from detectors.settings import check_settings, setting

ACTIONS = ("pass", "drop", "reject", "alert")


def _option(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


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

    action_order: tuple[str, ...] = _option(
        ACTIONS, "actions in the order in which rules of them are looked at, at one packet")
    inline: bool = _option(
        False, "judge as an inline sensor would: after drop or reject nothing more of the flow is looked at, and the "
        "action of such an alert is blocked; nothing is ever blocked")
    midstream_policy: Literal["ignore", "pass-flow", "drop-flow"] = _option(
        "ignore", "what becomes of connections whose start was not seen: ignore, or no rule is looked at in them")
    guess_transaction: bool = _option(
        False, "show the transaction in alerts of rules about packets and streams, where only one goes on in the flow")
    payload: bool = _option(False, "show the payload of what matched in alerts, as base64")
    payload_printable: bool = _option(False, "the same, as text with dots for what cannot be printed")
    payload_bytes: int = setting(4096, unit="bytes", low=0, high=1 << 20, meaning="shown of a payload at most")
    packet: bool = _option(False, "show the packet in alerts, as base64")
    verdict: bool = _option(
        False, "show the verdict on the packet in alerts: alert, pass or drop; whom a reset would go to")
    xff: Literal["off", "extra-data", "overwrite"] = _option(
        "off", "client behind a proxy, by its header: extra-data shows it in alerts, overwrite puts it in the place of "
        "the address")
    xff_deployment: Literal["reverse", "forward"] = _option(
        "reverse", "which address of the header counts: reverse the last, forward the first")
    xff_header: str = _option("X-Forwarded-For", "name of that header")

    def __post_init__(self) -> None:
        check_settings(self, "signatures")
        if sorted(self.action_order) != sorted(ACTIONS):
            raise ConfigError(f"action_order is {', '.join(self.action_order)}", where="[signatures]",
                              expected="pass, drop, reject and alert, each once, in any order")
