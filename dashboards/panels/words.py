"""Headings of columns in Japanese and English; tests hold every panel to having one for each of its columns."""

from __future__ import annotations

from columns.labels import label_text
from dashboards.panels.model import Words

_JA_EN = """
action 対応 Action
actor 担当 By
age 経過 Age
alert_id アラート番号 Alert id
alerts アラート Alerts
answers 応答 Answers
app プロトコル Protocol
application 種別 Protocol
as_initiator 開始側として As initiator
as_responder 応答側として As responder
as_source 送信元として As source
as_target 宛先として As target
attempt 試行回 Attempt
baseline 平常値 Usual
began 開始 Began
bytes バイト Bytes
bytes_in 受信 Received
bytes_out 送信 Sent
category 分類 Category
cause 原因 Cause
causes 原因 Causes
clause 該当条項 Clause
client 利用者の例 A client
clients 利用者 Clients
comment コメント Comment
conduit 通信経路 Conduit
config_digest 設定のダイジェスト Configuration digest
count 件数 Count
coverage 観測 Coverage
days_left 残り日数 Days left
detector 検知器 Detector
difference 差 Difference
direction_certainty 方向の確かさ Direction certainty
dst_ip 宛先 Destination
dst_port 宛先ポート Destination port
dst_prefix_bits プレフィックス長 Prefix bits
dst_zone 宛先の系 Destination zone
duration 継続時間 Duration
end_reason 終了理由 End reason
error_share エラーの割合 Share of errors
errors エラー Errors
established 成立 Established
events 件数 Events
false_positive_share 誤検知の割合 False-positive share
field 項目 Item
finished_at 終了 Finished
first_evidence 最初の証拠 First evidence
first_hour 最初の時間 First hour
first_packet_at 最初のパケット First packet
flow_id フロー番号 Flow id
flows フロー Flows
frames フレーム Frames
handshakes ハンドシェイク Handshakes
hosts ホスト Hosts
ip アドレス Address
issuer 発行者 Issuer
ja4 JA4 JA4
keep_days 保存日数 Days kept
kind 種類 Kind
label 項目 Item
lag 遅れ Lag
last_evidence 最後の証拠 Last evidence
last_hour 最後の時間 Last hour
last_packet_at 最後のパケット Last packet
last_report 最後の報告 Last report
last_seen 最終 Last seen
last_stored 最後の保存 Last stored
last_traffic 最後の通信 Last traffic
last_used 最後の利用 Last used
longest_name 最長の名前 Longest name
mac_address MACアドレス MAC address
measure 測定項目 Measure
measured 測定値 Measured
name 名前 Name
names 異なる名前 Names
nxdomain 存在しない Does not exist
old_version 古い版 Old version
open 未対応 Open
outcome 結果 Outcome
packet_number パケット番号 Packet number
packets パケット Packets
part 部分 Part
partly 一部観測 Partly observed
peak 最大値 Peak
peers 相手 Peers
policy_digest 方針のダイジェスト Policy digest
port ポート Port
processed 処理 Processed
property 情報セキュリティの要素 Security property
questions 問い合わせ Questions
rate 測定値 Measured
refused 拒否 Refused
requests 要求 Requests
response_time 応答時間 Response time
revision 版 Revision
role 役割 Role
ruleset_digest ルールのダイジェスト Rule-set digest
run_id 実行 Run
runbook 初動手順 Runbook
runs 実行数 Runs
sensor センサー Sensor
series 系列 Series
servers サーバー Servers
service サービス Service
severity 重要度 Severity
share 割合 Share
signature 内容 Signature
signature_id 内容の番号 Signature id
signatures 内容の種類 Signatures
site 拠点 Site
source 行の系 From
sources 送信元の数 Sources
src_ip 送信元 Source
src_port 送信元ポート Source port
src_zone 送信元の系 Source zone
stage 段階 Stage
started_at 開始 Started
state 状態 State
status 対応状況 Status
subject 主体者 Subject
target 列の系 To
tcp_state TCPの状態 TCP state
technique ATT&CK ATT&CK
threshold しきい値 Threshold
time 時刻 Time
to_client 開始側へ To initiator
to_server 応答側へ To responder
unanswered 応答なし Unanswered
unanswered_share 無応答の割合 Share unanswered
unusual_above 異常の目安 Unusual above
use 利用 Use
user_agent User-Agent User-Agent
valid_until 有効期限 Valid until
value 値 Value
verdict 判定 Verdict
version 版 Version
violations 許可外 Not permitted
vlan VLAN VLAN
why 理由 Why
zone 系 Zone
"""


def _parsed() -> dict[str, Words]:
    rows = (line.split(maxsplit=2) for line in _JA_EN.strip().splitlines())
    return {name: Words(ja, en) for name, ja, en in rows}


COLUMN_WORDS: dict[str, Words] = _parsed()
"""Column -> heading."""


def column_text(column: str, lang: str) -> str:
    """Return the heading of a column; one that is not known is shown as it is named."""
    words = COLUMN_WORDS.get(column)
    return words.text(lang) if words else column.replace("_", " ")


__all__ = ["COLUMN_WORDS", "column_text", "label_text"]
