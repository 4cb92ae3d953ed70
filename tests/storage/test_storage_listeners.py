"""The ClickHouse that tests run against is one: data outlives kill -9, users have their rights, settings hold."""

from __future__ import annotations

import urllib.request

import pytest
from clickhouse_driver import errors

from tests.support.clickhouse_listeners import READER, READER_PASSWORD, WRITER


def test_data_outlives_stop_and_kill(new_clickhouse):
    server = new_clickhouse()
    server.execute("CREATE TABLE sekisho.t (n UInt32) ENGINE = MergeTree ORDER BY n")
    for number, kill in enumerate((False, True)):
        server.execute(f"INSERT INTO sekisho.t SELECT {number}")
        server.restart(kill=kill)
    assert server.execute("SELECT n FROM sekisho.t ORDER BY n") == [(0,), (1,)]
    server.kill()
    with pytest.raises(errors.NetworkError):
        server.execute("SELECT 1")


def test_reader_reads_and_does_not_write(clickhouse, clickhouse_database):
    clickhouse.execute(f"CREATE DATABASE {clickhouse_database}")
    clickhouse.execute(f"CREATE TABLE {clickhouse_database}.t (n UInt32) ENGINE = MergeTree ORDER BY n")
    reading = f"SELECT count() FROM {clickhouse_database}.t"
    assert clickhouse.execute(reading, user=WRITER) == clickhouse.execute(reading, user=READER) == [(0,)]
    with pytest.raises(errors.ServerException, match="Not enough privileges"):
        clickhouse.execute(f"INSERT INTO {clickhouse_database}.t SELECT 1", user=READER)
    with pytest.raises(errors.ServerException, match="Not enough privileges"):
        clickhouse.execute("SELECT * FROM file('/etc/hostname', 'LineAsString', 'l String')", user=READER)


def test_http_answers_the_reader(clickhouse):
    request = urllib.request.Request(f"http://127.0.0.1:{clickhouse.http_port}/?query=SELECT+1",
                                     headers={"X-ClickHouse-User": READER, "X-ClickHouse-Key": READER_PASSWORD})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.read() == b"1\n"


def test_settings_are_those_that_were_asked_for(new_clickhouse):
    server = new_clickhouse(profile={"max_result_rows": 10})
    with pytest.raises(errors.ServerException, match="Limit for result exceeded"):
        server.execute("SELECT number FROM numbers(11)")
