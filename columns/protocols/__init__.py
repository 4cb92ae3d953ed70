"""One table per protocol: what its transactions are made of."""

from __future__ import annotations

from columns.protocols.fileinfo import FILEINFO
from columns.protocols.tls import TLS
from columns.schema import Table

TRANSACTIONS: tuple[Table, ...] = (TLS, FILEINFO)
"""All of them, in the order of the documentation."""
