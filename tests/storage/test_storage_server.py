"""What only a server can do to a store: refuse, be away, be killed, be shared. Over real sockets."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from columns import FLOW
from columns.errors import StoreAway, StoreError, StoreMissing, UsageError
from storage import Begun, Run, RunSummary, StoreSettings, open_store
from tests.support.clickhouse_listeners import READER, READER_PASSWORD, WRITER_PASSWORD, free_port
from tests.support.rows import VOCABULARIES, city_flows
from tests.support.tls_front import can_make_certificates, make_certificate, tls_front

ROOT = Path(__file__).resolve().parents[2]
FLOWS = city_flows(5000)


@pytest.fixture(autouse=True)
def password(monkeypatch):
    monkeypatch.setenv("SEKISHO_STORE_PASSWORD", WRITER_PASSWORD)


@pytest.fixture
def url(clickhouse, clickhouse_database):
    return clickhouse.url(clickhouse_database)


def write(store, run_id, times=1, flows=FLOWS):
    store.begin_run(Run(run_id))
    for _ in range(times):
        store.insert(FLOW, flows, vocabularies=VOCABULARIES)
    store.finish_run(RunSummary())


def count(store, run_id):
    return store.query("SELECT count() FROM flow WHERE run_id = {r:String}", {"r": run_id}).rows[0][0]


def refusal(target, error=StoreError, **options):
    with pytest.raises(error) as caught:
        open_store(target, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert WRITER_PASSWORD not in text
    return text


def test_a_wrong_password_is_said_without_showing_it(url, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SEKISHO_STORE_PASSWORD", "wrong-secret")
    text = refusal(url)
    assert "the server refused user or password; set SEKISHO_STORE_PASSWORD or password_file" in text
    assert "wrong-secret" not in text + caplog.text


def test_the_password_is_in_no_log_and_no_text(url, caplog):
    caplog.set_level(logging.DEBUG)
    with open_store(url) as store:
        write(store, "r")
        seen = caplog.text + repr(store.engine) + repr(vars(store.engine)) + store.engine.where
    assert WRITER_PASSWORD not in seen


def test_nobody_listens():
    began = time.monotonic()
    text = refusal(f"clickhouse://u@127.0.0.1:{free_port()}/d?retries=2", StoreAway)
    assert "the server cannot be reached (Connection refused)" in text
    assert 0.7 < time.monotonic() - began < 10  # two pauses


def test_a_host_that_has_no_address():
    assert "the server cannot be reached" in refusal("clickhouse://u@nobody.invalid/d?retries=0", StoreAway)


def test_a_server_that_says_nothing(new_clickhouse):
    server = new_clickhouse()
    with open_store(server.url(more="?timeout_s=1&retries=0")) as store:
        server.pause()
        try:
            with pytest.raises(StoreAway, match="the server did not answer in time"):
                store.query("SELECT 1")
        finally:
            server.resume()
        assert store.query("SELECT 1").rows == [(1,)]


def test_a_database_that_is_not_there(url):
    assert "the server has no database" in refusal(url, StoreMissing, create=False)
    open_store(url).close()
    open_store(url, create=False).close()


def test_a_database_without_tables(clickhouse, clickhouse_database, url):
    clickhouse.execute(f"CREATE DATABASE {clickhouse_database}")
    assert "there is no store here" in refusal(url, StoreMissing, create=False)
    open_store(url).close()
    clickhouse.execute(f"DROP TABLE {clickhouse_database}.alert_status")
    assert "tables are missing: alert_status" in refusal(url, create=False)
    open_store(url).close()
    open_store(url, create=False).close()


def test_tables_of_another_version(clickhouse, clickhouse_database, url):
    open_store(url).close()
    clickhouse.execute(f"ALTER TABLE {clickhouse_database}.flow ADD COLUMN later UInt8")
    text = refusal(url)
    assert "table flow: the store was written by another version" in text
    assert "later" in text


def test_a_user_who_may_only_read(clickhouse, clickhouse_database, url, monkeypatch):
    with open_store(url) as store:
        write(store, "r")
    reading = clickhouse.url(clickhouse_database, user=READER)
    monkeypatch.setenv("SEKISHO_STORE_PASSWORD", READER_PASSWORD)
    with open_store(reading, create=False) as store:
        assert (count(store, "r"), store.runs()[0]["status"]) == (5000, "complete")
        assert store.query("SELECT count() FROM flows", read_only=True).rows == [(5000,)]
        for wrong in ("INSERT INTO runs (run_id) SELECT 'x'", "DROP TABLE flow",
                      "SELECT * FROM file('/etc/hostname', 'LineAsString', 'l String')"):
            with pytest.raises(UsageError):
                store.query(wrong)
        with pytest.raises(StoreError, match="the user may not do this"):
            store.begin_run(Run("new"))
        with pytest.raises(StoreError, match="the user may not do this"):
            store.delete_run("r")
    with pytest.raises(StoreError, match="the user may not do this"):
        open_store(clickhouse.url("sekisho_of_nobody", user=READER))


@pytest.mark.parametrize("kill", [False, True])
def test_a_restart_in_the_middle_of_a_run_loses_and_doubles_nothing(new_clickhouse, kill, monkeypatch):
    monkeypatch.setattr("storage.chunk.CHUNK_ROWS", 1000)
    server = new_clickhouse()
    with open_store(server.url(more="?retries=10")) as store:
        store.begin_run(Run("r"))
        restarting = threading.Timer(0.2, server.restart, kwargs={"kill": kill})
        restarting.start()
        for number in range(16):
            flows = FLOWS._replace(flow_id=FLOWS.flow_id + (number << 54))
            store.insert(FLOW, flows, vocabularies=VOCABULARIES)
        restarting.join()
        store.finish_run(RunSummary())
        assert store.query("SELECT count(), uniqExact(flow_id) FROM flow").rows == [(80_000, 80_000)]
        assert store.query("SELECT sum(flows) FROM traffic_1h").rows == [(80_000,)]
        assert store.runs()[0]["rows"]["flow"] == 80_000


def test_a_server_that_stays_away_ends_the_run(new_clickhouse):
    server = new_clickhouse()
    store = open_store(server.url(more="?retries=1"))
    store.begin_run(Run("r"))
    server.kill()
    store.insert(FLOW, FLOWS, vocabularies=VOCABULARIES)
    with pytest.raises(StoreAway, match="the server cannot be reached"):
        store.flush()
    with pytest.raises(StoreAway):
        store.close()
    store.close()
    server.start()
    with open_store(server.url()) as again:
        assert [r["status"] for r in again.runs()] == ["running"]  # nobody could say otherwise
        assert again.begin_run(Run("r")) is Begun.RESTARTED
        again.insert(FLOW, FLOWS, vocabularies=VOCABULARIES)
        again.finish_run(RunSummary())
        assert (count(again, "r"), again.runs()[0]["status"]) == (5000, "complete")


WRITER = """
    import sys
    from columns import FLOW
    from storage import Run, RunSummary, open_store
    from tests.support.rows import VOCABULARIES, city_flows
    with open_store(sys.argv[1]) as store:
        store.begin_run(Run(sys.argv[2], sensor=sys.argv[2]))
        for number in range(5):
            store.insert(FLOW, city_flows(30_000, seed=number), vocabularies=VOCABULARIES)
        store.finish_run(RunSummary())
    """


def test_two_processes_write_into_one_server(url):
    open_store(url).close()
    running = [subprocess.Popen([sys.executable, "-c", textwrap.dedent(WRITER), url, run], cwd=ROOT,
                                stderr=subprocess.PIPE, text=True) for run in ("north", "south")]
    for process in running:
        assert WRITER_PASSWORD.encode() not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
    errors = [process.communicate(timeout=120)[1] for process in running]
    assert errors == ["", ""]
    with open_store(url) as store:
        assert store.query("SELECT sensor, count() FROM flow GROUP BY 1 ORDER BY 1").rows == [
            ("north", 150_000), ("south", 150_000)]
        assert {(r["run_id"], r["status"], r["rows"]["flow"]) for r in store.runs()} == {
            ("north", "complete", 150_000), ("south", "complete", 150_000)}


def test_another_writer_of_the_same_run_is_noticed(url):
    with open_store(url) as one, open_store(url) as two:
        one.begin_run(Run("r"))
        assert two.begin_run(Run("r")) is Begun.RESTARTED
        for store in (one, two):
            store.insert(FLOW, FLOWS, vocabularies=VOCABULARIES)
        with pytest.raises(StoreError, match="run r was begun again by another process"):
            one.finish_run(RunSummary())
        with pytest.raises(StoreError, match="begun again"):
            one.close()
        two.finish_run(RunSummary())
        assert (count(two, "r"), two.runs()[0]["status"]) == (5000, "complete")


def test_an_open_store_leaves_the_runs_of_others_alone(url):
    with open_store(url) as one:
        one.begin_run(Run("alive"))
        with open_store(url) as two:
            assert [r["status"] for r in two.runs()] == ["running"]
        one.finish_run(RunSummary())


def test_questions_from_many_threads(url):
    with open_store(url) as store, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(store.query, "SELECT {n:UInt32}, sleep(0.01)", {"n": n}) for n in range(60)]
        assert [a.result().rows[0][0] for a in asked] == list(range(60))


def test_limits_of_the_server_may_pass_later(new_clickhouse):
    server = new_clickhouse(profile={"max_memory_usage": 80 << 20, "max_execution_time": 1})
    with open_store(server.url(more="?retries=0")) as store:
        with pytest.raises(StoreAway, match="memory limit"):
            store.query("SELECT length(groupArray(number)) FROM numbers(100000000)")
        with pytest.raises(StoreAway, match="time limit"):
            store.query("SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))")


def write_many(store):
    for number in range(20):
        write(store, f"r{number}")


def test_a_server_with_too_many_parts(new_clickhouse):
    # more than a new store makes at once, a part for each version of the schema, fewer than many runs do
    server = new_clickhouse(server={"merge_tree": "<parts_to_throw_insert>15</parts_to_throw_insert>"})
    open_store(server.url()).close()
    server.execute("SYSTEM STOP MERGES")
    with pytest.raises(StoreAway, match="too many parts"), open_store(server.url(more="?retries=0")) as store:
        write_many(store)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    if not can_make_certificates():
        pytest.skip("no openssl to make a certificate with")
    return make_certificate(tmp_path_factory.mktemp("tls"), "ch.example")


def test_tls_with_a_certificate_that_is_checked(clickhouse, clickhouse_database, certificate):
    with tls_front(clickhouse.tcp_port, *certificate) as port:
        address = f"clickhouse://sekisho@127.0.0.1:{port}/{clickhouse_database}?secure=1&retries=0"
        trusted = f"{address}&ca_file={certificate[0]}"
        with open_store(f"{trusted}&server_name=ch.example") as store:
            write(store, "r", times=3)
            assert count(store, "r") == 15_000
        assert "the server's certificate is not trusted" in refusal(f"{address}&server_name=ch.example")
        assert "the server's certificate is not trusted" in refusal(trusted)  # it is not for 127.0.0.1
        open_store(f"{address}&verify=0").close()
        assert "/nowhere/ca.pem: the certificate or key of ca_file cannot be read (No such file" in refusal(
            f"{address}&ca_file=/nowhere/ca.pem")


def test_tls_by_the_configuration(clickhouse, clickhouse_database, certificate):
    with tls_front(clickhouse.tcp_port, *certificate) as port:
        settings = StoreSettings(secure=True, ca_file=str(certificate[0]), server_name="ch.example")
        open_store(f"clickhouse://sekisho@127.0.0.1:{port}/{clickhouse_database}", settings=settings).close()


def test_tls_and_plain_mixed_up(clickhouse, clickhouse_database, certificate):
    assert "the server does not speak TLS on this port" in refusal(
        clickhouse.url(clickhouse_database, more="?secure=1&retries=0&timeout_s=5"))
    with tls_front(clickhouse.tcp_port, *certificate) as port:
        assert "whether host, port and secure are right" in refusal(
            f"clickhouse://sekisho@127.0.0.1:{port}/{clickhouse_database}?retries=0&timeout_s=5", StoreAway)


@pytest.mark.parametrize("compression", ["lz4", "zstd", "none"])
def test_every_compression(clickhouse, clickhouse_database, compression):
    with open_store(clickhouse.url(clickhouse_database, more=f"?compression={compression}")) as store:
        write(store, "r")
        assert store.query("SELECT count(), sum(bytes_toserver) FROM flow").rows == [
            (5000, int(FLOWS.bytes_toserver.sum()))]


VALUES = [
    f"fromUnixTimestamp64Nano(toInt64({n}), 'UTC')" for n in (-(2**63) + 1, -1, 0, 2**63 - 1)] + [
    "toDateTime64('2299-12-31 23:59:59', 0, 'UTC')", "toDateTime64('1900-01-01 00:00:00', 3, 'Asia/Tokyo')",
    "toDateTime(0, 'Asia/Tokyo')", "toDateTime(4294967295, 'UTC')", "toDate('2149-06-06')", "toDate32('2299-12-31')",
    "toDateTime('2026-11-01 12:00:00')", *(f"toIPv6('{a}')" for a in (
        "::", "::1", "::1:2", "::1.2.3.4", "::ffff:1.2.3.4", "1:0:0:2::3", "::1:2:3:4", "::ffff:0:1.2.3.4",
        "2001:db8::1")),
    "toIPv4('192.0.2.1')", "toDecimal64(1.5, 3)", "toUUID('01234567-89ab-cdef-0123-456789abcdef')", "(1, 'a')",
    "CAST((1, 'x'), 'Tuple(a UInt8, Date String)')", "map(1, [toDate('2020-01-01')])", "map('k', map('l', 2))",
    "[toDateTime64(0, 3, 'UTC')]", "[(toDateTime(0, 'UTC'), 'a')]", "toFixedString('ab', 4)", "[]", "NULL", "true",
    "toUInt128('340282366920938463463374607431768211455')", "CAST(NULL, 'Nullable(DateTime)')", "INTERVAL 3 DAY",
    "CAST(toDateTime(0, 'UTC'), 'Nullable(DateTime(\\'UTC\\'))')", "CAST('a', 'LowCardinality(String)')", "1e308 * 10",
    "CAST(NULL, 'LowCardinality(Nullable(String))')", "CAST('a\\'b', 'Enum8(\\'a\\\\\\'b\\' = 0, \\'Date\\' = 1)')",
    "unhex('FF41')", "'日本\\0'", "toInt8(-1)", "[CAST('x', 'Nullable(String)'), NULL]", "0.1", "toFloat32(0.5)"]


def test_values_are_the_same_from_both_engines(url, tmp_path):
    question = "SELECT " + ", ".join(f"{sql} AS c{number}" for number, sql in enumerate(VALUES))
    with open_store(url) as server, open_store(tmp_path / "s") as embedded:
        theirs, ours = server.query(question), embedded.query(question)
    assert (theirs.columns, theirs.types) == (ours.columns, ours.types)
    for sql, one, other in zip(VALUES, theirs.rows[0], ours.rows[0], strict=True):
        assert (one, type(one)) == (other, type(other)), sql


def test_a_type_that_the_protocol_brings_unread_is_said(url):
    with open_store(url) as store, pytest.raises(UsageError, match="AggregateFunction"):
        store.query("SELECT uniqState(number) FROM numbers(10)")


@pytest.mark.skipif(os.geteuid() != 0, reason="a small tmpfs cannot be mounted here (needs root)")
def test_a_full_disk_of_the_server(new_clickhouse, tmp_path):
    folder = tmp_path / "ch1"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], check=False,
                             capture_output=True)
    if mounted.returncode:
        pytest.skip("a small tmpfs cannot be mounted here")
    try:
        server = new_clickhouse()
        with pytest.raises(StoreAway, match="the disk is full"), open_store(server.url(more="?retries=0")) as store:
            write(store, "r", times=40, flows=city_flows(60_000))
        server.stop()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)
