"""Settings of the flow table."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from columns.errors import ConfigError

MAX_TIMEOUT_S = 3600


def _seconds(default: int, meaning: str) -> int:
    return field(default=default, metadata={"unit": "s", "range": (1, MAX_TIMEOUT_S), "meaning": meaning})


@dataclass(frozen=True)
class FlowSettings:
    """Limits and timeouts of the flow table; all times are event time. ConfigError names a value out of range."""

    max_flows: int = field(default=1 << 20, metadata={
        "unit": "flows", "range": (16, 1 << 26),
        "meaning": "flows kept at once; beyond it the flow nearest its end is evicted"})
    vlan_in_key: bool = field(default=True, metadata={
        "meaning": "keep a 5-tuple on two VLANs as two flows, so that a routed flow seen twice is not counted double"})
    half_open_timeout_s: int = _seconds(20, "TCP flow whose handshake is not complete")
    tcp_timeout_s: int = _seconds(600, "TCP flow with its handshake complete, or picked up midstream")
    closing_timeout_s: int = _seconds(60, "TCP flow with a FIN in one direction")
    closed_timeout_s: int = _seconds(2, "TCP flow after RST or both FINs")
    unanswered_timeout_s: int = _seconds(30, "flow of another protocol with packets in one direction")
    answered_timeout_s: int = _seconds(60, "flow of another protocol with packets in both directions")
    active_timeout_s: int = _seconds(300, "a longer flow writes a row this often")
    clock_reset_s: int = _seconds(3600, "a capture time this far behind the event clock restarts the clock")

    def __post_init__(self) -> None:
        for f in fields(self):
            low, high = f.metadata.get("range", (None, None))
            value = getattr(self, f.name)
            if low is not None and not low <= value <= high:
                raise ConfigError(f"{f.name} = {value}", where="flow", expected=f"{low} to {high} {f.metadata['unit']}")
