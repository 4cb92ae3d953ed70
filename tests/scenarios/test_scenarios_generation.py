"""The generators make the bytes that the manifest says, each time and anywhere, and nothing that is not fictional."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import subprocess
import sys
from pathlib import Path

import dpkt
import pytest

from pcaps.__main__ import main
from pcaps.dice import Dice
from pcaps.manifest import MANIFEST, README, cached, load_manifest, sealed, with_table
from pcaps.scenarios import NAMES, generate
from pcaps.scene import clock

ROOT = Path(__file__).parents[2]
MANIFEST_ROWS = load_manifest()
FICTIONAL = [ipaddress.ip_network(n) for n in (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "192.0.2.0/24", "198.51.100.0/24",
    "203.0.113.0/24", "198.18.0.0/15", "169.254.0.0/16",
    "224.0.0.0/4", "0.0.0.0/32", "255.255.255.255/32", "2001:db8::/32", "2002:a00::/24", "fe80::/10",
    "ff00::/8")]


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_is_byte_identical_each_time_and_as_the_manifest_says(name):
    row = MANIFEST_ROWS[name]
    first, second = generate(name, row.seed), generate(name, row.seed)
    capture = first.capture()
    assert capture == second.capture()
    assert hashlib.sha256(capture).hexdigest() == row.sha256
    assert len(first.timed) == row.packets


def test_another_process_elsewhere_makes_the_same_bytes(tmp_path):
    env = {**os.environ, "TZ": "America/New_York", "LC_ALL": "C", "PYTHONHASHSEED": "77", "PYTHONUTF8": "0",
           "PYTHONIOENCODING": "utf-8"}
    subprocess.run([sys.executable, "-m", "pcaps", str(tmp_path), "--only", "unattributed", "--only", "fragments"],
                   cwd=ROOT, env=env, check=True, capture_output=True, timeout=60)
    for name in ("unattributed", "fragments"):
        assert hashlib.sha256((tmp_path / f"{name}.pcap").read_bytes()).hexdigest() == MANIFEST_ROWS[name].sha256
    assert len(list(tmp_path.iterdir())) == 2


def test_another_seed_makes_other_bytes():
    assert generate("port_scan", 1).capture() != generate("port_scan", 2).capture()


@pytest.mark.parametrize("name", NAMES)
def test_frames_are_in_order_of_time_on_the_day_of_the_scenario(name, capture_of):
    with capture_of(name).open("rb") as file:
        times = [ts for ts, _ in dpkt.pcap.Reader(file)]
    assert times == sorted(times)
    assert times[-1] - times[0] < (5 * 7 * 86400 if name.startswith("above_usual") else 15 * 3600)
    assert clock("00:00") / 1e6 < times[0] < clock("00:00") / 1e6 + 200 * 86400


@pytest.mark.parametrize("name", NAMES)
def test_only_fictional_addresses_appear(name, capture_of):
    seen = set()
    with capture_of(name).open("rb") as file:
        for _, frame in dpkt.pcap.Reader(file):
            packet = dpkt.ethernet.Ethernet(frame).data
            while isinstance(packet, (dpkt.ip.IP, dpkt.ip6.IP6)):
                seen |= {packet.src, packet.dst}
                packet = packet.data
    addresses = [ipaddress.ip_address(a) for a in seen]
    assert len(addresses) >= 2
    assert [str(a) for a in addresses if not any(a in net for net in FICTIONAL)] == []


def test_the_manifest_has_one_row_for_each_scenario_with_words_in_both_languages():
    assert tuple(MANIFEST_ROWS) == NAMES
    for row in MANIFEST_ROWS.values():
        assert row.ja
        assert row.en.isascii()
        assert (ROOT / row.policy).is_file()
        assert all(1 <= number <= 32 for number in row.zones)


def test_manifest_and_readme_are_sealed():
    text = MANIFEST.read_text("utf-8")
    assert sealed(text) == text, "run python -m pcaps --seal"
    readme = README.read_text("utf-8")
    assert with_table(readme) == readme, "run python -m pcaps --seal"


def test_sealing_mends_a_wrong_row_and_no_other():
    text = MANIFEST.read_text("utf-8")
    row = MANIFEST_ROWS["udp_flood"]
    assert sealed(text.replace(row.sha256, "00").replace(f"packets = {row.packets}\nsha", "packets = 1\nsha")) == text


def test_a_damaged_capture_in_the_cache_is_made_again(tmp_path):
    row = MANIFEST_ROWS["out_of_hours"]
    path = cached(row, tmp_path)
    good = path.read_bytes()
    path.write_bytes(good[:-1])
    assert cached(row, tmp_path).read_bytes() == good


def test_a_capture_in_the_cache_is_used_as_it_is(tmp_path):
    row = MANIFEST_ROWS["out_of_hours"]
    before = cached(row, tmp_path).stat().st_mtime_ns
    assert cached(row, tmp_path).stat().st_mtime_ns == before


def test_the_command_writes_what_is_asked_for(tmp_path, capsys):
    assert main([str(tmp_path / "out"), "--only", "out_of_hours"]) == 0
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["out_of_hours.pcap"]
    assert f"{MANIFEST_ROWS['out_of_hours'].packets:,} packets" in capsys.readouterr().out


def test_the_command_lists_without_writing_or_loading_scapy(tmp_path):
    code = "import sys; from pcaps.__main__ import main; main(['--list']); assert 'scapy' not in sys.modules"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, check=True, capture_output=True,
                         encoding="utf-8", timeout=60)
    assert [line.split()[0] for line in run.stdout.splitlines()] == list(NAMES)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("arguments", "code", "said"), [
    (["out", "--only", "no-such"], 2, "no scenario 'no-such'"), (["out"], 1, "out"),
])
def test_the_command_says_what_is_wrong(arguments, code, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").write_text("a file stands where the folder should be")
    assert main(arguments) == code
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert said in error


def test_the_command_wants_a_folder():
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 2


def test_dice_are_splitmix64():
    dice = Dice("any")
    dice.state = 1234567
    assert [dice.bits() for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_dice_stay_in_range_and_gaps_have_their_mean():
    dice = Dice("range")
    assert {dice.between(3, 6) for _ in range(200)} == {3, 4, 5, 6}
    assert sorted(dice.shuffled(range(20))) == list(range(20))
    gaps = [dice.gap(10_000) for _ in range(4000)]
    assert min(gaps) >= 0
    assert 9_000 < sum(gaps) / len(gaps) < 11_500
