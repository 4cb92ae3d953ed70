"""Keys of a suricata.yaml that are taken over one by one: which setting each stands for, and how its value is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sekisho.suricata import values as v


@dataclass(frozen=True)
class Key:
    """One key: its path, the setting that it stands for as section and name, and what reads its value."""

    path: str
    section: str
    name: str
    read: Callable[[Any], Any]

    @property
    def setting(self) -> str:
        """The setting as documentation names it."""
        return f"[{self.section}] {self.name}"


def _checksums(value: Any) -> str:
    return "validate" if v.switch(value) else "ignore"


def _policy(value: Any) -> str:
    word = str(value).strip().lower()
    return {"bypass": "pass-flow", "pass-flow": "pass-flow", "pass-packet": "ignore", "drop-flow": "drop-flow",
            "reject": "drop-flow", "drop-packet": "drop-flow", "ignore": "ignore", "auto": "ignore"}.get(word, "ignore")


OVERLAPS = {
    **dict.fromkeys(("bsd", "bsd-right", "hpux10", "irix", "macos", "windows", "windows2k3"), "bsd"),
    **dict.fromkeys(("solaris", "old-solaris", "hpux11"), "solaris"),
    "linux": "linux", "old-linux": "old-linux", "vista": "first", "first": "first", "last": "last",
}
"""How the systems of host-os-policy take overlapping segments, in the words of [streams] overlap."""

_LIBHTP = "app-layer.protocols.http.libhtp.default-config."
_MIME = "app-layer.protocols.smtp.mime."

KEYS: tuple[Key, ...] = (
    Key("classification-file", "rules", "classification", str),
    Key("reference-config-file", "rules", "reference", str),
    Key("threshold-file", "rules", "threshold", str),
    Key("reputation-categories-file", "rules", "reputation_categories", str),
    Key("action-order", "signatures", "action_order", v.words),
    Key("packet-alert-max", "signatures", "alerts_per_packet", v.number),
    Key("detect.guess-applayer-tx", "signatures", "guess_transaction", v.switch),
    Key("stream.midstream", "streams", "midstream", v.switch),
    Key("stream.midstream-policy", "signatures", "midstream_policy", _policy),
    Key("stream.checksum-validation", "decode", "checksums", _checksums),
    Key("stream.memcap", "streams", "memory_mib", v.mib),
    Key("stream.reassembly.depth", "streams", "depth_kib", v.kib),
    Key("stream.reassembly.memcap", "streams", "memory_mib", v.mib),
    Key("defrag.memcap", "decode", "fragment_bytes", v.size),
    Key("defrag.trackers", "decode", "fragment_datagrams", v.number),
    Key("defrag.timeout", "decode", "fragment_timeout_s", v.number),
    Key("vlan.use-for-tracking", "flow", "vlan_in_key", v.switch),
    Key("flow-timeouts.tcp.new", "flow", "half_open_timeout_s", v.number),
    Key("flow-timeouts.tcp.established", "flow", "tcp_timeout_s", v.number),
    Key("flow-timeouts.tcp.closed", "flow", "closed_timeout_s", v.number),
    Key("flow-timeouts.udp.new", "flow", "unanswered_timeout_s", v.number),
    Key("flow-timeouts.udp.established", "flow", "answered_timeout_s", v.number),
    Key(_LIBHTP + "request-body-limit", "http", "inspect_request_bytes", v.size_or_all),
    Key(_LIBHTP + "response-body-limit", "http", "inspect_response_bytes", v.size_or_all),
    Key(_LIBHTP + "response-body-decompress-layer-limit", "http", "coding_layers", v.number),
    Key(_LIBHTP + "compression-bomb-limit", "http", "inflate_bytes", v.size),
    Key(_LIBHTP + "lzma-enabled", "http", "lzma", v.switch),
    Key("app-layer.protocols.tls.certificates-max", "tls", "certificates", v.number),
    Key("app-layer.protocols.smtp.inspected-tracker.content-limit", "mime", "inspect_bytes", v.size),
    Key(_MIME + "body-md5", "smtp", "md5", v.switch),
    Key(_MIME + "extract-urls-schemes", "mime", "url_schemes", v.words),
    Key("app-layer.protocols.mqtt.max-msg-length", "mqtt", "message_bytes", v.size),
    Key("app-layer.protocols.mqtt.max-tx", "mqtt", "pending", v.number),
    Key("app-layer.protocols.pgsql.max-tx", "pgsql", "pending", v.number),
    Key("app-layer.protocols.smb.max-tx", "smb", "pending", v.number),
    Key("app-layer.protocols.ldap.max-tx", "ldap", "pending", v.number),
    Key("app-layer.protocols.dns.max-tx", "dns", "pending_requests", v.number),
)
"""In the order of the documentation."""

EVE_KEYS: tuple[Key, ...] = (
    Key("community-id", "eve", "community_id", v.switch),
    Key("community-id-seed", "eve", "community_id_seed", v.number),
    Key("ethernet", "eve", "ethernet", v.switch),
    Key("xff.mode", "signatures", "xff", str),
    Key("xff.deployment", "signatures", "xff_deployment", str),
    Key("xff.header", "signatures", "xff_header", str),
)
"""Keys of an eve-log output; those under xff only where xff.enabled says so."""

TYPE_KEYS: dict[str, tuple[Key, ...]] = {
    "alert": (
        Key("payload", "signatures", "payload", v.switch),
        Key("payload-printable", "signatures", "payload_printable", v.switch),
        Key("payload-buffer-size", "signatures", "payload_bytes", v.size),
        Key("packet", "signatures", "packet", v.switch),
        Key("verdict", "signatures", "verdict", v.switch),
        Key("metadata.rule.reference", "eve", "references", v.switch),
        Key("xff.mode", "signatures", "xff", str),
        Key("xff.deployment", "signatures", "xff_deployment", str),
        Key("xff.header", "signatures", "xff_header", str)),
    "dns": (
        Key("version", "eve", "dns_version", v.number),
        Key("requests", "eve", "dns_requests", v.switch), Key("query", "eve", "dns_requests", v.switch),
        Key("responses", "eve", "dns_responses", v.switch), Key("answer", "eve", "dns_responses", v.switch),
        Key("types", "eve", "dns_types", v.words)),
    "files": (Key("force-hash", "files", "hashes", v.words),),
    "mqtt": (
        Key("passwords", "mqtt", "passwords", v.switch),
        Key("string-log-limit", "mqtt", "shown_bytes", v.size)),
    "pgsql": (Key("passwords", "pgsql", "passwords", v.switch),),
}
"""Keys of the types of an eve-log output."""

EVENTS: dict[str, tuple[str, ...]] = {
    "files": ("fileinfo",), "dns": ("dns",), "ftp": ("ftp", "ftp_data"), "http2": ("http",), "doh2": ("http",),
    "bittorrent-dht": ("bittorrent_dht",),
}
"""Types of an eve-log output whose events have other names; the others are named as they are."""

APP_PROTOS: dict[str, tuple[str, ...]] = {
    "http": ("http",), "http2": ("http2",), "ftp": ("ftp", "ftp_data"), "smtp": ("smtp",), "tls": ("tls",),
    "ssh": ("ssh",), "imap": ("imap",), "pop3": ("pop3",), "smb": ("smb",), "dcerpc": ("dcerpc",), "dns": ("dns",),
    "dhcp": ("dhcp",), "ntp": ("ntp",), "snmp": ("snmp",), "krb5": ("krb5",), "ldap": ("ldap",), "tftp": ("tftp",),
    "sip": ("sip",), "modbus": ("modbus",), "dnp3": ("dnp3",), "quic": ("quic",), "rfb": ("rfb",), "mqtt": ("mqtt",),
    "rdp": ("rdp",), "pgsql": ("pgsql",), "bittorrent-dht": ("bittorrent_dht",), "telnet": ("telnet",),
    "ike": ("ike",), "enip": ("enip",),
}
"""Protocols of app-layer.protocols and what they are called here."""
