"""What a client tells of itself when it connects without TLS (MS-RDPBCGR 2.2.1.3)."""

from __future__ import annotations

import json
from locale import windows_locale
from struct import calcsize, unpack_from
from typing import Any

from sensor.protocols.rdp.negotiation import named_flags

_KEY = b"Duca"  # of a client's data in a conference create request
_CORE, _NETWORK = 0xC001, 0xC003
_MOST_BLOCKS = 16

_VERSIONS = {0x80001: "v4", 0x80004: "v5"} | {0x80005 + minor: f"v10.{minor}" for minor in range(13)}
_BUILDS = {
    528: "Windows NT 3.1", 807: "Windows NT 3.5", 1057: "Windows NT 3.51", 1381: "Windows NT 4.0",
    2195: "Windows 2000", 2600: "Windows XP", 3790: "Windows Server 2003", 6000: "Windows Vista RTM",
    6001: "Windows Vista SP1", 6002: "Windows Vista SP2", 7600: "Windows 7 RTM", 7601: "Windows 7 SP1",
    9200: "Windows 8", 9600: "Windows 8.1", 10240: "Windows 10 TH1", 10586: "Windows 10 TH2",
    14393: "Windows 10 RS1", 15063: "Windows 10 RS2", 16299: "Windows 10 RS3", 17134: "Windows 10 RS4",
    17763: "Windows 10 RS5",
}
_KEYBOARDS = {1: "xt", 2: "ico", 3: "at", 4: "enhanced", 5: "1050", 6: "9140", 7: "jp"}
_HINTS = {1: "modem", 2: "low_broadband", 3: "satellite", 4: "high_broadband", 5: "wan", 6: "lan", 7: "autodetect"}
_CAPABILITIES = {
    0x001: "support_errinfo_pdf", 0x002: "want_32bpp_session", 0x004: "support_statusinfo_pdu",
    0x008: "strong_asymmetric_keys", 0x020: "valid_connection_type", 0x040: "support_monitor_layout_pdu",
    0x080: "support_netchar_autodetect", 0x100: "support_dynvc_gfx_protocol", 0x200: "support_dynamic_time_zone",
    0x400: "support_heartbeat_pdu",
}
_DEPTHS = {0xCA00: 4, 0xCA01: 8, 0xCA02: 15, 0xCA03: 16, 0xCA04: 24}
_HIGH_DEPTHS = (4, 8, 15, 16, 24)

_FIXED = "<IHHHHII"
_FIXED_BYTES = 128  # of the core data that are always there
_OPTIONAL = (  # place, format and name of what may follow, one after another
    (128, "<H", "depth2"), (130, "<H", "product_id"), (132, "<I", "serial_number"), (136, "<H", "high_depth"),
    (140, "<H", "early"), (142, "<64s", "id"), (206, "<B", "hint"), (212, "<I", "physical_width"),
    (216, "<I", "physical_height"), (220, "<H", "desktop_orientation"), (222, "<I", "scale_factor"),
    (226, "<I", "device_scale_factor"),
)
_AS_THEY_ARE = ("product_id", "serial_number", "physical_width", "physical_height", "desktop_orientation",
                "scale_factor", "device_scale_factor")


def connect_request_row(data: bytes, channels: int) -> dict[str, Any]:
    """Return the columns of an MCS connect initial; channels bounds their list."""
    row: dict[str, Any] = {"event_type": "connect_request"}
    at = data.find(_KEY)
    if at < 0 or at + 6 > len(data):
        return row
    at += 4
    size = data[at]
    at += 1
    if size & 0x80:
        size = (size & 0x7F) << 8 | data[at]
        at += 1
    end = min(at + size, len(data))
    for _ in range(_MOST_BLOCKS):
        if at + 4 > end:
            break
        kind, length = unpack_from("<HH", data, at)
        block = data[at + 4 : min(at + length, end)]
        if kind == _CORE and len(block) >= _FIXED_BYTES:
            row |= _core(block)
        elif kind == _NETWORK:
            row["channels"] = _channels(block, channels)
        at += max(length, 4)
    return row


def _core(block: bytes) -> dict[str, Any]:
    version, width, height, depth, _, layout, build = unpack_from(_FIXED, block)
    keyboard, subtype, keys = unpack_from("<III", block, 52)
    more = {name: unpack_from(form, block, at)[0] for at, form, name in _OPTIONAL
            if at + calcsize(form) <= len(block)}
    return {
        "client_version": _VERSIONS.get(version, "unknown"), "desktop_width": width, "desktop_height": height,
        "color_depth": _depth(depth, more), "keyboard_layout": _layout(layout),
        "build": _BUILDS.get(build, "unknown"), "client_build": build, "client_name": _wide(block[20:52]),
        "keyboard_type": _KEYBOARDS.get(keyboard, ""), "keyboard_subtype": subtype, "function_keys": keys,
        "ime": _wide(block[64:128]), "capabilities": named_flags(more.get("early", 0), _CAPABILITIES),
        "client_id": _wide(more.get("id", b"")), "connection_hint": _HINTS.get(more.get("hint", 0), ""),
        **{name: more.get(name, 0) for name in _AS_THEY_ARE},
    }


def _depth(depth: int, more: dict[str, int]) -> int:
    """The newest of the three fields that mean it."""
    high = more.get("high_depth", 0)
    return high if high in _HIGH_DEPTHS else _DEPTHS.get(more.get("depth2", 0)) or _DEPTHS.get(depth, 0)


def _layout(layout: int) -> str:
    return windows_locale.get(layout, "unknown").replace("_", "-")


def _wide(text: bytes) -> str:
    return text.decode("utf-16-le", "replace").partition("\0")[0]


def _channels(block: bytes, most: int) -> str:
    number = min(int.from_bytes(block[:4], "little"), most, (len(block) - 4) // 12)
    names = [block[at : at + 8].partition(b"\0")[0].decode("latin-1") for at in range(4, 4 + 12 * number, 12)]
    return json.dumps(names) if names else ""
