"""アラート: what waits for somebody, what it is about, and how much of it was false."""

from dashboards.panels.links import to_alert, to_alerts_of, to_flows, to_host
from dashboards.panels.model import Kind, Level, Page, Panel, Threshold, Unit, Words
from dashboards.panels.sql import (
    RAW_STEP_S,
    SIGNATURE,
    STATUS,
    address,
    alerts_now,
    new_alerts,
    point,
    shown_time,
    with_status,
)

_DECIDED = f"countIf({STATUS} IN ('closed', 'false_positive'))"
_FALSE = f"countIf({STATUS} = 'false_positive')"
_SHARE = f"if({_DECIDED} = 0, NULL, {_FALSE} / {_DECIDED})"
_WAITING = f"countIf({STATUS} = 'open')"
_AGE_S = "dateDiff('second', inserted_at, now())"


def _count(panel_id: str, title: Words, description: Words, condition: str, level: Level) -> Panel:
    return Panel(
        id=panel_id, title=title, description=description, kind=Kind.STAT, width=4, height=4,
        sql=f"SELECT countIf({condition}) AS value\nFROM {with_status(alerts_now('start_ns'))}",
        thresholds=(Threshold(0, Level.GOOD), Threshold(1, level)))


_NUMBERS = (
    _count("open", Words("未対応", "Open"),
           Words("期間にかかり、誰も確認していないアラート。", "Alerts of the range that nobody has touched."),
           f"{STATUS} = 'open'", Level.WARNING),
    _count("open_urgent", Words("未対応の緊急・高", "Open, critical or high"),
           Words("そのうち重要度が緊急または高。", "Of them, those of severity critical or high."),
           f"{STATUS} = 'open' AND severity <= 'high'", Level.CRITICAL),
    _count("in_hand", Words("対応中", "In hand"),
           Words("確認済みまたは対応中。", "Acknowledged or in progress."),
           f"{STATUS} IN ('acknowledged', 'in_progress')", Level.NOTICE),
    _count("decided", Words("完了", "Decided"),
           Words("完了または誤検知とされたもの。", "Closed, or found to be false positives."),
           f"{STATUS} IN ('closed', 'false_positive')", Level.GOOD),
    Panel(
        id="false_positive_share", title=Words("誤検知の割合", "False-positive share"),
        description=Words("判断の済んだアラートのうち誤検知とされた割合。判断が無ければ空欄。",
                          "Of the alerts that were decided, the share found false. Empty where none was decided."),
        kind=Kind.STAT, unit=Unit.SHARE, width=4, height=4,
        sql=f"SELECT {_SHARE} AS value\nFROM {with_status(alerts_now('start_ns'))}",
        thresholds=(Threshold(0, Level.GOOD), Threshold(0.2, Level.NOTICE), Threshold(0.5, Level.WARNING)),
    ),
    Panel(
        id="oldest_open", title=Words("最も古い未対応", "Oldest open alert"),
        description=Words("記録されてからの時間（壁時計）。無ければ空欄。",
                          "Wall-clock time since it was stored. Empty where none is open."),
        kind=Kind.STAT, unit=Unit.SECONDS, width=4, height=4,
        sql=f"SELECT if({_WAITING} = 0, NULL, maxIf({_AGE_S}, {STATUS} = 'open')) AS value\n"
            f"FROM {with_status(alerts_now('inserted_at'))}",
        thresholds=(Threshold(0, Level.GOOD), Threshold(3600, Level.NOTICE), Threshold(86400, Level.WARNING)),
    ),
)

_QUEUE_COLUMNS = ("state, start_ns, end_ns, inserted_at, signature, signature_ja, detector, src_ip, dst_ip, src_port, "
                  "dst_port, proto, src_zone, dst_zone, outcome, direction_certainty, events")
# which alerts first, from few columns; their texts only for those that are shown
QUEUE_SQL = (
    f"WITH queue AS (\nSELECT run_id, alert_id, revision, {STATUS} AS now_status\n"
    f"FROM {with_status(alerts_now('start_ns, inserted_at'))}\n"
    "ORDER BY now_status IN ('closed', 'false_positive'), severity, start_ns DESC LIMIT 300\n)\n"
    f"SELECT toString(alert.severity) AS severity, queue.now_status AS status, {SIGNATURE} AS signature, "
    f"{shown_time('start_ns')} AS first_evidence, {shown_time('end_ns')} AS last_evidence, "
    f"{address('src_ip')} AS src_ip, {address('dst_ip')} AS dst_ip, dst_port, src_zone, dst_zone, "
    "toString(outcome) AS outcome, events, toString(state) AS state, detector, "
    "dateDiff('second', inserted_at, now()) AS age, alert.run_id AS run_id, toString(alert.alert_id) AS alert_id\n"
    "FROM alert INNER JOIN queue ON alert.run_id = queue.run_id AND alert.alert_id = queue.alert_id "
    "AND alert.revision = queue.revision\n"
    "WHERE (alert.run_id, alert.alert_id) IN (SELECT run_id, alert_id FROM queue)\n"
    "ORDER BY status IN ('closed', 'false_positive'), alert.severity, start_ns DESC")

_LISTS = (
    Panel(
        id="queue", title=Words("アラートの一覧", "Queue"),
        description=Words("期間にかかるアラート。未了のもの、重要度の高いもの、新しいものが上。300件まで。",
                          "Alerts whose life touches the range: undecided, then severe, then new ones on top. At most "
                          "300."),
        kind=Kind.TABLE, width=24, height=14, colours="severity", sql=QUEUE_SQL,
        units={"age": Unit.SECONDS, "first_evidence": Unit.TIME, "last_evidence": Unit.TIME},
        hidden=("run_id",), links=(to_alert(), to_alert("alert_id"), to_host("src_ip"), to_host("dst_ip")),
    ),
    Panel(
        id="timeline", title=Words("新しいアラートの推移（内容別）", "New alerts over time, by signature"),
        description=Words("期間内に始まったアラート。", "Alerts that began in the range."),
        kind=Kind.BARS, width=12, height=10,
        sql=new_alerts("signature, signature_ja",
                       f"{point('t.start_ns', RAW_STEP_S)} AS time, {SIGNATURE} AS series, count() AS value",
                       "GROUP BY time, series ORDER BY time, series"),
    ),
    Panel(
        id="timeline_severity", title=Words("新しいアラートの推移（重要度別）", "New alerts over time, by severity"),
        description=Words("期間内に始まったアラート、現在の重要度別。",
                          "Alerts that began in the range, by their present severity."),
        kind=Kind.BARS, width=12, height=10, colours="series",
        sql=new_alerts("", f"{point('t.start_ns', RAW_STEP_S)} AS time, toString(t.severity) AS series, "
                       "count() AS value",
                       "GROUP BY time, t.severity ORDER BY time, t.severity"),
        links=(to_alerts_of(severity="series"),),
    ),
    Panel(
        id="by_signature", title=Words("内容別", "By signature"),
        description=Words("件数、未対応、誤検知の割合（判断の済んだもののうち）。誤検知の多い内容は調整の候補。",
                          "Count, how many are open, and the share found false among those decided: a signature with a "
                          "high share wants tuning."),
        kind=Kind.TABLE, width=12, height=10, colours="severity",
        sql=f"SELECT toString(min(present.severity)) AS severity, {SIGNATURE} AS signature, any(present.detector) AS "
            f"detector, count() AS alerts, {_WAITING} AS open, uniq(src_ip) AS sources, "
            f"{_SHARE} AS false_positive_share, {shown_time('max(end_ns)')} AS last_seen\n"
            f"FROM {with_status(alerts_now('signature_id, signature, signature_ja, detector, src_ip, end_ns'))}\n"
            "GROUP BY signature_id, signature, signature_ja ORDER BY min(present.severity), alerts DESC LIMIT 100",
        units={"false_positive_share": Unit.SHARE, "last_seen": Unit.TIME},
    ),
    Panel(
        id="by_host", title=Words("アドレス別", "By host"),
        description=Words("アラートの送信元または宛先であるアドレス。上位100。",
                          "Addresses that alerts name as source or destination. The top 100."),
        kind=Kind.TABLE, width=12, height=10, colours="severity",
        sql=f"SELECT {address('present.ip')} AS ip, toString(min(present.severity)) AS severity, count() AS alerts, "
            f"{_WAITING} AS open, countIf(side = 'src') AS as_source, countIf(side = 'dst') AS as_target, "
            f"uniq(signature_id) AS signatures, {shown_time('max(end_ns)')} AS last_seen\nFROM (\n"
            "SELECT *, arrayJoin([('src', src_ip), ('dst', dst_ip)]) AS end, end.1 AS side, end.2 AS ip\n"
            f"FROM {alerts_now('signature_id, src_ip, dst_ip, end_ns')}\n) AS present\n"
            "LEFT JOIN alert_status AS status USING (run_id, alert_id)\nWHERE present.ip != toIPv6('::')\n"
            "GROUP BY present.ip ORDER BY min(present.severity), alerts DESC LIMIT 100",
        units={"last_seen": Unit.TIME}, links=(to_host(),),
    ),
    Panel(
        id="by_zones", title=Words("系の組別", "By zone pair"),
        description=Words("行の系から列の系へのアラート。「-」は系が一つに定まらない。",
                          "New alerts from the row's zone to the column's; - is where there is no single zone."),
        kind=Kind.MATRIX, width=12, height=10,
        sql=new_alerts("src_zone, dst_zone",
                       "if(src_zone = '', '-', src_zone) AS source, if(dst_zone = '', '-', dst_zone) AS target, "
                       "count() AS value, toString(min(t.severity)) AS severity",
                       "GROUP BY source, target ORDER BY source, target"),
        links=(to_flows(src_zone="source", dst_zone="target"),),
    ),
    Panel(
        id="open_age", title=Words("未対応の経過時間", "Age of what is open"),
        description=Words("記録されてから誰も確認していない時間（壁時計）。", "Wall-clock time since it was stored."),
        kind=Kind.RANKING, width=12, height=10,
        sql="SELECT multiIf(age < 3600, '< 1 h', age < 14400, '1-4 h', age < 86400, '4-24 h', age < 604800, "
            f"'1-7 d', '> 7 d') AS label, count() AS alerts\nFROM (\nSELECT {_AGE_S} AS age\n"
            f"FROM {with_status(alerts_now('inserted_at'))}\nWHERE {STATUS} = 'open'\n)\n"
            "GROUP BY label ORDER BY min(age)",
    ),
)

ALERTS = Page(
    id="alerts",
    title=Words("アラート", "Alerts"),
    description=Words("対応を待つもの、その内容と相手、誤検知の割合。",
                      "What waits for somebody, what and whom it is about, and how much of it was false."),
    panels=(*_NUMBERS, *_LISTS),
)
