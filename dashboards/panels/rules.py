"""When somebody must be called: alert rules over what was stored lately, by wall clock."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.panels.health import FAILED, LOST, PROCESSED, RECORDS
from dashboards.panels.model import Words


@dataclass(frozen=True)
class Rule:
    """One rule: it fires for every row whose ``value`` is above the limit for as long as for_s.

    sql: text columns (labels of the alert) and the number ``value``; no parameters, no macros and no ``$``, because
    Grafana takes a ``$`` in a provisioned rule for a variable of its environment.
    """

    id: str
    title: Words
    summary: Words
    sql: str
    above: float
    severity: str
    for_s: int = 0
    runbook: str = ""


_LATELY = "inserted_at >= now() - toIntervalMinute(10)"


def _alerts(condition: str) -> str:
    # any revision: what began as an attempt becomes a leak in a later one
    return ("SELECT site, sensor, signature, toFloat64(uniqExact(run_id, alert_id)) AS value\n"
            f"FROM alert\nWHERE {_LATELY} AND {condition}\nGROUP BY site, sensor, signature")


def _latest_counters(value: str) -> str:
    return (f"SELECT site, sensor, toFloat64({value}) AS value\nFROM (\nSELECT run_id, site, sensor, stage, cause, "
            "argMax(value, ts_ns) AS latest\nFROM sensor_health\nWHERE inserted_at >= now() - toIntervalMinute(15)\n"
            "GROUP BY run_id, site, sensor, stage, cause\n)\nGROUP BY site, sensor")


RULES: tuple[Rule, ...] = (
    Rule("urgent-alert", Words("重要度が緊急・高のアラート", "Critical or high alert"),
         Words("この10分に重要度が緊急または高のアラートが記録された。",
               "An alert of severity critical or high was stored in the last 10 minutes."),
         _alerts("severity <= 'high'"), 0, "high"),
    Rule("established-leak", Words("許可外の系間通信が成立", "Forbidden traffic between zones came about"),
         Words("方針が許可しない系間の通信が成立した。該当フローを確認し、必要なら遮断する。",
               "Traffic between zones that the policy does not permit was established; look at its flows, and block it "
               "if need be."),
         _alerts("verdict NOT IN ('not_judged', 'permitted') AND outcome = 'established'"), 0, "critical"),
    Rule("flood", Words("DoS攻撃", "DoS attack"),
         Words("フラッドが検知された。DoSのページで宛先と強さを確認する。",
               "A flood was detected; see targets and strength on the page DoS."),
         _alerts("detector = 'flood'"), 0, "high"),
    Rule("sensor-silent", Words("センサーからの記録が途絶えた", "A sensor has gone silent"),
         Words("稼働中のセンサーが10分以上何も記録していない。監視されていない。",
               "A running sensor has stored nothing for 10 minutes: nothing is being watched."),
         "SELECT site, sensor, toFloat64(dateDiff('second', max(t.inserted_at), now())) AS value\n"
         "FROM traffic_1h AS t\nWHERE run_id IN (SELECT run_id FROM runs FINAL WHERE kind = 'live' AND "
         "status = 'running')\nGROUP BY site, sensor", 600, "critical", for_s=60),
    Rule("frames-refused", Words("解読できないフレームが多い", "Many frames are refused"),
         Words("この15分の報告で、フレームの1%以上が解読できなかった。センサー健全性で原因を確認する。",
               "More than 1 % of the frames could not be decoded; see causes on the page Sensor health."),
         _latest_counters(f"if({RECORDS} = 0, 0, {LOST} / {RECORDS})"), 0.01, "medium", for_s=300),
    Rule("frames-unaccounted", Words("行方不明のフレーム", "Frames unaccounted for"),
         Words("入力と、処理・拒否の合計が合わない。センサーの不具合。",
               "What came in differs from processed plus refused: a fault of the sensor."),
         _latest_counters(f"abs(toInt64({RECORDS}) - toInt64({PROCESSED}) - toInt64({LOST}))"), 0, "high"),
    Rule("detector-failed", Words("検知器の失敗", "A detector failed"),
         Words("検知器が例外を起こして外された。その種の攻撃は検知されていない。",
               "A detector raised and was left out: what it looks for goes unseen."),
         _latest_counters(f"countIf({FAILED} AND latest > 0)"),
         0, "critical"),
)
"""Every alert rule."""
