"""One table per protocol: what its transactions are made of."""

from __future__ import annotations

from columns.protocols.anomaly import ANOMALY
from columns.protocols.arp import ARP
from columns.protocols.bittorrent_dht import BITTORRENT_DHT
from columns.protocols.dcerpc import DCERPC
from columns.protocols.dhcp import DHCP
from columns.protocols.dnp3 import DNP3
from columns.protocols.dns import DNS
from columns.protocols.enip import ENIP
from columns.protocols.fileinfo import FILEINFO
from columns.protocols.ftp import FTP, FTP_DATA
from columns.protocols.http import HTTP
from columns.protocols.icmp import ICMP
from columns.protocols.ike import IKE
from columns.protocols.irc import IRC
from columns.protocols.krb5 import KRB5
from columns.protocols.ldap import LDAP
from columns.protocols.modbus import MODBUS
from columns.protocols.mqtt import MQTT
from columns.protocols.ntp import NTP
from columns.protocols.pgsql import PGSQL
from columns.protocols.pop3 import POP3
from columns.protocols.quic import QUIC
from columns.protocols.rdp import RDP
from columns.protocols.rfb import RFB
from columns.protocols.sip import SIP
from columns.protocols.smb import SMB
from columns.protocols.smtp import SMTP
from columns.protocols.snmp import SNMP
from columns.protocols.ssh import SSH
from columns.protocols.tftp import TFTP
from columns.protocols.tls import TLS
from columns.schema import Table

TRANSACTIONS: tuple[Table, ...] = (
    DNS, TLS, QUIC, HTTP, FILEINFO, SMTP, SMB, KRB5, LDAP, FTP, FTP_DATA, SSH, RDP, SIP, IRC, DHCP, NTP, SNMP, TFTP,
    MODBUS, DNP3, MQTT, DCERPC, PGSQL, POP3, RFB, BITTORRENT_DHT, IKE, ENIP, ANOMALY, ARP,
    ICMP)
"""All of them, in the order of the documentation."""
