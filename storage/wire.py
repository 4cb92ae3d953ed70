"""ClickHouse's native protocol by clickhouse-driver, with two things the driver does not do by itself.

Blocks go out as our own encoder wrote them, without a Python object per value: several times the rows a second of
the driver's columnar insert from numpy (docs/decisions/0007-native-blocks.md). Answers keep all nine decimals of a
time: the driver makes a datetime of it, so here the type is replaced by the integer that lies on the wire.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver.block import BlockInfo, ColumnOrientedBlock, RowOrientedBlock
from clickhouse_driver.columns.service import read_column
from clickhouse_driver.connection import Connection
from clickhouse_driver.protocol import ClientPacketTypes
from clickhouse_driver.reader import read_binary_str, read_binary_uint8
from clickhouse_driver.streams.compressed import CompressedBlockInputStream
from clickhouse_driver.streams.native import BlockInputStream
from clickhouse_driver.varint import read_varint, write_varint
from clickhouse_driver.writer import write_binary_str

from storage.interface import Param
from storage.native_values import wire_type
from storage.target import ServerTarget

# without a handler, Python would print what the driver logs on standard error, stack traces of refused connections too
logging.getLogger("clickhouse_driver").addHandler(logging.NullHandler())

_PLAIN_COLUMNS = 54_453
"""The last revision of the protocol in which a block on the wire is a block of the Native format to the byte."""
_FLAGGED_COLUMNS = 54_454


def sending_client(target: ServerTarget) -> Client:
    """Return a client for send_block(); it connects when it is used."""
    return _client(target, Client, Connection, client_revision=_PLAIN_COLUMNS)


def asking_client(target: ServerTarget, database: str | None = None) -> Client:
    """Return a client for run(); it connects when it is used. database: another than the target's."""
    return _client(target, Client, _ExactConnection, database=database)


def _client(target: ServerTarget, client_class: Any, connection_class: Any, database: str | None = None,
            client_revision: int | None = None) -> Client:
    options = target.options
    how: dict[str, Any] = {
        "port": target.port, "user": target.user, "password": target.password, "client_name": "sekisho",
        "database": target.database if database is None else database, "connect_timeout": options.connect_timeout_s,
        "send_receive_timeout": options.timeout_s, "sync_request_timeout": options.timeout_s, "tcp_keepalive": True,
        "compression": False if options.compression == "none" else options.compression, "secure": options.secure,
        "verify": options.verify, "client_revision": client_revision}
    paths = {"ca_certs": options.ca_file, "certfile": options.cert_file, "keyfile": options.key_file,
             "server_hostname": options.server_name}
    how |= {name: value for name, value in paths.items() if value}
    client = client_class(target.host, settings={"server_side_params": True, "strings_as_bytes": True}, **how)
    connection = connection_class(target.host, **how)
    if not options.ca_file:
        # the driver would trust the certifi package, where it is installed, and not the certificates of the system
        connection.ssl_options.pop("ca_certs", None)
    connection.context.settings, connection.context.client_settings = client.settings, client.client_settings
    client.connection = connection
    return client


def send_block(client: Client, sql: str, data: bytes, query_id: str) -> None:
    """Run an INSERT ... VALUES with one block of the Native format as its rows; from sending_client() only."""
    with client.disconnect_on_error(sql, None):
        connection = client.connection
        connection.send_query(sql, query_id=query_id)
        connection.send_external_tables(None)
        client.receive_sample_block()
        write_varint(ClientPacketTypes.DATA, connection.fout)
        write_binary_str("", connection.fout)
        out = connection.block_out
        BlockInfo().write(out.fout)
        out.fout.write(data)
        out.finalize()
        connection.send_data(RowOrientedBlock())
        client.receive_end_of_insert_query()
        connection.is_query_executing = False


def run(client: Client, sql: str, params: Mapping[str, Param]) -> tuple[list[Any], list[tuple[str, str]]]:
    """Run a statement and return the columns of its answer, with integers for times, and their names and types."""
    given = {name: _param(value) for name, value in params.items()}
    return client.execute(sql, given or None, columnar=True, with_column_types=True)


def _param(value: Param) -> Any:
    """Return a parameter as the driver wants it, which quotes texts and lists itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return value
    return list(value)


class _ExactConnection(Connection):
    """A connection whose answers keep what the wire holds."""

    def get_block_in_stream(self) -> Any:
        """Return the reader of blocks, compressed or not."""
        return _CompressedExact(self.fin, self.context) if self.compression else _Exact(self.fin, self.context)


def _read_block(stream: Any, use_numpy: bool | None = None) -> ColumnOrientedBlock:
    fin, context, info = stream.fin, stream.context, BlockInfo()
    info.read(fin)
    columns, rows = read_varint(fin), read_varint(fin)
    kinds, data = [], []
    for _ in range(columns):
        name, kind = read_binary_str(fin), read_binary_str(fin)
        kinds.append((name, kind))
        flagged = context.server_info.used_revision >= _FLAGGED_COLUMNS and bool(read_binary_uint8(fin))
        if rows:
            data.append(read_column(context, wire_type(kind), rows, fin, use_numpy=False,
                                    has_custom_serialization=flagged))
    return ColumnOrientedBlock(columns_with_types=kinds, data=data, info=info)


class _Exact(BlockInputStream):
    read = _read_block


class _CompressedExact(CompressedBlockInputStream):
    read = _read_block
