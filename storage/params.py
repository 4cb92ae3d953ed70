"""Parameters of a statement as text."""

from __future__ import annotations

from storage.interface import Param

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"})


def param_text(value: Param) -> str:
    """Return a parameter as the engine reads it: text escaped, a list as an array literal."""
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return "[" + ", ".join(_element(v) for v in value) + "]"


def _element(value: str | int) -> str:
    if not isinstance(value, str):
        return repr(value)
    quote = "\\'"
    return "'" + value.translate(_ESCAPES).replace("'", quote) + "'"
