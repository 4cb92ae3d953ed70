"""What Grafana and its ClickHouse data source make of a query text before the server sees it, as documented.

Grafana replaces ``${name:format}`` by the value of a variable of the dashboard (formats raw and singlequote; "All" is
the variable's own text for all); the data source replaces the macros for the time range.
"""

from __future__ import annotations

import re
from typing import Any

_VARIABLE = re.compile(r"\$\{(\w+):(raw|singlequote)\}")


def interpolated(sql: str, dashboard: dict[str, Any], *, from_ms: int, to_ms: int, step_s: int,
                 chosen: dict[str, Any]) -> str:
    """Return the text that reaches the server. KeyError for a variable that the dashboard does not have.

    chosen: value of a variable, a list of several, or nothing for all (or for an empty text box).
    """
    variables = {v["name"]: v for v in dashboard["templating"]["list"]}

    def replaced(match: re.Match[str]) -> str:
        variable, wanted = variables[match[1]], match[2]
        if match[1] not in chosen:
            return variable["allValue"] if variable["includeAll"] else _format(variable.get("query", ""), wanted)
        return _format(chosen[match[1]], wanted)

    text = _VARIABLE.sub(replaced, sql)
    text = text.replace("$__fromTime_ms", f"fromUnixTimestamp64Milli({from_ms})")
    text = text.replace("$__toTime_ms", f"fromUnixTimestamp64Milli({to_ms})").replace("$__interval_s", str(step_s))
    assert "$" not in text, f"Grafana would leave this: {text[text.index('$'):][:60]}"
    return text


def _format(value: Any, wanted: str) -> str:
    values = value if isinstance(value, list) else [value]
    if wanted == "raw":
        return ",".join(map(str, values))
    return ",".join("'" + str(v).replace("'", "\\'") + "'" for v in values)
