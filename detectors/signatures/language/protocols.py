"""Protocols that a rule's header can name: the IP and application protocols they stand for, and their hooks."""

from __future__ import annotations

from dataclasses import dataclass

ICMP, TCP, UDP, ICMPV6, SCTP = 1, 6, 17, 58, 132


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol of a rule header.

    ip_protos None is any. version 4 or 6 limits to one IP version, 0 does not. apps are the application protocols,
    empty for the transport's own. payload: "" for packets and streams alike, packet or stream for only one of them,
    none where there is no payload to look at.
    """

    name: str
    ip_protos: frozenset[int] | None = None
    apps: tuple[str, ...] = ()
    version: int = 0
    payload: str = ""


def _network() -> dict[str, Protocol]:
    rows = [
        ("ip", None, 0, ""), ("any", None, 0, ""), ("pkthdr", None, 0, "none"),
        ("ipv4", None, 4, ""), ("ip4", None, 4, ""), ("ipv6", None, 6, ""), ("ip6", None, 6, ""),
        ("tcp", {TCP}, 0, ""), ("tcp-pkt", {TCP}, 0, "packet"), ("tcp-stream", {TCP}, 0, "stream"),
        ("udp", {UDP}, 0, ""), ("icmp", {ICMP, ICMPV6}, 0, ""), ("icmpv4", {ICMP}, 0, ""), ("icmpv6", {ICMPV6}, 0, ""),
        ("sctp", {SCTP}, 0, ""), ("arp", set(), 0, ""),
    ]
    return {name: Protocol(name, None if numbers is None else frozenset(numbers), (), version, payload)
            for name, numbers, version, payload in rows}


_TCP = """http http1 http2 tls ssl ssh smtp ftp ftp-data imap pop3 smb modbus dnp3 enip nfs ldap rdp rfb mqtt telnet
websocket pgsql mysql irc jabber doh2 msn"""
_UDP = "dhcp ntp tftp snmp quic ike ikev2 bittorrent-dht mdns llmnr"
_EITHER = "dns dcerpc krb5 sip"
_APPS = {"http": ("http",), "http1": ("http1",), "ssl": ("tls",), "ikev2": ("ike",)}
_BOTH_WAYS = {"enip": {TCP, UDP}, "nfs": {TCP, UDP}, "snmp": {UDP}, "ldap": {TCP, UDP}, "dnp3": {TCP, UDP}}


def _applications() -> dict[str, Protocol]:
    found = {}
    for names, numbers in ((_TCP, {TCP}), (_UDP, {UDP}), (_EITHER, {TCP, UDP})):
        for name in names.split():
            found[name] = Protocol(name, frozenset(_BOTH_WAYS.get(name, numbers)), _APPS.get(name, (name,)))
    return found


PROTOCOLS: dict[str, Protocol] = _network() | _applications()
"""Every protocol of a rule header by its name (lower case)."""

APPLICATIONS: frozenset[str] = frozenset(app for p in PROTOCOLS.values() for app in p.apps)
"""Names of application protocols, as Rule.app_protos has them. http is http1 or http2."""


_KIN = ({"http", "http1"}, {"http", "http2"}, {"dns", "doh2"}, {"http2", "doh2"}, {"http", "doh2"})


def app_fits(bound: str, wanted: str) -> bool:
    """Return whether a rule bound to one application protocol can use what belongs to another."""
    return bound == wanted or {bound, wanted} in _KIN


PACKET_HOOKS = frozenset(("flow_start", "pre_flow", "pre_stream", "all"))
"""Hooks of network protocols (tcp:flow_start)."""

_GENERIC = ("request_started", "request_complete", "response_started", "response_complete")
_HTTP1 = tuple(f"{side}_{part}" for side in ("request", "response")
               for part in ("started", "line", "headers", "body", "trailer", "complete"))
_TLS = ("client_in_progress", "client_hello_done", "client_cert_done", "client_handshake_done", "client_finished",
        "server_in_progress", "server_hello", "server_cert_done", "server_hello_done", "server_handshake_done",
        "server_finished")
_SSH = tuple(f"{side}_{part}" for side in ("request", "response")
             for part in ("in_progress", "banner_wait_eol", "banner_done", "finished"))
APP_HOOKS: dict[str, tuple[str, ...]] = {"http1": _HTTP1, "tls": _TLS, "ssh": _SSH}
"""States of transactions by application protocol, in order, for hooks (tls:client_hello_done)."""


def app_hooks(app: str) -> tuple[str, ...]:
    """Return the hooks of an application protocol."""
    return APP_HOOKS.get(app, ()) + _GENERIC
