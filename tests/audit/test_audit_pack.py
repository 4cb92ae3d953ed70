"""The audit pack: what it says of a small store, that it says the same again, and that nothing in it can misbehave."""

from __future__ import annotations

import datetime as dt
import html
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from columns.errors import ConfigError, UsageError
from sekisho.audit.annotations import KEYS, read_annotations
from sekisho.audit.html import pack_html, visible
from sekisho.audit.model import Bars, Grid, Matrix
from sekisho.audit.pack import Pack, make_pack
from sekisho.audit.pdf import pack_pdf
from sekisho.audit.period import Period, period_of
from sekisho.language import Lang
from storage import open_store
from tests.audit.conftest import HOSTILE, POLICY

GOLDEN = Path(__file__).parent / "golden"
UPDATE = os.environ.get("SEKISHO_UPDATE_GOLDEN") == "1"
NOTES = """
[scope]
title = "令和8年度 内部監査"
auditor = "監査室"
[clock]
text = "全センサーを庁内NTPに同期（差 10 ms 以下）"
[tests]
webhook_drill = "2026-06-01 実施、着信まで 12 秒"
[[tests.results]]
name = "port_scan"
expected = "900202"
fired = "900202"
result = "合格"
[[previous.findings]]
finding = "C10の見直し期限"
measure = "廃止申請中"
due = "2026-09-30"
state = "対応中"
[incidents]
malicious = [1]
"""


def period(first: str = "2026-06-10", last: str = "2026-06-10") -> Period:
    """The day of the store."""
    return period_of(first, last, "Asia/Tokyo")


def made(folder: Path, lang: Lang = Lang.JA, when: Period | None = None, **more: Any) -> Pack:
    """The pack of the store."""
    store = open_store(folder, create=False)
    try:
        return make_pack(store, when or period(), lang, **{"policy": POLICY, **more})
    finally:
        store.close()


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Annotations for some of the sections."""
    path = tmp_path_factory.mktemp("notes") / "notes.toml"
    path.write_text(NOTES, "utf-8")
    return read_annotations(path)


@pytest.fixture(scope="module")
def packs(audited: Path, notes: Any) -> dict[Lang, Pack]:
    """The pack in both languages."""
    return {lang: made(audited, lang, notes=notes) for lang in Lang}


def outline(pack: Pack) -> str:
    """What a pack says, as lines; what goes by the clock when the store was made is left out."""
    lines = []
    for s in pack.sections:
        lines.append(f"## {s.number}. {s.title} [{s.basis}] Q{s.queries}")
        for b in s.blocks:
            if isinstance(b, Grid):
                lines += [f"| {' | '.join(b.columns)} |  ({b.caption})"]
                lines += [f"  {tone or '-'}: {' | '.join(visible(v) for v in row)}"
                          for row, tone in zip(b.rows, [*b.tones, *[""] * len(b.rows)], strict=False)]
            elif isinstance(b, Matrix):
                lines += [f"{b.caption} {b.legend}"]
                lines += [f"  {label}: {' | '.join(f'{c.text}/{c.tone}{c.strength}' for c in row)}"
                          for label, row in zip(b.labels, b.cells, strict=True)]
            elif isinstance(b, Bars):
                lines.append(f"{b.caption} {b.items}")
            else:
                lines.append(("(missing) " if b.missing else "") + b.text)
    today = dt.datetime.now(dt.UTC).astimezone(dt.timezone(dt.timedelta(hours=9))).date()
    text = "\n".join(lines) + "\n"
    for days in (-1, 0, 4, 5, 29, 30, 59, 60):
        text = re.sub(rf"{today + dt.timedelta(days=days)}( \d\d:\d\d:\d\d\+09:00)?", "WALL", text)
    text = re.sub(r"（(残り\d+日|\d+日超過)）|\(\d+ days (left|over)\)", "(LEFT)", text)
    return re.sub(r"\b0:00:\d\d\b", "0:00:SS", text)


@pytest.mark.parametrize("lang", list(Lang))
def test_what_it_says_is_what_it_said(packs: dict[Lang, Pack], lang: Lang) -> None:
    path, text = GOLDEN / f"pack-{lang}.txt", outline(packs[lang])
    if UPDATE:
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("lang", list(Lang))
def test_the_same_store_gives_the_same_bytes(audited: Path, packs: dict[Lang, Pack], lang: Lang, notes: Any) -> None:
    again = made(audited, lang, notes=notes)
    assert pack_html(again) == pack_html(packs[lang])
    assert pack_pdf(again) == pack_pdf(packs[lang])
    assert again.digest == packs[lang].digest


def test_another_period_policy_or_note_gives_another_digest(audited: Path, packs: dict[Lang, Pack]) -> None:
    digests = {packs[Lang.JA].digest, made(audited).digest, made(audited, policy=None).digest,
               made(audited, Lang.EN).digest, made(audited, when=period("2026-06-09")).digest}
    assert len(digests) == 5


def text_of(pack: Pack, number: int) -> str:
    """Everything that a section says."""
    return json.dumps([repr(b) for b in pack.sections[number - 1].blocks], ensure_ascii=False)


def test_fifteen_sections_each_with_the_facts_of_its_page(packs: dict[Lang, Pack]) -> None:
    document = pack_html(packs[Lang.JA])
    sections = re.findall(r'<section id="s(\d+)">(.*?)</section>', document, re.S)
    assert [int(n) for n, _ in sections] == list(range(1, 16))
    for number, text in sections:
        assert POLICY.digest in text
        assert "2026-06-10 00:00+09:00 - 2026-06-11 00:00+09:00" in text
        assert "sekisho " in text
        assert ("#q" in text) == bool(packs[Lang.JA].sections[int(number) - 1].queries)


def test_not_observed_is_never_no_violation(audited: Path) -> None:
    quiet = made(audited, Lang.EN, period("2026-01-01", "2026-01-02"))
    for number in (1, 2, 5):
        assert "not observed" in text_of(quiet, number) or "not recorded" in text_of(quiet, number)
    for pack in (quiet, made(audited, Lang.EN)):
        said = " ".join(text_of(pack, n) for n in range(1, 16)).lower()
        assert "no violations" not in said
        assert "compliant" not in said
    cells = next(b for b in made(audited, Lang.EN).sections[4].blocks if isinstance(b, Matrix))
    by_pair = {(a, b): cells.cells[y][x] for y, a in enumerate(cells.labels) for x, b in enumerate(cells.labels)}
    assert by_pair["dmz", "lgwan"].text == "not observed"
    assert by_pair["mynumber", "internet"].text.startswith("1 (1/1)")


def test_minutes_of_coverage_are_those_of_the_period(packs: dict[Lang, Pack]) -> None:
    grid = next(b for b in packs[Lang.EN].sections[1].blocks if isinstance(b, Grid))
    rows = {(r[0], r[1]): r[2:5] for r in grid.rows}
    assert rows["lgwan", "inet"] == ("360", "0", "1,080")
    assert rows["mynumber", "internet"] == ("180", "180", "1,080")
    assert rows["dmz", "lgwan"] == ("0", "0", "1,440")


def test_the_register_knows_what_is_unused_expired_and_used(packs: dict[Lang, Pack], audited: Path) -> None:
    grid = next(b for b in packs[Lang.EN].sections[3].blocks if isinstance(b, Grid))
    state = {row[0]: (row[-1], tone) for row, tone in zip(grid.rows, grid.tones, strict=True)}
    assert state["C01"] == ("in use", "good")
    assert state["C06"] == ("no use on record for 200 days, path not observed in the period", "unseen")
    assert state["C09"] == ("in use", "good"), "60 days are no 90"
    assert state["C02"] == ("no use on record, path not observed in the period", "unseen")
    assert "of the 90 days before the end of the period 2 are on record" in grid.caption
    later = made(audited, Lang.EN, period("2026-10-13", "2026-10-14"))
    grid = next(b for b in later.sections[3].blocks if isinstance(b, Grid))
    assert "review date passed" in next(row[-1] for row in grid.rows if row[0] == "C10")


def test_answers_and_deadlines(packs: dict[Lang, Pack]) -> None:
    performance, found = text_of(packs[Lang.EN], 8), packs[Lang.EN].sections[8]
    assert "3 / 5" in performance, "three of five alerts have an action"
    assert "(MTTA)', '0:00:" in performance
    assert "3(1)" in performance
    grid = next(b for b in found.blocks if isinstance(b, Grid))
    rows = {row[0]: row for row in grid.rows}
    assert set(rows) == {"1", "2", "4"}, "critical and high"
    assert rows["1"][7] == "closed"
    assert rows["2"][10] == "-", "integrity has no report to the commission"
    early, late = (dt.date.fromisoformat(rows["1"][k][:10]) for k in (10, 11))
    assert (late - early).days == 55, "60 days where it was malicious"
    early, late = (dt.date.fromisoformat(rows["4"][k][:10]) for k in (10, 11))
    assert (late - early).days == 25


def test_what_people_wrote_is_there_and_the_rest_is_not_recorded(packs: dict[Lang, Pack], audited: Path) -> None:
    assert "監査室" in text_of(packs[Lang.JA], 1)
    assert "C10の見直し期限" in text_of(packs[Lang.JA], 14)
    assert "合格" in text_of(packs[Lang.JA], 11)
    bare = made(audited, Lang.EN)
    for number in (3, 10, 11, 13, 14):
        assert any(getattr(b, "missing", False) for b in bare.sections[number - 1].blocks), number


class Reading(HTMLParser):
    """Collects elements and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.mark.parametrize("lang", list(Lang))
def test_hostile_text_stays_text_and_nothing_is_loaded(packs: dict[Lang, Pack], lang: Lang) -> None:
    document, reader = pack_html(packs[lang]), Reading()
    reader.feed(document)
    tags = {tag for tag, _ in reader.seen}
    assert not tags & {"script", "link", "img", "iframe", "object", "form", "base"}
    for _, attributes in reader.seen:
        assert not any(name.startswith("on") for name in attributes)
        assert all(value is None or not re.match(r"(https?:|javascript:|data:|//)", value)
                   for name, value in attributes.items() if name in ("href", "src"))
    assert html.escape(HOSTILE[:25]) in document.replace("&#39;", "&#x27;").replace("&#34;", "&quot;")
    assert "\u202e" not in document
    assert "\x07" not in document
    assert "\\u202e" in document


def test_the_pdf_survives_hostile_text_and_long_tables(packs: dict[Lang, Pack]) -> None:
    for pack in packs.values():
        data = pack_pdf(pack)
        assert data.startswith(b"%PDF-")
        assert b"HeiseiKakuGo-W5" in data
        assert b"/JavaScript" not in data


def test_every_query_only_reads_and_is_in_the_manifest(packs: dict[Lang, Pack]) -> None:
    pack = packs[Lang.EN]
    assert len(pack.queries) >= 15
    assert {q for s in pack.sections for q in s.queries} == {q.number for q in pack.queries}
    for asked, kept in zip(pack.queries, pack.manifest["queries"], strict=True):
        assert asked.sql.lstrip().upper().startswith("SELECT")
        assert kept["sha256"] == asked.digest
    assert set(pack.manifest["sections"]) == {str(n) for n in range(1, 16)}


def test_a_store_without_coverage_and_policy_says_so(audited: Path) -> None:
    pack = made(audited, Lang.EN, period("2025-11-20", "2025-11-25"), policy=None)
    assert "not recorded" in text_of(pack, 2)
    for number in (4, 6, 7):
        assert "No policy file was given" in text_of(pack, number)


@pytest.mark.parametrize(("since", "until"), [("2026-06-31", "2026-07-01"), ("yesterday", "2026-06-01"),
                                              ("2026-06-02", "2026-06-01"), ("1500-01-01", "2026-01-01"),
                                              ("2026-01-01T10:00+09:00", "2026-01-01T10:00+09:00")])
def test_a_wrong_period_is_refused(since: str, until: str) -> None:
    with pytest.raises(UsageError):
        period_of(since, until, "Asia/Tokyo")


def test_days_begin_where_the_people_are() -> None:
    assert str(period()) == "2026-06-10 00:00+09:00 - 2026-06-11 00:00+09:00"
    assert period().minutes == 1440
    assert period_of("2026-03-29", "2026-03-29", "Europe/Berlin").minutes == 23 * 60, "summer time begins on it"


@pytest.mark.parametrize(("text", "named"), [
    ("[scop]\ntitle = 'x'", "scope"), ("[scope]\ntitel = 'x'", "title"), ("scope = 1", "section"),
    ("[clock]\ntext = 3", "text"), ("[tests]\nresults = 'x'", "results"), ("[[tests.results]]\nnam = 'x'", "name"),
    ("[incidents]\nmalicious = ['x']", "malicious"), ("[", "TOML")])
def test_wrong_annotations_are_refused_with_the_place(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "notes.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=named):
        read_annotations(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_annotations(tmp_path / "missing.toml")


def test_the_documentation_names_every_key_of_the_annotations() -> None:
    page = (Path(__file__).parents[2] / "docs" / "audit.md").read_text("utf-8")
    for section, keys in KEYS.items():
        assert f"[{section}]" in page
        for key in keys:
            assert f"`{key}`" in page, (section, key)
