"""The part `vars:` of a suricata.yaml: names and expressions of address-groups and port-groups."""

from __future__ import annotations

import re
from pathlib import Path

from columns.errors import UsageError

_GROUPS = {"address-groups": 0, "port-groups": 1}
_ROW = re.compile(r"\s+([A-Za-z_][\w\-]*)\s*:\s*(\"[^\"]*\"|'[^']*'|[^#]*?)\s*(?:#.*)?$")


def read_vars_file(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return (addresses, ports) by name. Only `vars:` is looked at, one value on each line; the rest is left alone."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=str(path)) from None
    found: tuple[dict[str, str], dict[str, str]] = ({}, {})
    inside, group = False, None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith(("#", "%", "---")):
            continue
        if not line[0].isspace():
            inside, group = line.split("#")[0].strip() == "vars:", None
        elif inside and (name := line.split("#")[0].strip().rstrip(":")) in _GROUPS:
            group = found[_GROUPS[name]]
        elif inside and group is not None:
            row = _ROW.match(line)
            if not row or not row[2].strip("\"'"):
                raise UsageError(f"{line.strip()[:60]!r} is not understood", where=f"{path}:{number}",
                                 expected='NAME: "value" on one line')
            group[row[1]] = row[2].strip("\"'")
    if not any(found):
        raise UsageError("has no variables", where=str(path), expected="vars: with address-groups and port-groups")
    return found
