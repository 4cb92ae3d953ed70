"""The settings of the leak detectors, one section for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from detectors.settings import check_settings, network_list, require_power_of_two, setting, word_list


@dataclass(frozen=True)
class LeakSettings:
    """Thresholds and limits of the leak detectors; ConfigError names a value out of range."""

    lists: str = field(default="", metadata={
        "meaning": "folder of lists that replace the packaged ones of the same file name"})
    internal_domains: tuple[str, ...] = word_list(
        unit="domain", meaning="names of our own that nobody outside should be asked for: the directory's domain, "
                               "hosts")
    monitors: tuple[str, ...] = network_list(
        meaning="addresses of sensors and collectors, which never open a connection into a zone; without any, those "
        "of a zone named soc or monitoring")
    time_servers: tuple[str, ...] = network_list(
        meaning="approved time servers, beside those to which a conduit leads")
    quiet_s: int = setting(600, unit="s", low=1, high=86_400, meaning="event time without evidence that ends an alert")
    per_initiator: int = setting(
        20, unit="alerts", low=1, high=10_000, meaning="open alerts of one initiator and kind before one for all "
                                                       "others")
    findings: int = setting(
        1024, unit="alerts", low=16, high=1 << 20, meaning="open alerts of one kind before one for all others")
    remembered: int = setting(
        16_384, unit="entries", low=64, high=1 << 22,
        meaning="hosts, names or pairs that one detector remembers at once; the longest unused gives way")
    identity_window_s: int = setting(
        600, unit="s", low=1, high=86_400, meaning="the same host name or MAC address in two zones within this time")
    peers: int = setting(
        8, unit="hosts", low=2, high=10_000, meaning="neighbours whose TTL must be known before one is out of line")
    upload_mb: float = setting(
        2.0, unit="MB", low=0.001, high=1e6, meaning="sent in one flow to the Internet side before it can be an "
                                                   "upload; four times as much where it is permitted")
    upload_ratio: float = setting(
        10.0, unit="ratio", low=1, high=1e6, meaning="payload sent for each byte received that makes an upload of it")
    dns_names: int = setting(
        60, unit="names", low=8, high=4096, meaning="distinct names below one domain asked by one host in the window")
    dns_window_s: int = setting(300, unit="s", low=10, high=86_400, meaning="that window")
    dns_label_bytes: float = setting(
        30.0, unit="bytes", low=4, high=200, meaning="mean length of these names before their domain")
    dns_bits: float = setting(
        3.2, unit="bits", low=0, high=6, meaning="mean entropy of a character of these names")
    echo_bytes: int = setting(64, unit="bytes", low=0, high=65_000, meaning="ordinary payload of an ICMP echo at most")
    echo_odd: int = setting(
        10, unit="messages", low=1, high=100_000, meaning="larger echo messages that vary, or replies that differ from "
        "their request, before they are told")
    strays: int = setting(
        20, unit="s", low=1, high=86_400, meaning="seconds in which answers of a reflecting service came to one "
                                                  "host that "
        "never asked")
    relay_kb: float = setting(
        200.0, unit="kB", low=1, high=1e6, meaning="payload that comes into a host and leaves it again to count as "
                                                 "relayed")
    relay_share: float = setting(
        0.1, unit="share", low=0, high=0.9, meaning="by which the two volumes may differ")
    relay_wait_s: int = setting(300, unit="s", low=0, high=86_400, meaning="between the end of the one and of the "
                                                                           "other")
    idle_ms: int = setting(500, unit="ms", low=10, high=60_000, meaning="stepping stone: a pause in a connection")
    resume_ms: int = setting(80, unit="ms", low=1, high=10_000, meaning="both connections go on within this time")
    shared_in_row: int = setting(
        2, unit="pauses", low=1, high=1000, meaning="pauses in a row that end together, for connections with a "
                                                    "common host")
    apart_in_row: int = setting(
        4, unit="pauses", low=1, high=1000, meaning="the same for connections without a common host")
    coincidence_share: float = setting(
        0.3, unit="share", low=0, high=1, meaning="of the pauses of the connection that has fewer of them")
    stone_flows: int = setting(
        65_536, unit="flows", low=8, high=1 << 24, meaning="connections whose pauses are followed at once, power of "
                                                           "two")
    stone_pairs: int = setting(
        8192, unit="pairs", low=8, high=1 << 20, meaning="pairs of connections compared at once, power of two")
    baseline_weeks: int = setting(
        3, unit="weeks", low=1, high=52, meaning="weeks in which an hour was seen before more than usual is told")
    baseline_factor: float = setting(
        4.0, unit="factor", low=1.1, high=1000,
        meaning="times the usual volume of the conduit in this hour of the week")
    baseline_mb: float = setting(1.0, unit="MB", low=0.001, high=1e6, meaning="and at least so much")

    def __post_init__(self) -> None:
        check_settings(self, "leaks")
        require_power_of_two(self, "leaks", "stone_flows", "stone_pairs")
        object.__setattr__(self, "internal_domains", tuple(
            str(name).lower().strip(".") for name in self.internal_domains))
