"""What was said in stored flows, as far as a policy asks: names of servers, the way TLS began, contents."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from sekisho.filters import Filters
from zones import Policy
from zones.contents import forbidden_words, words_of_channels, words_of_file, words_of_mail

MOST_NAMES = 32
"""So many different names of one flow are judged."""
MOST_CONTENTS = 256
"""So many different kinds of contents of one flow are judged."""

NAMES = f"""LEFT JOIN (
SELECT run_id, flow_id, arraySort(groupUniqArrayIf({MOST_NAMES})(name, told)) AS names, max(direct) AS direct FROM (
SELECT run_id, flow_id, sni AS name, sni != '' OR hellos_seen IN ('both', 'client') AS told, from_proto = '' AS direct
FROM tls WHERE {{filters}}
UNION ALL SELECT run_id, flow_id, sni, 1, 0 FROM quic WHERE {{filters}} AND sender = 'client'
UNION ALL SELECT run_id, flow_id, hostname, 1, 0 FROM http WHERE {{filters}} AND hostname != ''
) GROUP BY run_id, flow_id) AS said ON said.run_id = flow.run_id AND said.flow_id = flow.flow_id"""

_APART = "\x1f"
CONTENTS = f"""LEFT JOIN (
SELECT run_id, flow_id, arraySort(groupUniqArray({MOST_CONTENTS})(what)) AS contents FROM (
SELECT run_id, flow_id, concat('file', char(31), toString(file_type), char(31), toString(mime_type), char(31),
toString(hints), char(31), toString(app_proto)) AS what FROM fileinfo WHERE {{filters}}
UNION ALL SELECT run_id, flow_id, concat('mail', char(31), splitByChar(';', toString(content_type))[1], char(31),
if(attachment IN ('', '[]'), '', '["-"]')) FROM smtp WHERE {{filters}}
UNION ALL SELECT run_id, flow_id, concat('desktop', char(31), toString(channels)) FROM rdp WHERE {{filters}}
) GROUP BY run_id, flow_id) AS carried ON carried.run_id = flow.run_id AND carried.flow_id = flow.flow_id"""


def asks_names(policy: Policy) -> bool:
    """Return whether a conduit of any edition asks for an application or for names."""
    return any(c.apps or c.sni for tables in policy.tables for c in tables.by_number.values())


def forbidden_by(policy: Policy) -> list[dict[int, frozenset[str]]]:
    """Return, by edition and number of the conduit, what conduits forbid; those that forbid nothing are left out."""
    return [{number: words for number, c in tables.by_number.items()
             if (words := forbidden_words(c.sanitization, c.forbid))} for tables in policy.tables]


def joins(filters: Filters, *, names: bool, contents: bool) -> str:
    """Return the joins of a query over flows with what was said in them; filters: of the rows of protocol tables."""
    return "\n".join(part.format(filters=filters.sql) for part, wanted in ((NAMES, names), (CONTENTS, contents))
                     if wanted)


def words_of(contents: Iterable[str]) -> frozenset[str]:
    """Return the words that contents, as CONTENTS tells them, fall under."""
    return frozenset().union(*[_words(what) for what in contents])


@lru_cache(4096)
def _words(what: str) -> frozenset[str]:
    kind, *told = what.split(_APART)
    if kind == "file" and len(told) == 4:
        return words_of_file(*told)
    if kind == "mail" and len(told) == 2:
        return words_of_mail(*told)
    return words_of_channels(told[0]) if kind == "desktop" and told else frozenset()
