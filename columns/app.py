"""AppProto: the protocol that a conversation speaks, told by its content."""

from __future__ import annotations

from enum import IntEnum


class AppProto(IntEnum):
    """Protocol of a flow as its content shows it; ports are hints at most."""

    UNKNOWN = 0  # nothing was recognised, or nothing was said yet
    DNS = 1
    TLS = 2
    HTTP = 3
    SMTP = 4
    FTP = 5
    FTP_DATA = 6
    SSH = 7
    SMB = 8
    RDP = 9
    DHCP = 10
    NTP = 11
    SNMP = 12
    KRB5 = 13
    LDAP = 14
    TFTP = 15
    SIP = 16
    IRC = 17
    MODBUS = 18
    DNP3 = 19
    QUIC = 20
    HTTP2 = 21
    POP3 = 22
    IMAP = 23
    DCERPC = 24
    TELNET = 25
    RFB = 26
    MQTT = 27
    PGSQL = 28
    BITTORRENT_DHT = 29
    IKE = 30
    ENIP = 31
    FAILED = 127  # speaks, but nothing that is known here
