"""Types of files by their first bytes, and the tracker."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import settings as tested
from hypothesis import strategies as st

from columns.app import AppProto
from columns.errors import UsageError
from columns.protocols.fileinfo import eve_object
from sensor.protocols.files import ERROR, FileSettings, FileTracker
from sensor.protocols.magic import file_type, hints_in, zip_locked
from sensor.protocols.parser import Context, Moment
from tests.support.conversations import FLOW

AT = Moment(1, 1)


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"x" * 50)
    return buffer.getvalue()


PE = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0"
KNOWN = {
    b"%PDF-1.4": "pdf", PE: "pe", b"MZ" + bytes(70): "mz", b"\x7fELF\x02": "elf", b"\xcf\xfa\xed\xfe": "macho",
    b"\xca\xfe\xba\xbe\0\0\0\x02": "macho", b"\xca\xfe\xba\xbe\0\0\0\x34": "class",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "ole2", zipped("a.txt"): "zip", zipped("[Content_Types].xml",
    "word/document.xml"):
    "docx", zipped("[Content_Types].xml", "xl/workbook.xml"): "xlsx", zipped("META-INF/MANIFEST.MF"): "jar",
    b"{\\rtf1": "rtf", b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F": "lnk", b"\x1f\x8b\x08": "gzip",
    b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07\x01": "rar", b"\x89PNG\r\n\x1a\n": "png", b"GIF89a": "gif",
    b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3": "onenote", bytes(257) + b"ustar": "tar",
    b"#!/usr/bin/python3\n": "python", b"#!/bin/sh\n": "sh", b"<?php echo": "php", b"  <!DOCTYPE html>": "html",
    b"<?xml version='1.0'?><svg>": "svg", b"{\"a\": 1}": "json", b"plain words\n": "text", "härlich".encode(): "text",
    b"@echo off\r\n": "batch", b"var x = 1; function f(){}": "javascript", b"IEX (New-Object Net)": "powershell",
    b"\x00\x01\x02": "data", b"": "empty", b"BM is a word": "text", b"\xff\xfea\0": "utf16",
}


SCRIPTS = {
    "powershell": (b"invoke-EXPRESSION", b"x new-object\tNet", b"[System.Net]", b"write-HOST", b"$a | iex",
                   b"-executionPOLICY"),
    "batch": (b"@ECHO off", b"rem x\r\n\r\n  SetLocal\r\n", b"\n\n\t@echo off"),
    "vbscript": (b"wscript.createobject", b"x = CreateObject (", b"on error RESUME next", b"x\n\n\f Dim a",
                 b"\r\ndim\tb"),
    "javascript": (b"function (", b"; function \n f(", b"(var  x =", b"new ActiveXObject", b"document.x", b"window.x"),
    "text": (b"invoke expression", b"new-objects", b"pixiex", b"x @echo off", b"setlocale", b"x Dim a", b"dim.",
             b"createobject", b"functions of", b"variety = 1", b"new activexobject", b"document. ", b"Window.x"),
}


@pytest.mark.parametrize("head", KNOWN, ids=KNOWN.values())
def test_types(head: bytes) -> None:
    assert file_type(head).name == KNOWN[head]


@pytest.mark.parametrize("kind", SCRIPTS)
def test_scripts_are_told_by_what_only_they_say(kind: str) -> None:
    assert {head: file_type(head).name for head in SCRIPTS[kind]} == dict.fromkeys(SCRIPTS[kind], kind)


def tracked(data: bytes, sizes: list[int], settings: FileSettings) -> dict[str, object]:
    rows: list[dict[str, object]] = []
    context = Context(FLOW, lambda t, a, c: rows.append(c), lambda c, times=1: None, None)
    tracker = FileTracker(context, settings, "n", True, AppProto.HTTP, 7)
    at = n = 0
    while at < len(data):
        tracker.data(data[at : at + sizes[n % len(sizes)]])
        at, n = at + sizes[n % len(sizes)], n + 1
    tracker.end(AT)
    return rows[0]


@tested(deadline=None)
@given(st.binary(max_size=9000), st.lists(st.integers(1, 3000), min_size=1, max_size=5))
def test_any_pieces_give_the_same_file(data: bytes, sizes: list[int]) -> None:
    settings = FileSettings(hashes=("md5", "sha1", "sha256"), inspect_bytes=4096)
    row = tracked(data, sizes, settings)
    assert row == tracked(data, [max(len(data), 1)], settings)
    assert row["sha256"] == hashlib.sha256(data).hexdigest()


def test_hints_are_found_wherever_they_are_cut() -> None:
    office = zipped("[Content_Types].xml", *(f"word/{i}.xml" for i in range(100)), "word/vbaProject.bin")
    at = office.index(b"vbaProject.bin")
    assert at > 4096
    for place in (at - 1, at + 1, at + 7, at + 13, at + 20):
        assert json.loads(str(tracked(office, [place, 1], FileSettings())["hints"])) == ["macros"]


def test_hints_on_both_sides_of_a_gap() -> None:
    rows: list[dict[str, object]] = []
    context = Context(FLOW, lambda t, a, c: rows.append(c), lambda c, times=1: None, None)
    office = zipped("[Content_Types].xml", "word/vbaProject.bin")
    head = office[:60]
    for first, second in ((office, b"x"), (head, b"vbaProject.bin"), (head + b"vbaProj", b"ect.bin")):
        tracker = FileTracker(context, FileSettings(), "n", True, AppProto.HTTP, 0)
        tracker.data(first)
        tracker.gap(9)
        tracker.data(second)
        tracker.end(AT)
    assert [row["hints"] for row in rows] == ['["macros"]', '["macros"]', ""]
    assert [row["file_type"] for row in rows] == ["docx", "ooxml", "ooxml"]


def test_an_encrypted_archive() -> None:
    locked = bytearray(zipped("a", "b"))
    second = locked.index(b"PK\x03\x04", 4)
    locked[second + 6] |= 1
    assert zip_locked(bytes(locked))
    assert not zip_locked(zipped("a", "b"))
    assert hints_in(b"trailer /Encrypt 5 0 R") == {"encrypted"}


def test_an_image_of_a_disc() -> None:
    assert tracked(bytes(32769) + b"CD001" + bytes(99), [1000], FileSettings())["file_type"] == "iso"


def test_gaps_skips_and_states() -> None:
    rows: list[dict[str, object]] = []
    context = Context(FLOW, lambda t, a, c: rows.append(c), lambda c, times=1: None, None)
    tracker = FileTracker(context, FileSettings(hashes=("md5",)), "n", False, AppProto.SMB, 0)
    tracker.data(b"abc")
    tracker.gap(10)
    tracker.data(b"def")
    tracker.end(AT)
    assert (rows[0]["size"], rows[0]["gaps"], rows[0]["state"]) == (16, 1, "TRUNCATED")
    assert rows[0]["md5"] == hashlib.md5(b"abc").hexdigest()
    assert eve_object(rows[0])["gaps"] is True
    assert eve_object(rows[0])["stored"] is False
    other = FileTracker(context, FileSettings(inspect_bytes=4096), "n", False, AppProto.SMB, 0)
    other.data(bytes(4096))
    assert other.passable > 1 << 32
    other.skip(1 << 40)
    other.end(AT, ERROR)
    assert (rows[1]["size"], rows[1]["state"]) == ((1 << 40) + 4096, "ERROR")


def test_settings_are_checked() -> None:
    with pytest.raises(UsageError, match="inspect_bytes"):
        FileSettings(inspect_bytes=1)
    with pytest.raises(UsageError, match="crc32"):
        FileSettings(hashes=("crc32",))
