"""監視概況: is anything wrong, and is anything not being watched?"""

from dashboards.panels.model import Kind, Level, Link, Page, Panel, Threshold, Unit, Words
from dashboards.panels.sql import STEP_S, alert_counts, point, traffic

_TO_ALERTS = Words("検知の一覧へ", "Open the alerts")

OVERVIEW = Page(
    id="overview",
    title=Words("監視概況", "Overview"),
    description=Words("いま何が起きているか、見るべきものは何か", "What is going on, and what needs a look"),
    panels=(
        Panel(
            id="new_alerts", title=Words("新しい検知", "New alerts"),
            description=Words("期間内に新しく報告された検知の数。更新は数えない。",
                              "Alerts first reported in the range; updates of an alert are not counted."),
            kind=Kind.STAT, width=4, height=4,
            sql=alert_counts("sum(alerts) AS value", ""),
            thresholds=(Threshold(0, Level.GOOD), Threshold(1, Level.NOTICE)),
            links=(Link("alerts", {}, _TO_ALERTS),),
        ),
        Panel(
            id="traffic_rate", title=Words("通信量", "Traffic"),
            description=Words("系の組ごとではなく全体の平均速度。点の幅で割ったもの。",
                              "Mean rate of all traffic, by direction, over the width of a point."),
            kind=Kind.TIMESERIES, unit=Unit.BITS_PER_SECOND, width=12, height=7,
            sql=traffic(f"{point()} AS time, sum(bytes_toserver) * 8 / {STEP_S} AS to_server, "
                        f"sum(bytes_toclient) * 8 / {STEP_S} AS to_client", "GROUP BY time ORDER BY time"),
        ),
        Panel(
            id="alerts_over_time", title=Words("重要度別の新しい検知", "New alerts by severity"),
            description=Words("期間内に新しく報告された検知。", "Alerts first reported in the range."),
            kind=Kind.BARS, width=12, height=7, colours="series",
            sql=alert_counts(f"{point()} AS time, toString(severity) AS series, sum(alerts) AS value",
                             "GROUP BY time, severity ORDER BY time, severity"),
            links=(Link("alerts", {"severity": "series"}, _TO_ALERTS),),
        ),
    ),
)
