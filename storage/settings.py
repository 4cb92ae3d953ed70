"""Where the store is and how a server is spoken to: the [store] section of the configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Compression = Literal["lz4", "zstd", "none"]


@dataclass(frozen=True)
class StoreSettings:
    """Where results are kept, and how a ClickHouse server is spoken to; an address overrides these by its options."""

    target: str = field(default="", metadata={
        "result": False,
        "meaning": "directory of the store, or address of a server: clickhouse://USER@HOST:PORT/DATABASE; --store and "
        "SEKISHO_STORE override it; empty is ./sekisho-store"})
    password_file: str = field(default="", metadata={
        "result": False,
        "meaning": "file that holds the password of the server's user, relative to this file; SEKISHO_STORE_PASSWORD "
        "in the environment overrides it; a password never stands in an address or in this file"})
    secure: bool = field(default=False, metadata={
        "result": False, "meaning": "TLS to the server; the port is 9440 then where the address names none"})
    verify: bool = field(default=True, metadata={
        "result": False, "meaning": "with TLS: refuse a server whose certificate or name is not right"})
    ca_file: str = field(default="", metadata={
        "result": False,
        "meaning": "with TLS: certificates to trust (PEM), relative to this file; empty is the system's"})
    cert_file: str = field(default="", metadata={
        "result": False,
        "meaning": "with TLS: our own certificate (PEM), relative to this file, for a server that asks for one"})
    key_file: str = field(default="", metadata={
        "result": False, "meaning": "with TLS: the key of cert_file (PEM), relative to this file"})
    server_name: str = field(default="", metadata={
        "result": False, "meaning": "with TLS: the name the certificate must have; empty is the host of the address"})
    compression: Compression = field(default="lz4", metadata={
        "result": False, "meaning": "how blocks are compressed on the way; zstd is smaller and slower, none is fastest "
        "on one machine"})
    connect_timeout_s: float = field(default=5.0, metadata={
        "unit": "s", "range": (0.1, 300.0), "result": False, "meaning": "how long to wait for a connection"})
    timeout_s: float = field(default=60.0, metadata={
        "unit": "s", "range": (0.1, 3600.0), "result": False,
        "meaning": "how long the server may stay silent while it receives or answers"})
    retries: int = field(default=4, metadata={
        "unit": "times", "range": (0, 20), "result": False,
        "meaning": "how often a connection is tried, and a block is sent, again before it counts as failed; the pauses "
        "between are 0.25 s, 0.5 s, 1 s and so on"})
