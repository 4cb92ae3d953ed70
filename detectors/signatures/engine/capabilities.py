"""What the engine can evaluate, in the words of language.needs: a rule that needs more is refused when it is loaded.

Buffers and fields are those that a parser really shows; a protocol that is recognised only has none.
"""

from __future__ import annotations

from detectors.signatures.engine.conditions import CONDITIONS
from detectors.signatures.engine.decode_events import DECODER_EVENTS
from detectors.signatures.engine.events import EVENTS, STREAM_EVENTS
from detectors.signatures.engine.hooks import HOOKS
from detectors.signatures.engine.transforms import TRANSFORMS
from detectors.signatures.language.buffers import BUFFERS, find_buffer
from detectors.signatures.language.fields import FIELDS

_APPS = ("dns", "mdns", "tls", "http", "http1", "http2", "smtp", "ftp", "ftp-data", "ssh", "smb", "rdp", "dhcp", "ntp",
         "snmp", "krb5", "ldap", "tftp", "sip", "irc", "modbus", "dnp3", "quic", "pop3", "imap", "dcerpc", "telnet",
         "mqtt", "pgsql", "rfb", "ike", "bittorrent-dht", "enip", "failed", "unknown")
"""Protocols that are recognised."""

_NO_BUFFERS = ("websocket.",)
"""Buffers of protocols that are not followed."""

_FIELDS = ("dns.opcode", "dns.rcode", "dns.rrtype", "krb5_msg_type", "krb5_err_code", "krb5.ticket_encryption",
           "snmp.version", "snmp.pdu_type", "dhcp.leasetime", "dhcp.rebinding_time", "dhcp.renewal_time",
           "ldap.request.operation", "ldap.responses.operation", "ldap.responses.result_code", "ldap.responses.count",
           "dnp3_func", "dnp3_obj", "dnp3_ind", "tls.cert_chain_len", "ftp.dynamic_port", "ftp.mode",
           "ftp.reply_received", "ftpdata_command", "smb.version", "ssl_version", "ssl_state", "tls.version",
           "ssh.protoversion", "http2.errorcode", "http2.frametype", "http2.priority", "http2.window", "http2.settings",
           "mqtt.type", "mqtt.qos", "mqtt.protocol_version", "mqtt.reason_code", "mqtt.flags", "mqtt.connect.flags",
           "mqtt.connack.session_present", "rfb.sectype", "rfb.secresult",
           *(name for name, field in FIELDS.items() if field.apps == ("enip",)),
           "ike.exchtype", "ike.key_exchange_payload_length", "ike.nonce_payload_length", "ike.chosen_sa_attribute")

_FRAMES = ("frame:dns.pdu", "frame:ssh.record.hdr", "frame:ssh.record.data", "frame:ssh.record.pdu",
           "frame:sip.pdu", *(f"frame:sip.{side}.{part}" for side in ("request", "response")
                              for part in ("line", "headers", "body")))

_MATCHES = ("Content", "Pcre", "IsDataAt", "Absent", "BSize", "ByteTest", "ByteJump", "ByteExtract", "ByteMath",
            "Base64Decode", "Asn1", "Entropy", "Dataset", "DataRep")

_STATE = ("FlowBits", "FlowInt", "HostBits", "FileSize", "FlowVar")
_STORED = ("filestore", "tls.store", "bypass", "config", "prefilter", "target", "luaxform", "logto", "replace")


def _words() -> set[str]:
    found = {f"action:{name}" for name in (
        "alert", "pass", "drop", "reject", "rejectsrc", "rejectdst", "rejectboth", "config")}
    found |= {f"app:{name}" for name in _APPS} | {"hook:flow_start", "direction:=>"}
    found |= {f"hook:{name}" for name in HOOKS}
    found |= {f"buffer:{name}" for name in BUFFERS if not name.startswith(_NO_BUFFERS)}
    found |= {f"buffer:{find_buffer(name).name}" for name in _FRAMES}
    found |= {f"transform:{name}" for name in TRANSFORMS} | {f"match:{name}" for name in _MATCHES}
    found |= {f"condition:{kind.__name__}" for kind in CONDITIONS} | {f"condition:{name}" for name in _STATE}
    found |= {f"condition:FlowCount.{what}" for what in ("packets", "bytes", "pkts")}
    found |= {f"condition:FileHash.{name}" for name in ("md5", "sha1", "sha256")}
    found |= {f"condition:XBits.{track}" for track in ("ip_src", "ip_dst", "ip_pair", "tx")}
    found |= {f"condition:AppLayerProtocol.{mode}" for mode in (
        "direction", "either", "both", "final", "to_server", "to_client")}
    found |= {f"field:{name}" for name in _FIELDS} | {f"stored:{name}" for name in _STORED}
    found |= {f"event:decoder.{name}" for name in DECODER_EVENTS} | {f"event:stream.{name}" for name in STREAM_EVENTS}
    found |= {f"event:{name}" for name in EVENTS}
    found |= {f"threshold:{kind}" for kind in ("limit", "threshold", "both", "backoff")}
    return found | {f"tag:{kind}" for kind in ("session", "host")}


CAPABILITIES: frozenset[str] = frozenset(_words())
"""Every word that the engine knows."""
