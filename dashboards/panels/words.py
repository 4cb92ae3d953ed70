"""Headings of columns in Japanese and English. A heading that is not here is shown as the column is named."""

from __future__ import annotations

from columns.labels import label_text
from dashboards.panels.model import Words

COLUMN_WORDS: dict[str, Words] = {
    "value": Words("値", "Value"),
    "time": Words("時刻", "Time"),
    "to_server": Words("応答側へ", "To responder"),
    "to_client": Words("開始側へ", "To initiator"),
}


def column_text(column: str, lang: str) -> str:
    """Return the heading of a column."""
    words = COLUMN_WORDS.get(column)
    return words.text(lang) if words else column.replace("_", " ")


__all__ = ["COLUMN_WORDS", "column_text", "label_text"]
