"""The first steps for each kind of alert, in Japanese and English; a signature names its runbook by key."""

from __future__ import annotations

from sekisho import leak_runbooks
from sekisho.language import Lang

_EN = {
    "zone-no-conduit": (
        "Identify the initiating terminal (address, MAC address, VLAN) and its owning division.",
        "Established: take the terminal off the network before anything on it is deleted; report to the CSIRT.",
        "Attempted only: find out which setting or software tried, and correct it there.",
        "If the path is needed, apply for a conduit; do not open it as a favour.",
    ),
    "zone-wrong-initiator": (
        "Check that the first packet was seen (direction certainty); a guess may be a reply.",
        "Find out which program on the far side opened the connection; a server does not call its clients.",
        "Established from a less protected zone: treat it as an intrusion and report to the CSIRT.",
    ),
    "zone-expired-conduit": (
        "Ask the owner of the conduit whether it is still needed.",
        "Needed: review it and have a new date approved. Not needed: close it in the firewall and in the policy.",
    ),
    "zone-out-of-hours": (
        "Ask the owner, or the vendor, who worked at that time and under which order.",
        "Nobody did: disable the account or the vendor's access and report to the CSIRT.",
    ),
    "zone-unattributed": (
        "Find the address by VLAN and MAC address in the switches; look for a new or private device.",
        "A device of ours: add its network to the policy. Unknown: disconnect it.",
    ),
    "zone-private-at-edge": (
        "Look for missing address translation or a wrong route at the edge device.",
        "Check which internal addresses and names went out, and since when.",
    ),
    "zone-wrong-segment": (
        "Check VLAN and trunk settings of the switch port that this wire hangs on.",
        "Look for a terminal with two network interfaces, and for a changed route.",
    ),
    "zone-permitted-excess": (
        "Ask the owner of the conduit what was sent: a video over screen transfer, a large import, or a file channel.",
        "Look at the initiator's other flows of that hour, and whether the same host exceeded before.",
        "Nobody knows: treat it as data take-out, keep the terminal as it is and report to the CSIRT.",
        "Expected: have the limit reviewed with the owner; do not raise it to silence the alert.",
    ),
    "zone-wrong-app": (
        "See what was spoken instead (application, server name or tenant in the alert) and which program did.",
        "Another tenant or storage site: find out whether files went there; report to the CSIRT.",
        "A tunnel in the disguise of a permitted service: isolate the terminal.",
        "A service that changed its names: have the list of the conduit reviewed.",
    ),
    "zone-unsanitized": (
        "Isolate the file or mail before it is opened; note its name, type and digest from the alert's transactions.",
        "Check whether the sanitizing gateway worked: its log, its version, and a test file of the same type.",
        "Look for earlier items of that type over the same conduit; report to the CSIRT if one was opened.",
    ),
    "zone-wrong-mac": (
        "Compare the MAC address with the inventory: an exchanged network card, a docking station, a new router?",
        "Find the switch port on which it is; nobody knows the device: disconnect it and report to the CSIRT.",
        "An exchange that was planned: have the MAC list of the conduit corrected and approved.",
    ),
    "zone-tunnel": (
        "Identify both ends of the tunnel; what runs inside it is not judged by the firewall.",
        "Block the protocol at the boundary; look for the software or operating system setting that opened it.",
    ),
    "scan": (
        "Source inside: isolate the terminal and look for malware; ask first whether an audit was announced.",
        "Source outside: see which targets answered, and whether flows to them followed.",
        "Block the source only if it goes on; note the targets that are open without need.",
    ),
    "flood": (
        "See whether the target still answers; tell its owner and the operator of the line.",
        "Ask the municipal security cloud or the provider to filter upstream: a full line cannot be helped here.",
        "SYN flood: switch on SYN cookies or the protection of the load balancer.",
        "Look for other alerts during the attack: a flood may cover an intrusion.",
    ),
    "mynumber-in-clear": (
        "Do not copy the numbers anywhere: the alert holds none; look at the packets only with the owner's consent.",
        "Identify sender, receiver and service, and which system or person sent what, to whom, and how often.",
        "Stop the sending and keep the terminal and server logs; report to the CSIRT and the protection officer.",
        "Outside our control: decide on the preliminary report (about 3 to 5 days) and the final one (30 or 60 days).",
        "Then encrypt the path, or take the numbers out of the data.",
    ),
    "mynumber-possible": (
        "One number in ten has a right check digit by chance: look for a pattern of sender, service and time.",
        "Ask the owner of the sending system what the twelve digits are before looking at any packet.",
    ),
    "storm": (
        "Look at the first alerts of this detector: one cause (an expired conduit) often makes them all.",
        "Mend the cause, the policy or the threshold, and replay the capture: what was held back is only counted.",
    ),
    **leak_runbooks.EN,
}

_JA = {
    "zone-no-conduit": (
        "通信開始側の端末（アドレス、MACアドレス、VLAN）と所管課を特定する。",
        "成立の場合：端末内を消さずに、まずネットワークから切り離し、CSIRTへ報告する。",
        "試行のみの場合：どの設定・ソフトウェアによるものかを調べ、端末側で是正する。",
        "必要な通信であれば許可通信として申請する。申請なしに開放しない。",
    ),
    "zone-wrong-initiator": (
        "最初のパケットが観測されたか（方向の確かさ）を確認する。推定の場合は応答の可能性がある。",
        "どのプログラムが接続を開始したかを調べる。サーバから端末への接続開始は通常ない。",
        "保護水準の低い系から成立した場合は侵入として扱い、CSIRTへ報告する。",
    ),
    "zone-expired-conduit": (
        "許可通信の所管課に、引き続き必要かを確認する。",
        "必要なら見直して新しい期限と承認を得る。不要ならファイアウォールと方針の両方で閉じる。",
    ),
    "zone-out-of-hours": (
        "その時刻に誰がどの指示で作業したかを所管課・委託先に確認する。",
        "該当者がいなければ、アカウントまたは委託先の接続を停止し、CSIRTへ報告する。",
    ),
    "zone-unattributed": (
        "VLANとMACアドレスから接続口を特定し、新設機器や私物機器の有無を確認する。",
        "管理機器であれば方針にネットワークを追記する。不明な機器は切り離す。",
    ),
    "zone-private-at-edge": (
        "出口機器のアドレス変換漏れ、経路設定の誤りを確認する。",
        "どの内部アドレス・名称が、いつから外部へ出ていたかを確認する。",
    ),
    "zone-wrong-segment": (
        "観測点につながるスイッチのVLAN・トランク設定を確認する。",
        "二つの系につながった端末、変更された経路がないかを確認する。",
    ),
    "zone-permitted-excess": (
        "許可通信の所管課に、何を送受信したかを確認する（画面転送の動画、大量取込、ファイル経路など）。",
        "同じ時間帯の当該端末の他の通信と、過去の超過の有無を確認する。",
        "心当たりがなければ情報持ち出しとして扱い、端末を現状のまま保全してCSIRTへ報告する。",
        "想定内であれば所管課とともに上限を見直す。アラートを消すために上限を上げない。",
    ),
    "zone-wrong-app": (
        "実際の通信内容（アプリケーション、接続先の名前、テナント）と、通信したプログラムを確認する。",
        "他のテナントや保管サイトの場合：ファイルの送信有無を調べ、CSIRTへ報告する。",
        "許可サービスを装ったトンネルの場合：端末を隔離する。",
        "接続先サービスの名前が変わった場合：許可通信の一覧を見直す。",
    ),
    "zone-unsanitized": (
        "開かれる前に当該ファイル・メールを隔離し、名前・種類・ハッシュを記録する。",
        "無害化ゲートウェイの動作（ログ、版数、同種の試験ファイル）を確認する。",
        "同じ経路の過去の同種ファイルを調べ、開かれていればCSIRTへ報告する。",
    ),
    "zone-wrong-mac": (
        "MACアドレスを台帳と照合する（ネットワークカード交換、ドック、ルータ更新など）。",
        "接続されているスイッチポートを特定する。不明な機器は切り離し、CSIRTへ報告する。",
        "予定された交換であれば、許可通信のMACアドレス一覧を更新し承認を得る。",
    ),
    "zone-tunnel": (
        "トンネルの両端を特定する。中の通信にはファイアウォールの制御が及ばない。",
        "境界で該当プロトコルを遮断し、トンネルを開いたソフトウェア・OS設定を調べる。",
    ),
    "scan": (
        "内部からの場合：予告された診断かを確認し、そうでなければ端末を隔離して不正プログラムを調べる。",
        "外部からの場合：応答した宛先と、その後の通信の有無を確認する。",
        "継続する場合のみ送信元を遮断し、不要に開いているポートを記録する。",
    ),
    "flood": (
        "宛先が応答しているかを確認し、所管課と回線事業者へ連絡する。",
        "自治体情報セキュリティクラウドまたは事業者に上流での遮断を依頼する。回線の輻輳は手元では解消できない。",
        "SYNフラッドの場合：SYN cookieや負荷分散装置の防御機能を有効にする。",
        "攻撃中の他の検知を確認する。陽動の可能性がある。",
    ),
    "mynumber-in-clear": (
        "番号をどこにも書き写さない。検知には番号を残していない。パケットの確認は所管課の了解を得て行う。",
        "送信側・受信側・サービスを特定し、どのシステム・担当者が、何を、誰に、何回送ったかを確認する。",
        "送信を止め、端末・サーバの記録を保全し、CSIRTと個人情報保護の責任者へ報告する。",
        "管理外へ出た場合：個人情報保護委員会への速報（おおむね3～5日以内）と確報（30日、不正目的は60日）を判断する。",
        "その後、経路を暗号化するか、データから番号を除く。",
    ),
    "mynumber-possible": (
        "検査用数字は1割が偶然一致する。送信元・サービス・時刻の偏りを確認する。",
        "パケットを見る前に、送信側システムの所管課に12桁の数字が何かを確認する。",
    ),
    "storm": (
        "この検知器の最初の検知を確認する。新しいサブネットや期限切れの許可通信など、原因が一つのことが多い。",
        "原因・方針・しきい値を直してから再生し直す。保留分は件数のみ残る。",
    ),
    **leak_runbooks.JA,
}


def runbook_keys() -> frozenset[str]:
    """Return the keys for which there are first steps; the same in both languages."""
    return frozenset(_EN) & frozenset(_JA)


def runbook_text(key: str, lang: Lang) -> str:
    """Return the first steps as numbered lines, or "" for a key without a runbook."""
    steps = (_JA if lang is Lang.JA else _EN).get(key, ())
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
