// Everything that the page itself says, in Japanese and English. Texts of panels come with the panels.
import { state } from "./state.js";

const WORDS = {
  overview: ["監視概況", "Overview"], pages: ["ページ", "Pages"], filters: ["絞り込み", "Filters"], all: ["すべて", "all"],
  site: ["拠点", "Site"], sensor: ["センサー", "Sensor"], zone: ["系", "Zone"], severity: ["重要度", "Severity"],
  status: ["対応状況", "Status"], state: ["状態", "State"], clear: ["絞り込みを解除", "Clear filters"],
  range: ["期間", "Time range"], last: ["直近", "Last"], from: ["開始", "From"], to: ["終了", "To"], apply: ["適用", "Apply"],
  earlier: ["前の期間", "Earlier"], later: ["次の期間", "Later"], wider: ["期間を広げる", "Zoom out"], refresh: ["更新", "Refresh"],
  auto: ["自動更新", "Auto refresh"], off: ["なし", "off"], run_range: ["再生データの期間", "Range of a run"],
  language: ["表示言語", "Language"], theme: ["配色", "Theme"], light: ["明", "Light"], dark: ["暗", "Dark"], system: ["端末に合わせる", "System"],
  timezone: ["時刻", "Times"], local: ["端末の時刻帯", "Browser's zone"], search: ["アドレスを検索", "Find an address"],
  search_hint: ["IPアドレス（ / キー）", "IP address (press /)"], help: ["使い方", "Help"], close: ["閉じる", "Close"], logout: ["ログアウト", "Log out"],
  settings: ["表示", "Display"], loading: ["読み込み中…", "Loading…"], table: ["表", "Table"], chart: ["図", "Chart"],
  export_csv: ["CSVで保存", "Save as CSV"], export_json: ["JSONで保存", "Save as JSON"], more: ["その他", "More"], about_panel: ["説明", "About"],
  no_rows: ["この期間・条件では該当がありません", "Nothing in this range and these filters"],
  no_rows_hint: ["期間を広げるか、絞り込みを解除してください。", "Widen the range or clear the filters."],
  cut: ["多いため先頭だけ表示しています", "Only the first rows are shown: there are more"],
  retry: ["もう一度", "Try again"], reload: ["再読み込み", "Reload"], failed: ["取得できませんでした", "This could not be fetched"],
  gone: ["コンソールが応答しません", "The console does not answer"],
  gone_hint: ["端末で sekisho console が動いているか確認し、再読み込みしてください。", "See whether `sekisho console` is still running in its terminal, then reload."],
  no_csrf: ["コンソールが再起動されました。再読み込みしてください。", "The console was started again: reload the page."],
  too_slow: ["時間がかかりすぎました。期間を短くしてください。", "It took too long: ask for a shorter range."],
  store_trouble: ["データベースが答えられません", "The store cannot answer"],
  empty_title: ["データがまだありません", "The store is empty"],
  empty_hint: ["キャプチャを再生すると、ここに表示されます。コンソールを一度終了し（Ctrl-C）、次を実行してから起動し直してください。",
    "Replay a capture and it appears here. End the console (Ctrl-C), run this, and start it again."],
  shows_run: ["最新の再生データの期間を表示しています", "Showing the range of the newest replay"],
  shows_live: ["稼働中のセンサーの直近6時間を表示しています", "Showing the last 6 hours of the running sensor"],
  no_data_here: ["選んだ期間にはデータがありません", "There is no data in the chosen range"], show_run: ["データのある期間を表示", "Show the range with data"],
  not_found: ["ページがありません", "There is no such page"], not_found_hint: ["監視概況へ戻ってください。", "Go back to the overview."],
  queue: ["アラート対応一覧", "Alert queue"], alert: ["アラート", "Alert"], alerts: ["アラート", "Alerts"], time: ["時刻", "Time"], finding: ["内容", "Finding"],
  source: ["送信元", "Source"], destination: ["宛先", "Destination"], zones: ["系", "Zones"], outcome: ["結果", "Outcome"], events: ["件数", "Events"],
  shown_of: ["件を表示、該当", "shown of"], previous: ["前へ", "Previous"], next: ["次へ", "Next"],
  select: ["選択", "Select"], select_all: ["すべて選択", "Select all"], selected: ["件を選択中", "selected"],
  open: ["未対応", "open"], acknowledged: ["確認済み", "acknowledged"], in_progress: ["対応中", "in progress"], closed: ["完了", "closed"],
  false_positive: ["誤検知", "false positive"], reopened: ["再開", "reopened"], comment: ["コメント", "comment"],
  do_acknowledged: ["確認済みにする", "Acknowledge"], do_in_progress: ["対応中にする", "Start work"], do_closed: ["完了にする", "Close"],
  do_false_positive: ["誤検知とする", "False positive"], do_reopened: ["未対応に戻す", "Reopen"], do_comment: ["コメントだけ残す", "Only comment"],
  actor: ["担当者", "Your name"], comment_label: ["コメント（任意）", "Comment (optional)"], history: ["対応の記録", "What was done"],
  no_history: ["まだ対応の記録はありません。", "Nobody has done anything about it yet."], saved: ["保存しました", "Saved"], handle: ["対応", "Respond"],
  why: ["検知の理由", "Why"], numbers: ["測定値", "Numbers"], measured: ["測定値", "Measured"], threshold: ["しきい値", "Threshold"], peak: ["最大値", "Peak"],
  evidence: ["証拠", "Evidence"], first_evidence: ["最初の証拠", "First evidence"], last_evidence: ["最後の証拠", "Last evidence"], verdict: ["判定", "Verdict"],
  certainty: ["方向の確かさ", "Direction certainty"], property: ["侵害される性質", "Property"], technique: ["ATT&CK", "ATT&CK"], clause: ["該当条項", "Clause"],
  detector: ["検知器", "Detector"], policy_line: ["方針の該当行", "Policy line"], deny: ["該当する許可通信はありません（既定は拒否）", "No conduit comes near: the default is deny"],
  differs: ["相違点", "What differs"], flow: ["フロー", "Flow"], flows: ["フロー", "Flows"], revisions: ["経過", "Course"], revision: ["版", "Revision"],
  packets: ["パケット", "Packets"], packets_loading: ["キャプチャからパケットを探しています…", "Looking the packets up in the captures…"],
  no_packets: ["表示できるパケットはありません", "There are no packets to show"], frame: ["フレーム（16進）", "Frame (hex)"], steps: ["初動手順", "First steps"],
  origin: ["出どころ", "Origin"], run: ["再生", "Run"], captures: ["キャプチャ", "Captures"], digests: ["ダイジェスト", "Digests"], missing: ["示せないもの", "What cannot be shown"],
  protocol: ["プロトコル", "Protocol"], started: ["開始時刻", "Started"], duration: ["継続時間", "Duration"], sent: ["送信", "Sent"], received: ["受信", "Received"],
  pkts: ["パケット数", "Packets"], bytes: ["バイト数", "Bytes"], ip: ["アドレス・範囲", "Address or network"], port: ["ポート", "Port"], src: ["通信開始側", "Initiator"],
  dst: ["応答側", "Responder"], src_zone: ["開始側の系", "From zone"], dst_zone: ["応答側の系", "To zone"], proto: ["IPプロトコル", "IP protocol"], app: ["プロトコル", "Protocol"],
  find: ["検索", "Search"], flow_search: ["フロー検索", "Flow search"], flows_of_host: ["このアドレスのフロー", "Flows of this address"],
  alerts_of_host: ["このアドレスのアラート", "Alerts of this address"], host_flows: ["フローを検索", "Search its flows"], related_flows: ["同じ通信のフロー", "Flows between the two"],
  host: ["ホスト", "Host"], host_ask: ["調べるアドレスを入力してください。", "Enter the address to look at."], conduit: ["通信経路", "Conduit"],
  vlan: ["VLAN", "VLAN"], community_id: ["Community ID", "Community ID"], back: ["アラートの一覧へ戻る", "Back to the alerts"], of: ["／", "of"],
  shortcuts: ["キーボード操作", "Keyboard"], key_search: ["アドレス検索へ移動", "go to the address search"], key_help: ["この説明", "this help"],
  key_shift: ["前・次の期間", "earlier, later range"], key_refresh: ["更新", "refresh"], key_list: ["アラート一覧で次・前の行", "next, previous row of the alert queue"],
  key_open: ["選んだ行を開く", "open the row"], key_zoom: ["図をドラッグして期間を拡大", "drag across a chart to zoom into a range"], keys_on: ["1文字のショートカットを使う", "Use single-key shortcuts"],
  from_to: ["行から列へ", "from row to column"], total: ["計", "Total"], share: ["割合", "Share"], level_good: ["正常", "good"], level_notice: ["注意", "notice"],
  level_warning: ["警戒", "warning"], level_critical: ["危険", "critical"], newest_first: ["新しい順", "newest first"], unattributed: ["所属不明", "unattributed"],
  drag_hint: ["ドラッグで期間を拡大", "Drag to zoom"], none: ["なし", "none"], yes: ["はい", "yes"], no: ["いいえ", "no"], text: ["語句", "Words"], rows: ["行", "rows"], between: ["通信", "Communication"], log_width: ["帯の太さは量の対数", "Widths show the logarithm of the amount"],
  only_range: ["対象期間", "Range"], in_table: ["表で見る", "Show as table"], in_chart: ["図で見る", "Show as chart"], menu: ["メニュー", "Menu"],
};

const OWN_LABELS = new Set(["open", "acknowledged", "in_progress", "closed", "false_positive", "reopened", "comment"]);

export const lang = () => (document.documentElement.lang === "ja" ? "ja" : "en");

/** A word of the page. */
export function t(key) {
  const pair = WORDS[key];
  return pair ? pair[lang() === "ja" ? 0 : 1] : key;
}

/** A text that came in both languages. */
export const both = (words) => words?.[lang()] ?? "";

/** A code's label: no_conduit becomes 通信経路なし or "no conduit"; any other text stays as it is. */
export function label(code) {
  if (OWN_LABELS.has(code)) return t(code);
  const known = Object.hasOwn(state.facts.labels_ja, code);
  if (!known) return String(code);
  return lang() === "ja" ? state.facts.labels_ja[code] : code.replaceAll("_", " ");
}

/** The heading of a panel's column. */
export function heading(column) {
  const words = state.facts.column_words[column];
  return words ? both(words) : label(column).replaceAll("_", " ");
}

/** A zone's name: the policy's Japanese one where it is known. */
export function zoneName(id) {
  if (!id || id === "unattributed") return t("unattributed");
  return lang() === "ja" ? (state.facts.zone_names[id] ?? id) : id;
}
