"""Whatever fails, crashes or is cut off, in whatever order: every row is at the server once, or counted as given up."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storage.spool import Lane, SpoolSettings
from tests.support.spool_bench import Bench
from tests.support.spool_oracle import LATE, LOST_AFTER, LOST_BEFORE, OK, REFUSED, UNREACHABLE

TABLES = ("flow", "alert", "sensor_health")


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "spool")


ACTIONS = st.one_of(
    st.tuples(st.just("block"), st.sampled_from(TABLES), st.integers(1, 300)),
    st.tuples(st.just("steps"), st.integers(1, 4)),
    st.tuples(st.just("second")),
    st.tuples(st.just("crash"), st.binary(max_size=60)),
    st.tuples(st.just("others"), st.sampled_from((10, 4_000, 9_000, 30_000))),
)
OUTCOMES = st.lists(st.sampled_from((OK, OK, OK, LOST_BEFORE, LOST_AFTER, LATE, UNREACHABLE)), max_size=40)


@settings(max_examples=120, deadline=None)
@given(actions=st.lists(ACTIONS, max_size=40), outcomes=OUTCOMES)
@example(actions=[("block", "flow", 1), ("steps", 3), ("others", 30_000), ("block", "flow", 1)], outcomes=[OK, LATE])
@example(actions=[("block", "flow", 1), ("block", "flow", 1), ("steps", 1), ("block", "flow", 1), ("crash", b""),
                  ("steps", 3), ("others", 30_000)], outcomes=[OK, OK, OK, LOST_AFTER])
def test_a_live_sensor_loses_and_doubles_nothing(tmp_path_factory, actions, outcomes):
    """Each life is a run of its own; rows that were taken before a crash arrive, and in the order of their table."""
    outcomes = iter(outcomes)
    bench = Bench(tmp_path_factory.mktemp("live") / "spool", lambda: next(outcomes, OK))
    taken, run = {}, 0

    def begun():
        nonlocal run
        if not bench.run_id:
            run += 1
            bench.begin(f"live-{run}")

    for name, *arguments in actions:
        if name == "block":
            begun()
            kept, block = bench.block(*arguments)
            assert kept
            taken.setdefault((bench.run_id, arguments[0]), []).append(block)
        elif name == "crash":
            bench.crash(garbage=arguments[0])
        elif name == "second":
            bench.second += 1
        elif name == "others":
            bench.server.others_insert("flow", *arguments)
        else:
            bench.steps(*arguments)
    bench.quiet()
    arrived = {key: [(t, d) for t, d, _ in blocks] for key, blocks in bench.server.rows.items() if key[0] != "other"}
    assert arrived == taken
    assert not bench.spool.state.lost
    statuses = {bench.server.runs[f"live-{n}"]["status"] for n in range(1, run)}
    assert statuses <= {"interrupted"}  # of those whose process died; the last one is still open


@settings(max_examples=120, deadline=None)
@given(plan=st.lists(st.tuples(st.integers(0, 12), st.binary(max_size=40), st.integers(0, 20)), max_size=6),
       outcomes=OUTCOMES)
def test_a_replay_that_is_killed_again_and_again_is_there_once(tmp_path_factory, plan, outcomes):
    """The replaying process dies after some blocks, and begins again; the last attempt comes to its end."""
    outcomes = iter(outcomes)
    bench = Bench(tmp_path_factory.mktemp("replay") / "spool", lambda: next(outcomes, OK))
    for blocks, garbage, steps in plan:
        bench.begin("r")
        replayed(bench, blocks)
        bench.steps(steps)
        bench.crash(garbage=garbage)
    bench.begin("r")
    expected = replayed(bench, 12)
    bench.finish()
    bench.quiet()
    found = sorted((table, token, data) for (_, table), blocks in bench.server.rows.items()
                   for token, data, _ in blocks)
    assert found == sorted(expected)
    assert bench.server.runs["r"]["status"] == "complete"
    bench.begin("r")
    replayed(bench, 12)
    bench.finish()
    bench.quiet()
    assert bench.spool.counters.present_blocks == 12
    assert sum(map(len, bench.server.rows.values())) == 12


def replayed(bench, blocks):
    return [(table, *bench.block(table, 40 + n)[1]) for n, table in enumerate((TABLES * 4)[:blocks])]


@settings(max_examples=80, deadline=None)
@given(sizes=st.lists(st.tuples(st.sampled_from(TABLES), st.integers(1, 120_000)), min_size=1, max_size=60),
       steps=st.lists(st.integers(0, 2), max_size=60), outcomes=OUTCOMES)
def test_what_does_not_fit_is_given_up_by_importance_and_counted(tmp_path_factory, sizes, steps, outcomes):
    outcomes = iter(outcomes)
    bench = Bench(tmp_path_factory.mktemp("full") / "spool", lambda: next(outcomes, UNREACHABLE), max_bytes=1 << 20)
    bench.begin("r")
    taken = {}
    for number, (table, rows) in enumerate(sizes):
        _, block = bench.block(table, rows)
        taken.setdefault(table, []).append(block)
        assert bench.spool.bytes <= 1 << 20
        bench.steps(steps[number] if number < len(steps) else 0)
    bench.finish()
    bench.quiet()
    lost = {table: sum(causes.values()) for table, causes in bench.spool.state.lost.items()}
    for table, blocks in taken.items():
        arrived = [(t, d) for t, d, _ in bench.server.rows.get(("r", table), [])]
        assert [b for b in blocks if b in arrived] == arrived
        assert sum(len(d) for _, d in blocks) == sum(len(d) for _, d in arrived) + lost.get(table, 0)
    assert bench.server.runs["r"]["status"] == ("interrupted" if lost else "complete")


def test_alerts_are_given_up_last_and_the_oldest_first(tmp_path):
    bench = Bench(tmp_path / "spool", lambda: UNREACHABLE, max_bytes=1 << 20)
    bench.begin("r")
    for _ in range(6):
        bench.block("alert", 100_000)
    for _ in range(10):
        bench.block("flow", 100_000)
    assert bench.spool.state.lost == {"flow": {"full": 600_000}}
    for _ in range(5):
        bench.block("alert", 100_000)
    assert bench.spool.state.lost["flow"] == {"full": 1_000_000}
    assert bench.spool.state.lost["alert"] == {"full": 200_000}
    bench.finish()
    bench.quiet()
    tokens = [token for token, _, _ in bench.server.rows["r", "alert"]]
    assert tokens == [f"r/alert/{n}" for n in (2, 3, 4, 5, 16, 17, 18, 19, 20)]
    assert bench.server.runs["r"]["status"] == "interrupted"


def test_after_an_outage_alerts_arrive_before_the_flows_of_their_run(bench):
    bench.begin("r")
    for table in ("flow", "flow", "sensor_health", "alert"):
        bench.block(table, 10)
    bench.finish()
    bench.begin("next")
    bench.block("alert", 10)
    bench.quiet()
    assert bench.server.order == ["r/alert/3", "r/sensor_health/2", "r/flow/0", "r/flow/1", "next/alert/0"]


@pytest.mark.parametrize("outcome", [LOST_AFTER, LOST_BEFORE])
def test_a_token_that_was_forgotten_is_asked_for_by_count(tmp_path, outcome):
    """The answer was lost, and other sensors filled the window before we came back: was the block stored or not?"""
    outcomes = iter((OK, OK, outcome))
    bench = Bench(tmp_path / "spool", lambda: next(outcomes, OK))
    bench.begin("r")
    for _ in range(2):
        bench.block("flow", 10)
    bench.steps(3)
    bench.server.others_insert("flow", 20_000)
    bench.crash()
    bench.quiet()
    assert bench.server.count("r") == {"flow": 20}
    assert bench.spool.counters.confirmed_blocks == (outcome == LOST_AFTER)


def test_what_is_in_doubt_goes_first_and_is_never_given_up(tmp_path):
    outcomes = iter((OK, LOST_BEFORE))
    bench = Bench(tmp_path / "spool", lambda: next(outcomes, UNREACHABLE), max_bytes=1 << 20)
    bench.begin("r")
    for _ in range(4):
        bench.block("flow", 60_000)
    bench.steps(2)
    for _ in range(20):
        bench.block("alert", 100_000)
        bench.steps(1)
    lost = bench.spool.state.lost
    assert lost["flow"] == {"full": 60_000}  # the file of the first three is left, for the first is in doubt
    bench.finish()
    bench.quiet()
    assert bench.server.order[0] == "r/flow/0"
    assert bench.server.count("r")["flow"] == 180_000


def test_a_block_that_the_server_refuses_does_not_hold_up_the_rest(tmp_path):
    outcomes = iter((OK, REFUSED))
    bench = Bench(tmp_path / "spool", lambda: next(outcomes, OK))
    bench.begin("r")
    for rows in (7, 5):
        bench.block("flow", rows)
    bench.finish()
    bench.steps(2)
    bench.quiet()
    assert bench.spool.state.lost == {"flow": {"refused": 7}}
    assert (bench.server.count("r"), bench.server.runs["r"]["status"]) == ({"flow": 5}, "interrupted")


def test_attempts_that_never_reached_the_server_take_no_room(tmp_path):
    bench = Bench(tmp_path / "spool", lambda: UNREACHABLE, max_bytes=1 << 20)
    for _ in range(20):
        bench.begin("r")
        for _ in range(4):
            bench.block("flow", 100_000)
        bench.crash()
    bench.begin("r")
    for _ in range(4):
        bench.block("flow", 100_000)
    bench.finish()
    bench.quiet()
    assert bench.spool.state.lost == {}
    assert (bench.server.count("r"), bench.server.runs["r"]["status"]) == ({"flow": 400_000}, "complete")


def test_lanes_are_known():
    assert [lane.name for lane in Lane] == ["CONTROL", "ALERT", "HEALTH", "FLOW"]
    assert replace(SpoolSettings(), segment_bytes=1 << 30).file_bytes == SpoolSettings().max_bytes // 8
