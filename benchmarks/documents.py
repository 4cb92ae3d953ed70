"""Seeded documents of an office, with Individual Numbers and without, in every encoding in which they travel."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

ENCODINGS = ("utf-8", "cp932", "euc_jp", "iso2022_jp", "utf-16-le")
WRAPS = ("plain", "base64", "quoted-printable", "gzip", "zip")
_WEIGHTS = np.array((6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2))
_WIDE = str.maketrans("0123456789 .-", "０１２３４５６７８９　．－")
_FAMILY = ("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "吉田", "山田")
_GIVEN = ("花子", "太郎", "健一", "美咲", "翔太", "陽菜", "誠", "直子", "大輔", "恵")
_KEYWORDS = ("個人番号", "マイナンバー", "My Number")
_TOPICS = ("請求書を送付します。", "会議の議事録です。", "ご確認をお願いします。", "本日の作業報告。",
           "在庫の棚卸し結果。",
           "The quick brown fox jumps over the lazy dog.", "See the attached schedule.")


class Document(NamedTuple):
    """Bytes of a document, how they were made, and whether its numbers must score high."""

    data: bytes
    encoding: str
    wrap: str
    high: bool
    numbers: int


class Writer:
    """Throws the dice and writes."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def below(self, stop: int) -> int:
        """A number below stop."""
        return int(self.rng.integers(stop))

    def digits(self, count: int) -> str:
        """So many random digits."""
        return "".join(map(str, self.rng.integers(0, 10, count)))

    def number(self) -> str:
        """An Individual Number of nobody."""
        eleven = self.rng.integers(0, 10, 11)
        rest = int(eleven @ _WEIGHTS) % 11
        return "".join(map(str, eleven)) + str(0 if rest <= 1 else 11 - rest)

    def corporate(self) -> str:
        """A 法人番号."""
        twelve = self.rng.integers(0, 10, 12)
        first = 9 - sum(int(d) * (1 + k % 2) for k, d in enumerate(twelve[::-1])) % 9
        return f"{first}{''.join(map(str, twelve))}"

    def ean(self) -> str:
        """An EAN-13 or, as often, a UPC-A code with its own check digit."""
        size = 12 if self.below(2) else 11
        body = self.rng.integers(0, 10, size)
        weights = np.where(np.arange(size)[::-1] % 2 == 0, 3, 1)
        return "".join(map(str, body)) + str(-int(body @ weights) % 10)

    def person(self) -> str:
        """A name."""
        return _FAMILY[self.below(len(_FAMILY))] + _GIVEN[self.below(len(_GIVEN))]

    def shaped(self, number: str) -> str:
        """A number as people write it: in one piece or in three, with ASCII or full-width digits."""
        separator = ("", "", " ", "-", ".")[self.below(5)]
        text = separator.join((number[:4], number[4:8], number[8:])) if separator else number
        return text.translate(_WIDE) if self.below(3) == 0 else text

    def line(self) -> str:
        """A line of a document that has no Individual Number, but many that look like one."""
        time = f"2026{self.below(12) + 1:02d}{self.below(28) + 1:02d}{self.below(24):02d}{self.below(60):02d}"
        kind = self.below(10)
        if kind == 0:
            return f"{time} host{self.below(90)} app[{self.below(9999)}]: request {self.digits(12)} took {time[-3:]} ms"
        if kind == 1:
            return f"法人番号 {self.corporate()} 登録番号 T{self.corporate()} 金額 {self.below(10**7):,}円"
        if kind == 2:
            u = self.rng.bytes(16).hex()
            return f"id={u[:8]}-{u[8:12]}-4{u[13:16]}-a{u[17:20]}-{u[20:]} at 2026-11-25T{self.below(24):02d}:00:00Z"
        if kind == 3:
            fixed, mobile = (f"{self.digits(4)}-{self.digits(4)}" for _ in range(2))
            return f"TEL 03-{fixed} 携帯 090-{mobile} {self.person()}"
        if kind == 4:
            return f"JAN {self.ean()} 数量 {self.below(500)} 単価 {self.below(9000)}"
        if kind == 5:
            return f"card {self.digits(4)} {self.digits(4)} {self.digits(4)} {self.digits(4)} ref {self.digits(10)}"
        if kind == 6:
            return f"{self.rng.random():.12f},{self.rng.random() * 1e6:.6f},{self.digits(11)},{self.digits(14)}"
        if kind == 7:
            return f"伝票番号 {self.digits(12)} 口座 {self.digits(7)} 日時 {time}"
        return _TOPICS[self.below(len(_TOPICS))] * (1 + self.below(3))

    def benign(self, size: int) -> bytes:
        """A document without Individual Numbers, of about so many bytes in some encoding."""
        encoding, lines, room = ENCODINGS[self.below(5)], [], size
        while room > 0:
            lines.append(self.line())
            room -= 2 * len(lines[-1])
        return "\r\n".join(lines).encode(encoding)

    def leaking(self, encoding: str, wrap: str) -> Document:
        """A document whose numbers must score high: one beside a keyword, or a list of ten and more."""
        if listed := self.below(2):
            numbers = [self.number() for _ in range(10 + self.below(40))]
            body = [f"{k},{self.person()},{self.shaped(n)}" for k, n in enumerate(numbers, 1)]
        else:
            numbers = [self.number()]
            word = _KEYWORDS[self.below(3)]
            body = [f"{word}：{self.person()} {self.shaped(numbers[0])}" if self.below(2)
                    else f"{self.person()}\t{self.shaped(numbers[0])}\t（{word}）"]
        lines = [self.line() for _ in range(0 if listed else self.below(30))]
        lines += [*body, *(self.line() for _ in range(self.below(30)))]
        text = "\r\n".join(lines)
        if encoding in ("euc_jp", "iso2022_jp"):
            text = text.replace("－", "−")
        return Document(wrapped(text.encode(encoding), wrap), encoding, wrap, True, len(numbers))


def wrapped(data: bytes, wrap: str) -> bytes:
    """Return data as it travels."""
    if wrap == "base64":
        return base64.encodebytes(data).replace(b"\n", b"\r\n")
    if wrap == "quoted-printable":
        return binascii.b2a_qp(data, istext=False).replace(b"=\n", b"=\r\n")
    if wrap == "gzip":
        return gzip.compress(data, mtime=0)
    if wrap == "zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(zipfile.ZipInfo("meibo.txt", (2026, 6, 10, 9, 0, 0)), data, zipfile.ZIP_DEFLATED)
        return archive.getvalue()
    return data


def leaking_documents(each: int, seed: int = 6) -> Iterator[Document]:
    """Yield so many leaking documents of every encoding and wrap."""
    writer = Writer(seed)
    for encoding in ENCODINGS:
        for wrap in WRAPS:
            for _ in range(each):
                yield writer.leaking(encoding, wrap)


def benign_documents(size: int, seed: int = 7) -> Iterator[bytes]:
    """Yield benign documents of 2 to 200 KB, of so many bytes together."""
    writer = Writer(seed)
    while size > 0:
        document = writer.benign(2_000 + writer.below(198_000))
        size -= len(document)
        yield document


def office_files(seed: int = 5) -> dict[str, list[bytes]]:
    """Return files as an office sends them, of 40 KB to 300 KB: documents, spreadsheets, a page of the web, scans."""
    writer = Writer(seed)
    lines = [writer.line() for _ in range(4000)]
    portions = [lines[k : k + 800] for k in range(0, 4000, 800)]
    page = "".join(f"<tr><td>{line}</td></tr>\n" for line in lines).encode()
    return {"docx": [_docx(writer, part) for part in portions], "xlsx": [_xlsx(writer, part) for part in portions],
            "gzip of a page": [gzip.compress(page, mtime=0)] * 2,
            "png": [b"\x89PNG\r\n\x1a\n" + writer.rng.bytes(100_000) for _ in range(5)]}


def inflated(data: bytes) -> int:
    """Return how many bytes a file inflates to, its own where it is none that does."""
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return sum(len(archive.read(name)) for name in archive.namelist())
    return len(gzip.decompress(data)) if data.startswith(b"\x1f\x8b") else len(data)


def _zipped(members: dict[str, str | bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(zipfile.ZipInfo(name, (2026, 6, 10, 9, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def _docx(writer: Writer, lines: list[str]) -> bytes:
    properties = '<w:rPr><w:rFonts w:hint="eastAsia"/></w:rPr>'
    text = "".join(f"<w:p><w:r>{properties}<w:t>{line}</w:t></w:r></w:p>" for line in lines)
    styles = "".join(f'<w:style w:id="{k}"><w:rPr><w:sz w:val="{k * 7 % 50}"/></w:rPr></w:style>' for k in range(400))
    return _zipped({"word/styles.xml": styles, "word/document.xml": f"<w:document>{text}</w:document>",
                    "word/media/image1.png": writer.rng.bytes(20_000)})


def _xlsx(writer: Writer, lines: list[str]) -> bytes:
    rows = "".join(f'<row r="{k}"><c r="A{k}" t="s"><v>{k}</v></c><c r="B{k}"><v>{writer.below(99_999)}</v></c></row>'
                   for k in range(2 * len(lines)))
    return _zipped({"xl/sharedStrings.xml": f"<sst>{''.join(f'<si><t>{line}</t></si>' for line in lines)}</sst>",
                    "xl/worksheets/sheet1.xml": f"<worksheet>{rows}</worksheet>"})
