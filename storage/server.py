"""A ClickHouse server as an engine, over its native protocol."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from clickhouse_driver import Client, errors

from columns.errors import SekishoError, StoreAway, StoreError, StoreMissing
from storage.block import Block, insert_settings
from storage.interface import Param, QueryResult
from storage.native_values import column_values
from storage.target import ServerTarget
from storage.trouble import code_of, query_error, store_error
from storage.wire import asking_client, run, send_block, sending_client

_NO_DATABASE = 81
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.25, 5.0


class ServerEngine:
    """A database on a ClickHouse server. Opening it connects once, so that what is wrong is said at once.

    create: make the database where there is none and the user may do so.
    """

    shared = True

    def __init__(self, target: ServerTarget, *, create: bool) -> None:
        self.where, self._target = target.where, target
        connection = self.connect()
        try:
            connection.ready()
        except _DatabaseMissing:
            if not create:
                raise
            self._make_database()
            connection.ready()
        finally:
            connection.close()

    def connect(self) -> ServerConnection:
        """Begin a conversation that may write; it connects when it is used."""
        return ServerConnection(self._target)

    def asker(self) -> ServerAsker:
        """Begin a conversation that can only read; it connects when it is used."""
        return ServerAsker(self._target)

    def close(self) -> None:
        """Nothing is held beside the conversations."""

    def _make_database(self) -> None:
        name = self._target.database.replace("\\", "\\\\").replace("`", "\\`")
        anywhere = ServerConnection(self._target, database="")
        try:
            anywhere.execute(f"CREATE DATABASE IF NOT EXISTS `{name}`")
        finally:
            anywhere.close()


class ServerConnection:
    """A conversation that may write; see storage.engine.Connection.

    A connection that cannot be made or was lost is made again, and a block is sent again under its token, as often as
    the settings say. Statements and blocks go over connections of their own, made when they are first used.
    """

    def __init__(self, target: ServerTarget, *, database: str | None = None) -> None:
        self._target = target
        self._statements, self._blocks = asking_client(target, database), sending_client(target)

    def ready(self) -> None:
        """Connect for statements where there is no living connection."""
        _patiently(self._statements, self._target)

    def execute(self, sql: str, params: Mapping[str, Param] | None = None) -> None:
        """Run one statement. It is not repeated when the connection is lost on the way."""
        self.ready()
        with _told(store_error, self._target):
            run(self._statements, sql, params or {})

    def insert(self, block: Block) -> None:
        """Store a block, sending it again under its token when the server was away."""
        sql = f"INSERT INTO {block.table} ({', '.join(block.columns)}) SETTINGS {insert_settings(block.token)} VALUES"
        _patiently(self._blocks, self._target, lambda: send_block(
            self._blocks, sql, block.data, f"{block.token}/{uuid.uuid4().hex}"))

    def close(self) -> None:
        """Disconnect."""
        for client in (self._statements, self._blocks):
            with suppress(Exception):
                client.disconnect()


class ServerAsker:
    """A conversation that can only read; see storage.engine.Asker."""

    def __init__(self, target: ServerTarget) -> None:
        self._target, self._client = target, asking_client(target)
        self._guarded = False

    def ask(self, sql: str, params: Mapping[str, Param]) -> QueryResult:
        """Run one statement."""
        _patiently(self._client, self._target)
        with _told(query_error, self._target):
            if not self._guarded:
                self._guard()
            columns, kinds = run(self._client, sql, params)
        names, types = zip(*kinds, strict=True) if kinds else ((), ())
        values = [column_values(kind, column) for kind, column in zip(types, columns, strict=False)]
        return QueryResult(tuple(names), tuple(types), list(zip(*values, strict=True)))

    def close(self) -> None:
        """Disconnect."""
        with suppress(Exception):
            self._client.disconnect()

    def _guard(self) -> None:
        """Let the server refuse what is not reading. A user whose profile does so already may not say it again."""
        ((level,),) = run(self._client, "SELECT toUInt8(getSetting('readonly'))", {})[0]
        if level != 1:
            self._client.settings["session_timezone"] = "UTC"
        if level == 0:
            self._client.settings["readonly"] = 1
        self._guarded = True


def _patiently(client: Client, target: ServerTarget, action: Callable[[], Any] = lambda: None) -> None:
    """Connect and do something that may be done twice; again after a pause while the server is away."""
    for attempt in range(target.options.retries + 1):
        try:
            with _told(store_error, target):
                _connect(client)
                action()
            return
        except StoreAway:
            if attempt == target.options.retries:
                raise
            time.sleep(min(_FIRST_PAUSE_S * 2**attempt, _LONGEST_PAUSE_S))


class _DatabaseMissing(StoreMissing):
    """The server has no such database."""


def _connect(client: Client) -> None:
    connection = client.connection
    try:
        if not (connection.connected and connection.ping()):
            connection.connect()
    except BaseException:
        connection.disconnect()
        raise


@contextmanager
def _told(translate: Callable[[BaseException, str], SekishoError], target: ServerTarget) -> Iterator[None]:
    """Turn what the driver raises inside into the product's errors."""
    try:
        yield
    except SekishoError:
        raise
    except errors.ServerException as error:
        if code_of(error) == _NO_DATABASE and f"Database {target.database} does not exist" in str(error.message):
            raise _DatabaseMissing(
                f"the server has no database {target.database}", where=target.where,
                remedy="create it (CREATE DATABASE), or let sekisho replay do it as a user who may") from error
        raise translate(error, target.where) from error
    except errors.UnknownTypeError as error:
        raise translate(error, target.where) from error
    except (errors.Error, OSError, EOFError) as error:
        raise _lost(error, target) from error


def _lost(error: BaseException, target: ServerTarget) -> StoreError:
    """Return the error for a connection that could not be made or kept."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "certificate verify failed" in text:
        return StoreError(f"the server's certificate is not trusted ({_reason(text)})", where=target.where,
                          remedy="name the right certificates with ca_file, or the certificate's name with server_name")
    if "WRONG_VERSION_NUMBER" in text or "wrong version number" in text:
        return StoreError("the server does not speak TLS on this port", where=target.where,
                          remedy="name its TLS port (9440 by default), or leave secure out")
    if isinstance(error, TimeoutError | errors.SocketTimeoutError):
        return StoreAway("the server did not answer in time", where=target.where, remedy="see whether it is "
                         "overloaded, or allow more by connect_timeout_s and timeout_s")
    if isinstance(error, errors.NetworkError):
        return StoreAway(f"the server cannot be reached ({_reason(text)})", where=target.where,
                         remedy="see whether it runs and whether host, port and secure are right")
    return StoreAway(f"the connection to the server was lost ({_reason(text) or type(error).__name__})",
                     where=target.where, remedy="see whether it runs and whether host, port and secure are right")


def _reason(text: str) -> str:
    line = text.removeprefix("Code: 210. ").removeprefix("Code: 209. ").splitlines()
    return line[0].split(" (", 1)[0].strip() if line else ""
