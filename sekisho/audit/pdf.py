"""A pack as PDF, for printing: the same blocks, set by ReportLab.

Japanese is set in HeiseiKakuGo-W5, one of the fonts that every PDF reader with Japanese support supplies itself:
nothing is embedded, and no font has to be installed where the pack is made. ``invariant`` leaves out clock and random
ids.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from sekisho.audit.html import COLOURS, WORDS, visible
from sekisho.audit.model import BAD, GOOD, UNSEEN, WATCH, Bars, Block, Grid, Matrix, Text
from sekisho.audit.pack import Pack

_FONT = "HeiseiKakuGo-W5"
_MARGIN_MM = 12


def pack_pdf(pack: Pack) -> bytes:
    """Return the PDF; the same pack gives the same bytes."""
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import SimpleDocTemplate

    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        invariant=1,
        title=pack.title,
        author=pack.manifest["generator"],
        **{f"{side}Margin": _MARGIN_MM * mm for side in ("left", "right", "top", "bottom")},
    )
    document.build(list(_Setter(pack, document.width).story()), onFirstPage=_footer(pack), onLaterPages=_footer(pack))
    return out.getvalue()


def _footer(pack: Pack) -> Any:
    text = f"{pack.period} ({pack.period.zone})   {pack.head[-1][1]}   SHA-256 {pack.digest}"

    def draw(canvas: Any, document: Any) -> None:
        canvas.setFont(_FONT, 6)
        canvas.drawString(document.leftMargin, 18, text)
        canvas.drawRightString(document.leftMargin + document.width, 18, str(canvas.getPageNumber()))

    return draw


class _Setter:
    """Turns blocks into what ReportLab sets."""

    def __init__(self, pack: Pack, width: float) -> None:
        from reportlab.lib.styles import ParagraphStyle

        self.pack, self.width, self.words = pack, width, WORDS[pack.lang]
        plain = ParagraphStyle("plain", fontName=_FONT, fontSize=8.5, leading=12.5, wordWrap="CJK", spaceAfter=4)
        self.styles = {
            "plain": plain,
            "cell": ParagraphStyle("cell", plain, fontSize=6.2, leading=8, spaceAfter=0),
            "small": ParagraphStyle("small", plain, fontSize=6.5, leading=9, textColor="#5b6675"),
            "title": ParagraphStyle("title", plain, fontSize=17, leading=24),
            "heading": ParagraphStyle("heading", plain, fontSize=13, leading=20),
            "missing": ParagraphStyle(
                "missing", plain, backColor=COLOURS[UNSEEN][0], borderPadding=3, spaceBefore=4, spaceAfter=8
            ),
        }

    def paragraph(self, text: str, style: str = "plain") -> Any:
        """Return a paragraph of plain text: what looks like markup is shown as it is."""
        from reportlab.platypus import Paragraph

        return Paragraph(escape(visible(text)).replace("\n", "<br/>") or "&nbsp;", self.styles[style])

    def story(self) -> Iterator[Any]:
        """Yield everything in order: cover, sections, queries, manifest."""
        from reportlab.platypus import PageBreak

        pack = self.pack
        head = " / ".join(f"{name}: {value}" for name, value in pack.head)
        yield self.paragraph(pack.title, "title")
        yield self.paragraph(head, "small")
        yield from (self.paragraph(f"{s.number}. {s.title}") for s in pack.sections)
        for s in pack.sections:
            yield PageBreak()
            yield self.paragraph(f"{s.number}. {s.title}", "heading")
            queries = " ".join(f"Q{q}" for q in s.queries)
            yield self.paragraph(
                f"{head} / {self.words['query']}: {queries or '-'} / {self.words['basis']}: {s.basis}", "small"
            )
            for block in s.blocks:
                yield from self.block(block)
        yield PageBreak()
        yield self.paragraph(self.words["queries"], "heading")
        for q in pack.queries:
            params = ", ".join(f"{name} = {value}" for name, value in q.params.items())
            yield self.paragraph(
                f"Q{q.number}  {self.words['rows']}: {q.rows}, SHA-256 {q.digest}\n{q.sql}\n{params}", "small"
            )
        yield self.paragraph(f"{self.words['digest']}: {pack.digest}")

    def block(self, block: Block) -> Iterator[Any]:
        """Yield what stands for a block."""
        if isinstance(block, Text):
            yield self.paragraph(block.text, "missing" if block.missing else "plain")
        elif isinstance(block, Grid):
            yield self.paragraph(block.caption, "small")
            rows = block.rows or [[self.words["none"], *[""] * (len(block.columns) - 1)]]
            fills = [
                (len(block.columns) - 1, k + 1, COLOURS[tone][2])
                for k, tone in enumerate(block.tones)
                if tone in (GOOD, WATCH, BAD, UNSEEN)
            ]
            yield self.table([block.columns, *rows], fills)
            if block.more:
                yield self.paragraph(f"{self.words['more']}: {block.more}", "missing")
        elif isinstance(block, Matrix):
            yield self.paragraph(block.caption, "small")
            fills = [
                (x + 1, y + 1, COLOURS[cell.tone][cell.strength])
                for y, row in enumerate(block.cells)
                for x, cell in enumerate(row)
                if x != y
            ]
            yield self.table(
                [
                    ["", *block.labels],
                    *(
                        [label, *(cell.text for cell in row)]
                        for label, row in zip(block.labels, block.cells, strict=True)
                    ),
                ],
                fills,
            )
            yield self.paragraph("  ".join(text for _, text in block.legend), "small")
        elif isinstance(block, Bars):
            yield self.paragraph(block.caption, "small")
            yield self.table(
                [["", ""], *([label, f"{value:,}"] for label, value, _ in block.items)],
                [(1, k + 1, COLOURS[tone][2]) for k, (_, _, tone) in enumerate(block.items)],
            )

    def table(self, rows: list[Any], fills: list[tuple[int, int, str]]) -> Any:
        """Return a table whose columns share the width by what they hold; fills: (column, row, colour)."""
        from reportlab.lib import colors
        from reportlab.platypus import LongTable

        columns = len(rows[0])
        longest = [max(4, min(40, max(_width(row[k]) for row in rows))) for k in range(columns)]
        widths = [self.width * part / sum(longest) for part in longest]
        style = [
            ("GRID", (0, 0), (-1, -1), 0.25, colors.HexColor("#ccd4de")),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#f2f5f8")),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ("TOPPADDING", (0, 0), (-1, -1), 1),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ]
        style += [("BACKGROUND", (x, y), (x, y), colors.HexColor(colour)) for x, y, colour in fills]
        cells = [[self.paragraph(str(value), "cell") for value in row] for row in rows]
        return LongTable(cells, colWidths=widths, style=style, repeatRows=1, splitInRow=1, spaceAfter=8)


def _width(text: Any) -> int:
    return sum(1 if ord(c) < 0x1100 else 2 for c in str(text))
