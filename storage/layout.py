"""Where the rows of a store's tables lie: in the tables themselves, or on a cluster in local ones behind them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from columns.clickhouse import quoted
from storage.versions import Query

_TEXT = r"'((?:[^'\\]|\\.)*)'"
_DISTRIBUTED = re.compile(rf"Distributed\({_TEXT}, {_TEXT}, {_TEXT}")


@dataclass(frozen=True)
class Layout:
    """cluster: its name, "" for one server. database: its name there. local: name of a table -> name of the one that
    holds a shard's rows."""

    cluster: str = ""
    database: str = ""
    local: Mapping[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> str:
        """What to select parts of this store from, of one replica of each shard: columns of system.parts, and of_table,
        the table that people know."""
        if not self.cluster:
            return ("(SELECT *, table AS of_table FROM system.parts WHERE database = currentDatabase() AND active) "
                    "AS parts")
        locals_, names = (", ".join(map(quoted, some)) for some in (self.local.values(), self.local))
        return (f"(SELECT *, transform(table, [{locals_}], [{names}], table) AS of_table "
                f"FROM cluster({quoted(self.cluster)}, system.parts) "
                f"WHERE database = {quoted(self.database)} AND active) AS parts")

    def altered(self, table: str) -> str:
        """Return what ALTER TABLE names to change the rows of a table: a Distributed one has none of its own."""
        local = self.local.get(table)
        return f"{_identifier(local)} ON CLUSTER {_identifier(self.cluster)}" if local else table


def layout_of(query: Query) -> Layout:
    """Return how the tables of a store are laid out."""
    found = query("SELECT name, engine_full FROM system.tables WHERE database = currentDatabase() "
                  "AND engine = 'Distributed'", {}).rows
    told = {name: [_plain(part) for part in m.groups()] for name, text in found if (m := _DISTRIBUTED.match(text))}
    if not told:
        return Layout()
    cluster, database, _ = next(iter(told.values()))
    return Layout(cluster, database, {name: local for name, (_, _, local) in told.items()})


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _identifier(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
