"""The labels of codes in words: what terminal, dashboard and console show for ``no_conduit`` or ``critical``."""

from __future__ import annotations

JA_LABELS: dict[str, str] = {
    "critical": "緊急", "high": "高", "medium": "中", "low": "低", "attempted": "試行（遮断）",
    "established": "成立", "unknown": "不明", "not_judged": "対象外", "permitted": "許可",
    "permitted_excess": "許可・過大", "out_of_hours": "時間外", "wrong_initiator": "開始側違反",
    "wrong_app": "用途違反", "unsanitized": "無害化なし", "expired_conduit": "見直し期限切れ",
    "no_conduit": "通信経路なし", "wrong_segment": "系の誤り", "unattributed": "所属不明アドレス",
    "single": "単発", "started": "開始", "ongoing": "継続中", "ended": "終了", "confidentiality": "機密性",
    "integrity": "完全性", "availability": "可用性", "guessed": "推定", "biflow": "双方向から判断",
    "syn_seen": "SYN確認", "running": "実行中", "complete": "完了", "interrupted": "中断",
    "full": "スプール満杯", "disk_full": "ディスク満杯",
    "refused": "サーバーが拒否", "damaged": "ディスク上で破損", "cleared": "手動で破棄",
    "from_host": "通信開始側のホスト", "to_host": "応答側のホスト", "service": "サービス（ポート）",
    "open": "未対応", "acknowledged": "確認済み", "in_progress": "対応中", "closed": "完了",
    "false_positive": "誤検知", "reopened": "再開", "comment": "コメント", "used": "利用あり", "unused": "利用なし",
    "observed": "観測あり", "not_observed": "未観測", "partly": "一部観測",
    "no_sensor": "センサーなし", "silence": "無通信", "drops": "欠損", "replay": "再生", "live": "稼働",
    "syn_sent": "SYN送信", "syn_received": "SYN応答", "closing": "終了中", "reset": "リセット", "midstream": "途中から",
    "one_sided": "片側のみ", "active_timeout": "長いため区切り", "idle_timeout": "無通信", "tcp_fin": "FINで終了",
    "tcp_reset": "RSTで終了", "evicted": "追い出し", "end_of_input": "入力の終わり", "clock_reset": "時計の巻き戻り",
    "reused": "再利用", "none": "なし", "other": "その他",
    "mac": "MACアドレス", "hours": "時間帯", "expired": "見直し期限", "initiator": "通信開始側の向き",
    "app": "アプリケーション", "name": "接続先の名前", "tenant": "テナント", "content": "内容",
    "bytes_up": "上りのバイト数", "bytes_down": "下りのバイト数",
}
"""Label -> Japanese. In English a label is read as it is, with spaces."""


def label_text(label: str, lang: str) -> str:
    """Return a code's label for people: no_conduit becomes "no conduit", or 通信経路なし where lang is ``ja``.

    A text that is no label comes back as it is in Japanese, with spaces for underscores in English.
    """
    return JA_LABELS.get(label, label) if lang == "ja" else label.replace("_", " ")
