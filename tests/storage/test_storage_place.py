"""The directory of a store: who may open it, what is said when not, and that crashes and full disks lose nothing."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from columns import FLOW
from columns.errors import StoreError
from storage import Begun, Run, RunSummary, open_store
from storage.chunk import CHUNK_ROWS
from storage.place import LOCK, MARKER, claim
from storage.trouble import store_error
from tests.support.rows import VOCABULARIES, city_flows, extreme_batch

ROOT = Path(__file__).resolve().parents[2]


def child(source, *arguments, **options):
    """Start a Python process that knows the project."""
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(source), *map(str, arguments)], cwd=ROOT,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def refusal(path, **options):
    with pytest.raises(StoreError) as caught:
        open_store(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_parent_is_missing(tmp_path):
    text = refusal(tmp_path / "no" / "store")
    assert text.startswith(str(tmp_path / "no") + ": the directory above the store does not exist")
    assert "mkdir -p" in text


def test_not_a_directory(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "file: not a directory" in refusal(tmp_path / "file")


def test_somebody_elses_directory_is_left_alone(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("x")
    assert "holds other files and is not a store" in refusal(tmp_path / "letters")
    assert os.listdir(tmp_path / "letters") == ["a.txt"]


def test_no_store_and_none_to_make(tmp_path):
    assert "there is no store here" in refusal(tmp_path / "none", create=False)
    (tmp_path / "empty").mkdir()
    assert "there is no store here" in refusal(tmp_path / "empty", create=False)
    assert sorted(os.listdir(tmp_path)) == ["empty"]


@contextlib.contextmanager
def ordinary_user():
    """Root may write anywhere, so it becomes nobody for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize("mode", [0o555, 0o000])
def test_not_writable(mode):
    with tempfile.TemporaryDirectory() as above:
        place = Path(above) / "mine"
        place.mkdir()
        place.chmod(mode)
        os.chmod(above, 0o555)
        with ordinary_user():
            assert "cannot be opened (Permission denied)" in refusal(place)
            assert "cannot be opened (Permission denied)" in refusal(place / "store")
            assert "cannot be opened (Permission denied)" in refusal(Path(above) / "new")
        os.chmod(above, 0o755)
        place.chmod(0o755)


def test_store_of_another_user():
    with tempfile.TemporaryDirectory() as above:
        os.chmod(above, 0o755)
        open_store(Path(above) / "s").close()
        if os.geteuid() != 0:
            pytest.skip("only root can become another user")
        with ordinary_user():
            assert "cannot be opened (Permission denied)" in refusal(Path(above) / "s")


def test_path_with_a_question_mark(tmp_path):
    assert "may not hold '?'" in refusal(tmp_path / "why?")


def test_path_with_other_odd_characters(tmp_path):
    path = tmp_path / "関所 %41 'a' &b=c #"
    for _ in range(2):
        with open_store(path) as store:
            assert store.runs() == []
    assert sorted(os.listdir(path)) == ["clickhouse", LOCK, MARKER]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"store": "sekisho"}'])
def test_damaged_description(tmp_path, text):
    open_store(tmp_path / "s").close()
    (tmp_path / "s" / MARKER).write_text(text)
    assert "description is damaged" in refusal(tmp_path / "s")


def test_store_of_another_schema(tmp_path):
    open_store(tmp_path / "s").close()
    (tmp_path / "s" / MARKER).write_text(json.dumps({"store": "sekisho", "schema": "0123"}))
    assert "written by another version" in refusal(tmp_path / "s")
    assert "found 0123" in refusal(tmp_path / "s")


def test_damaged_table_definition(tmp_path):
    open_store(tmp_path / "s").close()
    broken = list((tmp_path / "s" / "clickhouse").rglob("flow.sql"))
    assert broken
    for path in broken:
        path.write_text("ATTACH TABLE nonsense")
    with child("""
            import sys
            from columns.errors import StoreError
            from storage import open_store
            try:
                open_store(sys.argv[1])
            except StoreError as error:
                print(error)
            """, tmp_path / "s") as process:
        out, _ = process.communicate(timeout=60)
    assert "the engine refused" in out
    assert "restore it from a backup" in out
    assert process.returncode == 0


def test_a_second_owner_is_told_who_has_it(tmp_path):
    with open_store(tmp_path / "s") as store:
        assert f"in use by process {os.getpid()}" in refusal(tmp_path / "s")
        with child("""
                import sys
                from storage import open_store
                open_store(sys.argv[1])
                """, tmp_path / "s") as process:
            _, err = process.communicate(timeout=60)
        assert f"StoreError: {tmp_path / 's'}: the store is in use by process {os.getpid()}" in err
        assert store.runs() == []
    open_store(tmp_path / "s").close()


def test_one_store_at_a_time_in_a_process(tmp_path):
    with open_store(tmp_path / "a"):
        assert "this process has another store open" in refusal(tmp_path / "b")
    open_store(tmp_path / "b").close()


def test_a_claim_is_released_when_the_process_dies(tmp_path):
    place = claim(tmp_path / "s", "1", create=True)
    with pytest.raises(StoreError, match="in use"):
        claim(tmp_path / "s", "1", create=True)
    place.release()
    place.release()
    claim(tmp_path / "s", "1", create=True).release()


WRITER = """
    import signal
    import sys
    from columns import FLOW
    from storage import Run, open_store
    from tests.support.rows import VOCABULARIES, city_flows
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit that it is ignored
    store = open_store(sys.argv[1])
    store.begin_run(Run("r"))
    flows = city_flows(280_000)
    for number in range(10_000):
        store.insert(FLOW, flows, vocabularies=VOCABULARIES)
        print(number, flush=True)
    """


def complete(path, rows):
    """Open the store after what happened to it, replay, and check that exactly these rows are there."""
    flows = city_flows(rows)
    with open_store(path) as store:
        assert [r["status"] for r in store.runs()] == ["interrupted"]
        found = store.query("SELECT count() FROM flow").rows[0][0]
        assert store.begin_run(Run("r")) is Begun.RESTARTED
        store.insert(FLOW, flows, vocabularies=VOCABULARIES)
        store.finish_run(RunSummary())
        assert store.query("SELECT count(), uniqExact(flow_id) FROM flow").rows == [(rows, rows)]
        assert [r["status"] for r in store.runs()] == ["complete"]
    return found


@pytest.mark.parametrize("inserts", [1, 4, 9])
def test_kill_in_the_middle_of_inserts(tmp_path, inserts):
    with child(WRITER, tmp_path / "s") as process:
        for _ in range(inserts):
            assert process.stdout.readline(), process.stderr.read()
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    assert complete(tmp_path / "s", 1000) % CHUNK_ROWS == 0  # whole chunks or nothing


def test_interrupt_in_the_middle_of_inserts(tmp_path):
    with child(WRITER, tmp_path / "s") as process:
        for _ in range(3):
            assert process.stdout.readline(), process.stderr.read()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    assert "KeyboardInterrupt" in err
    assert "Segmentation" not in err
    assert process.returncode in (1, 130, -signal.SIGINT)
    assert complete(tmp_path / "s", 1000) > 0


@contextlib.contextmanager
def small_disk(path, megabytes):
    path.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], check=False,
        capture_output=True).returncode == 0
    if not mounted:
        pytest.skip("a small tmpfs cannot be mounted here (needs root)")
    try:
        yield
    finally:
        subprocess.run(["umount", str(path)], check=True)  # busy where a file was left open


def fill(store, flows, times):
    for _ in range(times):
        store.insert(FLOW, flows, vocabularies=VOCABULARIES)


def test_full_disk_is_said_and_the_store_goes_on_when_there_is_space(tmp_path):
    disk = tmp_path / "disk"
    with small_disk(disk, 24):
        store = open_store(disk / "s")
        store.begin_run(Run("r"))
        with pytest.raises(StoreError, match="the disk is full; free space"):
            fill(store, extreme_batch(FLOW, 140_000, 1), 10)
        with pytest.raises(StoreError, match="the disk is full; free space"):
            store.close()
        subprocess.run(["mount", "-o", "remount,size=500m", str(disk)], check=True)
        complete(disk / "s", 1000)


def test_disk_that_is_full_from_the_start(tmp_path):
    disk = tmp_path / "disk"
    with small_disk(disk, 1):
        with contextlib.suppress(OSError):
            (disk / "ballast").write_bytes(b"x" * (2 << 20))
        assert "No space left" in refusal(disk / "s") or "disk is full" in refusal(disk / "s")


@pytest.mark.parametrize("text", [
    "Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)",
    "Code: 75. DB::ErrnoException: Cannot write to file: , errno: 28, strerror: No space left on device. (X)"])
def test_what_the_engine_says_of_a_full_disk(text):
    assert str(store_error(RuntimeError(text), "/s")).startswith("/s: the disk is full; free space there")


def test_what_the_engine_says_otherwise_is_one_line():
    error = store_error(RuntimeError("Code: 49. DB::Exception: Something. (LOGICAL_ERROR)\nStack trace: ..."), "/s")
    assert str(error).startswith("/s: the engine refused: Something; if the store is damaged")


def test_views_are_made_anew_where_another_version_made_them(tmp_path):
    with open_store(tmp_path / "s") as store:
        made = store.query("SELECT * FROM flows").columns
        connection = store.engine.connect()
        connection.execute("CREATE OR REPLACE VIEW flows AS SELECT 1 AS other")
        connection.close()
    with open_store(tmp_path / "s") as store:
        assert store.query("SELECT * FROM flows").columns == ("other",)  # nobody looks, as opening is to be fast
        connection = store.engine.connect()
        connection.execute("INSERT INTO schema_migrations VALUES (1, '', 'views of another version', now64(3) + 1)")
        connection.close()
    with open_store(tmp_path / "s") as store:
        assert store.query("SELECT * FROM flows").columns == made


def test_an_error_of_the_inserting_thread_surfaces_and_nothing_hangs(tmp_path, monkeypatch):
    def fail(connection, block):
        raise store_error(RuntimeError("Code: 243. DB::Exception: no. (NOT_ENOUGH_SPACE)"), "/s")

    monkeypatch.setattr("storage.embedded.EmbeddedConnection.insert", fail)
    monkeypatch.setattr("storage.chunk.CHUNK_ROWS", 10)
    store = open_store(tmp_path / "s")
    store.begin_run(Run("r"))
    with pytest.raises(StoreError, match="the disk is full"):
        fill(store, city_flows(10), 100)
    with pytest.raises(StoreError, match="the disk is full"):
        store.flush()
    with pytest.raises(StoreError, match="the disk is full"):
        store.close()
    store.close()
    open_store(tmp_path / "s").close()


def test_leaving_without_close_ends_the_process_in_order(tmp_path):
    with child("""
            import sys
            from columns import FLOW
            from storage import Run, open_store
            from tests.support.rows import VOCABULARIES, city_flows
            store = open_store(sys.argv[1])
            store.begin_run(Run("r"))
            store.insert(FLOW, city_flows(280_000), vocabularies=VOCABULARIES)
            raise SystemExit(7)
            """, tmp_path / "s") as process:
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (7, "")
    assert complete(tmp_path / "s", 1000) == CHUNK_ROWS


def test_the_engine_is_loaded_only_when_a_store_is_opened():
    with child("""
            import sys
            import storage, columns.eve, columns.docs, columns.dump
            assert "chdb" not in sys.modules
            """) as process:
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
