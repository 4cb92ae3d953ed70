"""The lists of the leak detectors: what comes with the program, what a folder replaces, and what is refused."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from columns.errors import ConfigError
from detectors.leaks.lists import FILES, OLD_DAYS, PACKAGED, load_lists
from detectors.leaks.settings import LeakSettings
from tests.support.zone_stream import ip

GOOD = 'date = 2026-11-01\ntitle = "x"\n[[entry]]\nname = "X"\n'


def test_the_packaged_lists_are_the_known_ones_and_each_says_something():
    lists = load_lists()
    assert {p.stem for p in PACKAGED.glob("*.toml")} == set(FILES) == set(lists.files)
    for known in lists.files.values():
        assert known.entries
        assert known.title
        assert all(e.names or e.ports or e.networks or e.protocols for e in known.entries)
    assert lists.digest == load_lists().digest


@pytest.mark.parametrize(("name", "entry"), [
    ("115.gigafile.nu", "GigaFile"), ("GIGAFILE.NU.", "GigaFile"), ("notgigafile.nu", ""), ("gigafile.nu.example", ""),
    ("nu", ""), ("", "")])
def test_a_name_is_found_with_everything_below_it_and_nothing_beside(name, entry):
    assert load_lists()["storage_sites"].of_name(name) == entry


def test_services_protocols_and_networks_are_found_by_column():
    lists = load_lists()
    proto, port = np.array([6, 17, 6, 6, 1], np.uint8), np.array([5938, 5938, 5939, 21117, 5938], np.uint16)
    names = ["" if n == 0 else lists["remote_access"].entry(n).name
             for n in lists["remote_access"].of_ports(proto, port).tolist()]
    assert names == ["TeamViewer", "TeamViewer", "", "RustDesk", ""]
    assert lists["tunnels"].of_protocols(np.array([50, 6, 51], np.uint8)).astype(bool).tolist() == [True, False, True]
    halves = [ip(a) for a in ("192.168.43.9", "172.20.10.15", "172.20.10.16", "2001:db8::1")]
    hi, lo = (np.array([h[k] for h in halves], np.uint64) for k in (0, 1))
    assert lists["tethering"].of_networks(hi, lo).astype(bool).tolist() == [True, True, False, False]


def test_a_folder_replaces_files_of_the_same_name_only(tmp_path):
    (tmp_path / "tunnels.toml").write_text('date = 2020-01-02\n[[entry]]\nname = "Own"\nports = ["udp/9"]\n')
    lists = load_lists(str(tmp_path))
    assert [e.name for e in lists["tunnels"].entries] == ["Own"]
    assert lists["tunnels"].entries[0].ports == ((17, 9, 9),)
    assert lists["printing"].entries == load_lists()["printing"].entries
    assert lists.digest != load_lists().digest


def test_an_old_list_is_noted(tmp_path):
    (tmp_path / "tunnels.toml").write_text('date = 2020-01-02\n[[entry]]\nname = "Own"\nports = ["udp/9"]\n')
    day = load_lists()["printing"].date
    assert [n.split()[1] for n in load_lists(str(tmp_path)).notes(day)] == ["tunnels"]
    assert load_lists().notes(day + dt.timedelta(days=OLD_DAYS)) == []
    assert len(load_lists().notes(day + dt.timedelta(days=OLD_DAYS + 1))) == len(FILES)


@pytest.mark.parametrize(("text", "said"), [
    ("date = 2026-11-01\n[[entry", "cannot be read"), ('date = "2026-11-01"\n', "date is '2026-11-01'"),
    ("[[entry]]\nname = 'x'\n", "date is None"), (GOOD + "nmaes = ['a']\n", "unknown key nmaes"),
    ("date = 2026-11-01\n[[entry]]\nports = ['tcp/1']\n", "has no name"),
    (GOOD + "ports = 'tcp/1'\n", "ports is "
                                                                                                       "'tcp/1'"),
    (GOOD + "ports = ['icmp/1']\n", "'icmp/1' is no service"), (GOOD + "ports = ['tcp/70000']\n", "is no service"),
    (GOOD + "ports = ['tcp/a']\n", "expected ports such as"), (GOOD + "networks = ['10.0.0.1/8']\n", "has host bits "
                                                                                                     "set"),
    (GOOD + "protocols = [256]\n", "not within 0 to 255"), ("date = 2026-11-01\nother = 1\n", "unknown keys"),
])
def test_what_is_wrong_in_a_list_is_told_with_its_place(tmp_path, text, said):
    (tmp_path / "tunnels.toml").write_text(text)
    with pytest.raises(ConfigError) as error:
        load_lists(str(tmp_path))
    assert said in str(error.value)
    assert "tunnels.toml" in str(error.value)


def test_a_file_that_is_no_list_and_a_folder_that_is_none_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="is no folder"):
        load_lists(str(tmp_path / "none"))
    (tmp_path / "tunnel.toml").write_text(GOOD)
    with pytest.raises(ConfigError, match="no list of leak detectors"):
        load_lists(str(tmp_path))


@pytest.mark.parametrize("values", [{"quiet_s": 0}, {"stone_pairs": 100}, {"monitors": ("10.0.0.1/8",)},
                                    {"upload_ratio": 0.5}, {"peers": 1.5}])
def test_settings_out_of_range_are_refused(values):
    with pytest.raises(ConfigError, match="leaks"):
        LeakSettings(**values)
