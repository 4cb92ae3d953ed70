"""A pack as one self-contained HTML file: no script, nothing loaded from elsewhere, everything escaped."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from sekisho.audit.model import BAD, GOOD, PLAIN, UNSEEN, WATCH, Cell
from sekisho.audit.pack import Pack
from sekisho.language import Lang

COLOURS = {
    GOOD: ("#eef7f1", "#d9efe0", "#bfe3cb", "#a3d6b4", "#86c99d"),
    WATCH: ("#fef7e3", "#fdeec4", "#fbe3a2", "#f9d77f", "#f6ca5c"),
    BAD: ("#fce8e5", "#f8cfca", "#f3b4ad", "#ee9890", "#e87c73"),
    UNSEEN: ("#e3e6ea",) * 5,
    PLAIN: ("#ffffff",) * 5,
}
"""Colour of a tone by strength, 0 to 4."""

WORDS = {
    Lang.JA: {
        "basis": "対応条項",
        "queries": "問い合わせ",
        "query": "問い合わせ",
        "rows": "行数",
        "manifest": "ダイジェスト一覧",
        "digest": "この資料のダイジェスト（SHA-256）",
        "none": "なし",
        "more": "表示していない行",
    },
    Lang.EN: {
        "basis": "Clauses",
        "queries": "Queries",
        "query": "Queries",
        "rows": "rows",
        "manifest": "Manifest",
        "digest": "Digest of this pack (SHA-256)",
        "none": "none",
        "more": "rows not shown",
    },
}


def visible(text: Any) -> str:
    """Return text with control and direction characters as \\u escapes: a host name must not rearrange a page."""
    return "".join(
        c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co") else f"\\u{ord(c):04x}"
        for c in str(text)
    )


def pack_html(pack: Pack) -> str:
    """Return the HTML document; the same pack gives the same text."""
    environment = Environment(
        loader=PackageLoader("sekisho.audit"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: value if hasattr(value, "__html__") else visible(value),
    )
    environment.globals |= {
        "words": WORDS[pack.lang],
        "kind_of": lambda block: type(block).__name__,
        "colour": lambda tone: COLOURS[tone][2],
        "fill": _fill,
    }
    manifest = json.dumps(pack.manifest, ensure_ascii=False, indent=1, sort_keys=True)
    return environment.get_template("audit.html.j2").render(pack=pack, manifest=manifest)


def _fill(cell: Cell) -> str:
    return COLOURS[cell.tone][cell.strength]
