"""Questions: typed rows, parameters that cannot break out, and no way to write."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from columns.errors import UsageError
from storage import Run, RunSummary


@pytest.fixture(scope="module")
def store(shared_store):
    return shared_store


def test_rows_are_typed(store):
    result = store.query(
        "SELECT toUInt64(18446744073709551615) AS big, -1 AS small, 1.5 AS x, 2. AS whole, true AS yes, NULL AS none, "
        "'a\\0b' AS s, [1, 2] AS list, map('k', 1) AS pairs, "
        "toDateTime64('2026-11-23 10:00:00.123456789', 9, 'UTC') AS t, "
        "toIPv6('2001:db8::1') AS ip, CAST('b', 'Enum8(\\'a\\' = 0, \\'b\\' = 1)') AS e")
    assert result.columns == ("big", "small", "x", "whole", "yes", "none", "s", "list", "pairs", "t", "ip", "e")
    assert result.types[0] == "UInt64"
    assert result.rows == [(2**64 - 1, -1, 1.5, 2.0, True, None, "a\0b", [1, 2], {"k": 1},
                            "2026-11-23 10:00:00.123456789", "2001:db8::1", "b")]
    assert isinstance(result.rows[0][3], float)
    assert result.dicts()[0]["small"] == -1


def test_floats_that_are_not_numbers(store):
    (row,) = store.query("SELECT nan, inf, -inf, 1/3").rows
    assert math.isnan(row[0])
    assert row[1:] == (math.inf, -math.inf, 1 / 3)


def test_bytes_that_are_not_utf8_do_not_break_a_result(store):
    assert store.query("SELECT unhex('FF41') AS s, 1").rows == [("\ufffdA", 1)]


def test_no_rows_still_have_columns(store):
    result = store.query("SELECT run_id FROM runs WHERE 0")
    assert (result.columns, result.rows) == (("run_id",), [])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=20), items=st.lists(st.text(max_size=6), max_size=4), number=st.integers(0, 2**64 - 1),
       signed=st.integers(-(2**63), 2**63 - 1), real=st.floats(allow_nan=False, allow_infinity=False))
def test_parameters_arrive_as_they_are(store, text, items, number, signed, real):
    result = store.query(
        "SELECT {s:String}, {a:Array(String)}, {n:UInt64}, {i:Int64}, {x:Float64}, {l:Array(UInt64)}, {b:Bool}",
        {"s": text, "a": items, "n": number, "i": signed, "x": real, "l": [number, 1], "b": number % 2 == 0})
    assert result.rows == [(text, items, number, signed, real, [number, 1], number % 2 == 0)]


@pytest.mark.parametrize("sql", [
    "INSERT INTO runs (run_id) VALUES ('x')", "DROP TABLE flow", "TRUNCATE TABLE flow",
    "ALTER TABLE flow DELETE WHERE 1",
    "DELETE FROM flow WHERE 1", "OPTIMIZE TABLE flow FINAL", "CREATE TABLE x (a Int8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE x (a Int8)", "SET readonly = 0", "SET max_threads = 1", "SYSTEM FLUSH LOGS",
    "INSERT INTO FUNCTION file('/tmp/sekisho-must-not-exist.csv', 'CSV', 'a Int8') SELECT 1", "DETACH TABLE flow",
    "WITH 1 AS a INSERT INTO runs (run_id) SELECT toString(a)", "RENAME TABLE flow TO gone", "KILL QUERY WHERE 1",
    "SELECT 1; DROP TABLE flow", "SELECT 1 INTO OUTFILE '/tmp/sekisho-must-not-exist.csv'", "SELECT 1 FORMAT CSV",
    "SELECT * FROM file('/etc/hostname', 'LineAsString', 'l String')", "SELECT 1 SETTINGS readonly = 0",
    "EXPLAIN SELECT 1 INTO OUTFILE '/tmp/sekisho-must-not-exist.csv'",
])
def test_what_people_type_cannot_write(store, sql, tmp_path):
    store.begin_run(Run("kept"))
    store.finish_run(RunSummary())
    with pytest.raises(UsageError):
        store.query(sql, read_only=True)
    assert len(store.runs()) == 1
    assert store.query("EXISTS TABLE flow").rows == [(1,)]


@pytest.mark.parametrize("sql", [
    "select count() from flows", "WITH 2 AS a SELECT a", "SHOW TABLES", "DESCRIBE TABLE flow", "EXPLAIN SELECT 1",
    "(SELECT 1) UNION ALL (SELECT 2)", "SELECT 'x; INSERT INTO y INTO OUTFILE' -- and FORMAT CSV\n",
    "FROM runs SELECT 1;",
    "SELECT format('{}', 'FORMAT CSV') AS `INTO OUTFILE`", "SELECT formatReadableSize(1)",
])
def test_what_people_type_may_read(store, sql):
    assert store.query(sql, read_only=True).columns


def test_program_queries_cannot_write_either(store):
    with pytest.raises(UsageError, match="only reading statements"):
        store.query("DROP TABLE flow")


@pytest.mark.parametrize(("sql", "text"), [
    ("SELEC 1", "Syntax error"), ("SELECT nothing FROM flow", "nothing"), ("SELECT 1 FROM nowhere", "nowhere"),
    ("SELECT {x:UInt8}", "x"), ("SELECT toIPv6('zz')", "IPv6"), ("", "query")])
def test_a_wrong_question_is_a_usage_error_of_one_line(store, sql, text):
    with pytest.raises(UsageError, match=text) as caught:
        store.query(sql, read_only=True)
    assert "\n" not in str(caught.value)
    assert "DB::Exception" not in str(caught.value)
