"""iprep: what files say of addresses, and what rules make of it."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from columns.errors import ConfigError
from detectors.signatures.language.loading import load_rules
from detectors.signatures.language.reputation import Reputation, read_reputation
from sekisho.config import load_settings
from sekisho.rules_loading import load, reputation_of
from sekisho.settings import default_settings
from sekisho.suricata.taking import take_over
from tests.support.frames import ethernet, ipv4, ipv6, tcp, udp
from tests.support.ruled import alerts_of

V4 = 0xFFFF << 32
CATEGORIES = "# of our own\n1,BadHosts,known bad\n2,GoodHosts,known good\n"


def reputation(folder: Path, said: str, categories: str = CATEGORIES) -> Reputation:
    (folder / "categories.txt").write_text(categories)
    (folder / "said.list").write_text(said)
    return read_reputation(folder / "categories.txt", [folder / "said.list"])


def address(text: str) -> int:
    found = ip_address(text)
    return int(found) + (V4 if found.version == 4 else 0)


NETWORKS = st.tuples(st.integers(0, 255), st.integers(24, 32), st.integers(1, 2), st.integers(0, 127)).map(
    lambda x: (ip_network((f"10.0.0.{x[0]}", x[1]), strict=False), x[2], x[3]))


@examples(max_examples=60, deadline=None)
@given(said=st.lists(NETWORKS, max_size=12), host=st.integers(0, 255))
def test_the_longest_prefix_that_says_something_decides(tmp_path_factory, said, host):
    folder = tmp_path_factory.mktemp("rep")
    known = reputation(folder, "".join(f"{network},{category},{score}\n" for network, category, score in said))
    asked = ip_address(f"10.0.0.{host}")
    for category in (1, 2):
        latest = {network: score for network, of, score in said if of == category}
        telling = [n for n in latest if asked in n and latest[n]]
        expected = latest[max(telling, key=lambda n: n.prefixlen)] if telling else 0
        assert known.score(int(asked) + V4, category) == expected


# at sources 10.0.0.9 (bad 20, by itself), 10.0.0.1 (bad 90, by its network), and destination 192.0.2.7 (bad 60)
RULES = {
    "src,BadHosts,>,50": {"10.0.0.1"}, "src,BadHosts,<,50": {"10.0.0.9"}, "src,BadHosts,=,20": {"10.0.0.9"},
    "dst,BadHosts,>,50": {"10.0.0.1", "10.0.0.9", "10.9.9.9"}, "both,BadHosts,>,50": {"10.0.0.1"},
    "any,BadHosts,=,20": {"10.0.0.9"}, "src,BadHosts,isset": {"10.0.0.1", "10.0.0.9"},
    "src,BadHosts,isnotset": {"10.9.9.9"}, "src,GoodHosts,<,127": set(), "any,GoodHosts,isset": set(),
}
SAID = "10.0.0.9,1,20\n10.0.0.0/24,1,90\n192.0.2.7,1,60\n2001:db8::/32,2,5\n"


@pytest.mark.parametrize("condition", RULES)
def test_each_way_to_ask(tmp_path, condition):
    (tmp_path / "a.rules").write_text(f"alert udp any any -> any any (iprep:{condition}; sid:1;)")
    ruleset = load_rules([tmp_path / "a.rules"], reputation=reputation(tmp_path, SAID))
    for source in ("10.0.0.1", "10.0.0.9", "10.9.9.9"):
        frame = ethernet(ipv4(udp(b"x"), src=source, dst="192.0.2.7"))
        assert alerts_of(ruleset, [frame]) == (Counter({1: 1}) if source in RULES[condition] else Counter())


def test_an_address_of_ipv6_and_once_for_a_direction(tmp_path):
    (tmp_path / "a.rules").write_text("alert ip any any -> any any (iprep:src,GoodHosts,=,5; sid:1;)")
    ruleset = load_rules([tmp_path / "a.rules"], reputation=reputation(tmp_path, SAID))
    frames = [ethernet(ipv6(tcp(b"x", seq=n), src="2001:db8::7", dst="2001:db9::1")) for n in range(5)]
    assert alerts_of(ruleset, frames) == Counter({1: 1})
    assert alerts_of(ruleset, [ethernet(ipv4(tcp(b"x")))]) == Counter()


def test_a_category_that_nobody_knows_refuses_the_rule(tmp_path):
    (tmp_path / "a.rules").write_text("alert ip any any -> any any (iprep:src,Other,>,1; sid:1;)")
    with_names = load_rules([tmp_path / "a.rules"], reputation=reputation(tmp_path, SAID))
    without = load_rules([tmp_path / "a.rules"])
    for found, wrong in ((with_names, 1), (without, 0)):
        assert ("Other is not known" in found.refused[0].what, len(found.invalid)) == (True, wrong)


def test_the_digest_of_rules_is_of_the_reputations_they_ask_for(tmp_path):
    (tmp_path / "a.rules").write_text("alert ip any any -> any any (iprep:src,BadHosts,>,1; sid:1;)")
    (tmp_path / "b.rules").write_text("alert ip any any -> any any (sid:2;)")
    for name, same in (("a.rules", False), ("b.rules", True)):
        digests = {load_rules([tmp_path / name], reputation=reputation(tmp_path, said)).digest
                   for said in (SAID, SAID.replace("90", "91"))}
        assert (len(digests) == 1) == same


@pytest.mark.parametrize(("said", "categories", "where", "what"), [
    ("10.0.0.1,1\n", CATEGORIES, "said.list:1", "three parts"),
    ("\n10.0.0.1,1,128\n", CATEGORIES, "said.list:2", "score"),
    ("somebody,1,5\n", CATEGORIES, "said.list:1", "address"),
    ("10.0.0.1,7,5\n", CATEGORIES, "said.list:1", "category 7"),
    ("", "sixty,x,y\n", "categories.txt:1", "category"), ("", "60,x,y\n", "categories.txt:1", "category")])
def test_what_is_wrong_is_named(tmp_path, said, categories, where, what):
    with pytest.raises(ConfigError) as caught:
        reputation(tmp_path, said, categories)
    assert where in str(caught.value)
    assert what in str(caught.value)


def test_the_configuration_and_a_suricata_yaml_name_the_files(tmp_path):
    reputation(tmp_path, SAID)
    (tmp_path / "s.toml").write_text('[rules]\nreputation_categories = "categories.txt"\nreputation = ["said.list"]\n')
    (tmp_path / "suricata.yaml").write_text(
        "%YAML 1.1\n---\nreputation-categories-file: categories.txt\ndefault-reputation-path: .\n"
        "reputation-files: [said.list, none.list]\n")
    (tmp_path / "a.rules").write_text("alert ip any any -> any any (iprep:src,BadHosts,>,1; sid:1;)")
    taken = take_over(default_settings(), tmp_path / "suricata.yaml")
    assert any("none.list" in remark for remark in taken.remarks)
    for settings in (load_settings(tmp_path / "s.toml"), taken.settings):
        assert reputation_of(settings.rules).score(address("10.0.0.77"), 1) == 90
        assert len(load(settings, [tmp_path / "a.rules"]).enabled) == 1
    (tmp_path / "half.toml").write_text('[rules]\nreputation = ["said.list"]\n')
    with pytest.raises(ConfigError, match="reputation_categories"):
        reputation_of(load_settings(tmp_path / "half.toml").rules)
    (tmp_path / "gone.toml").write_text('[rules]\nreputation_categories = "gone.txt"\n')
    with pytest.raises(ConfigError, match="cannot be read"):
        reputation_of(load_settings(tmp_path / "gone.toml").rules)
