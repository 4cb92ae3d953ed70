"""A suricata.yaml as plain data: values stay texts, includes are followed, hostile files are refused."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from columns.errors import ConfigError
from sekisho.suricata.reading import change_key, read_suricata_yaml


def tree_of(folder: Path, text: str | bytes, *changes: str) -> dict[str, Any]:
    path = folder / "suricata.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_suricata_yaml(path, changes).tree


def test_values_are_texts_as_suricata_keeps_them(tmp_path):
    text = "%YAML 1.1\n---\nvars:\n  port-groups:\n    WEB: 80:443\n    ONE: 0x10\nstream: {midstream: yes, x: null}\n"
    assert tree_of(tmp_path, text) == {"vars": {"port-groups": {"WEB": "80:443", "ONE": "0x10"}},
                                       "stream": {"midstream": "yes", "x": "null"}}


def test_includes_are_followed_from_the_folder_of_the_file_and_absent_ones_are_named(tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.yaml").write_text("stream: {midstream: yes}\nx: old\ninclude: more/b.yaml\n")
    (tmp_path / "more" / "b.yaml").write_text("y: b\n")
    (tmp_path / "part.yaml").write_text("enabled: yes\n")
    path = tmp_path / "suricata.yaml"
    path.write_text("include: [more/a.yaml, gone.yaml]\nx: new\ndefrag: !include part.yaml\n")
    found = read_suricata_yaml(path)
    assert found.tree == {"stream": {"midstream": "yes"}, "x": "new", "y": "b", "defrag": {"enabled": "yes"}}
    assert found.absent == [str(tmp_path / "gone.yaml")]


@pytest.mark.parametrize(("text", "words"), [
    ("include: suricata.yaml\n", "files are included"), ("a: !include suricata.yaml\n", "files are included"),
    ("a: &x [*x]\n", "nested deeper"), ("[" * 40 + "]" * 40, "nested deeper"), ("- a\n", "holds no keys"),
    ("a: [1\n", "is not YAML"), (b"a: \xff\xfe\x00", "is not"), ("a: 'x\n" + "y" * (4 << 20), "larger than 4 MiB"),
    ("a0: &a0 [x,x,x,x,x,x,x,x]\n" + "".join(f"a{k}: &a{k} [{','.join([f'*a{k - 1}'] * 8)}]\n" for k in range(1, 9)),
     "says more than"),
    ("a: 1\n" * 3 + "\t- b: [", "is not YAML"),
])
def test_what_is_hostile_is_refused(tmp_path, text, words):
    with pytest.raises(ConfigError, match=words):
        tree_of(tmp_path, text)


def test_a_file_that_is_absent_or_a_folder_is_refused(tmp_path):
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(ConfigError, match="no file that can be read"):
            read_suricata_yaml(path)


@pytest.mark.parametrize(("change", "expected"), [
    ("a.b=2", {"a": {"b": "2"}, "l": ["x", {"y": "z"}]}), ("c.d.e=1", {"a": {"b": "1"}, "l": ["x", {"y": "z"}],
                                                           "c": {"d": {"e": "1"}}}),
    ("l.1.y=q=r", {"a": {"b": "1"}, "l": ["x", {"y": "q=r"}]}),
    ("l.0.x.on=yes", {"a": {"b": "1"}, "l": [{"x": {"on": "yes"}}, {"y": "z"}]}),
    ("l.3=w", {"a": {"b": "1"}, "l": ["x", {"y": "z"}, "", "w"]}), ("n.0.m=1", {"a": {"b": "1"}, "l": [
        "x", {"y": "z"}], "n": [{"m": "1"}]}),
])
def test_one_key_can_be_changed(change, expected):
    tree = {"a": {"b": "1"}, "l": ["x", {"y": "z"}]}
    change_key(tree, change)
    assert tree == expected


@pytest.mark.parametrize("change", ["a", "=1", "a..b=1", "l.x=1", "l.999=1", ".".join(["a"] * 40) + "=1"])
def test_a_change_that_is_none_is_refused(change):
    with pytest.raises(ConfigError):
        change_key({"l": []}, change)


_NAMES = st.text("abcdefgh-_", min_size=1, max_size=6).filter(lambda name: name != "include")
_TREES = st.recursive(st.text(max_size=8) | st.integers() | st.booleans(),
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
                      max_leaves=12)


def as_texts(value: Any) -> Any:
    """The naive oracle: what YAML's writer made of a value, read back as text."""
    if isinstance(value, dict):
        return {name: as_texts(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [as_texts(inner) for inner in value]
    return value if isinstance(value, str) else yaml.safe_dump(value).splitlines()[0]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(_NAMES, _TREES, max_size=4))
def test_any_tree_comes_back_as_texts(tmp_path, tree):
    assert tree_of(tmp_path, yaml.safe_dump(tree)) == as_texts(tree)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused(tmp_path, data):
    with contextlib.suppress(ConfigError):
        assert isinstance(tree_of(tmp_path, data), dict)
