"""One table per protocol: what its transactions are made of."""

from __future__ import annotations

from columns.schema import Table

TRANSACTIONS: tuple[Table, ...] = ()
"""All of them, in the order of the documentation."""
