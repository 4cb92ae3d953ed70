"""What people did about alerts: kept in order, shown as a state, gone with the run and not before."""

import pytest

from columns import ALERT
from columns.errors import UsageError
from storage import Run, RunSummary, open_store

ALERTS = ALERT.from_rows([{"alert_id": a, "revision": 1, "severity": 1} for a in (1, 2, 3)])


@pytest.fixture
def judged(store):
    for run_id in ("r", "other"):
        write(store, run_id)
    return store


def write(store, run_id, interrupted=False):
    store.begin_run(Run(run_id))
    store.insert(ALERT, ALERTS)
    store.finish_run(RunSummary(), interrupted=interrupted)


def status(store):
    return store.query("SELECT run_id, alert_id, status, actor, comment, comments FROM alert_status "
                       "ORDER BY run_id, alert_id").rows


def test_status_is_that_of_the_latest_action_that_is_no_comment(judged):
    for action, comment in (("acknowledged", ""), ("comment", "asked the owner's office: 'yes'"), ("closed", ""),
                            ("reopened", "again"), ("in_progress", ""), ("comment", "記録\n2行目")):
        judged.add_alert_action("r", 1, action, actor="sato", comment=comment)
    judged.add_alert_action("r", 2, "comment", actor="abe", comment="only words")
    judged.add_alert_action("other", 1, "false_positive", actor="ito")
    judged.add_alert_action("other", 3, "closed", actor="ito")
    judged.add_alert_action("other", 3, "reopened", actor="abe", comment="no")
    assert status(judged) == [
        ("other", 1, "false_positive", "ito", "", 0), ("other", 3, "open", "abe", "no", 1),
        ("r", 1, "in_progress", "sato", "記録\n2行目", 3), ("r", 2, "open", "", "only words", 1)]


def test_actions_of_one_moment_keep_their_order(judged):
    for _ in range(20):
        judged.add_alert_action("r", 1, "closed", actor="a")
        judged.add_alert_action("r", 1, "reopened", actor="a")
    rows = judged.query("SELECT action, at FROM alert_action ORDER BY at").rows
    assert [a for a, _ in rows] == ["closed", "reopened"] * 20
    assert len({at for _, at in rows}) == 40
    assert status(judged) == [("r", 1, "open", "a", "", 0)]


@pytest.mark.parametrize(("arguments", "words"), [
    (("r", 1, "deleted", "a", ""), "unknown action 'deleted'"), (("r", 1, "closed", " ", ""), "no actor"),
    (("r", 1, "closed", "a" * 101, ""), "a name too long"), (("r", 1, "comment", "a", " \n"), "an empty comment"),
    (("r", 1, "closed", "a", "x" * 4001), "one too long"), (("r", 9, "closed", "a", ""), "no alert 9 in run r"),
    (("gone", 1, "closed", "a", ""), "no alert 1 in run gone")])
def test_actions_that_make_no_sense(judged, arguments, words):
    run_id, alert_id, action, actor, comment = arguments
    with pytest.raises(UsageError, match=words):
        judged.add_alert_action(run_id, alert_id, action, actor=actor, comment=comment)
    assert judged.query("SELECT count() FROM alert_action").rows == [(0,)]


def test_hostile_words_come_back(judged):
    text = "'; DROP TABLE alert; -- \\ \t<script>alert(1)</script>\0\u202e"
    judged.add_alert_action("r", 1, "comment", actor="a'\\b", comment=text)
    assert judged.query("SELECT actor, comment FROM alert_action").rows == [("a'\\b", text)]


def test_actions_outlive_the_process_and_a_restart_of_the_run_but_not_its_deletion(place):
    with open_store(place) as store:
        write(store, "r", interrupted=True)
        store.add_alert_action("r", 1, "acknowledged", actor="sato")
    with open_store(place) as store:
        write(store, "r")
        assert status(store) == [("r", 1, "acknowledged", "sato", "", 0)]
        store.delete_run("r")
        assert store.query("SELECT count() FROM alert_action").rows == [(0,)]
