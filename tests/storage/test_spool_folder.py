"""The spool's folder: who may open it, what a crash, damage or a full disk leaves, and what is told of it."""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from columns.errors import StoreError
from storage.spool import Drain, Kind, SpoolSettings, claim_spool, open_spool, read_status
from storage.spool.place import LOCK, MARKER
from storage.spool.state import STATE
from tests.storage.test_storage_place import ordinary_user, small_disk
from tests.support.spool_bench import TARGET, Bench
from tests.support.spool_oracle import UNREACHABLE, ModelServer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path / "spool")


def refusal(path, target=TARGET, **options):
    with pytest.raises(StoreError) as caught:
        open_spool(SpoolSettings(path=str(path)), target, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_folders_that_cannot_be_a_spool(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("x")
    assert "the folder above the spool does not exist" in refusal(tmp_path / "no" / "spool")
    assert "not a folder" in refusal(tmp_path / "file")
    assert "holds other files and is not a spool" in refusal(tmp_path / "letters")
    assert "there is no spool here" in refusal(tmp_path / "none", create=False)
    assert os.listdir(tmp_path / "letters") == ["a.txt"]


def test_folder_that_may_not_be_written(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    tmp_path.chmod(0o755)
    with ordinary_user():
        assert "the spool cannot be opened (Permission denied)" in refusal(tmp_path / "spool")


def test_one_process_owns_a_spool(tmp_path, bench):
    assert f"the spool is in use by process {os.getpid()}" in refusal(tmp_path / "spool")
    program = """
        import sys
        from columns.errors import StoreError
        from storage.spool import SpoolSettings, open_spool
        try:
            open_spool(SpoolSettings(path=sys.argv[1]), "clickhouse://model/sekisho")
        except StoreError as error:
            print(error)
        """
    out = subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "spool")], cwd=ROOT,
                         capture_output=True, text=True, check=True, timeout=60).stdout
    assert f"the spool is in use by process {os.getpid()}" in out
    bench.spool.close()
    open_spool(bench.settings, TARGET).close()


def test_a_filled_spool_is_not_sent_to_another_server(tmp_path, bench):
    bench.begin("r")
    bench.block("flow", 10)
    bench.spool.close()
    assert f"the spool holds rows for {TARGET}" in refusal(tmp_path / "spool", "clickhouse://elsewhere/sekisho")
    bench.open()
    bench.finish()
    bench.quiet()
    bench.spool.close()
    open_spool(bench.settings, "clickhouse://elsewhere/sekisho").close()
    assert read_status(tmp_path / "spool").server == "clickhouse://elsewhere/sekisho"


@pytest.mark.parametrize(("text", "told"), [
    ("{", "description is damaged"), ('{"spool": 1}', "description is damaged"),
    ('{"spool": 9, "server": "x"}', "the spool has format 9")])
def test_damaged_description(tmp_path, bench, text, told):
    bench.spool.close()
    (tmp_path / "spool" / MARKER).write_text(text)
    assert told in refusal(tmp_path / "spool")
    with pytest.raises(StoreError, match=told):
        read_status(tmp_path / "spool")


@pytest.mark.parametrize("cut", [1, 10, 40, 200, 299])
def test_a_record_that_was_cut_off_is_dropped_and_counted(tmp_path, bench, cut):
    bench.begin("r")
    for _ in range(3):
        bench.block("flow", 300)
    bench.spool.close()
    (segment,) = tmp_path.glob("spool/3-*.seg")
    os.truncate(segment, segment.stat().st_size - cut)
    bench.open()
    assert (bench.spool.state.torn, bench.spool.waiting().rows) == (1, 600)
    bench.quiet()
    assert bench.server.count("r") == {"flow": 600}
    assert bench.server.runs["r"]["status"] == "interrupted"


def test_what_the_disk_changed_is_never_sent(tmp_path, bench):
    bench.begin("r")
    for _ in range(3):
        bench.block("flow", 300)
    (segment,) = bench.spool.lanes[3].segments
    first, second, third = segment.entries()
    bench.spool.close()
    with open(segment.path, "r+b") as file:
        for entry in (second,):
            file.seek(entry.end - 7)
            file.write(b"\xff\x00\xff")
    assert read_status(tmp_path / "spool").waiting == {"flow": (3, 900)}
    bench.open()
    # bodies of the last file are compared at once: the rest of it cannot be trusted
    assert (bench.spool.state.torn, bench.spool.state.torn_bytes) == (1, third.end - first.end)
    bench.quiet()
    assert bench.server.count("r") == {"flow": 300}


def test_damage_in_an_older_file_is_found_when_it_is_sent(tmp_path):
    bench = Bench(tmp_path / "spool", max_bytes=1 << 20)
    bench.begin("r")
    for _ in range(6):
        bench.block("flow", 100_000)
    oldest = bench.spool.lanes[3].segments[0]
    entry = next(iter(oldest.entries()))
    bench.spool.close()
    with open(oldest.path, "r+b") as file:
        file.seek(entry.body_at + 1000)
        file.write(b"damage")
    bench.open()
    bench.quiet()
    assert bench.spool.state.lost == {"flow": {"damaged": 100_000}}
    assert bench.server.count("r") == {"flow": 500_000}


@pytest.mark.parametrize("place", [0, 32 << 10])
def test_a_half_written_state_is_the_one_before(tmp_path, bench, place):
    """Whichever of its two places it is: what was acknowledged since is sent again, and its token keeps it once."""
    bench.begin("r")
    for _ in range(4):
        bench.block("flow", 10)
    bench.steps(4)
    bench.spool.close()
    with open(tmp_path / "spool" / STATE, "r+b") as file:
        file.seek(place + 40)
        file.write(b"\0\0\0\0\0\0")
    bench.open()
    bench.quiet()
    assert bench.server.count("r") == {"flow": 40}


def test_files_go_when_all_in_them_is_acknowledged(tmp_path):
    bench = Bench(tmp_path / "spool", max_bytes=1 << 20)
    bench.begin("r")
    for _ in range(8):
        bench.block("flow", 100_000)
    assert len(list(tmp_path.glob("spool/3-*.seg"))) == 4
    bench.steps(5)
    assert len(list(tmp_path.glob("spool/3-*.seg"))) == 2
    bench.finish()
    bench.quiet()
    bench.spool.close()
    assert sorted(os.listdir(tmp_path / "spool")) == [LOCK, MARKER, STATE]


def test_status_tells_what_waits_while_another_process_owns_it(tmp_path):
    bench = Bench(tmp_path / "spool", lambda: UNREACHABLE, max_bytes=1 << 20)
    bench.begin("done")
    bench.block("alert", 10)
    bench.finish()
    bench.begin("open")
    for _ in range(14):
        bench.block("flow", 100_000)
    status = read_status(tmp_path / "spool")
    assert status.waiting == {"alert": (1, 10), "flow": (10, 1_000_000)}
    assert status.runs == {"done": "closed", "open": "open"}
    assert (status.lost, status.rows, status.server) == ({"flow": {"full": 400_000}}, 1_000_010, TARGET)
    assert 1_000_000 < status.bytes <= 1 << 20
    assert 0 <= status.oldest_s < 60
    with pytest.raises(StoreError, match="there is no spool here"):
        read_status(tmp_path)


def test_clear_gives_everything_up_and_counts_it(tmp_path, bench):
    bench.begin("r")
    bench.block("flow", 10)
    bench.spool.clear()
    assert bench.spool.idle
    assert bench.spool.state.lost == {"flow": {"cleared": 10}}
    bench.begin("next")
    bench.block("flow", 5)
    bench.finish()
    bench.quiet()
    assert bench.server.count("next") == {"flow": 5}
    assert "r" not in bench.server.runs


def test_full_disk_is_a_full_spool(tmp_path):
    """4 MB of disk for a spool that may take a gigabyte: never an error, and every row is there or counted."""
    disk = tmp_path / "disk"
    with small_disk(disk, 4):
        bench = Bench(disk / "spool", lambda: UNREACHABLE, fsync="block", segment_bytes=1 << 19)
        bench.begin("r")
        for _ in range(4):
            bench.block("alert", 200_000)
        for _ in range(40):
            bench.block("flow", 100_000)
        lost = bench.spool.state.lost
        assert set(lost) == {"flow"}
        assert set(lost["flow"]) == {"disk_full"}
        (disk / "ballast").write_bytes(b"")
        with contextlib.suppress(OSError), open(disk / "ballast", "wb") as file:
            while True:
                file.write(bytes(4096))
                file.flush()
        bench.steps(1)  # acknowledgements need no space
        bench.block("flow", 100_000)
        bench.finish()
        bench.quiet()
        bench.spool.close()
        assert bench.server.count("r")["alert"] == 800_000
        assert bench.server.count("r")["flow"] + sum(lost["flow"].values()) == 4_100_000
        assert bench.server.runs["r"]["status"] == "interrupted"


def test_a_filled_spool_opens_on_a_full_disk(tmp_path):
    disk = tmp_path / "disk"
    with small_disk(disk, 4):
        bench = Bench(disk / "spool")
        bench.begin("r")
        bench.block("flow", 10)
        with contextlib.suppress(OSError), open(disk / "ballast", "wb") as file:
            while True:
                file.write(bytes(4096))
                file.flush()
        bench.crash()
        bench.quiet()
        assert bench.server.count("r") == {"flow": 10}
        bench.spool.close()


def test_a_disk_that_fails_is_an_error_that_says_so(bench, monkeypatch):
    bench.begin("r")

    def broken(*arguments):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("storage.spool.segment.os.pwrite", broken)
    with pytest.raises(StoreError, match=r"the spool cannot be written \(Input/output error\)"):
        bench.block("flow", 10)


def test_a_run_is_not_begun_where_nothing_fits(tmp_path):
    bench = Bench(tmp_path / "spool", max_bytes=1 << 20)

    def begin(number):
        bench.spool.append(Kind.BEGIN, {"run_id": f"r{number}", "life": f"{number}", "at_s": 0.0,
                                        "record": {"started_at": "", "captures": ["x" * 500_000]}})

    begin(0)
    begin(1)
    with pytest.raises(StoreError, match="a run cannot be begun"):
        begin(2)


WRITER = """
    import sys, time
    from storage.spool import Drain, Kind, SpoolSettings, open_spool
    spool = open_spool(SpoolSettings(path=sys.argv[1], fsync="never", segment_bytes=1 << 16), "clickhouse://model/sekisho")
    spool.append(Kind.BEGIN, {"run_id": "r", "life": "1", "at_s": time.time(), "record": {"started_at": "1"}})
    import random
    for number in range(100_000):
        data = random.Random(number).randbytes(20_000)
        spool.append(Kind.BLOCK, {"run_id": "r", "life": "1", "at_s": time.time(), "table": "flow", "columns": ["x"],
                                  "token": f"r/flow/{number}", "rows": 20_000, "inserted_at": 1}, data)
        print(number, flush=True)
    """


@pytest.mark.parametrize("records", [1, 7, 50])
def test_kill_in_the_middle_of_writing(tmp_path, records):
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path / "spool")], cwd=ROOT,
                          stdout=subprocess.PIPE, text=True) as process:
        for _ in range(records):
            last = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        last = ([last, *process.stdout.readlines()])[-1]
        process.wait(60)
    spool = open_spool(SpoolSettings(path=str(tmp_path / "spool"), fsync="never"), TARGET)
    assert spool.waiting().blocks >= int(last) + 1
    server, blocks = ModelServer(), spool.waiting().blocks
    drain = Drain(spool, server.connect)
    while drain.step() is not None:
        pass
    assert server.order == [f"r/flow/{n}" for n in range(blocks)]
    assert server.runs["r"]["status"] == "interrupted"


def test_a_claim_is_given_free_twice(tmp_path):
    place = claim_spool(tmp_path / "spool", TARGET)
    place.release()
    place.release()
    assert json.loads((tmp_path / "spool" / MARKER).read_text()) == {"spool": 1, "server": TARGET}
