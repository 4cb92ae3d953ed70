"""What a flow is and what its nearest conduit permits, value beside value, in English and Japanese."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

import numpy as np

from columns.address import address_text, mac_text, proto_text
from columns.app import AppProto
from zones import Differs, Policy
from zones.applications import DIRECT_TLS
from zones.contents import forbidden_words
from zones.hours import time_zone
from zones.model import Conduit
from zones.services import port_text

_SHOWN = 4
_MINUTE_NS = 60 * 10**9


class _Seen(NamedTuple):
    """A finding and the conduit that it is held against."""

    r: np.void
    text: str
    conduit: Conduit
    policy: Policy


Words = tuple[str, str, str]
"""What differs in English and in Japanese, and the value."""


class Numbered(Protocol):
    """Texts under numbers."""

    def __getitem__(self, number: int) -> str: ...


def differences(policy: Policy, found: np.ndarray, texts: Numbered) -> list[tuple[str, str]]:
    """Return what difference says of each FINDING; worded once where all that it speaks of is the same."""
    told, edition = [("", "")] * found.size, policy.edition_at(found["start_ns"])
    for bits in np.unique(found["differs"]).tolist():
        rows = np.flatnonzero(found["differs"] == bits)
        columns = [edition[rows], found["conduit"][rows], *[found[name][rows] for name in _spoken_of(bits)]]
        if bits & Differs.HOURS:
            columns.append(found["start_ns"][rows] // _MINUTE_NS)
        known: dict[tuple[int, ...], tuple[str, str]] = {}
        for row, key in zip(rows.tolist(), zip(*[c.tolist() for c in columns], strict=True), strict=True):
            if key not in known:
                known[key] = difference(policy, found[row], texts[int(found["text"][row])])
            told[row] = known[key]
    return told


def _spoken_of(bits: int) -> list[str]:
    """Return the fields of a FINDING that the words on these differences are made of, beside conduit and time."""
    return list(dict.fromkeys(name for bit, names in _FIELDS.items() if bits & bit for name in names))


def difference(policy: Policy, r: np.void, text: str) -> tuple[str, str]:
    """Return how a FINDING stands against its conduit, as the end of a sentence; both empty where none comes near.

    text: what was said (a server's name, a file), where that is the difference.
    """
    number, bits = int(r["conduit"]), int(r["differs"])
    conduit = policy.conduit(number, int(r["start_ns"])) or (policy.conduits[number - 1] if number else None)
    if conduit is None:
        return "", ""
    seen = _Seen(r, text, conduit, policy)
    told = [_TELL[bit](seen) for bit in _TELL if bits & bit and not (bit == Differs.NAME and bits & Differs.TENANT)]
    if not told:
        return f", conduit {conduit.name}", f"、許可通信{conduit.name}"
    nearest = bits & ~_OWN
    which = ("nearest conduit", "最も近い許可通信") if nearest else ("conduit", "許可通信")
    return (f", {which[0]} {conduit.name}: " + ", ".join(en for en, _, _ in told),
            f"、{which[1]}{conduit.name}：" + "、".join(ja for _, ja, _ in told))


_OWN = int(Differs.HOURS | Differs.EXPIRED | Differs.APP | Differs.NAME | Differs.TENANT | Differs.CONTENT
           | Differs.BYTES_UP | Differs.BYTES_DOWN | Differs.MAC | Differs.INITIATOR)
"""Differences of a flow that goes over the conduit, not merely near it."""


def _some(values: Iterable[object]) -> str:
    shown = [str(v) for v in values]
    return " ".join(shown[:_SHOWN]) + (f" (+{len(shown) - _SHOWN})" if len(shown) > _SHOWN else "")


def _initiator(seen: _Seen) -> Words:
    source, target = seen.conduit.source, seen.conduit.target
    return (f"initiator is in {target}, not in {source}", f"開始側が{source}ではなく{target}", "")


def _from_host(seen: _Seen) -> Words:
    """The conduit's initiator: the flow's own, or its responder where the flow goes against the conduit."""
    host, listed = _end(seen, "src"), _some(seen.conduit.from_hosts)
    return (f"initiator {host} is not in {listed}", f"開始側ホスト{host}が{listed}に含まれない", host)


def _to_host(seen: _Seen) -> Words:
    host, listed = _end(seen, "dst"), _some(seen.conduit.to_hosts)
    return (f"responder {host} is not in {listed}", f"応答側ホスト{host}が{listed}に含まれない", host)


def _end(seen: _Seen, end: str) -> str:
    if int(seen.r["differs"]) & Differs.INITIATOR:
        end = "dst" if end == "src" else "src"
    return address_text(int(seen.r[f"{end}_hi"]), int(seen.r[f"{end}_lo"]))


def _service(seen: _Seen) -> Words:
    proto, port = int(seen.r["proto"]), int(seen.r["dst_port"])
    value = proto_text(proto).lower() + (f"/{port}" if proto in (6, 17, 132) else "")
    listed = _some(dict.fromkeys(port_text(p) for p in seen.conduit.ports))
    return (f"service {value} is not among {listed}", f"サービス{value}が{listed}に含まれない", value)


def _mac(seen: _Seen) -> Words:
    value, listed = mac_text(int(seen.r["src_mac"])), _some(mac_text(m) for m in seen.conduit.src_mac)
    return (f"MAC address {value} is not {listed}", f"MACアドレス{value}が{listed}と不一致", value)


def _hours(seen: _Seen) -> Words:
    zone = time_zone(seen.policy.timezone)
    local = dt.datetime.fromtimestamp(int(seen.r["start_ns"]) // 10**9, zone)
    value, hours = f"{local:%a %H:%M}", ", ".join(seen.conduit.hours_text)
    day = "月火水木金土日"[local.weekday()]
    return (f"began {value}, open {hours}", f"{day}曜{local:%H:%M}に開始、時間帯は{hours}", value)


def _expired(seen: _Seen) -> Words:
    by = str(seen.conduit.review_by)
    return f"to be reviewed by {by}", f"見直し期限は{by}", by


def _app(seen: _Seen) -> Words:
    number = int(seen.r["app"])
    value = "tls" if number == DIRECT_TLS else AppProto(number).name.lower()
    said = ("content is nothing known", "内容は未知のもの") if number == AppProto.FAILED else (
        f"content is {value}", f"内容は{value}")
    permitted = ", ".join(seen.conduit.apps)
    return f"{said[0]}, permitted {permitted}", f"{said[1]}、許可は{permitted}", value


def _name(seen: _Seen) -> Words:
    listed = _some(seen.conduit.sni)
    if not seen.text:
        return f"server not named, permitted {listed}", f"接続先の名前なし、許可は{listed}", ""
    return f"server {seen.text} is not in {listed}", f"接続先{seen.text}が{listed}に含まれない", seen.text


def _tenant(seen: _Seen) -> Words:
    own = seen.conduit.tenant
    return f"server {seen.text} is not of tenant {own}", f"接続先{seen.text}がテナント{own}以外", seen.text


def _content(seen: _Seen) -> Words:
    method, words = seen.conduit.sanitization, forbidden_words(seen.conduit.sanitization, seen.conduit.forbid)
    by = f" ({method})" if method else ""
    return (f"{seen.text} passed, forbidden{by}: {_some(sorted(words))}",
            f"{seen.text}が通過、禁止{by}：{_some(sorted(words))}", seen.text)


def _bytes_up(seen: _Seen) -> Words:
    return _volume(seen, ("sent", "上り"), seen.conduit.max_up_mb_per_hour)


def _bytes_down(seen: _Seen) -> Words:
    return _volume(seen, ("received", "下り"), seen.conduit.max_down_mb_per_hour)


def _volume(seen: _Seen, way: tuple[str, str], limit: float) -> Words:
    used = f"{int(seen.r['amount']) / 10**6:.1f}"
    return (f"initiator {way[0]} {used} MB within the hour, permitted {limit:g} MB",
            f"開始側の{way[1]}が1時間に{used}MB、上限は{limit:g}MB", used)


_TELL: dict[Differs, Callable[[_Seen], Words]] = {
    Differs.INITIATOR: _initiator, Differs.FROM_HOST: _from_host, Differs.TO_HOST: _to_host,
    Differs.SERVICE: _service, Differs.MAC: _mac, Differs.APP: _app, Differs.NAME: _name, Differs.TENANT: _tenant,
    Differs.CONTENT: _content, Differs.BYTES_UP: _bytes_up,
    Differs.BYTES_DOWN: _bytes_down, Differs.HOURS: _hours, Differs.EXPIRED: _expired,
}

_HOSTS = ("src_hi", "src_lo", "dst_hi", "dst_lo")
_FIELDS: dict[Differs, tuple[str, ...]] = {
    Differs.FROM_HOST: _HOSTS, Differs.TO_HOST: _HOSTS, Differs.SERVICE: ("proto", "dst_port"),
    Differs.MAC: ("src_mac",), Differs.APP: ("app",), Differs.NAME: ("text",), Differs.TENANT: ("text",),
    Differs.CONTENT: ("text",), Differs.BYTES_UP: ("amount",), Differs.BYTES_DOWN: ("amount",),
}
