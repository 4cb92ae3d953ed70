"""All protocols that are known, in the order in which they are asked: the surest signs first."""

from __future__ import annotations

from columns.app import AppProto
from sensor.protocols import (
    bittorrent_dht,
    dcerpc,
    dhcp,
    dnp3,
    dns,
    enip,
    ftp,
    http,
    http2,
    ike,
    irc,
    krb5,
    ldap,
    modbus,
    mqtt,
    ntp,
    pgsql,
    pop3,
    quic,
    rdp,
    recognised,
    rfb,
    sip,
    smb,
    smtp,
    snmp,
    ssh,
    tftp,
    tls,
)
from sensor.protocols.parser import Wants

_ALL: tuple[Wants, ...] = (
    *tls.WANTS, *http2.WANTS, *http.WANTS, *ssh.WANTS, *smb.WANTS, *rdp.WANTS, *smtp.WANTS, *ftp.WANTS, *sip.WANTS,
    *irc.WANTS, *quic.WANTS, *dns.WANTS, *dhcp.WANTS, *snmp.WANTS, *ldap.WANTS, *krb5.WANTS, *ntp.WANTS, *tftp.WANTS,
    *dcerpc.WANTS, *modbus.WANTS, *dnp3.WANTS, *mqtt.WANTS, *pgsql.WANTS, *pop3.WANTS, *rfb.WANTS,
    *bittorrent_dht.WANTS, *ike.WANTS, *enip.WANTS, *recognised.WANTS,
)

STREAM_WANTS = tuple(w for w in _ALL if hasattr(w.parser, "data"))
"""Protocols over TCP."""

DATAGRAM_WANTS = tuple(w for w in _ALL if hasattr(w.parser, "datagram"))
"""Protocols over UDP."""

SETTINGS: dict[AppProto, str] = {
    AppProto.DNS: "dns", AppProto.TLS: "tls", AppProto.QUIC: "quic", AppProto.HTTP: "http",
    AppProto.HTTP2: "http", AppProto.SMTP: "smtp",
    AppProto.SSH: "ssh", AppProto.RDP: "rdp", AppProto.FTP: "ftp", AppProto.SIP: "sip", AppProto.IRC: "irc",
    AppProto.SNMP: "snmp", AppProto.SMB: "smb", AppProto.LDAP: "ldap", AppProto.KRB5: "krb5",
    AppProto.MODBUS: "modbus", AppProto.DNP3: "dnp3", AppProto.MQTT: "mqtt", AppProto.DCERPC: "dcerpc",
    AppProto.PGSQL: "pgsql", AppProto.POP3: "pop3", AppProto.BITTORRENT_DHT: "bittorrent_dht",
}
"""The section of the configuration that holds the settings of a protocol's parser."""
