"""What the spool sends, sent to a ClickHouse server: blocks under their tokens, and the records of runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from columns.errors import SekishoError, StoreAway
from storage.block import Block
from storage.engine import Connection, Engine
from storage.reader import Reader
from storage.run_records import RunRecords
from storage.schema import prepare
from storage.spool.sender import Away, BlockRefused, SpooledBlock
from storage.trouble import code_of

# what lies in the values of the block itself. All else, missing columns too, may be mended at the server: it waits.
_REFUSALS = frozenset({6, 26, 27, 38, 41, 50, 53, 69, 70, 72, 117, 130, 131, 190, 349, 691})


def connected(open_engine: Callable[[], Engine]) -> EngineSender:
    """Connect to a server, make what is missing of its tables, and return a sender; Away where that fails."""
    with _told(sent=False):
        engine = open_engine()
        try:
            return EngineSender(engine)
        except BaseException:
            engine.close()
            raise


class EngineSender:
    """The sender (see storage.spool.sender) over an engine; made by connected()."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection = engine.connect()
        self._reader = Reader(engine.asker, engine.where)
        self._records = RunRecords(self._connection, self._reader.query, engine.where)
        try:
            prepare(engine, self._connection, self._reader.query, create=True)
        except BaseException:
            self._disconnect()
            raise

    def begin(self, record: Mapping[str, Any]) -> str:
        """Begin a run; see Sender.begin."""
        run_id = record["run_id"]
        with _told():
            before = self._records.of(run_id)
            if before is not None and _is_whole(before, self._records.count_rows(run_id)):
                return "complete"
            self._expect_silence(run_id)
            self._records.drop_rows(run_id)
            again = before is not None and before["started_at"] == record["started_at"]
            attempt = 1 if before is None else before["attempt"] + (not again)
            self._records.write({**record, "status": "running", "attempt": attempt})
            return "restarted" if attempt > 1 else "new"

    def is_current(self, run_id: str, started_at: str) -> bool:
        """Whether the server's record of a run is of this attempt; see Sender.is_current."""
        with _told():
            record = self._records.of(run_id)
            return record is not None and record["started_at"] == started_at

    def send(self, block: SpooledBlock) -> None:
        """Store a block; see Sender.send."""
        try:
            self._connection.insert(Block(block.table, block.columns, block.rows, block.token, block.data))
        except StoreAway as error:
            raise Away(error) from error
        except SekishoError as error:
            if code_of(error.__cause__ or error) in _REFUSALS:
                raise BlockRefused(error.what) from error
            raise Away(error) from error

    def holds(self, block: SpooledBlock, earlier_rows: int) -> bool:
        """Whether a block is stored already; see Sender.holds."""
        with _told():
            ((rows,),) = self._reader.query(
                f"SELECT count() FROM {block.table} WHERE run_id = {{run:String}} "
                "AND inserted_at = toDateTime({second:UInt32})",
                {"run": block.run_id, "second": block.inserted_at}).rows
        return rows >= earlier_rows + block.rows

    def expect_silence(self, run_id: str) -> None:
        """Raise Away while an earlier insert is at work; see Sender.expect_silence."""
        with _told():
            self._expect_silence(run_id)

    def blocks_inserted(self, table: str) -> int:
        """Blocks that a table has taken; see Sender.blocks_inserted."""
        try:
            found = self._reader.query(
                "SELECT max(p.max_block_number) FROM system.parts AS p JOIN system.tables AS t "
                "ON t.database = p.database AND t.name = p.table WHERE p.database = currentDatabase() "
                "AND p.table = {table:String} AND t.engine = 'MergeTree'", {"table": table}).rows
        except StoreAway as error:
            raise Away(error) from error
        except SekishoError:
            return -1  # this user may not look: the block's age decides
        return int(found[0][0] or 0) if found else -1

    def finish(self, record: Mapping[str, Any], handed: Mapping[str, int]) -> bool:
        """Close a run; see Sender.finish."""
        with _told():
            before = self._records.of(record["run_id"])
            if before is None or before["started_at"] != record["started_at"]:
                return False  # deleted, or begun again by another process, which closes it
            stored = {table: rows for table, rows in self._records.count_stored(record["run_id"]).items() if rows}
            # rows of a live run may have expired already; what was handed over is counted in them all the same
            whole = record["status"] == "complete" and (
                stored == {t: n for t, n in handed.items() if n} or before["keep_days"] > 0)
            self._records.write(before | record | {
                "status": "complete" if whole else "interrupted", "rows": self._records.count_rows(record["run_id"])})
            return whole

    def close(self) -> None:
        """Disconnect."""
        self._disconnect()
        self._engine.close()

    def _disconnect(self) -> None:
        self._reader.close()
        self._connection.close()

    def _expect_silence(self, run_id: str) -> None:
        """Raise Away while an insert of an earlier attempt, whose connection broke, is still at work at the server."""
        ((busy,),) = self._reader.query(
            "SELECT count() FROM system.processes WHERE startsWith(query_id, {prefix:String})",
            {"prefix": f"{run_id}/"}).rows
        if busy:
            raise StoreAway("an insert of an earlier attempt is still at work", where=self._engine.where,
                            remedy="it ends by itself")


def _is_whole(record: Mapping[str, Any], rows: Mapping[str, int]) -> bool:
    return record["status"] == "complete" and record["rows"] == rows


@contextmanager
def _told(*, sent: bool = True) -> Iterator[None]:
    try:
        yield
    except SekishoError as error:
        raise Away(error, sent=sent) from error
