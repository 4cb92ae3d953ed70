"""The harness measures what it says, reports failures as failures, and judges promises honestly."""

from __future__ import annotations

import json
import os
import sys
import tomllib

import pytest

from benchmarks import __main__ as command
from benchmarks import floors, harness, report, subjects
from benchmarks.harness import Subject
from detectors.switches import NAMES


def python(code: str, **options) -> Subject:
    return Subject("probe", [sys.executable, "-c", code], "none", 1000, 100_000, **options)


def test_a_run_is_bound_to_one_core_and_its_memory_is_seen():
    core = harness.last_core()
    code = "import os, json; b = b'x' * 80_000_000; print(json.dumps({'cores': list(os.sched_getaffinity(0))}))"
    measured = harness.measure(python(code), 2, core)
    assert measured.report == {"cores": [core]}
    row = measured.as_dict()
    assert row["peak_mb"]["min"] > 80_000_000 / 2**20
    assert row["repeats"] == 2
    assert row["wall_s"]["min"] <= row["wall_s"]["median"] <= row["wall_s"]["max"]


def test_rates_come_from_packets_and_the_seconds_the_subject_reports():
    row = harness.measure(python("print('{\"seconds\": 0.5}')", seconds=lambda r: r["seconds"]), 1, 0).as_dict()
    assert row["processing"] == pytest.approx({"mpps": 0.002, "gbit_s": 0.0016})
    assert row["whole"]["mpps"] == pytest.approx(1000 / row["wall_s"]["median"] / 1e6)


@pytest.mark.parametrize(("code", "words"), [
    ("raise SystemExit('no such thing')", "no such thing"),
    ("print('{}')", "does not say"),
])
def test_a_failing_subject_is_an_error_and_has_no_figures(code, words):
    row = harness.measure(python(code, seconds=lambda r: r["seconds"]), 3, 0).as_dict()
    assert words in row["error"]
    assert "whole" not in row


def test_a_subject_that_hangs_is_stopped():
    sample = harness.run_once([sys.executable, "-c", "import time; time.sleep(60)"], 0, {}, limit_s=0.3)
    assert sample.exit_code == -9
    assert sample.wall_s < 10


def test_the_kernel_cache_of_the_caller_does_not_reach_the_subject(monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/nowhere")
    code = "import os, json; print(json.dumps({k: os.environ.get(k + '_CACHE_DIR') for k in ('NUMBA', 'SEKISHO')}))"
    measured = harness.measure(python(code, prepare=lambda: {"SEKISHO_CACHE_DIR": "here"}), 1, 0)
    assert measured.report == {"NUMBA": None, "SEKISHO": "here"}


def results(mpps: float) -> dict:
    fast = {"processing": {"mpps": mpps, "gbit_s": mpps * 4}, "whole": {"mpps": mpps / 2, "gbit_s": mpps * 2},
            "peak_mb": {"max": 500}}
    slow = {"processing": {"mpps": 0.1, "gbit_s": 0.4}, "whole": {"mpps": 0.1, "gbit_s": 0.4}}
    return {"spine": fast, "main": dict(fast), "dpkt parse loop": slow, "nfstream": {"error": "exit 1: it broke"}}


def test_promises_are_judged_and_what_was_not_measured_is_not_met():
    by_name = {f.what: f for f in floors.judged(results(4.0))}
    assert by_name["spine: packets a second, processing"].met is True
    assert by_name["spine: packets a second, whole process"].met is False
    assert by_name["spine: times dpkt's bare parse loop, processing"].measured == pytest.approx(40)
    assert by_name["spine: times nfstream, processing"].met is None
    assert by_name["main: peak memory"].met is True
    assert by_name["main with the store, of the speed without"].met is None


def test_a_ratio_to_a_peer_that_shared_its_core_is_in_doubt():
    found = results(4.0)
    found["spine"] |= {"cpu_s": {"median": 0.95}, "wall_s": {"median": 1.0}}
    found["dpkt parse loop"] |= {"cpu_s": {"median": 5.0}, "wall_s": {"median": 10.0}}
    by_name = {f.what: f for f in floors.judged(found)}
    assert by_name["spine: times dpkt's bare parse loop, processing"].shared == ("dpkt parse loop 50%",)
    assert by_name["spine: packets a second, processing"].shared == ()
    assert by_name["main: peak memory"].shared == ()
    rows = report.floor_rows({"floors": [f.as_dict() for f in by_name.values()]})
    assert [r[-1] for r in rows if r[0].startswith("spine: times dpkt's")] == ["yes?"]


def document() -> dict:
    probe = harness.measure(python("print('{\"seconds\": {\"flow\": 0.25}, \"alerts\": 3}')",
                                   seconds=lambda r: sum(r["seconds"].values())), 1, 0).as_dict()
    failed = harness.measure(python("raise SystemExit('a|b')"), 1, 0).as_dict() | {"subject": "broken"}
    sheet = {"name": "none", "packets": 10, "wire_bytes": 1000, "file_bytes": 1184, "flows": 2, "digest": "ab" * 32}
    return {
        "taken": "now", "machine": harness.machine(), "core": 0, "repeats": 1, "source": "0" * 16,
        "captures": {"none": sheet}, "results": {"probe": probe, "broken": failed},
        "floors": [f.as_dict() for f in floors.judged(results(1.0))],
    }


def test_the_results_in_the_docs_are_replaced_as_a_whole(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.START}\nlast year\n{report.END}\nafter\n")
    for _ in range(2):
        report.write_docs(json.loads(json.dumps(document())), page)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "last year" not in text
    assert text.count("### Promises") == 1
    assert "| NO |" in text
    assert "| not measured |  | – |" in text
    assert "a\\|b" in text
    assert "250,000" in text  # 0.25 s over 1000 packets, in ns a packet


def test_docs_without_a_place_for_results_are_left_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing here")
    with pytest.raises(ValueError, match="no place for results"):
        report.write_docs(document(), page)
    assert page.read_text() == "nothing here"


def test_the_page_of_the_product_has_its_place():
    text = command.PAGE.read_text()
    assert report.START in text
    assert report.END in text


def test_writing_docs_before_any_run_says_what_to_do(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(command, "RESULTS", tmp_path / "absent.json")
    assert command.main(["--write-docs"]) == 2
    assert "python -m benchmarks" in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no processor affinity on this system")
def test_machine_says_what_it_is():
    facts = harness.machine()
    assert facts["cores"] >= 1
    assert facts["parts"]["numpy"] != "absent"


def test_the_spine_has_the_detectors_that_its_promise_names():
    off = tomllib.loads(subjects.SPINE.read_text())["detectors"]["off"]
    assert set(NAMES) - set(off) == {"scan", "flood", "zone_verdicts"}
