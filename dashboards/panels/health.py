"""センサー健全性: what came in, what became of it, what could not be kept up, and when anything was last heard."""

from columns.codes import REFUSED_FROM, Status
from dashboards.panels.model import Kind, Level, Page, Panel, Threshold, Unit, Words
from dashboards.panels.sql import STEP_S, during, point, shown_time, traffic, where_from

READER_REFUSALS = ("truncated_record", "record_length", "unknown_interface", "trailing_length", "block_length",
                   "section_header")
"""Counters of the capture stage that say why a record gave no frame."""
_DECODER = tuple(s.name.lower() for s in Status if s >= REFUSED_FROM)
_REFUSED = ("(stage = 'capture' AND cause IN (" + ", ".join(f"'{c}'" for c in READER_REFUSALS) + ") "
            "OR stage = 'decode' AND cause IN (" + ", ".join(f"'{c}'" for c in _DECODER) + "))")
FAILED = "stage IN ('chain', 'protocols') AND startsWith(cause, 'failed_')"
"""Counters of detectors and parsers that raised. Elsewhere the word is said of traffic: app_layer.flow/failed_udp."""
_CAPPED = ("(match(cause, '^(evicted|held_|events_dropped|events_summarised|flows_unfollowed|untracked|unwatched|"
           f"absorbed|quotes_unmatched|interface_ignored|input_|read_error)') OR {FAILED})")
_CLOCK = "cause IN ('clock_resets', 'timestamp_clamped', 'timestamp_missing')"


def _counters(select: str, rest: str, condition: str = "1") -> str:
    """A question to the last reading of every counter in the range: they count since the start of their run."""
    return (f"SELECT {select}\nFROM (\nSELECT run_id, site, sensor, stage, cause, argMax(value, ts_ns) AS latest, "
            f"max(ts_ns) AS at\nFROM sensor_health AS t\nWHERE {during('ts_ns')} AND {where_from('none')}\n"
            f"  AND {condition}\nGROUP BY run_id, site, sensor, stage, cause\n)\n{rest}").rstrip()


def _value(stage: str, cause: str) -> str:
    return f"sumIf(latest, stage = '{stage}' AND cause = '{cause}')"


RECORDS, PROCESSED = _value("capture", "records_found"), _value("decode", "processed")
LOST = f"sumIf(latest, {_REFUSED})"


def _number(panel_id: str, title: Words, description: Words, sql: str, **more: object) -> Panel:
    return Panel(id=panel_id, title=title, description=description, kind=Kind.STAT, width=4, height=4,
                 sql=_counters(f"{sql} AS value", ""), **more)  # type: ignore[arg-type]


_NUMBERS = (
    _number("frames", Words("フレーム", "Frames"),
            Words("期間内に報告した実行が読んだレコード。", "Records found by the runs that reported in the range."),
            f"if(count() = 0, NULL, {RECORDS})"),
    _number("refused", Words("拒否", "Refused"),
            Words("原因を付けて数えたもの。", "Counted by cause below."), f"if(count() = 0, NULL, {LOST})",
            thresholds=(Threshold(0, Level.GOOD), Threshold(1, Level.NOTICE))),
    _number("refused_share", Words("拒否の割合", "Share refused"),
            Words("報告が無ければ空欄（0ではない）。", "Empty, not 0, where nothing was reported."),
            f"if({RECORDS} = 0, NULL, {LOST} / {RECORDS})", unit=Unit.SHARE,
            thresholds=(Threshold(0, Level.GOOD), Threshold(0.001, Level.NOTICE), Threshold(0.01, Level.WARNING))),
    _number("imbalance", Words("行方不明のフレーム", "Frames unaccounted for"),
            Words("入力 −（処理＋拒否）。0でなければ不具合。",
                  "In − (processed + refused). Anything but 0 is a fault."),
            f"if(count() = 0, NULL, abs(toInt64({RECORDS}) - toInt64({PROCESSED}) - toInt64({LOST})))",
            thresholds=(Threshold(0, Level.GOOD), Threshold(1, Level.CRITICAL))),
    _number("failed_detectors", Words("失敗した検知器", "Detectors that failed"),
            Words("例外を起こした検知器とパーサー。それが見るものは検知されていない。",
                  "Detectors and parsers that raised: what they look for went unseen."),
            f"if(count() = 0, NULL, countIf({FAILED} AND latest > 0))",
            thresholds=(Threshold(0, Level.GOOD), Threshold(1, Level.CRITICAL))),
    _number("clock_oddities", Words("時刻の異常", "Clock oddities"),
            Words("時計の巻き戻り、範囲外の時刻、欠けた時刻。", "Clock resets, times out of range, times missing."),
            f"if(count() = 0, NULL, sumIf(latest, {_CLOCK} AND stage IN ('capture', 'flow')))",
            thresholds=(Threshold(0, Level.GOOD), Threshold(1, Level.NOTICE))),
)

_LISTS = (
    Panel(
        id="refusals", title=Words("拒否の原因", "Refusals by cause"),
        description=Words("解読できなかったレコードとフレーム。0の原因は省く。",
                          "Records and frames that could not be decoded. Causes with 0 are left out."),
        kind=Kind.RANKING, width=12, height=9,
        sql=_counters("concat(stage, ' / ', cause) AS label, sum(latest) AS frames",
                      "GROUP BY stage, cause HAVING frames > 0 ORDER BY frames DESC LIMIT 40", _REFUSED),
    ),
    Panel(
        id="limits", title=Words("上限に達したもの", "Limits that were reached"),
        description=Words("表の上限、追い出し、保留、検知器の失敗。0は省く。",
                          "Tables that were full, evictions, alerts held back, detectors that failed. 0 is left out."),
        kind=Kind.TABLE, width=12, height=9,
        sql=_counters("site, sensor, stage, cause, sum(latest) AS count",
                      "GROUP BY site, sensor, stage, cause HAVING count > 0 ORDER BY count DESC LIMIT 100", _CAPPED),
    ),
    Panel(
        id="conservation", title=Words("実行ごとの収支", "Conservation, run by run"),
        description=Words("入力＝処理＋拒否。差は常に0でなければならない。",
                          "In = processed + refused. The difference must be 0, always."),
        kind=Kind.TABLE, width=12, height=9,
        sql=_counters(f"run_id, site, sensor, {RECORDS} AS frames, {PROCESSED} AS processed, {LOST} AS refused, "
                      f"toInt64({RECORDS}) - toInt64({PROCESSED}) - toInt64({LOST}) AS difference, "
                      f"{shown_time('max(at)')} AS last_report",
                      "GROUP BY run_id, site, sensor ORDER BY abs(difference) DESC, last_report DESC LIMIT 200"),
        units={"last_report": Unit.TIME},
    ),
    Panel(
        id="sensors", title=Words("センサーと遅れ", "Sensors and lag"),
        description=Words("最後の通信（イベント時刻）と最後の保存（壁時計）。遅れは今から最後の保存まで。期間に関わらない。",
                          "Last traffic in event time, last row stored in wall-clock time, and how long ago that was. "
                          "Regardless of the time range."),
        kind=Kind.TABLE, width=12, height=9,
        sql="SELECT site, sensor, max(bucket) AS last_traffic, toDateTime(max(inserted_at), 'UTC') AS last_stored, "
            "dateDiff('second', last_stored, now()) AS lag, uniqExact(run_id) AS runs\nFROM traffic_1m AS t\n"
            f"WHERE {where_from('none')}\nGROUP BY site, sensor ORDER BY site, sensor",
        units={"lag": Unit.SECONDS, "last_traffic": Unit.TIME, "last_stored": Unit.TIME},
    ),
    Panel(
        id="flows_by_sensor", title=Words("センサー別のフロー数", "Flows by sensor"),
        description=Words("途切れはそのセンサーの停止、または通信が無い。",
                          "A gap: the sensor stood still, or nothing passed."),
        kind=Kind.TIMESERIES, unit=Unit.PER_SECOND, width=24, height=8,
        sql=traffic(f"{point()} AS time, concat(site, ' / ', sensor) AS series, sum(flows) / {STEP_S} AS value",
                    "GROUP BY time, series ORDER BY time, series"),
    ),
    Panel(
        id="clock", title=Words("時刻", "Clocks"),
        description=Words("イベント時計の巻き戻りと、記録の時刻の異常。",
                          "Resets of the event clock and odd capture times."),
        kind=Kind.TABLE, width=12, height=8,
        sql=_counters(f"run_id, site, sensor, stage, cause, latest AS count, {shown_time('at')} AS last_report",
                      "WHERE latest > 0 ORDER BY last_report DESC, run_id, stage, cause LIMIT 200", _CLOCK),
        units={"last_report": Unit.TIME},
    ),
    Panel(
        id="runs", title=Words("実行", "Runs"),
        description=Words("再生と稼働の一覧、新しい順に200件まで。期間に関わらない。",
                          "Replays and live runs, the newest 200, regardless of the time range."),
        kind=Kind.TABLE, width=12, height=8, colours="status",
        sql="SELECT run_id, toString(status) AS status, toString(kind) AS kind, sensor, started_at, "
            "if(status = 'running', NULL, finished_at) AS finished_at, packets, bytes, rows['flow'] AS flows, "
            "rows['alert'] AS alerts, attempt, keep_days, version\nFROM runs AS t FINAL\n"
            f"WHERE {where_from('none')}\nORDER BY started_at DESC, run_id LIMIT 200",
        units={"bytes": Unit.BYTES, "started_at": Unit.TIME, "finished_at": Unit.TIME},
    ),
)

HEALTH = Page(
    id="health",
    title=Words("センサー健全性", "Sensor health"),
    description=Words("入ったもの、その行方、追いつけなかったもの、最後に届いた時刻。",
                      "What came in and what became of it, what could not be kept up with, and when anything was last "
                      "heard."),
    panels=(*_NUMBERS, *_LISTS),
)
