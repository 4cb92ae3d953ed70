"""Packets dissected by tshark, through pyshark, for the analyst who explains an alert."""

from __future__ import annotations

import shutil
import struct
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from sekisho.evidence import FoundPacket

_FIELDS_PER_LAYER = 40


def why_not() -> str:
    """Return what is missing for dissection, or "" when it can be done."""
    if shutil.which("tshark") is None:
        return "tshark is not installed: packets are shown by our own decoder only"
    if find_spec("pyshark") is None:
        return "pyshark is not installed (pip install 'sekisho[dissect]'): packets are shown by our own decoder only"
    return ""


def dissect(packets: Sequence[FoundPacket]) -> list[list[tuple[str, list[str]]]]:
    """Return for each packet its layers: name and lines as tshark words them.

    The packets (of one link type) are handed over in a capture of their own, so the formats that only we read do not
    matter. Whatever goes wrong in tshark raises RuntimeError with a short reason.
    """
    import pyshark

    with tempfile.TemporaryDirectory(prefix="sekisho-") as folder:
        path = Path(folder) / "evidence.pcap"
        path.write_bytes(_pcap(packets))
        capture = pyshark.FileCapture(str(path), keep_packets=False)
        try:
            return [[(layer.layer_name, _lines(layer)) for layer in packet.layers] for packet in capture]
        except Exception as error:  # pyshark lets many kinds through, and none may take the explanation down
            raise RuntimeError(f"tshark failed: {type(error).__name__}: {error}") from error
        finally:
            with suppress(Exception):  # every packet has been read; pyshark takes a tshark that it ended for a crash
                capture.close()


def _lines(layer: object) -> list[str]:
    lines = []
    for name in layer.field_names:  # type: ignore[attr-defined]
        for field in layer.get_field(name).all_fields:  # type: ignore[attr-defined]
            text = field.showname or ""
            if text and not field.hide and text not in lines:
                lines.append(text)
    return lines[:_FIELDS_PER_LAYER]


def _pcap(packets: Sequence[FoundPacket]) -> bytes:
    """Return a capture with nanosecond times of the packets that have the first one's link type."""
    link_type = packets[0].link_type
    parts = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link_type)]
    for p in packets:
        if p.link_type == link_type:
            parts.append(struct.pack("<IIII", *divmod(p.ts_ns, 1_000_000_000), len(p.frame), len(p.frame)) + p.frame)
    return b"".join(parts)
