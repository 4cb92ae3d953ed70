"""What is found in payload, how it is scored, and that the number itself goes nowhere."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
import zlib
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from columns import PACKET
from columns.app import AppProto
from columns.codes import Outcome, Severity
from columns.errors import ConfigError
from columns.said import FlowFacts, Moment, Step
from detectors.mynumber import MyNumberDetector, MyNumberSettings
from detectors.mynumber.scanning import Scanner
from tests.support.leaking import FAR, INET, LGWAN, MINE, leaks, pieces, scored
from tests.support.numbers import ENCODINGS, WIDE, encoded, number, wrong_number
from tests.support.payloads import Talk
from tests.support.traffic import ACK, PSH
from zones import EXAMPLE, load_policy

POLICY = load_policy(EXAMPLE)
NUMBER = "123456789018"
SEPARATORS = (" ", "-", ".", "　", "－", "．", "ー")
LETTER = "氏名：架空花子\n個人番号：{}\n住所：架空市\n"


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("shape", ["{}", "wide", "4-4-4"])
def test_a_keyword_nearby_scores_high_in_every_encoding(encoding: str, shape: str) -> None:
    shown = {"{}": NUMBER, "wide": NUMBER.translate(WIDE), "4-4-4": "1234-5678-9018"}[shape]
    alert, = scored(encoded(LETTER.format(shown), encoding))
    assert (alert["signature_id"], alert["measured"], alert["outcome"]) == (900191, 1, Outcome.ESTABLISHED)
    assert "a keyword beside them" in alert["why"]
    assert "キーワードが近接" in alert["why_ja"]


@pytest.mark.parametrize("word", ["個人番号", "マイナンバー", "ﾏｲﾅﾝﾊﾞｰ", "My Number", "my_number", "MYNUMBER"])
def test_every_keyword_counts(word: str) -> None:
    assert scored(f"{word},{NUMBER}".encode())
    assert scored(f"{NUMBER} {word}".encode())


@pytest.mark.parametrize(("between", "near"), [(0, True), (299, True), (302, False)])
@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16-le"])
def test_a_keyword_counts_within_300_characters(between: int, near: bool, encoding: str) -> None:
    assert bool(scored(f"個人番号{'字' * between}{NUMBER}\n".encode(encoding))) == near
    assert bool(scored(f"\n{NUMBER}{'字' * between}個人番号".encode(encoding))) == near


def test_ten_numbers_are_a_list_and_nine_are_none() -> None:
    rng = np.random.default_rng(1)
    numbers = [number(rng) for _ in range(10)]
    assert scored("\n".join(numbers[:9]).encode()) == []
    alert, = scored("\n".join(numbers).encode())
    assert (alert["measured"], alert["threshold"]) == (10, 10)
    assert "a list" in alert["why"]
    assert scored("\n".join([numbers[0]] * 50).encode()) == [], "the same number is one number"


def test_a_list_in_which_most_check_digits_are_wrong_is_none() -> None:
    rng = np.random.default_rng(2)
    lines = [number(rng) if k % 5 in (2, 4) else wrong_number(rng) for k in range(50)]
    assert scored("\n".join(lines).encode()) == []
    assert scored("\n".join([*lines, *(number(rng) for _ in range(10))]).encode())


def test_a_list_behind_much_else_is_found() -> None:
    rng = np.random.default_rng(3)
    noise = [wrong_number(rng) if k % 10 else number(rng) for k in range(500)]
    assert scored("\n".join(noise).encode()) == []
    assert scored("\n".join([*noise, *(number(rng) for _ in range(12))]).encode())


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), encoding=st.sampled_from(ENCODINGS), wide=st.booleans())
@example(seed=6209, encoding="iso2022_jp", wide=False)  # cut within the escape sequence before the number
def test_cut_anywhere_a_number_is_found_once(seed: int, encoding: str, wide: bool) -> None:
    rng = np.random.default_rng(seed)
    shown = NUMBER.translate(WIDE) if wide else NUMBER
    text = "字" * int(rng.integers(0, 200)) + "個人番号" + "、" * int(rng.integers(1, 100)) + shown + "。" * 20
    data = encoded(text, encoding)
    alert, = scored(data, pieces(rng, len(data), int(rng.integers(0, 30))))
    assert alert["measured"] == 1


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_keyword_behind_a_number_is_found_across_packets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, between = "x" * int(rng.integers(0, 900)), "字" * int(rng.integers(0, 290))
    data = f"{before}\n{NUMBER}\n{between}個人番号です".encode()
    assert len(scored(data, pieces(rng, len(data), int(rng.integers(1, 12))))) == 1


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 10_000), encoding=st.sampled_from(ENCODINGS),
       shape=st.sampled_from(["{}", "wide", *SEPARATORS]), frame=st.sampled_from(["mail", "json", "bare"]))
@example(seed=94, encoding="iso2022_jp", shape="wide", frame="mail")
def test_base64_in_raw_payload_is_read_across_packets(seed: int, encoding: str, shape: str, frame: str) -> None:
    rng = np.random.default_rng(seed)
    shown = shape.join((NUMBER[:4], NUMBER[4:8], NUMBER[8:])) if shape in SEPARATORS else NUMBER
    shown = shown.translate(WIDE) if shape == "wide" or not (shown.isascii() or encoding != "iso2022_jp") else shown
    letter = f"個人番号：{'、' * int(rng.integers(0, 90))}{shown}\n住所"
    if rng.integers(2):
        letter = f"{shown}{'、' * int(rng.integers(1, 90))}個人番号"
    text = encoded(f"{'前' * int(rng.integers(60, 400))}、{letter}{'後' * int(rng.integers(60, 400))}", encoding)
    coded = base64.b64encode(text)
    data = {"mail": b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(text).replace(b"\n", b"\r\n"),
            "json": b'{"data":"' + coded + b'"}', "bare": coded}[frame]
    alert, = scored(data, np.cumsum(rng.integers(130, 900, 20)).tolist())
    assert "in base64" in alert["why"]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_number_between_characters_of_the_base64_alphabet_is_plain_text(seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = b"/mynumber/" + b"abc/" * int(rng.integers(20, 60)) + NUMBER.encode() + b"/de" * int(rng.integers(20, 90))
    alert, = scored(data, np.cumsum(rng.integers(61, 300, 4)).tolist())
    assert "written in ascii;" in alert["why"]


def packed_files() -> dict[str, bytes]:
    """The letter in everything that is unpacked."""
    text = LETTER.format(NUMBER).encode()
    archive, document = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("other.txt", b"nothing" * 100)
        file.writestr("letter.txt", text)
    with zipfile.ZipFile(document, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/document.xml", "<w:document><w:p><w:r><w:t>個人番号</w:t></w:r><w:r><w:t>1234</w:t></w:r>"
                      "<w:r><w:t>56789018</w:t></w:r></w:p></w:document>")
    streamed = zlib.compressobj(wbits=-15)
    body = streamed.compress(text) + streamed.flush()
    header = b"PK\x03\x04\x14\x00\x08\x00\x08\x00" + bytes(16) + b"\x05\x00\x00\x00" + b"a.txt"
    return {
        "gzip": gzip.compress(text), "zlib": zlib.compress(text), "zip": archive.getvalue(),
        "docx with a number in two runs": document.getvalue(),
        "zip written as a stream": header + body + b"PK\x07\x08" + bytes(12),
        "zip in base64": b"prefix " + base64.b64encode(archive.getvalue()),
        "form": b"name=" + quote(LETTER.format(NUMBER)).encode(), "plain": text,
        "form, full-width": b"v=" + quote(LETTER.format(NUMBER.translate(WIDE))).encode(),
        "form, cp932": b"v=" + quote(LETTER.format(NUMBER).encode("cp932")).encode(),
        "json": json.dumps({"個人番号": NUMBER}).encode(),
    }


def step(name: str, data: bytes, number: int = 5) -> Step:
    """A buffer as a parser shows it, completed by a packet of the talk of ``stepping``."""
    flow = FlowFacts(stepping_flow(), _ip(MINE), _ip(FAR), 4000, 80, 6, 0)
    return Step(flow, Moment(1, number), AppProto.HTTP, 0, True, ((name, data),))


def _ip(text: str) -> int:
    from columns.address import address_int

    return address_int(text)


def stepping() -> Talk:
    """A connection that says nothing of interest."""
    return Talk().connection(0, MINE, 4000, FAR, 80, b"POST / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n")


def stepping_flow() -> int:
    """Id of the flow of ``stepping``."""
    from tests.support.traffic import joined

    return int(next(joined(stepping().packets()[0]))[0].flow_id[0])


@pytest.mark.parametrize("kind", packed_files())
@pytest.mark.parametrize("name", ["http.request_body", "file.data"])
def test_what_parsers_decode_is_unpacked(kind: str, name: str) -> None:
    found = leaks(MyNumberDetector(), stepping(), steps=[step(name, packed_files()[kind])])
    assert {row["signature_id"] for row in found} == {900191}
    assert found[0]["outcome"] == Outcome.ESTABLISHED, "the flow of the buffer is known"
    assert name in found[0]["why"]


def test_a_body_that_is_shown_as_file_too_is_looked_into_once() -> None:
    body = LETTER.format(NUMBER).encode() * 50
    detector = MyNumberDetector()
    found = leaks(detector, stepping(), steps=[step("http.request_body", body), step("file.data", body[:500])])
    assert {row["measured"] for row in found} == {1}
    assert "http.request_body" in found[0]["why"]
    counts = detector.counters()
    assert (counts["bytes_decoded"], counts["bytes_shown_again"]) == (len(body), 500)
    other = MyNumberDetector()
    assert leaks(other, stepping(), steps=[step("http.request_body", b"nothing"), step("file.data", body)])
    assert other.counters()["bytes_shown_again"] == 0


def test_many_buffers_at_once_tell_the_same_as_one_by_one() -> None:
    rng, kinds = np.random.default_rng(5), list(packed_files().values())
    buffers = [kinds[k] for k in rng.integers(0, len(kinds), 40)]
    buffers += [b"-" * size + LETTER.format(number(rng)).encode() for size in (70_000, 300_000, 0, 262_000)]
    steps = [step("file.data", buffers[k])._replace(at=Moment(1, 5 + n), tx_id=n)
             for n, k in enumerate(rng.permutation(len(buffers)))]
    scanner = Scanner(MyNumberSettings(), keep=True)
    together = scanner.scan(PACKET.none, (), steps).candidates
    apart = [scanner.scan(PACKET.none, (), [one]).candidates for one in steps]
    for n, candidates in enumerate(apart):
        candidates["row"] -= n
    assert together.size >= len(buffers)
    names = ["row", "packet_number", "document", "flow_id", "upward", "value", "offset", "form", "wrap", "keyword"]
    assert together[names].tolist() == np.concatenate(apart)[names].tolist()


def test_unpacking_ends_at_its_budget() -> None:
    detector = MyNumberDetector(None, MyNumberSettings(unpacked_kib=64))
    bomb = gzip.compress(bytes(50_000_000) + LETTER.format(NUMBER).encode())
    assert leaks(detector, stepping(), steps=[step("file.data", bomb)]) == []
    counts = detector.counters()
    assert counts["buffers_cut_short"] == 1
    assert counts["bytes_decoded"] < 64 * 1024 + len(bomb) + 1
    assert leaks(MyNumberDetector(None, MyNumberSettings(decoded=False)), stepping(),
                 steps=[step("file.data", gzip.compress(LETTER.format(NUMBER).encode()))]) == []


@pytest.mark.parametrize(("src", "dst", "severity"), [
    (MINE, FAR, Severity.CRITICAL), (MINE, LGWAN, Severity.CRITICAL), (LGWAN, FAR, Severity.CRITICAL),
    (LGWAN, INET, Severity.HIGH), (INET, FAR, Severity.HIGH), (INET, "10.30.2.45", Severity.MEDIUM),
    (FAR, "10.31.0.80", Severity.MEDIUM)])
def test_zones_make_the_severity(src: str, dst: str, severity: Severity) -> None:
    talk = Talk().connection(0, src, 4000, dst, 80, LETTER.format(NUMBER).encode(), b"ok")
    assert leaks(MyNumberDetector(POLICY), talk)[-1]["severity"] == severity


def test_the_answer_leaks_as_well_as_the_question() -> None:
    talk = Talk().connection(0, LGWAN, 4000, MINE, 80, b"GET /list", LETTER.format(NUMBER).encode())
    row = leaks(MyNumberDetector(POLICY), talk)[-1]
    assert row["severity"] == Severity.CRITICAL
    assert "sent by the responder" in row["why"]


def test_within_its_own_zone_a_number_is_no_leak() -> None:
    detector = MyNumberDetector(POLICY)
    talk = Talk().connection(0, MINE, 4000, "10.10.5.10", 80, LETTER.format(NUMBER).encode(), b"ok")
    assert leaks(detector, talk) == []
    assert detector.counters()["numbers_at_home"] == 1


def test_a_guessed_direction_or_an_unanswered_flow_is_never_critical() -> None:
    talk = Talk()
    for k in range(2):
        talk.segment(k, MINE, 4000, FAR, 80, LETTER.format(NUMBER).encode(), ACK | PSH)
    found = leaks(MyNumberDetector(POLICY), talk)
    assert found
    assert all(row["severity"] > Severity.CRITICAL for row in found)


def test_datagrams_are_looked_into() -> None:
    assert scored(LETTER.format(NUMBER).encode(), udp=True)


def test_right_check_digits_alone_are_counted_and_told_only_on_request() -> None:
    text = f"order {NUMBER} shipped".encode()
    quiet = MyNumberDetector()
    assert scored(text, detector=quiet) == []
    assert quiet.counters()["right_check_digits"] == 1
    alert, = scored(text, detector=MyNumberDetector(None, MyNumberSettings(report="all")))
    assert (alert["signature_id"], alert["severity"]) == (900192, Severity.LOW)


def everything(seed: int) -> Talk:
    """Leaks of several senders, some in several flows, with quiet times between."""
    rng, talk = np.random.default_rng(seed), Talk()
    for k in range(14):
        src, dst = (MINE, LGWAN, INET)[rng.integers(3)], (FAR, LGWAN, MINE)[rng.integers(3)]
        if src == dst:
            continue
        text = "\n".join(number(rng) for _ in range(int(rng.integers(1, 30))))
        text = ("個人番号\n" if rng.integers(2) else "番号\n") + text
        data = encoded(text, ENCODINGS[rng.integers(5)])
        talk.connection(k * float(rng.choice([1, 300, 900])), src, 5000 + k % 9, dst, int(rng.choice([80, 21])), data,
                        data if rng.integers(2) else b"ok", pieces(rng, len(data), 6))
    return talk


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_same_in_whatever_portions(seed: int) -> None:
    talk, rng = everything(seed), np.random.default_rng(seed)
    whole = leaks(MyNumberDetector(POLICY), talk)
    for cuts in (range(1, 4000), rng.integers(1, len(talk.rows), 5).tolist()):
        assert sorted(map(repr, leaks(MyNumberDetector(POLICY), talk, cuts))) == sorted(map(repr, whole))


def test_memory_is_bounded_and_losses_are_counted() -> None:
    rng = np.random.default_rng(9)
    detector = MyNumberDetector(None, MyNumberSettings(leaks=16, lists=64, lanes=64, numbers=16))
    talk = Talk()
    for k in range(200):
        text = "個人番号\n" + "\n".join(number(rng) for _ in range(40))
        talk.connection(k / 10, f"10.10.2.{k % 250}", 5000 + k, FAR, 80, text.encode(), b"ok", [40])
    found = leaks(detector, talk)
    counts = detector.counters()
    assert counts["leaks_ended_early"] > 0
    assert counts["numbers_not_told_one_by_one"] > 0
    assert all(row["measured"] <= 16 for row in found)
    assert "at least 16" in found[-1]["why"]


def test_marks_know_equal_numbers_and_need_the_key(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef0123456789abcdef")
    keyed = MyNumberSettings(key_file=str(key))
    data = LETTER.format(NUMBER).encode()
    first, second = (scored(data, detector=MyNumberDetector(None, keyed))[0] for _ in range(2))
    other = scored(LETTER.format("012345678903").encode(), detector=MyNumberDetector(None, keyed))[0]
    mark = first["why"].split("marks ")[1]
    assert mark in second["why"]
    assert mark not in other["why"]
    assert "marks" not in scored(data)[0]["why"]
    for text, path in (("short", key), ("", tmp_path / "missing")):
        if text:
            path.write_text(text)
        with pytest.raises(ConfigError):
            MyNumberDetector(None, MyNumberSettings(key_file=str(path)))


def test_no_alert_and_no_state_holds_a_number() -> None:
    detector = MyNumberDetector(POLICY)
    found = leaks(detector, Talk().connection(0, MINE, 4000, FAR, 80, LETTER.format(NUMBER).encode(), b"ok"))
    assert NUMBER not in repr(found)
    assert NUMBER not in repr(detector.counters())
    assert int(NUMBER) not in detector.scanner_._out["value"]
    assert int(NUMBER) not in detector.scanner_.rings["tags"]
