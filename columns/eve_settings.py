"""What goes into EVE JSON, and in which form: settings of the output alone, which never change what is found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from columns.errors import ConfigError
from columns.limits import limit, limited


def _option(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"result": False, "meaning": meaning})


@limited("eve")
@dataclass(frozen=True)
class EveSettings:
    """The events of an EVE file; ConfigError names a value out of range. Nothing here changes what is found."""

    events: tuple[str, ...] = _option(
        (), "types of events that are written, such as alert, dns, flow; without any: all but netflow")
    netflow: bool = _option(False, "also a netflow event for each direction of a flow that has packets")
    community_id: bool = _option(True, "write community_id")
    community_id_seed: int = limit(0, 0, 65535, "seed", "seed of community_id, as agreed between the tools of a site",
                                   result=False)
    ethernet: bool = _option(True, "write the MAC addresses")
    ipv6_full: bool = _option(False, "write IPv6 addresses with all zeros, as Suricata does: 2001:0db8:0000:…")
    references: bool = _option(True, "write where a rule points to within alert")
    answered_alerts: bool = _option(
        False, "alerts about TCP wait, as Suricata's do, for the first packet of their sender after the data was "
        "acknowledged: they name it (pcap_cnt) and show what their transaction has shown by then")
    dns_version: int = limit(3, 2, 3, "version", "form of dns events: 3 as in Suricata 8, 2 as in Suricata 7",
                             result=False)
    dns_requests: bool = _option(True, "write dns requests")
    dns_responses: bool = _option(True, "write dns responses")
    dns_types: tuple[str, ...] = _option(
        (), "types of records that dns events are about, such as a, mx; without any: all")
    anomalies: tuple[str, ...] = _option(
        (), "kinds of anomaly events that are written (applayer, decode, stream); without any: all")

    def __post_init__(self) -> None:
        for name in self.anomalies:
            if name not in ("applayer", "decode", "stream"):
                raise ConfigError(f"anomalies has {name!r}", where="eve", expected="applayer, decode or stream")

    def writes(self, event_type: str) -> bool:
        """Return whether events of a type are written."""
        return event_type in self.events if self.events else event_type != "netflow"

    @property
    def writes_netflow(self) -> bool:
        """Whether flows are told by direction, too."""
        return self.netflow or "netflow" in self.events


DEFAULTS = EveSettings()
