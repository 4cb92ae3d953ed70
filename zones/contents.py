"""What a conduit may forbid within what it carries, and what a sanitizing method keeps out by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable

EXECUTABLES = frozenset({"pe", "mz", "elf", "macho", "class", "jar", "apk", "dex", "wasm", "msi", "rpm", "swf", "lnk"})
SCRIPTS = frozenset({"script", "sh", "bash", "python", "perl", "ruby", "node", "php", "powershell", "batch", "vbscript",
                     "javascript", "chm"})
OFFICE = frozenset({"ole2", "docx", "xlsx", "pptx", "ooxml", "odf", "rtf", "onenote", "tnef"})
ARCHIVES = frozenset({"zip", "gzip", "bzip2", "xz", "zstd", "lz4", "7z", "rar", "cab", "ar", "tar", "lha", "arj",
                      "ace"})
DISK_IMAGES = frozenset({"iso", "vhd", "vhdx", "vmdk", "wim"})
_BY_TYPE = {"executable": EXECUTABLES, "script": SCRIPTS, "office": OFFICE, "archive": ARCHIVES,
            "disk-image": DISK_IMAGES, "html": frozenset({"html"}), "pdf": frozenset({"pdf"})}
_BY_HINT = {"macros": "macro", "encrypted": "encrypted"}
_CHANNELS = {"cliprdr": "clipboard", "rdpdr": "drive", "rdpsnd": "sound", "drdynvc": "", "urbdrc": "usb",
             "printer": "printer"}

FORBIDDABLE: dict[str, str] = {
    "attachment": "a file carried by a mail",
    "file": "a file of any type, whatever protocol carries it",
    "html": "HTML: a mail in HTML, or a file",
    "macro": "a document with macros",
    "encrypted": "an encrypted archive or document, into which no method looks",
    "executable": "a program or a shortcut to one",
    "script": "a script",
    "office": "an office document, RTF, OneNote",
    "pdf": "a PDF",
    "archive": "an archive",
    "disk-image": "an image of a disk",
    "clipboard": "the clipboard channel of a remote desktop",
    "drive": "its channel of drives, printers and ports",
    "printer": "its printer channel, where it has one of its own",
    "usb": "its USB channel",
    "sound": "its sound channel",
}
"""Every word that ``forbid`` takes."""

_ACTIVE = frozenset({"macro", "executable", "script", "encrypted"})
KEPT_OUT: dict[str, frozenset[str]] = {
    "mail-text": frozenset({"attachment", "html"}) | _ACTIVE,
    "text-extraction": frozenset({"office", "pdf", "archive", "disk-image", "html"}) | _ACTIVE,
    "image-pdf": frozenset({"office", "archive", "disk-image", "html"}) | _ACTIVE,
    "file-cdr": _ACTIVE,
}
"""What does not come out of a method that works, so that a conduit forbids it without saying so."""


def forbidden_words(sanitization: str, forbid: Iterable[str]) -> frozenset[str]:
    """Return what a conduit forbids: what it says, and what its sanitizing method keeps out."""
    return KEPT_OUT.get(sanitization, frozenset()) | frozenset(forbid)


def words_of_file(file_type: str, mime_type: str, hints: str, carrier: str) -> frozenset[str]:
    """Return the words that a file falls under: its type by content, what its bytes give away, what carried it."""
    words = {word for word, types in _BY_TYPE.items() if file_type in types}
    words |= {_BY_HINT[hint] for hint in _texts(hints) if hint in _BY_HINT}
    if carrier != "smtp":
        words.add("file")
    elif file_type not in ("text", "html", "") or mime_type not in ("text/plain", "text/html", ""):
        words |= {"file", "attachment"}
    return frozenset(words)


def words_of_mail(content_type: str, attachments: str) -> frozenset[str]:
    """Return the words that a mail falls under by its own header and the names of its attachments."""
    words = {"attachment", "file"} if _texts(attachments) else set()
    if content_type.partition(";")[0].strip().lower() == "text/html":
        words.add("html")
    return frozenset(words)


def words_of_channels(channels: str) -> frozenset[str]:
    """Return the words that the virtual channels which a remote desktop asks for fall under (a JSON array)."""
    return frozenset(filter(None, (_CHANNELS.get(name.lower(), "") for name in _texts(channels))))


def _texts(text: str) -> list[str]:
    """Return the texts of a JSON array; what is none gives none."""
    try:
        values = json.loads(text) if text else []
    except ValueError:
        return []
    return [v for v in values if isinstance(v, str)] if isinstance(values, list) else []
