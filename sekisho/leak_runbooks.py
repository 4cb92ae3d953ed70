"""The first steps for the alerts of the leak detectors, in Japanese and English."""

from __future__ import annotations

EN = {
    "leak-dual-homed": (
        "Find both switch ports by MAC address and VLAN; see whether one machine hangs on both.",
        "Unplug one interface at once; a bridge between zones counts until it is gone.",
        "Two machines of one name (a clone, a moved dock): rename one, and note it as benign.",
    ),
    "leak-segment": (
        "Look up the switch port of the tap and of the sender: access VLAN, trunk, allowed VLANs, native VLAN.",
        "Compare with the last change of the switch configuration and undo what was not ordered.",
        "See in the flows of that time whether data crossed by the same way.",
    ),
    "leak-route": (
        "Find the router that sent it; compare its configuration with the last approved one.",
        "Withdraw the route or switch off redirects; filter routing protocols at the zone boundary.",
        "A sender that is no router of ours: disconnect it and report to the CSIRT.",
    ),
    "leak-rogue-nat": (
        "Find the switch port by MAC address; go and look for a private router, access point or shared connection.",
        "Remove the device; have the port allow one MAC address only.",
        "Clients that took an address from a false server: renew their leases and check their name servers.",
    ),
    "leak-tethering": (
        "Find the terminal by MAC address and VLAN; ask its user about a telephone or shared connection.",
        "What went out over the telephone is not recorded here: look at the terminal itself.",
        "Forbid new network adapters and connection sharing by device management.",
    ),
    "leak-name": (
        "Find which terminal and software asks; a wrong suffix list or resolver is the usual cause.",
        "Send the names to the inner resolver only, and refuse them at the outer one.",
        "wpad or isatap: make sure that nobody outside answered, else the terminal may have a foreign proxy.",
    ),
    "leak-header": (
        "See which server added the header; have the outgoing relay or proxy remove it.",
        "Note which internal names and addresses were seen outside.",
    ),
    "leak-ipv6": (
        "Find the sender by MAC address and VLAN; a desktop system with a tunnel adapter is the usual cause.",
        "Switch off Teredo, 6to4 and ISATAP, and IPv6 where the zone has none; let switches guard against "
        "router advertisements.",
        "See whether hosts took an IPv6 address and where they went with it.",
    ),
    "leak-tunnel": (
        "Identify the terminal and the far end; what runs inside is not inspected by anything.",
        "Block the far end and the protocol; remove the software.",
        "Ask who uses it and for what: a supplier's remote line needs a conduit, nobody else does.",
    ),
    "leak-remote-access": (
        "Identify the terminal and ask its user, on another line, whether somebody is working on it now.",
        "Not ordered: disconnect it at once and report to the CSIRT; support frauds use these tools.",
        "Ordered: replace it by the approved way of maintenance and record it.",
    ),
    "leak-proxy-bypass": (
        "Identify the terminal; look for a changed proxy setting, a browser extension or encrypted DNS.",
        "Close direct ways out at the firewall (443 TCP and UDP, 853) but for the security cloud.",
        "See with the security cloud what it knows of the same time.",
    ),
    "leak-side-channel": (
        "See who had the session, and whether file or USB redirection is allowed for them.",
        "Switch the channel off in the settings of the screen transfer; files go by the sanitizing gateway.",
        "Ask what was transferred, and look at it.",
    ),
    "leak-mail-path": (
        "See which server sent it and why: a changed MX record, relay or firewall rule.",
        "Close the path; let the mail go by the gateway again.",
        "Treat what was delivered as unsanitized: find and inspect it.",
    ),
    "leak-gateway-output": (
        "Keep the terminal from opening the file; fetch the file from the gateway and inspect it.",
        "See why the gateway let it pass: rule, version, an exception; send the test file through again.",
        "Look for other files of the same way since the last good test.",
    ),
    "leak-drift": (
        "Ask the owner of the conduit, or the vendor, what was done on that port and under which order.",
        "Needed: apply for a change of the conduit. Not needed: block it.",
        "Nobody knows: treat the permitted host as taken over and report to the CSIRT.",
    ),
    "leak-stepping-stone": (
        "Identify all three hosts; look at who was logged in on the one in the middle.",
        "Cut the session at the middle host and keep its memory and logs; report to the CSIRT.",
        "See what the last host gave out, and since when the chain exists.",
    ),
    "leak-dns-tunnel": (
        "Identify the terminal (behind a resolver: in its log) and the process that asks.",
        "Block the domain at the resolver; a known product (anti-virus, mail filter) goes on the list.",
        "Keep the questions: what was carried out can be read from them.",
    ),
    "leak-icmp-tunnel": (
        "Identify the terminal; no ordinary program sends echo messages like these.",
        "Block echo at the boundary but for the monitors, isolate the terminal, look for the program.",
    ),
    "leak-ntp": (
        "Time server: correct the setting of the device; time comes by the approved servers only.",
        "Mode 6 or 7, odd messages: close the query interface of the server; see who asked.",
        "Answers that nobody asked for: somebody forges our address; tell the security cloud.",
    ),
    "leak-storage": (
        "Identify terminal and user; ask what was stored, and whether it was permitted.",
        "Personal data: start the clock of the preliminary report, and keep the evidence.",
        "Not permitted: block the site, and have the user delete the files before witnesses.",
    ),
    "leak-updates": (
        "Correct the update source of the terminal: inner update server or the platform of the LGWAN.",
        "Limit sharing between peers to the terminal's own zone.",
    ),
    "leak-printer": (
        "See on which networks the printer hangs; separate it, or give each zone its own.",
        "Let scans go to a share or mail server of the printer's own zone only.",
        "Check stored jobs and address books.",
    ),
    "leak-directory": (
        "Identify the initiator; a trust, a mapped drive or a saved password often leads across.",
        "Block these ports between zones; file exchange goes by the gateway.",
        "Not explained: treat it as lateral movement and report to the CSIRT.",
    ),
    "leak-shared-storage": (
        "See which hypervisor, storage or backup server stands in both zones.",
        "Separate its networks by zone, or move the machines of one zone off it.",
        "Check who can restore the backups of the better protected zone.",
    ),
    "leak-volume": (
        "Ask the owner of the conduit whether something out of the ordinary was run in this hour.",
        "Compare hosts and times with the flows of the usual weeks; look at the host that sent most.",
        "Not explained: treat it as data take-out.",
    ),
    "leak-monitor": (
        "See which program of the sensor or collector opened the connection; monitors only receive.",
        "Close it; capture interfaces have no address and do not transmit.",
        "Check the monitor for intrusion: it sees all zones.",
    ),
}

JA = {
    "leak-dual-homed": (
        "MACアドレスとVLANから両方の接続口を特定し、同一の端末かを確認する。",
        "同一なら直ちに片方を抜く。外すまでは系間が橋渡しされている。",
        "複製や移設による同名の別端末なら、名称を変えて記録する。",
    ),
    "leak-segment": (
        "観測点と送信元の接続口を確認する（アクセスVLAN、トランク、許可VLAN、ネイティブVLAN）。",
        "直近のスイッチ設定変更と照合し、指示のない変更を戻す。",
        "同じ経路でデータが越えていないか、同時刻のフローを確認する。",
    ),
    "leak-route": (
        "送信したルータを特定し、承認済みの設定と比較する。",
        "経路を取り下げ、リダイレクトを無効にし、系境界で経路制御プロトコルを遮断する。",
        "管理外の機器なら切り離し、CSIRTへ報告する。",
    ),
    "leak-rogue-nat": (
        "MACアドレスから接続口を特定し、私物ルータ・AP・接続共有を現地で確認する。",
        "機器を撤去し、接続口で許可するMACアドレスを一つに制限する。",
        "不正なDHCPから取得した端末は再取得させ、DNS設定を確認する。",
    ),
    "leak-tethering": (
        "MACアドレスとVLANから端末を特定し、利用者に携帯電話・接続共有の有無を確認する。",
        "携帯回線側の通信はここには記録されない。端末本体を調べる。",
        "端末管理でネットワークアダプタの追加と接続共有を禁止する。",
    ),
    "leak-name": (
        "問い合わせた端末とソフトウェアを特定する。検索サフィックスやDNS設定の誤りが多い。",
        "内部の名前は内部DNSだけで解決し、外部DNSでは拒否する。",
        "wpad・isatapの場合は外部からの応答がなかったかを確認する（不正プロキシの恐れ）。",
    ),
    "leak-header": (
        "ヘッダーを付けたサーバーを確認し、送信中継またはプロキシで除去する。",
        "外部に見えた内部の名称・アドレスを記録する。",
    ),
    "leak-ipv6": (
        "MACアドレスとVLANから送信元を特定する。トンネルアダプタが有効なOSが多い。",
        "Teredo・6to4・ISATAPと、IPv6のない系のIPv6を無効にし、スイッチでルータ広告を防ぐ。",
        "IPv6アドレスを得た端末と、その通信先を確認する。",
    ),
    "leak-tunnel": (
        "端末と接続先を特定する。中の通信には検査が及ばない。",
        "接続先とプロトコルを遮断し、ソフトウェアを削除する。",
        "利用者と目的を確認する。保守回線であれば許可通信として申請する。",
    ),
    "leak-remote-access": (
        "端末を特定し、別の手段で利用者に現在の操作の有無を確認する。",
        "指示のない利用なら直ちに切り離し、CSIRTへ報告する（サポート詐欺の恐れ）。",
        "指示のある利用なら、承認された保守手段に切り替えて記録する。",
    ),
    "leak-proxy-bypass": (
        "端末を特定し、プロキシ設定の変更・ブラウザ拡張・暗号化DNSを確認する。",
        "セキュリティクラウド以外への直接の出口（443のTCP・UDP、853）を閉じる。",
        "セキュリティクラウド側の同時刻の記録と照合する。",
    ),
    "leak-side-channel": (
        "セッションの利用者と、ファイル・USBリダイレクトの許可状況を確認する。",
        "画面転送の設定で無効にする。ファイルは無害化ゲートウェイを経由させる。",
        "何が転送されたかを確認する。",
    ),
    "leak-mail-path": (
        "送信したサーバーと原因（MX、中継、ファイアウォールの変更）を確認する。",
        "経路を閉じ、ゲートウェイ経由に戻す。",
        "届いたメールは無害化されていないものとして探し、検査する。",
    ),
    "leak-gateway-output": (
        "端末でファイルを開かせず、ゲートウェイから取得して検査する。",
        "通過した原因（規則、版、例外）を調べ、試験ファイルを再投入する。",
        "前回の正常な試験以降に同じ経路で出たファイルを確認する。",
    ),
    "leak-drift": (
        "許可通信の所管課・委託先に、そのポートでの作業と指示を確認する。",
        "必要なら許可通信の変更を申請し、不要なら遮断する。",
        "該当者がいなければ、許可済みホストの乗っ取りとしてCSIRTへ報告する。",
    ),
    "leak-stepping-stone": (
        "三つのホストを特定し、中間ホストのログイン状況を確認する。",
        "中間ホストで切断し、メモリとログを保全してCSIRTへ報告する。",
        "最終ホストから何が出たか、いつから続いていたかを確認する。",
    ),
    "leak-dns-tunnel": (
        "端末（リゾルバの背後ならそのログ）と問い合わせたプロセスを特定する。",
        "リゾルバで該当ドメインを遮断する。正規製品（ウイルス対策等）ならリストに加える。",
        "問い合わせを保全する。持ち出された内容はそこから読める。",
    ),
    "leak-icmp-tunnel": (
        "端末を特定する。通常のプログラムはこのようなエコーを送らない。",
        "監視以外のエコーを境界で遮断し、端末を隔離してプログラムを調べる。",
    ),
    "leak-ntp": (
        "時刻サーバー：機器の設定を直し、承認済みサーバーだけを使わせる。",
        "モード6・7や異常な長さ：サーバーの照会機能を閉じ、照会元を確認する。",
        "要求のない応答：アドレスの詐称であるため、セキュリティクラウドへ連絡する。",
    ),
    "leak-storage": (
        "端末と利用者を特定し、保存した内容と許可の有無を確認する。",
        "個人情報であれば速報の期限を起算し、証跡を保全する。",
        "許可がなければサイトを遮断し、立会いのもとで削除させる。",
    ),
    "leak-updates": (
        "更新の取得元を、庁内の配信サーバーまたはLGWANの基盤に直す。",
        "端末間の共有は同じ系の中に限る。",
    ),
    "leak-printer": (
        "複合機の接続先ネットワークを確認し、系ごとに分離する。",
        "スキャンの送信先を同じ系の共有・メールに限る。",
        "蓄積文書と宛先表を確認する。",
    ),
    "leak-directory": (
        "開始側を特定する。信頼関係、ネットワークドライブ、保存済みパスワードが原因のことが多い。",
        "該当ポートを系間で遮断し、ファイルの受渡しはゲートウェイを経由させる。",
        "説明がつかなければ横展開としてCSIRTへ報告する。",
    ),
    "leak-shared-storage": (
        "両方の系にまたがる仮想基盤・ストレージ・バックアップサーバーを特定する。",
        "系ごとにネットワークを分離するか、一方の系の機器を移す。",
        "保護水準の高い系のバックアップを復元できる者を確認する。",
    ),
    "leak-volume": (
        "その時間帯に通常と異なる処理があったかを所管課に確認する。",
        "平常週のフローとホスト・時刻を比較し、最も送信したホストを調べる。",
        "説明がつかなければ情報持ち出しとして扱う。",
    ),
    "leak-monitor": (
        "接続を開始したプログラムを特定する。監視基盤は受信のみである。",
        "停止する。キャプチャ用インターフェースはアドレスを持たず送信しない。",
        "全系を見る機器であるため、侵入の有無を調べる。",
    ),
}
