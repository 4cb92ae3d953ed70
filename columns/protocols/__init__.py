"""One table per protocol: what its transactions are made of."""

from __future__ import annotations

from columns.protocols.dns import DNS
from columns.protocols.fileinfo import FILEINFO
from columns.protocols.http import HTTP
from columns.protocols.quic import QUIC
from columns.protocols.tls import TLS
from columns.schema import Table

TRANSACTIONS: tuple[Table, ...] = (DNS, TLS, QUIC, HTTP, FILEINFO)
"""All of them, in the order of the documentation."""
