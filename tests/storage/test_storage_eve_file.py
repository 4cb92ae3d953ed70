"""The EVE file: whole lines only, whatever happens to the disk or the reader."""

import json
import os
import resource
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from columns import ALERT, SENSOR_HEALTH, rows_in, slice_rows
from columns.errors import StoreError
from storage import EveWriter
from tests.support.rows import VOCABULARIES, city_flows

ROOT = Path(__file__).resolve().parents[2]


def lines(path):
    text = Path(path).read_text()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n") if line]


def test_events_come_in_the_order_they_were_written(tmp_path):
    with EveWriter(tmp_path / "eve.json", sensor="edge") as eve:
        eve.write_alerts(ALERT.from_rows([{"alert_id": 1, "severity": 1}]))
        eve.write_flows(city_flows(3), VOCABULARIES)
        eve.write_flows(city_flows(0), VOCABULARIES)
        eve.write_stats(SENSOR_HEALTH.from_rows([{"stage": "decode", "cause": "ok", "value": 1}]))
    found = lines(tmp_path / "eve.json")
    assert [e["event_type"] for e in found] == ["alert", "flow", "flow", "flow", "stats"]
    assert {e["host"] for e in found} == {"edge"}


def test_an_old_file_is_replaced(tmp_path):
    path = tmp_path / "eve.json"
    for rows in (5, 2):
        with EveWriter(path) as eve:
            eve.write_flows(city_flows(rows), VOCABULARIES)
    assert len(lines(path)) == 2


def test_lines_are_there_before_close(tmp_path):
    eve = EveWriter(tmp_path / "eve.json")
    eve.write_flows(city_flows(20_000), VOCABULARIES)
    assert len(lines(tmp_path / "eve.json")) == 20_000
    eve.close()
    eve.close()
    with pytest.raises(StoreError, match="the EVE file is closed"):
        eve.write_flows(city_flows(1), VOCABULARIES)


def test_a_file_that_cannot_be_made(tmp_path):
    with pytest.raises(StoreError, match=r"the EVE file cannot be written \(No such file or directory\)"):
        EveWriter(tmp_path / "no" / "eve.json")
    with pytest.raises(StoreError, match=r"cannot be written \(Is a directory\)"):
        EveWriter(tmp_path)


@pytest.mark.parametrize("batch", [1, 3, 10])
def test_alerted_is_the_same_whatever_the_batch(tmp_path, batch):
    flows = city_flows(10)
    ids, clock = flows.flow_id.tolist(), flows.clock_ns.tolist()
    flows.flow_id[4] = ids[3]
    alerts = ALERT.from_rows([
        {"alert_id": 1, "severity": 1, "flow_id": ids[3], "ts_ns": clock[3]},
        {"alert_id": 2, "severity": 1, "flow_id": ids[7], "ts_ns": clock[7] + 1},
        {"alert_id": 3, "severity": 1, "flow_id": 0, "ts_ns": 1}])
    at = [3, 7, 0]
    with EveWriter(tmp_path / "eve.json") as eve:
        for start in range(0, 10, batch):
            stop = start + batch
            for i in (i for i, row in enumerate(at) if start <= row < stop):
                eve.write_alerts(slice_rows(alerts, i, i + 1))
            eve.write_flows(slice_rows(flows, start, min(stop, rows_in(flows))), VOCABULARIES)
    alerted = [e["flow"]["alerted"] for e in lines(tmp_path / "eve.json") if e["event_type"] == "flow"]
    assert [i for i, marked in enumerate(alerted) if marked] == [3, 4]


def test_memory_of_alerted_flows_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("storage.eve_file._ALERTED_FLOWS", 100)
    number = 5000
    alerts = ALERT.empty(number)
    alerts.flow_id[:], alerts.severity[:] = range(1, number + 1), 1
    flows = city_flows(2)
    flows.flow_id[:] = 1, number
    with EveWriter(tmp_path / "eve.json") as eve:
        eve.write_alerts(alerts)
        eve.write_flows(flows, VOCABULARIES)
        assert len(eve._alerted) == 100
    assert [e["flow"]["alerted"] for e in lines(tmp_path / "eve.json")[-2:]] == [False, True]


PROGRAM = """
    import sys
    from columns.errors import StoreError
    from storage import EveWriter
    from tests.support.rows import VOCABULARIES, city_flows
    try:
        with EveWriter(sys.argv[1]) as eve:
            for _ in range(int(sys.argv[2])):
                eve.write_flows(city_flows(5000), VOCABULARIES)
            print("gone" if eve.reader_gone else "done", file=sys.stderr)
    except StoreError as error:
        sys.exit(str(error))
    """


def run(*arguments, **options):
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(PROGRAM), *map(str, arguments)], cwd=ROOT,
                            stderr=subprocess.PIPE, **options)


def test_full_disk_leaves_whole_lines(tmp_path):
    path, limit = tmp_path / "eve.json", 1_234_567
    with run(path, 4, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.decode().startswith(f"{path}: the disk is full; free space")
    assert limit - 2000 < path.stat().st_size <= limit
    assert len(lines(path)) > 1000


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_device_without_space():
    eve = EveWriter("/dev/full")
    with pytest.raises(StoreError, match="the disk is full"):
        eve.write_flows(city_flows(1), VOCABULARIES)
    eve.close()


def test_standard_output_gets_the_lines():
    with run("-", 2, stdout=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"done\n")
    assert len([json.loads(line) for line in out.decode().splitlines()]) == 10_000


def test_reader_that_goes_away_is_no_error():
    with run("-", 20, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.wait(60)
    assert (process.returncode, err) == (0, b"gone\n")
