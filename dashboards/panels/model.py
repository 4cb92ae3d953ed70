"""What a page of panels is: words, a question in SQL, how the answer is drawn, and where a click leads."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True)
class Words:
    """One text in Japanese and English."""

    ja: str
    en: str

    def text(self, lang: str) -> str:
        """Return the text in ``ja``, or in English for any other language."""
        return self.ja if lang == "ja" else self.en


class Kind(StrEnum):
    """How a panel is drawn. Each kind asks certain columns of its SQL; tests hold every panel to them.

    ``STAT`` one row of numbers; the first column is the value, others stand beside it.
    ``TIMESERIES`` and ``BARS`` (stacked over time): ``time`` (DateTime), then either numeric columns, one line each,
    or ``series`` (String) and one numeric column, one line per series. Rows are sorted by time.
    ``RANKING`` horizontal bars: ``label`` (String), then one or more numeric columns.
    ``SHARE`` parts of a whole: ``label`` (String), ``value`` (number).
    ``MATRIX`` heat map: ``source``, ``target`` (String), ``value`` (number), perhaps more columns for the tooltip.
    ``SANKEY``: ``source``, ``target`` (String), ``value`` (number).
    ``TABLE`` any columns, at least one.
    """

    STAT = "stat"
    TIMESERIES = "timeseries"
    BARS = "bars"
    RANKING = "ranking"
    SHARE = "share"
    MATRIX = "matrix"
    SANKEY = "sankey"
    TABLE = "table"


class Unit(StrEnum):
    """Unit of a panel's or a column's numbers."""

    NONE = ""
    COUNT = "count"
    BYTES = "bytes"
    BITS_PER_SECOND = "bit/s"
    PACKETS_PER_SECOND = "packets/s"
    PER_SECOND = "1/s"
    SECONDS = "s"
    SHARE = "share"  # 0 to 1, shown as percent
    TIME = "time"  # an instant


class Level(StrEnum):
    """What a threshold means; the renderers give it a colour."""

    GOOD = "good"
    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Threshold:
    """From this value on, the level holds."""

    value: float
    level: Level


@dataclass(frozen=True)
class Link:
    """A click on a column of a row (or on a bar, cell, slice) opens a page.

    column: the column that is clicked; "" for any. parameters: parameter of the page, or a common filter (site,
    sensor, zone, severity) -> column of the row that gives its value. The other filters and the time range go along.
    page ``alert`` is one alert, with the parameters ``run`` and ``alert_id``.
    """

    page: str
    parameters: dict[str, str]
    title: Words
    column: str = ""


@dataclass(frozen=True)
class Panel:
    """One question and how its answer is drawn.

    sql: ClickHouse, with parameters as ``{name:Type}`` and the route ``@grain`` or ``@source`` (see routing);
    lang of the answer's texts is the parameter ``lang``. unit: of the numbers; units: of single columns that differ.
    width and height: cells of a grid 24 wide; panels are laid out in order, line by line.
    colours: a column (or "series", "label") whose value is a severity or a verdict, coloured by its meaning.
    """

    id: str
    title: Words
    description: Words
    kind: Kind
    sql: str
    unit: Unit = Unit.COUNT
    units: dict[str, Unit] = field(default_factory=dict)
    thresholds: tuple[Threshold, ...] = ()
    links: tuple[Link, ...] = ()
    width: int = 12
    height: int = 8
    colours: str = ""
    hidden: tuple[str, ...] = ()
    """Columns that links need and nobody reads."""
    values: dict[str, Words] = field(default_factory=dict)
    """Numbers or texts that are shown as words."""


@dataclass(frozen=True)
class Page:
    """Panels that are looked at together.

    parameters: names of the page's own parameters (ip, run, alert_id, …) beyond time and the common filters; see
    variables. listed: False for a page that is reached by a link only.
    """

    id: str
    title: Words
    description: Words
    panels: tuple[Panel, ...]
    parameters: tuple[str, ...] = ()
    listed: bool = True

    def panel(self, panel_id: str) -> Panel:
        """Return a panel by its id; KeyError where there is none."""
        for panel in self.panels:
            if panel.id == panel_id:
                return panel
        raise KeyError(panel_id)
