"""After a replay in which Individual Numbers were found, nothing that was written or shown holds one of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pcaps.city import CITY, far
from pcaps.dice import Dice
from pcaps.scenarios.numbers import individual_number, mail_with_file, mynumber_in_clear, post
from pcaps.scene import SECOND, Scene, clock
from pcaps.session import Session
from storage import open_store
from tests.support.clickhouse_listeners import WRITER_PASSWORD

DICE = Dice("numbers", 3)
TIME = "202606101104"
NUMBERS = [individual_number(DICE) for _ in range(6)]


@pytest.fixture(scope="session")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario, and numbers where parsers keep text: addresses, names, subjects, commands."""
    scene = Scene("numbered", 4)
    start = clock("10:00")
    mynumber_in_clear(scene, start)
    client, server = CITY.lgwan_desks[1], CITY.lgwan_asp
    post(scene, start + 70 * SECOND, client, server, f"/kojin?mynumber={NUMBERS[0]}&at={TIME}",
         f"個人番号={NUMBERS[1]}".encode(), "text/plain")
    mail_with_file(scene, start + 80 * SECOND, CITY.inet_mail, CITY.cloud_mail, f"{NUMBERS[2]}.csv",
                   f"マイナンバー,{NUMBERS[3]}\r\n".encode("cp932"))
    session = Session(scene, start + 90 * SECOND, client, far("192.0.2.21"), 21).open()
    session.hear(b"220 ready\r\n").say(b"USER soumu\r\n").hear(b"331 password\r\n")
    session.say(f"STOR {'-'.join((NUMBERS[4][:4], NUMBERS[4][4:8], NUMBERS[4][8:]))}.txt\r\n".encode())
    session.hear(f"550 個人番号 {NUMBERS[5]}\r\n".encode()).close()
    path = tmp_path_factory.mktemp("numbered") / "numbered.pcap"
    scene.write(path)
    return path


def spelled(capture: Path) -> list[bytes]:
    """Every number of the capture as bytes that would give it away."""
    found = {text.decode() for text in re.findall(rb"(?<![0-9A-Za-z])\d{12}(?![0-9A-Za-z])", capture.read_bytes())}
    found = found - {TIME} | set(NUMBERS)
    forms = []
    for n in found:
        grouped = [s.join((n[:4], n[4:8], n[8:])) for s in " -."]
        wide = n.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
        forms += [n.encode(), *(g.encode() for g in grouped), wide.encode(), wide.encode("cp932"),
                  json.dumps(wide)[1:-1].encode()]
    return forms


def everything(target: Path | str) -> str:
    """All rows of all tables and views, as text; the store is opened once for all of them."""
    with open_store(target, create=False) as store:
        names = [name for (name,) in store.query(
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND name NOT LIKE '.%'").rows]
        assert {"alert", "alerts", "flow", "http", "smtp"} <= set(names)
        return "".join(row for name in names for (row,) in store.query(
            f"SELECT formatRow('TSV', *) FROM `{name}`").rows)


def test_no_number_is_written_or_shown(cli, numbered, policy, tmp_path) -> None:
    ran = cli("replay", numbered, "--zones", policy, "--store", tmp_path / "store", "--eve", tmp_path / "eve.json")
    assert ran.code == 0
    found = cli("alerts", "--json", "--store", tmp_path / "store")
    shown = [ran.out, ran.err, found.out, *(cli(*c, "--store", tmp_path / "store").out for c in (
        ("alerts",), ("flows", "--json"), ("runs", "--json")))]
    alert = next(a for a in found.rows if a["signature_id"] == 900191)
    shown.append(cli("explain", str(alert["alert_id"]), "--store", tmp_path / "store").out)
    stored = everything(tmp_path / "store")
    assert "/kojin?mynumber=************&at=202606101104" in stored, "masked, and a time is not"
    eve = (tmp_path / "eve.json").read_bytes()
    assert b"************.csv" in eve
    for number in spelled(numbered):
        for name, text in {"store": stored.encode(), "eve": eve, "shown": "".join(shown).encode()}.items():
            assert number not in text, name


def test_no_number_waits_in_the_spool(cli, numbered, policy, tmp_path, monkeypatch, new_clickhouse) -> None:
    monkeypatch.setenv("SEKISHO_STORE_PASSWORD", WRITER_PASSWORD)
    config = tmp_path / "site.toml"
    config.write_text('[spool]\npath = "spool"\nwait_s = 0.5\n')
    server = new_clickhouse()
    server.kill()
    assert cli("replay", numbered, "--zones", policy, "--store", server.url(), "--config", config, "--quiet").code == 0
    waiting = [p for p in (tmp_path / "spool").rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in waiting) > 1000
    raw = b"".join(p.read_bytes() for p in waiting)
    server.start()
    assert cli("spool", "drain", "--config", config, "--json").json["waiting_rows"] == 0
    drained = everything(server.url())
    assert "900191" in drained
    for number in spelled(numbered):
        assert number not in raw
        assert number not in drained.encode()


def test_without_masking_the_address_is_kept_as_it_is(cli, numbered, policy, tmp_path) -> None:
    config = tmp_path / "c.toml"
    config.write_text("[mynumber]\nmask = false\ninspect = \"off\"\n")
    ran = cli("replay", numbered, "--zones", policy, "--config", config, "--no-store", "--eve", tmp_path / "eve.json",
              "--json")
    assert "mynumber" not in ran.json["counters"]
    assert NUMBERS[0].encode() in (tmp_path / "eve.json").read_bytes()
