"""Japanese and English words for what people read on the terminal; codes and column names stay as they are."""

from __future__ import annotations

import os
from enum import StrEnum


class Lang(StrEnum):
    """Language of headings, summaries and runbooks."""

    JA = "ja"
    EN = "en"


def chosen_language(option: Lang | None) -> Lang:
    """Return the language asked for, or that of LC_ALL, LC_MESSAGES or LANG: Japanese if it says ja, else English."""
    if option is not None:
        return option
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return Lang.JA if locale.startswith("ja") else Lang.EN


class Words:
    """Says words and labels in one language; a word it does not know comes back as it is."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang

    def __call__(self, word: str) -> str:
        """Return a word for people."""
        return _JA.get(word, word) if self.lang is Lang.JA else word

    def label(self, label: str) -> str:
        """Return a code's label for people: no_conduit becomes "no conduit" or 通信経路なし."""
        from columns.labels import label_text  # here: it brings numpy, which no help text needs

        return label_text(label, self.lang)


_JA = {
    "alerts": "検知", "alert": "検知", "alert id": "検知番号", "severity": "重要度", "signature": "内容",
    "detector": "検知器", "source": "送信元", "destination": "宛先", "initiator": "通信開始側",
    "responder": "応答側", "zones": "系", "zone": "系", "time": "時刻", "state": "状態", "outcome": "結果",
    "verdict": "判定", "events": "件数", "conduit": "通信経路", "flows": "フロー", "flow": "フロー",
    "packets": "パケット", "bytes": "バイト", "run": "再生", "runs": "再生一覧", "captures": "キャプチャ",
    "started": "開始", "sensor": "センサー", "status": "状態", "protocol": "プロトコル", "duration": "継続時間",
    "community id": "Community ID", "from / to": "送信側＼受信側", "flows between zones": "系間通信マトリクス",
    "refused": "拒否", "refused by cause": "解読できなかった理由", "cause": "理由", "count": "件数",
    "stage": "段階", "seconds": "秒", "rate": "処理速度", "digest": "ダイジェスト", "note": "備考",
    "notes": "備考", "none": "なし", "no alerts": "検知はありません", "no flows": "フローはありません",
    "no runs": "再生はまだありません", "why": "理由", "measured": "測定値", "threshold": "しきい値",
    "peak": "最大値", "measure": "測定項目", "policy": "通信方針", "configuration": "設定", "rules": "ルール",
    "digests": "ダイジェスト", "what differs": "相違点", "policy line": "方針の該当行", "revisions": "経過",
    "revision": "版", "first steps": "初動手順", "property": "情報セキュリティの要素", "technique": "ATT&CK",
    "clause": "該当条項", "direction certainty": "方向の確かさ", "first evidence": "最初の証拠",
    "last evidence": "最後の証拠", "packets of the flow": "フローのパケット", "missing": "欠けているもの",
    "editions": "版の一覧", "sensors": "センサー一覧", "conduits": "許可通信台帳", "edition": "版",
    "valid_from": "適用開始", "approved_by": "承認者", "approved_on": "承認日", "model": "モデル", "rank": "保護水準",
    "prefixes": "アドレス範囲", "vlan": "VLAN", "owner": "所管", "tap": "観測点", "expects": "観測されるべき系",
    "from": "通信開始側", "to": "応答側", "services": "サービス", "app": "アプリケーション", "hours": "時間帯",
    "sanitization": "無害化通信", "forbid": "禁止する内容", "limits": "上限", "src_mac": "MACアドレス",
    "sni": "接続先の名前",
    "justification": "必要理由", "review_by": "見直し期限", "open": "開放", "expired": "期限切れ",
    "from row to column; what is not listed is denied": "行の系から列の系へ。記載のない組は拒否",
    "part": "区分", "key": "項目", "before": "変更前", "after": "変更後", "effect": "影響", "pair": "系の組",
    "file": "ファイル", "opens": "開く", "closes": "閉じる", "wider": "広がる", "narrower": "狭まる",
    "same": "通信は同じ", "no change in meaning": "意味の変更はありません", "verdict before": "現在の判定",
    "verdict after": "新方針の判定", "examples": "例", "flow rows judged": "判定したフロー行", "as before": "変更なし",
    "flipped": "判定が変わる", "not judged anew (not stored)": "再判定しないもの（記録なし）",
    "judging": "再判定中", "reading": "読み込み中", "proposed": "提案", "rare": "まれ",
    "why not": "未観測・一部観測の原因",
    "a pair that was not observed is not one without violations": "未観測は「違反なし」ではない",
    "observed": "観測", "partly": "一部", "not observed": "未観測",
    "looked at": "観測範囲", "pairs of zones": "系の組",
    "permitted": "許可", "not permitted": "許可外", "established": "成立", "attempted": "試行（遮断）",
    "replayed": "再生しました", "interrupted": "中断しました", "and more": "ほか", "kept": "保存先",
    "conversations": "会話", "code": "コード", "where": "場所", "message": "説明", "remedy": "対処",
    "level": "程度", "errors": "誤り", "warnings": "警告", "valid": "有効", "not valid": "無効", "ja": "日本語",
    "ok": "良", "wrong": "不可", "table": "表", "column": "列", "meaning": "意味", "unit": "単位",
    "rows": "行数", "bytes per row": "1行あたりのバイト", "dropped": "削除しました", "would be dropped": "削除の対象",
    "nothing to drop": "削除するものはありません", "schema": "スキーマ", "about": "約", "there": "空き",
    "still over the budget; the rest may not be dropped": "容量の上限をまだ超えています。残りは削除できません",
    "migrated": "移行しました", "the store is up to date": "保存先は最新です", "free space needed": "必要な空き容量",
    "being written": "書き込み中",
    "compiling kernels (first run, up to 30 s)": "カーネルをコンパイル中（初回のみ、最大30秒）",
    "flows from row to column; in brackets those the policy does not permit":
        "行の系から列の系へのフロー数。括弧内は方針が許可しないもの",
    "interrupted: only what was read until then is in these results": "中断: それまでに読んだ分だけの結果です",
    "no conduit comes near: the default is deny": "該当する許可通信なし（既定は拒否）",
    "sections": "章", "queries": "件の問い合わせ", "not recorded": "記録なし",
    "spool": "スプール", "server": "サーバー", "blocks": "ブロック", "waiting": "送信待ち",
    "sent": "送信済み", "age of the oldest": "最も古いものの経過時間", "given up": "破棄した行",
    "the console answers; Ctrl-C ends it": "コンソールを起動しました。終了は Ctrl-C",
    "questions": "件の問い合わせ", "slowest": "最も遅いもの", "range": "期間", "kind": "種類", "name": "名前",
    "check": "項目", "result": "結果", "detail": "詳細",
    "candidates": "候補", "evaluated": "評価", "matched": "一致", "windows": "ストリームの窓",
    "steps": "トランザクションの段階", "can be evaluated": "評価可能", "share": "割合", "all": "すべて",
    "switched on": "有効", "switched off": "無効",
    "keyword": "キーワード", "class type": "分類", "action": "動作", "buffer": "バッファ",
    "fast pattern": "高速照合パターン", "change": "変更", "added": "追加", "removed": "削除", "changed": "内容の変更",
    "for flowbits": "flowbits のため有効化", "nothing was written": "書き込んでいません", "written": "書き込みました",
    "condition": "条件",
}
