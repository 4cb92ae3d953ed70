"""Applications as a policy names them, and which protocols of a flow's content are each of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from columns.app import AppProto

ANY_APPLICATION = "any"

DIRECT_TLS = 126
"""In FlowKeys.app: TLS that no other protocol turned to; AppProto.TLS alone may be what RDP or SMTP went on as."""

_MEANS = {
    "http": (AppProto.HTTP, AppProto.HTTP2, AppProto.TLS, DIRECT_TLS),
    "smtp": (AppProto.SMTP, AppProto.TLS, DIRECT_TLS),
    "imap": (AppProto.IMAP, AppProto.TLS, DIRECT_TLS),
    "pop3": (AppProto.POP3, AppProto.TLS, DIRECT_TLS),
    "ldap": (AppProto.LDAP, AppProto.TLS, DIRECT_TLS),
    "ftp": (AppProto.FTP, AppProto.FTP_DATA, AppProto.TLS, DIRECT_TLS),
    "rdp": (AppProto.RDP, AppProto.TLS),
    "tls": (AppProto.TLS, DIRECT_TLS),
    "quic": (AppProto.QUIC,),
}
"""What an application may look like. Web, mail and directory services also run inside TLS, whose content is not seen;
a remote desktop turns to TLS but does not begin with it."""

_PLAIN = (AppProto.DNS, AppProto.SSH, AppProto.SMB, AppProto.DHCP, AppProto.NTP, AppProto.SNMP, AppProto.KRB5,
          AppProto.TFTP, AppProto.SIP, AppProto.IRC, AppProto.MODBUS, AppProto.DNP3, AppProto.DCERPC, AppProto.TELNET)

APPLICATIONS: dict[str, tuple[int, ...]] = {
    **{name: tuple(int(p) for p in protocols) for name, protocols in _MEANS.items()},
    **{p.name.lower(): (int(p),) for p in _PLAIN},
}
"""Every name that ``app`` takes, beside "any", and the protocols that it permits."""

TOLD_OVER_TCP = frozenset({"tls", "ssh", "smb", "rdp", "dns", "ldap", "krb5", "modbus", "dnp3", "dcerpc", "sip", "irc",
                           "telnet"})
TOLD_OVER_UDP = frozenset({"dns", "dhcp", "ntp", "snmp", "krb5", "tftp", "sip", "quic", "dnp3"})
"""Applications whose content is recognised wherever it is whole: what is recognised as nothing is not one of them.

Not those that go on as something else after an agreement (HTTP upgrades, a mail connection that opens with silence).
"""

TCP_ROW, OTHER_ROW = 0, 1


def permitted_protocols(names: Iterable[str]) -> np.ndarray:
    """Return uint8[2, 128]: 1 where a protocol (AppProto, or DIRECT_TLS) is one of these applications.

    Row TCP_ROW holds for TCP, OTHER_ROW for anything else. UNKNOWN is always permitted: nothing was seen yet. FAILED
    (content that is nothing known) is not where every one of the applications would have been recognised.
    """
    names = tuple(names)
    permitted = np.zeros((2, 128), np.uint8)
    permitted[:, int(AppProto.UNKNOWN)] = 1
    for name in names:
        permitted[:, list(APPLICATIONS[name])] = 1
    for row, told in ((TCP_ROW, TOLD_OVER_TCP), (OTHER_ROW, TOLD_OVER_UDP)):
        permitted[row, int(AppProto.FAILED)] = not set(names) <= told
    return permitted
