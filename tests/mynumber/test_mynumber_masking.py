"""Numbers in stored text are masked however they are escaped, and nothing else is."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from columns import text_values
from columns.protocols.fileinfo import FILEINFO
from columns.protocols.http import HTTP
from detectors.mynumber.masking import Masking
from sensor.protocols.shown import shown
from tests.support.numbers import WIDE

NUMBER = "123456789018"
STAMP = "202606101104"  # its check digit is right; it is a time
WIDE_NUMBER = NUMBER.translate(WIDE)
ESCAPED = {
    "percent": quote(WIDE_NUMBER), "percent, small letters": quote(WIDE_NUMBER).lower(),
    "percent, every byte": "".join(f"%{ord(c):02X}" for c in NUMBER),
    "percent, cp932": quote_from_bytes(WIDE_NUMBER.encode("cp932")),
    "percent, euc-jp": quote_from_bytes(WIDE_NUMBER.encode("euc_jp")),
    "bytes of cp932": shown(WIDE_NUMBER.encode("cp932")), "bytes of euc-jp": shown(WIDE_NUMBER.encode("euc_jp")),
    "json": json.dumps(WIDE_NUMBER)[1:-1], "json in json": json.dumps(json.dumps(WIDE_NUMBER))[1:-1],
    "html, hexadecimal": "".join(f"&#x{ord(c):X};" for c in WIDE_NUMBER),
    "html, decimal": "".join(f"&#{ord(c)};" for c in WIDE_NUMBER),
    "html, ascii": "".join(f"&#{ord(c)};" for c in NUMBER),
    "quoted-printable": "".join(f"={b:02X}" for b in WIDE_NUMBER.encode()),
    "groups": "1234+5678+9018", "groups, percent": "1234%205678%209018",
    "groups, full-width": quote("１２３４－５６７８－９０１８"), "behind an escaped space": f"%20{NUMBER}",
    "behind a line": f"\\u000a{NUMBER}", "some digits escaped": "1234%35678%39018",
    "json in json in json": json.dumps(json.dumps(json.dumps(WIDE_NUMBER)))[1:-1],
}


def masked(value: str, *, column: str = "url") -> tuple[str, int]:
    """A value as it is stored, and how many numbers were masked."""
    masking = Masking()
    table = HTTP if column == "url" else FILEINFO
    (after,) = text_values(getattr(masking.masked(table, table.from_rows([{column: value}])), column))
    return after, masking.counted


@pytest.mark.parametrize("kind", ESCAPED)
def test_every_escape_is_seen_through(kind: str) -> None:
    value = f"/kojin?a=%41&v={ESCAPED[kind]}&at={STAMP}"
    after, counted = masked(value)
    assert counted == 1
    assert len(after) == len(value)
    assert after.startswith("/kojin?a=%41&v=")
    assert after.endswith(f"&at={STAMP}")
    left = after.removeprefix("/kojin?a=%41&v=").removesuffix(f"&at={STAMP}")
    assert not any(c.isdigit() for c in left.replace("%20", "").replace("\\u000a", "").replace("%EF%BC%8D", ""))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(ESCAPED)), st.text("abc 字/\\\"&%+=;", max_size=20), st.text(" /\\\"&%+字", max_size=20))
def test_json_stays_json(kind: str, before: str, behind: str) -> None:
    number = ESCAPED[kind] if not kind.startswith(("json", "bytes", "behind a line")) else WIDE_NUMBER
    value = json.dumps({"a": [f"{before}、{number}、{behind}"], "n": int(NUMBER)})
    after, counted = masked(value, column="http")
    assert counted == 1
    told = json.loads(after)
    assert told["n"] == int(NUMBER), "a quantity is none"
    assert told["a"][0].startswith(f"{before}、")
    assert told["a"][0].endswith(f"、{behind}")


@settings(max_examples=200, deadline=None)
@given(st.text("0123456789%\\xu&#;=+ABCDEFabcdef１２３", max_size=60))
def test_other_text_is_left_as_it_is(value: str) -> None:
    after, counted = masked(value)
    assert counted or after == value
    assert len(after) == len(value)


def test_a_long_value_is_read_to_its_end() -> None:
    value = "/" + "%41" * 70_000 + f"?v={quote(WIDE_NUMBER)}&" + "%42" * 50_000
    after, counted = masked(value)
    assert counted == 1
    assert after.count("*") == len(quote(WIDE_NUMBER))


def test_many_numbers_in_one_value_are_all_masked() -> None:
    value = " ".join([quote(WIDE_NUMBER)] * 3000)
    after, counted = masked(value)
    assert counted >= 3000
    assert set(after) == {"*", " "}


def test_a_number_written_plainly_beside_an_escape_is_counted_once() -> None:
    assert masked(f"/a%20b?v={NUMBER}") == (f"/a%20b?v={'*' * 12}", 1)
    assert html.unescape(masked(f"&amp;{NUMBER};")[0]) == f"&{'*' * 12};"
