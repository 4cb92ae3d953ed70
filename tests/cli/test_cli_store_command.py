"""sekisho store: what it takes, what may go, and how an older one is brought up to date; in both languages."""

import pytest

from columns.cluster import render_cluster_ddl
from tests.support.old_states import make_state


@pytest.fixture
def kept(cli, leak, policy, tmp_path):
    """A store with one replay, to be pruned."""
    cli("replay", leak, "--zones", policy, "--store", tmp_path / "kept", "--quiet")
    return tmp_path / "kept"


def test_stats_add_up_for_programs_and_people(cli, kept):
    found = cli("store", "stats", "--store", kept, "--json").json
    assert found["bytes"] == sum(t["bytes"] for t in found["tables"].values())
    rows = cli("sql", "SELECT count() AS n FROM flow", "--store", kept, "--json").json["n"]
    assert found["tables"]["flow"]["rows"] == rows > 0
    (run,) = found["runs"].values()
    assert run["flow"] == found["tables"]["flow"]["bytes"]
    assert "bytes per row" in cli("store", "stats", "--store", kept, "--lang", "en").out
    assert "1行あたりのバイト" in cli("store", "stats", "--store", kept, "--lang", "ja").out


def test_prune_says_what_it_may_not_drop(cli, kept):
    ran = cli("store", "prune", "--store", kept, "--budget-gb", "0.000001", "--lang", "en")
    assert ran.code == 0
    assert "nothing to drop" in ran.out
    assert "still over the budget" in ran.out
    assert "上限をまだ超えています" in cli("store", "prune", "--store", kept, "--budget-gb", "0.000001", "--lang",
                                          "ja").out


def test_prune_of_replays_when_told_so(cli, kept):
    told = ("store", "prune", "--store", kept, "--budget-gb", "0.000001", "--replays", "--json")
    planned = cli(*told, "--dry-run").json
    assert planned["rows"]["flow"] > 0
    assert cli("store", "stats", "--store", kept, "--json").json["tables"]["flow"]["rows"] > 0
    done = cli(*told).json
    assert done["rows"] == planned["rows"]
    order = [dropped["table"] for dropped in done["dropped"]]
    assert set(order[-3:]) == {"alert", "alerts_1h", "alerts_1m"}  # alerts go last
    assert "flow" not in cli("store", "stats", "--store", kept, "--json").json["tables"]


def test_a_budget_in_the_configuration_is_kept_when_a_replay_ends(cli, leak, calm, tmp_path):
    config = tmp_path / "c.toml"
    config.write_text("[retention]\nbudget_gb = 0.000001\nreplays = true\n")
    ran = cli("replay", calm, "--store", tmp_path / "s", "--config", config, "--json")
    assert "flow" in ran.err
    assert cli("sql", "SELECT count() AS n FROM flow", "--store", tmp_path / "s", "--json").json["n"] == 0


def test_an_older_store_is_migrated(cli, tmp_path):
    make_state(tmp_path / "old", 1)
    ran = cli("runs", "--store", tmp_path / "old")
    assert ran.code == 1
    assert "sekisho store migrate" in ran.err
    planned = cli("store", "migrate", "--store", tmp_path / "old", "--dry-run", "--json").json
    assert (planned["found"], planned["tables"]["flow"]["rows"]) == (1, 120)
    assert cli("runs", "--store", tmp_path / "old").code == 1
    done = cli("store", "migrate", "--store", tmp_path / "old", "--lang", "en")
    assert "migrated: schema 1 →" in done.out
    assert len(cli("runs", "--store", tmp_path / "old", "--json").rows) == 3
    assert "最新です" in cli("store", "migrate", "--store", tmp_path / "old", "--lang", "ja").out


def test_migrate_without_a_store_is_exit_1(cli, tmp_path):
    assert cli("store", "migrate", "--store", tmp_path / "nothing").code == 1


def test_dump_of_a_cluster(cli):
    assert cli("dump", "--cluster", "kyoto").out == render_cluster_ddl("kyoto")
    assert cli("dump", "--cluster", "kyoto", "--config").code == 2
