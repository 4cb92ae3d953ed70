"""Every validation code of the policy language, and the problem that carries one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """What a problem does to the policy: an error refuses it, a warning is shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Code:
    """One validation code: what it means in English and Japanese, and what to do about it."""

    meaning: str
    meaning_ja: str
    remedy: str


@dataclass(frozen=True)
class Problem:
    """One finding in a policy file; where is a key path such as ``conduit.C10.review_by``."""

    code: str
    level: Level
    where: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.code} {self.where}: {self.message}; {self.remedy}"


CODES: dict[str, Code] = {
    # --- the file
    "E001": Code("the file does not follow the schema", "書式が不正", "write it as docs/zones.md shows"),
    "E002": Code("unknown separation model", "モデルが不正", "use free, alpha, alpha-prime, beta or beta-prime"),
    "E003": Code("default is not deny", "既定が拒否でない", 'write default = "deny"'),
    "E004": Code("approval missing", "承認の記載なし", "name approved_by and approved_on"),
    "E005": Code("approval in the future", "承認日が未来", "write the day of the approval"),
    "E006": Code("editions of one policy out of order", "適用開始日の重複",
                 "give each edition in the folder a valid_from of its own; the oldest may do without"),
    "E010": Code("unknown key", "未知のキー", "correct the key or remove it"),
    # --- zones
    "E101": Code("bad CIDR or host bits set", "CIDRが不正", "write the network address with its prefix length"),
    "E102": Code("zone without CIDR", "CIDRなし", "give the zone at least one prefix in cidr"),
    "E103": Code("zone without owner", "所管なし", "name the owning division in owner"),
    "E104": Code("VLAN in two zones", "VLANの重複", "leave each VLAN id to one zone"),
    "E105": Code("bad VLAN id", "VLAN番号が不正", "use a number from 1 to 4094"),
    "E106": Code("a tier of the model is missing", "必要な系がない",
                 "define the zones mynumber, lgwan and inet, or say tier = in a zone"),
    "W107": Code("redundant CIDR", "冗長なCIDR", "remove it: no address changes its zone"),
    "E108": Code("zones overlap", "領域の重複", "move one, or write carve_out_of in the inner zone"),
    "E109": Code("not exactly one external zone", "外部領域が一つでない",
                 'write kind = "external" in exactly one zone'),
    # --- sensors
    "E201": Code("sensor expects an unknown zone", "未知の系を観測", "use the name of a defined zone"),
    "W202": Code("zone not observed by any sensor", "観測されない系", "add the zone to the expects of a sensor"),
    # --- conduits
    "E301": Code("bad port or protocol", "ポートが不正", "write tcp/443, udp/3478-3481, icmp, ip/47 or any"),
    "E401": Code("field missing", "必須項目なし", "fill it in"),
    "E402": Code("duplicate id", "IDの重複", "give each conduit an id of its own"),
    "E403": Code("unknown zone", "未知の系", "use the name of a defined zone"),
    "E404": Code("conduit within one zone", "同一系内の通信路", "remove it: flows inside a zone are not judged"),
    "E405": Code("unknown service", "未知のサービス", "use the name of a service of [service]"),
    "E406": Code("date is a string", "日付が文字列", "write a plain TOML date without quotes: 2027-03-31"),
    "E407": Code("expired", "見直し期限切れ", "review the conduit and set a new review_by, or remove it"),
    "W408": Code("review due within 30 days", "見直し期限が30日以内", "review the conduit and set a new review_by"),
    "W409": Code("review more than 366 days away", "見直し期限が366日超", "review each conduit at least once a year"),
    "E410": Code("host outside its zone", "系外のホスト", "use a host of the zone, or another zone"),
    "E411": Code("unknown sanitization", "未知の無害化方式", "use a method that docs/zones.md lists"),
    "E412": Code("My Number zone joined to the Internet side", "個人番号系とインターネット側の接続",
                 "remove it: the far side must not be connected to the Internet"),
    "E413": Code("specific communication not limited", "特定通信の限定不足",
                 "set specific = true, from_hosts, to_hosts and src_mac, narrower than the whole zone"),
    "E414": Code("LGWAN joined to the Internet side without sanitization", "無害化なしの接続",
                 "name its sanitization or lead it through the gateway"),
    "E415": Code("local breakout needs the model alpha-prime", "α'以外のブレイクアウト",
                 "remove it or change the model"),
    "E416": Code("local breakout not limited", "ブレイクアウトの限定不足",
                 "set from_hosts, and sni or to_hosts"),
    "E417": Code("raw gateway output", "無害化されない出力", "name the sanitization of what leaves the gateway"),
    "E418": Code("screen transfer has the wrong initiator for the model", "画面転送の開始側がモデルと不一致",
                 "swap from and to, or correct the model"),
    "E419": Code("inbound from the Internet", "インターネットからの着信",
                 "lead it through the security cloud; in a free policy limit it by to_hosts"),
    "W420": Code("more than 1024 ports open", "1024を超えるポート", "name the ports that are needed"),
    "W421": Code("shadowed by a wider conduit", "他の通信路に包含", "remove it, or narrow the wider one"),
    "E422": Code("shadowed by a conduit with weaker sanitization", "弱い無害化の通信路に包含",
                 "narrow the wider conduit, or strengthen its sanitization"),
    "W423": Code("open in both directions", "双方向に開放", "keep the direction that is needed"),
    "E424": Code("conduits overlap and none is the more specific", "重なる通信路の優先が不定",
                 "join them, or narrow one: fewer responders, initiators, ports, MACs, minutes, applications or names"),
}


class Report:
    """Collects the problems of one file in the order they are found."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, code: str, where: str, message: str, *, remedy: str = "", level: Level | None = None) -> None:
        """Note one problem; its level comes from the letter of its code unless given."""
        level = level or (Level.ERROR if code[0] == "E" else Level.WARNING)
        self.problems.append(Problem(code, level, where, message, remedy or CODES[code].remedy))
