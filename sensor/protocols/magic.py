"""What a file is by its first bytes: our own table of signatures, from the formats' public specifications."""

from __future__ import annotations

import re
from typing import NamedTuple

HEAD_BYTES = 4096
"""So many first bytes are looked at."""

ISO_OFFSET, ISO_MARK = 32769, b"CD001"
"""ECMA-119: a volume descriptor at sector 16 tells an ISO 9660 image; its first 32 KiB may be anything."""


class FileType(NamedTuple):
    """Short name of a type, and its media type."""

    name: str
    mime: str


DATA = FileType("data", "application/octet-stream")
EMPTY = FileType("empty", "application/x-empty")
ISO = FileType("iso", "application/x-iso9660-image")
_ZIP = FileType("zip", "application/zip")
_PE = FileType("pe", "application/vnd.microsoft.portable-executable")
_MZ = FileType("mz", "application/x-dosexec")
_HTML, _TEXT = FileType("html", "text/html"), FileType("text", "text/plain")
_OOXML = "application/vnd.openxmlformats-officedocument."

_SIGNATURES: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"%PDF-", "pdf", "application/pdf"),
    (0, b"MZ", "mz", _MZ.mime),
    (0, b"\x7fELF", "elf", "application/x-elf"),
    (0, b"\xfe\xed\xfa\xce", "macho", "application/x-mach-binary"),
    (0, b"\xfe\xed\xfa\xcf", "macho", "application/x-mach-binary"),
    (0, b"\xce\xfa\xed\xfe", "macho", "application/x-mach-binary"),
    (0, b"\xcf\xfa\xed\xfe", "macho", "application/x-mach-binary"),
    (0, b"\xca\xfe\xba\xbe", "class", "application/java-vm"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole2", "application/x-ole-storage"),
    (0, b"PK\x03\x04", "zip", _ZIP.mime),
    (0, b"PK\x05\x06", "zip", _ZIP.mime),
    (0, b"PK\x07\x08", "zip", _ZIP.mime),
    (0, b"{\\rtf", "rtf", "text/rtf"),
    (0, b"{\\rt", "rtf", "text/rtf"),  # Word opens it so
    (0, b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F", "lnk", "application/x-ms-shortcut"),
    (0, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "onenote", "application/onenote"),
    (0, b"\x1f\x8b", "gzip", "application/gzip"),
    (0, b"BZh", "bzip2", "application/x-bzip2"),
    (0, b"\xfd7zXZ\0", "xz", "application/x-xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd", "application/zstd"),
    (0, b"\x04\x22\x4d\x18", "lz4", "application/x-lz4"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "rar", "application/vnd.rar"),
    (0, b"MSCF\0\0\0\0", "cab", "application/vnd.ms-cab-compressed"),
    (0, b"ITSF\x03\0\0\0", "chm", "application/vnd.ms-htmlhelp"),
    (0, b"!<arch>\n", "ar", "application/x-archive"),
    (0, b"\xed\xab\xee\xdb", "rpm", "application/x-rpm"),
    (0, b"\xed\xfe\xed\xfe", "jks", "application/x-java-keystore"),
    (257, b"ustar", "tar", "application/x-tar"),
    (0, b"conectix", "vhd", "application/x-vhd"),
    (0, b"vhdxfile", "vhdx", "application/x-vhdx"),
    (0, b"KDMV", "vmdk", "application/x-vmdk"),
    (0, b"WIM\0\0", "wim", "application/x-ms-wim"),
    (2, b"-lh", "lha", "application/x-lzh-compressed"),
    (0, b"\x60\xea", "arj", "application/x-arj"),
    (0, b"**ACE**", "ace", "application/x-ace-compressed"),
    (7, b"**ACE**", "ace", "application/x-ace-compressed"),
    (0, b"\x89PNG\r\n\x1a\n", "png", "image/png"),
    (0, b"\xff\xd8\xff", "jpeg", "image/jpeg"),
    (0, b"GIF87a", "gif", "image/gif"),
    (0, b"GIF89a", "gif", "image/gif"),
    (0, b"BM", "bmp", "image/bmp"),
    (0, b"II*\0", "tiff", "image/tiff"),
    (0, b"MM\0*", "tiff", "image/tiff"),
    (0, b"\0\0\x01\0", "ico", "image/x-icon"),
    (0, b"8BPS", "psd", "image/vnd.adobe.photoshop"),
    (0, b"RIFF", "riff", "application/x-riff"),
    (0, b"FWS", "swf", "application/x-shockwave-flash"),
    (0, b"CWS", "swf", "application/x-shockwave-flash"),
    (0, b"ZWS", "swf", "application/x-shockwave-flash"),
    (4, b"ftyp", "mp4", "video/mp4"),
    (0, b"ID3", "mp3", "audio/mpeg"),
    (0, b"OggS", "ogg", "application/ogg"),
    (0, b"fLaC", "flac", "audio/flac"),
    (0, b"\x1aE\xdf\xa3", "matroska", "video/x-matroska"),
    (0, b"FLV\x01", "flv", "video/x-flv"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "asf", "video/x-ms-asf"),
    (0, b"wOFF", "woff", "font/woff"),
    (0, b"wOF2", "woff2", "font/woff2"),
    (0, b"\0\x01\0\0\0", "ttf", "font/ttf"),
    (0, b"OTTO", "otf", "font/otf"),
    (0, b"\0asm", "wasm", "application/wasm"),
    (0, b"SQLite format 3\0", "sqlite", "application/vnd.sqlite3"),
    (0, b"\xd4\xc3\xb2\xa1", "pcap", "application/vnd.tcpdump.pcap"),
    (0, b"\xa1\xb2\xc3\xd4", "pcap", "application/vnd.tcpdump.pcap"),
    (0, b"\x0a\x0d\x0d\x0a", "pcapng", "application/x-pcapng"),
    (0, b"regf", "registry", "application/x-ms-registry-hive"),
    (0, b"PMDM", "minidump", "application/x-dmp"),
    (0, b"MDMP", "minidump", "application/x-dmp"),
    (0, b"\x78\x9f\x3e\x22", "tnef", "application/vnd.ms-tnef"),
    (0, b"!BDN", "pst", "application/vnd.ms-outlook-pst"),
    (0, b"dex\n", "dex", "application/vnd.android.dex"),
    (0, b"-----BEGIN ", "pem", "application/x-pem-file"),
    (0, b"#!", "script", "text/x-shellscript"),
    (0, b"<?php", "php", "text/x-php"),
    (0, b"<?xml", "xml", "text/xml"),
)
_AT_START: dict[bytes, list[tuple[bytes, FileType]]] = {}
for _offset, _mark, _name, _mime in _SIGNATURES:
    if _offset == 0:
        _AT_START.setdefault(_mark[:2], []).append((_mark, FileType(_name, _mime)))
_LATER = [(o, m, FileType(n, t)) for o, m, n, t in _SIGNATURES if o]

_PACKAGES = (
    (b"word/", FileType("docx", _OOXML + "wordprocessingml.document")),
    (b"xl/", FileType("xlsx", _OOXML + "spreadsheetml.sheet")),
    (b"ppt/", FileType("pptx", _OOXML + "presentationml.presentation")),
    (b"META-INF/MANIFEST.MF", FileType("jar", "application/java-archive")),
    (b"AndroidManifest.xml", FileType("apk", "application/vnd.android.package-archive")),
    (b"[Content_Types].xml", FileType("ooxml", "application/vnd.openxmlformats-package")),
    (b"mimetypeapplication/vnd.oasis", FileType("odf", "application/vnd.oasis.opendocument")),
    (b"mimetypeapplication/epub", FileType("epub", "application/epub+zip")),
)
_RIFF = {b"WAVE": FileType("wav", "audio/x-wav"), b"AVI ": FileType("avi", "video/x-msvideo"),
         b"WEBP": FileType("webp", "image/webp"), b"ACON": FileType("ani", "application/x-navi-animation")}
_INTERPRETERS = re.compile(rb"#![^\n]{0,80}?(python|perl|ruby|node|php|bash|sh)[0-9.]*\b")
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?[\s\0]*(?:<!--.{0,1024}?-->\s*)?"
                     rb"<(!doctype\s+html|html|head|title|body|script|iframe|h1|table|a\s+href|p>|div|br)", re.I | re.S)
_SVG = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,256}\?>\s*)?<(svg|hta:|html)", re.I)
_JSON = re.compile(rb"\s*(?:\{\s*\"[^\"\n]{0,128}\"\s*:|\{\s*\}|\[\s*[\[{\"\d\]])")
_MAIL = re.compile(rb"(?:From|To|Received|Return-Path|Message-ID|MIME-Version|Subject):[ \t]", re.I)
_SCRIPTS = (
    ((b"invoke-expression", b"new-object", b"[system.", b"write-host", b"iex", b"-executionpolicy"),
     re.compile(rb"(?:Invoke-Expression|New-Object\s|\[System\.|Write-Host|\bIEX\b|-ExecutionPolicy)", re.I),
     FileType("powershell", "text/x-powershell")),
    ((b"@echo off", b"setlocal"), re.compile(rb"(?:^|\n)[^\S\n]*(?:@echo off|setlocal\b)", re.I),
     FileType("batch", "text/x-msdos-batch")),
    ((b"createobject", b"on error resume next", b"dim"),
     re.compile(rb"(?:WScript\.CreateObject|CreateObject\s*\(|On Error Resume Next|(?:^|\n)[^\S\n]*Dim\s\w)", re.I),
     FileType("vbscript", "text/vbscript")),
    ((b"function", b"var", b"new activexobject", b"document.", b"window."),
     re.compile(rb"(?:\bfunction\s*\w{0,40}\s*\(|\bvar\s+\w{1,40}\s*=|new ActiveXObject|document\.\w|window\.\w)"),
     FileType("javascript", "text/javascript")),
)
"""Words in lower case of which a script holds one, what tells it then, its type; looking for words takes no time."""
_CONTROL = bytes(b for b in range(32) if b not in b"\t\n\r\f\x1b\b") + b"\x7f"
_ANY_CONTROL = re.compile(b"[" + re.escape(_CONTROL) + b"]")
_FEW_BYTES = 64  # most that is no text shows it among so few bytes; over all of them an expression takes long
_MACROS = b"vbaProject.bin", "_VBA_PROJECT".encode("utf-16-le"), b"xl/macrosheets"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_LOCKED_PDF = b"/Encrypt", re.compile(rb"/Encrypt\s")
HINT_TAIL_BYTES = 48
"""So many bytes before a chunk have to be seen with it, for a hint may be cut in two."""


def file_type(head: bytes) -> FileType:
    """Return the type of a file by its first bytes (HEAD_BYTES of them, or the whole file when it is shorter)."""
    if not head:
        return EMPTY
    for mark, found in _AT_START.get(head[:2], ()):
        if head.startswith(mark):
            return _closer(found, head)
    for offset, mark, found in _LATER:
        if head.startswith(mark, offset):
            return found
    return _textual(head)


def _closer(found: FileType, head: bytes) -> FileType:
    """What the container that was recognised holds."""
    if found.name == "mz":
        at = int.from_bytes(head[60:64], "little")
        return _PE if head[at : at + 4] == b"PE\0\0" or at > HEAD_BYTES - 4 else _MZ
    if found.name == "zip":
        return next((kind for mark, kind in _PACKAGES if mark in head), found)
    if found.name == "class" and 0 < int.from_bytes(head[4:8], "big") < 40:  # a fat Mach-O counts its parts here
        return FileType("macho", "application/x-mach-binary")
    if found.name == "riff":
        return _RIFF.get(head[8:12], found)
    if found.name == "script" and (how := _INTERPRETERS.match(head)):
        name = how[1].decode()
        return FileType(name, "text/x-" + {"sh": "shellscript", "bash": "shellscript"}.get(name, name))
    if found.name == "xml" and (inside := _SVG.match(head)):
        return FileType("svg", "image/svg+xml") if inside[1].lower() == b"svg" else _HTML
    if found.name == "bmp" and head.isascii():
        return _textual(head)
    return found


def _textual(head: bytes) -> FileType:
    if _MARKUP.match(head):
        return _HTML
    if _SVG.match(head):
        return FileType("svg", "image/svg+xml")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) and len(head) > 2:
        return FileType("utf16", "text/plain")
    if _ANY_CONTROL.search(head, 0, _FEW_BYTES) or len(head.translate(None, _CONTROL)) != len(head):
        return DATA
    if not head.isascii() and not _utf8(head) and len(head.translate(None, bytes(range(128)))) * 3 > len(head):
        return DATA
    if _JSON.match(head):
        return FileType("json", "application/json")
    if _MAIL.match(head):
        return FileType("mail", "message/rfc822")
    lower = head.lower()
    return next((kind for words, how, kind in _SCRIPTS if any(word in lower for word in words) and how.search(head)),
                _TEXT)


def _utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as e:
        return e.start >= len(head) - 3 and len(head) >= HEAD_BYTES  # a character cut in two by our own limit
    return True


def zip_locked(head: bytes) -> bool:
    """Whether an entry among the first of a zip archive says that it is encrypted (APPNOTE 4.4.4, bit 0)."""
    at = 0
    for _ in range(64):
        if head[at : at + 4] != b"PK\x03\x04" or len(head) < at + 30:
            return False
        if head[at + 6] & 1:
            return True
        packed, name, extra = (int.from_bytes(head[a:b], "little")
                               for a, b in ((at + 18, at + 22), (at + 26, at + 28), (at + 28, at + 30)))
        at += 30 + name + extra + packed
    return False


def hints_in(data: bytes) -> set[str]:
    """Return what a stretch of an office document, PDF or archive gives away: ``macros``, ``encrypted``."""
    found = set()
    if any(mark in data for mark in _MACROS):
        found.add("macros")
    word, how = _LOCKED_PDF
    if _LOCKED in data or (word in data and how.search(data)):
        found.add("encrypted")
    return found


HINTED = frozenset({"ole2", "docx", "xlsx", "pptx", "ooxml", "pdf", "zip"})
"""Types in which hints are looked for."""
