"""The address of a store on a server: clickhouse://USER@HOST:PORT/DATABASE?OPTION=VALUE&…, and its password."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import parse_qsl, unquote, urlsplit

from columns.errors import StoreError, UsageError
from storage.settings import StoreSettings

PASSWORD_ENV = "SEKISHO_STORE_PASSWORD"
SCHEME = "clickhouse"
_SHAPE = "clickhouse://USER@HOST:PORT/DATABASE"
_OPTIONS = tuple(f.name for f in fields(StoreSettings) if f.name != "target")
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_PORT, _SECURE_PORT = 9000, 9440


@dataclass(frozen=True)
class ServerTarget:
    """A database on a ClickHouse server and how to speak to it. The password is never shown."""

    host: str
    port: int
    user: str
    database: str
    options: StoreSettings
    password: str = field(default="", repr=False)

    @property
    def where(self) -> str:
        """The address for messages: without options and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{SCHEME}://{self.user}@{host}:{self.port}/{self.database}"


def is_server(target: Path | str) -> bool:
    """Whether a store's name is an address and not a directory; UsageError for an address of another kind."""
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):/", str(target))
    if scheme is None:
        return False
    if scheme[1] != SCHEME or not str(target).startswith(f"{SCHEME}://"):
        raise UsageError(f"{masked(str(target))} is not the address of a store", where="store",
                         expected=f"a directory, or {_SHAPE}")
    return True


def masked(address: str) -> str:
    """Return an address as it may be shown: what stands where a password would is hidden."""
    return re.sub(r"(//[^/@:]*):.*@", r"\1:***@", address)


def server_target(address: str, settings: StoreSettings, environ: Mapping[str, str] = os.environ) -> ServerTarget:
    """Parse an address; its options override the settings. Fetches the password: from the environment, else a file.

    UsageError for what is wrong in the address, StoreError when a file it names cannot be read.
    """
    head = address.partition("?")[0]
    if masked(head) != head:
        raise UsageError("a password stands in the address", where=masked(address), expected=_SHAPE,
                         remedy=f"other users of this machine may have seen it: change it, and give the new one in "
                         f"{PASSWORD_ENV} or in a file named by password_file")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        # what Python says of it would repeat a password that stands in the wrong place
        raise _wrong(address, "host or port is none") from None
    database = unquote(parts.path.strip("/"))
    if not host or not database or "/" in database or parts.fragment:
        raise _wrong(address, "host and database are needed, and nothing else")
    options = _overridden(settings, parts.query, address)
    for key in ("ca_file", "cert_file", "key_file"):
        if getattr(options, key):
            _read(getattr(options, key), f"the certificate or key of {key}", "a PEM file")
    return ServerTarget(host, port or (_SECURE_PORT if options.secure else _PORT), unquote(parts.username or "default"),
                        database, options, _password(options, environ))


def _wrong(address: str, why: str) -> UsageError:
    return UsageError(f"{masked(address)} is not the address of a store ({why})", where="store", expected=_SHAPE)


def _overridden(settings: StoreSettings, query: str, address: str) -> StoreSettings:
    values: dict[str, Any] = {f.name: getattr(settings, f.name) for f in fields(settings)}
    hints = get_type_hints(StoreSettings)
    for key, text in parse_qsl(query, keep_blank_values=True):
        if key == "password":
            raise UsageError("a password stands in the address", where=masked(address.partition("?")[0]),
                             remedy=f"give it in {PASSWORD_ENV} or in a file named by password_file")
        if key not in _OPTIONS:
            nearest = difflib.get_close_matches(key, _OPTIONS, n=1, cutoff=0.0)[0]
            raise UsageError(f"unknown option {key}", where=masked(address),
                             remedy=f"nearest valid option is {nearest}")
        try:
            values[key] = _typed(text, hints[key], next(f for f in fields(StoreSettings) if f.name == key).metadata)
        except ValueError as error:
            raise UsageError(f"{key}={text}", where=masked(address), expected=str(error)) from None
    return StoreSettings(**values)


def _typed(text: str, hint: Any, metadata: Mapping[str, Any]) -> Any:
    if hint is bool:
        if text.lower() not in _WORDS:
            raise ValueError("1 or 0")
        return _WORDS[text.lower()]
    if hint is str:
        return text
    if hint not in (int, float):
        choices = hint.__args__
        if text not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return text
    low, high = metadata["range"]
    try:
        number = hint(text)
    except ValueError:
        number = None
    if number is None or not low <= number <= high:
        raise ValueError(f"a number {low} to {high}")
    return number


def _password(options: StoreSettings, environ: Mapping[str, str]) -> str:
    if environ.get(PASSWORD_ENV):
        return environ[PASSWORD_ENV]
    if not options.password_file:
        return ""
    return _read(options.password_file, "the password file", "a file with the password and nothing else").rstrip("\r\n")


def _read(path: str, what: str, expected: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{what} cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'})", where=path,
                         expected=expected) from None
