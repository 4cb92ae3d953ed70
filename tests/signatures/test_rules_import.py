"""Taking rules over: lists, flowbits, files of values, what changed, and all or nothing."""

from __future__ import annotations

import os

import pytest

from columns.errors import UsageError
from detectors.signatures.language.importing import FILE_NAME, ImportLists, import_rules
from detectors.signatures.language.lists import read_changes, read_choices
from detectors.signatures.language.loading import load_rules

FIRST = """\
alert tcp any any -> any any (msg:"one"; content:"abcd"; metadata:former_category MALWARE; sid:1; rev:1;)
alert tcp any any -> any any (msg:"two"; content:"abcd"; sid:2; rev:1;)
# alert tcp any any -> any any (msg:"three"; content:"abcd"; flowbits:set,x; flowbits:noalert; sid:3; rev:1;)
alert tcp any any -> any any (msg:"four"; content:"abcd"; flowbits:isset,x; sid:4; rev:1;)
alert tcp any any -> any any (msg:"broken"; depth:4; sid:5; rev:1;)
"""


@pytest.fixture
def source(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "emerging-test.rules").write_text(FIRST)
    return tmp_path / "in"


def lists_of(tmp_path, **texts) -> ImportLists:
    found = {}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        found[name] = (read_changes if name == "modify" else read_choices)(tmp_path / name)
    return ImportLists(**found)


def sids(rows) -> list[int]:
    return [sid for _, sid, _ in rows]


def state(folder) -> dict[int, bool]:
    return {r.sid: r.enabled for r in load_rules([folder / FILE_NAME]).rules}


def test_an_import_writes_one_file_and_switches_on_what_flowbits_need(source, tmp_path):
    report = import_rules([source], tmp_path / "out", ImportLists())
    assert sids(report.added) == [1, 2, 3, 4]
    assert sids(report.for_flowbits) == [3]
    assert [p.sid for p in report.refused] == [5]
    assert state(tmp_path / "out") == {1: True, 2: True, 3: True, 4: True}
    assert "refused" in (tmp_path / "out" / FILE_NAME).read_text()
    assert os.listdir(tmp_path / "out") == [FILE_NAME]


@pytest.mark.parametrize(("lists", "wanted"), [
    ({"disable": "1\n"}, {1: False, 2: True, 3: True, 4: True}),
    ({"disable": "1:1, 1:2  # words\n2:4\n"}, {1: False, 2: False, 3: True, 4: True}),
    ({"disable": "re:ONE|four\n"}, {1: False, 2: True, 3: False, 4: False}),
    ({"disable": "group:emerging-test\n", "enable": "2"}, {1: False, 2: True, 3: False, 4: False}),
    ({"disable": "*\n", "enable": "metadata:former_category malware"}, {1: True, 2: False, 3: False, 4: False}),
    ({"disable": "filename:*-test.rules", "enable": "4"}, {1: False, 2: False, 3: True, 4: True}),
])
def test_lists_switch_rules(source, tmp_path, lists, wanted):
    import_rules([source], tmp_path / "out", lists_of(tmp_path, **lists))
    assert state(tmp_path / "out") == wanted


def test_lists_change_rules(source, tmp_path):
    lists = lists_of(tmp_path, drop="1\n3\n",
                     modify='2 "abcd" "wxyz"\nre:"four" "msg:.(four)." "msg:\\"\\1th\\""\n'
                     'metadata-add 2 "level" "high"\n1 "content:.abcd.;" "content:|broken|;"\n')
    report = import_rules([source], tmp_path / "out", lists)
    found = {r.sid: r for r in load_rules([tmp_path / "out"]).rules}
    assert found[2].contents[0].pattern == b"wxyz"
    assert found[2].metadata == (("level", "high"),)
    assert found[4].msg == "fourth"
    assert found[3].action == "alert"  # it makes no alert that could be dropped
    assert [p.sid for p in report.refused] == [5, 1]
    assert "after modify" in report.refused[1].what
    dropped = import_rules([source], tmp_path / "out", lists_of(tmp_path, drop="2"))
    assert dropped.path.read_text().count("drop tcp") == 1


def test_the_difference_to_what_was_there(source, tmp_path):
    out, path = tmp_path / "out", source / "emerging-test.rules"
    import_rules([source], out, ImportLists())
    path.write_text(path.read_text().replace('"two"', '"2"').replace("sid:1;", "sid:9;"))
    lists = lists_of(tmp_path, disable="4")
    planned = import_rules([source], out, lists, dry_run=True)
    assert state(out) == {1: True, 2: True, 3: True, 4: True}
    report = import_rules([source], out, lists)
    assert planned == report
    assert (sids(report.added), sids(report.removed), sids(report.changed)) == ([9], [1], [2])
    assert (sids(report.switched_on), sids(report.switched_off)) == ([], [3, 4])
    again = import_rules([source], out, lists)
    assert not any((again.added, again.removed, again.changed, again.switched_on, again.switched_off))
    assert sids(import_rules([source], out, ImportLists()).switched_on) == [3, 4]


def test_files_of_values_come_along(source, tmp_path):
    (source / "lists").mkdir()
    (source / "lists" / "hosts.lst").write_text("YWJj\n")
    (source / "bad.md5").write_text("0" * 32 + "\n")
    (source / "emerging-test.rules").write_text(
        "alert http any any -> any any (http.host; dataset:isset,h,type string,load lists/hosts.lst; sid:1;)\n"
        "alert http any any -> any any (filemd5:bad.md5; sid:2;)\n")
    out = tmp_path / "out"
    import_rules([source], out, ImportLists())
    for path in (source / "lists" / "hosts.lst", source / "bad.md5"):
        path.unlink()
    found = load_rules([out / FILE_NAME])
    assert not found.refused
    assert list(found.datasets["h"].values) == [b"abc"]
    assert found.rules[1].conditions[0].hashes == {bytes(16)}


def test_an_import_that_cannot_be_written_leaves_what_was_there(source, tmp_path, monkeypatch):
    out = tmp_path / "out"
    before = import_rules([source], out, ImportLists()).path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        import_rules([source], out, lists_of(tmp_path, disable="*"))
    assert (out / FILE_NAME).read_bytes() == before
    assert os.listdir(out) == [FILE_NAME]


@pytest.mark.parametrize(("name", "text"), [
    ("disable", "one\n"), ("disable", "re:(\n"), ("modify", "1 abcd\n"), ("modify", '1 "(" "x"\n'),
    ("modify", '1 "a" "\\7"\n'), ("enable", "\n\n4:5:6")])
def test_lists_that_are_wrong_name_their_line(tmp_path, name, text):
    with pytest.raises(UsageError) as error:
        lists_of(tmp_path, **{name: text})
    assert f"{name}:{1 + text.count(chr(10) * 2) * 2}" in error.value.where
