"""What all tables of protocol transactions share: whose conversation it was, when, and where its evidence is."""

from __future__ import annotations

from columns.schema import Column, Table

_FLOW = (
    Column("ts_ns", "int64", "when the transaction was complete, or the conversation ended", "ns since 1970",
           clickhouse="DateTime64(9, 'UTC')", codec="DoubleDelta, ZSTD", eve="timestamp"),
    Column("flow_id", "uint64", "flow of the conversation", clickhouse="UInt64", codec="LZ4", eve="flow_id"),
    Column("tx_id", "uint32", "number of the transaction within its flow, from 0", clickhouse="UInt32",
           codec="T64, LZ4", eve="tx_id"),
    Column("packet_number", "uint64", "packet that completed it", clickhouse="UInt64", codec="ZSTD",
           eve="sekisho.packet_number"),
    Column("logged_packet", "uint64", "packet that Suricata names: over TCP the one that acknowledged it",
           missing="0 = none did", eve="pcap_cnt"),
    Column("src_ip", "ip", "address of the initiator", clickhouse="IPv6", codec="ZSTD", eve="src_ip"),
    Column("dst_ip", "ip", "address of the responder", clickhouse="IPv6", codec="ZSTD", eve="dest_ip"),
    Column("src_port", "uint16", "port of the initiator", clickhouse="UInt16", codec="ZSTD", eve="src_port"),
    Column("dst_port", "uint16", "port of the responder", clickhouse="UInt16", codec="ZSTD", eve="dest_port"),
    Column("src_mac", "uint64", "MAC address of the initiator in the first packet looked into", missing="0",
           eve="ether.src_mac"),
    Column("dst_mac", "uint64", "MAC address of the responder in the first packet looked into", missing="0",
           eve="ether.dest_mac"),
    Column("proto", "uint8", "IP protocol number", clickhouse="UInt8", codec="ZSTD", eve="proto"),
    Column("vlan", "uint16", "outer VLAN id", missing="0", clickhouse="UInt16", codec="ZSTD", eve="vlan"),
    Column("src_zone", "uint16", "zone of the initiator", labels="zone", missing="0 = unattributed",
           clickhouse="LowCardinality(String)", eve="sekisho.src_zone"),
    Column("dst_zone", "uint16", "zone of the responder", labels="zone", missing="0 = unattributed",
           clickhouse="LowCardinality(String)", eve="sekisho.dst_zone"),
)


def transaction_table(name: str, meaning: str, batch_name: str, module: str, columns: tuple[Column, ...]) -> Table:
    """Return the table of a protocol's transactions: the columns that all share, then its own."""
    return Table(name, meaning, (*_FLOW, *columns), batch_name, module,
                 order_by=("run_id", "ts_ns", "flow_id", "tx_id"), view=f"{name}_log")


def word(name: str, meaning: str, eve: str) -> Column:
    """Return a column of text of which few different values occur (methods, versions, types)."""
    return Column(name, "text", meaning, missing="''", clickhouse="LowCardinality(String)", eve=eve)


def words(name: str, meaning: str, eve: str) -> Column:
    """Return a column of text of any kind."""
    return Column(name, "text", meaning, missing="''", clickhouse="String", codec="ZSTD", eve=eve)


def json_words(name: str, meaning: str, eve: str) -> Column:
    """Return a column that holds a JSON array or object as text; EVE shows it as the array or object that it is."""
    return Column(name, "json", meaning, missing="''", clickhouse="String", codec="ZSTD", eve=eve)


def count(name: str, meaning: str, eve: str, *, unit: str = "", dtype: str = "uint32", missing: str = "0") -> Column:
    """Return a column of a number that EVE leaves out where it is 0 (unless missing is "")."""
    return Column(name, dtype, meaning, unit, missing=missing, clickhouse=_NUMBERS[dtype], codec="ZSTD", eve=eve)


def flag(name: str, meaning: str, eve: str) -> Column:
    """Return a column that is true or false; EVE leaves it out where it is false."""
    return Column(name, "bool", meaning, missing="false", clickhouse="Bool", codec="ZSTD", eve=eve)


_NUMBERS = {"uint8": "UInt8", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64", "int64": "Int64"}
