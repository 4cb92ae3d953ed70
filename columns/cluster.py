"""The same tables on a cluster: replicated ones on every shard, and a distributed one over them under the plain name.

Rows are spread by what each table says (shard_by), so that all rows of a flow or of an alert lie on one shard; rollups
are kept where their rows are. What people and panels ask is the same as on one server.
"""

from __future__ import annotations

from columns import TABLES
from columns.clickhouse import store_creates, view_ddls
from columns.ddl import DEDUPLICATION_WINDOW, PART_SETTINGS, Create, quoted
from columns.rollups import ROLLUPS, Rollup

SUFFIX = "_local"
"""Ends the names of the tables that hold the rows of one shard."""


def cluster_ddl(cluster: str) -> tuple[str, ...]:
    """Return the statements that make a store on a cluster, in order; each may be run again.

    They use the servers' macros {shard} and {replica}, and need Keeper. cluster is its name in the servers'
    configuration (system.clusters).
    """
    name = _identifier(cluster)
    creates = store_creates(TABLES)
    return (*(_local(c, name) for c in creates), *(_distributed(c, name, cluster) for c in creates),
            *(_filling(r, name) for r in ROLLUPS), *(_on_cluster(v, name) for v in view_ddls(TABLES)))


def render_cluster_ddl(cluster: str) -> str:
    """Return the statements as one text."""
    return "\n\n".join(statement + ";" for statement in cluster_ddl(cluster)) + "\n"


def _local(create: Create, cluster: str) -> str:
    engine, _, arguments = create.engine.partition("(")
    more = f", {arguments.removesuffix(')')}" if arguments else ""
    path = f"/clickhouse/tables/{{shard}}/{{database}}/{create.name}"
    window = f"replicated_deduplication_window = {DEDUPLICATION_WINDOW}, {PART_SETTINGS}"
    return create.statement(f"{create.name}{SUFFIX} ON CLUSTER {cluster}",
                            f"Replicated{engine}('{path}', '{{replica}}'{more})",
                            window if create.deduplicated else "replicated_deduplication_window = 0")


def _distributed(create: Create, name: str, cluster: str) -> str:
    return (f"CREATE TABLE IF NOT EXISTS {create.name} ON CLUSTER {name} AS {create.name}{SUFFIX}\n"
            f"ENGINE = Distributed({quoted(cluster)}, currentDatabase(), {quoted(create.name + SUFFIX)}, "
            f"{create.shard_by})")


def _filling(rollup: Rollup, cluster: str) -> str:
    select = rollup.feed(f"{rollup.feeder}{SUFFIX}")
    # rows that come through a Distributed table are read by the engine's older analysis, to which a name of an ARRAY
    # JOIN that is given once more is another one
    for key in rollup.keys:
        select = select.replace(f"    {key.name} AS {key.name}", f"    {key.name}")
    return (f"CREATE MATERIALIZED VIEW IF NOT EXISTS {rollup.view} ON CLUSTER {cluster} TO {rollup.name}{SUFFIX} AS\n"
            f"{select}")


def _on_cluster(view: str, cluster: str) -> str:
    head, _, rest = view.partition(" AS\n")
    return f"{head} ON CLUSTER {cluster} AS\n{rest}"


def _identifier(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"
