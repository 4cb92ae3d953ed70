"""Who may ask: which Host headers are ours, the login token, and the sessions it opens."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from columns.errors import UsageError

TOKEN_LETTERS = 16
"""Shortest token that is accepted from a file."""
SESSION_SECONDS = 12 * 3600
_SESSIONS = 64
_FAILURES = 8
_REMEMBERED = 1024
_FAILURE_SECONDS = 60.0
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True)
class Access:
    """Where the console listens and what it asks of a visitor; token "" means that no login is needed.

    names: host names under which it may be reached besides ``localhost`` and addresses. A page of another site can
    make a browser believe that its own name points here (DNS rebinding), but it cannot put an address or one of
    these names into the Host header.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token: str = ""
    names: tuple[str, ...] = ()
    tls: bool = False

    def __post_init__(self) -> None:
        if not self.token and not is_loopback(self.host):
            raise UsageError(f"--host {self.host} can be reached by others and there is no token", where="console",
                             expected="a token for every address but loopback", remedy="give --token-file FILE")

    def knows_host(self, header: str) -> bool:
        """Return whether a Host header names this console."""
        found = _HOST.fullmatch(header)
        if not found:
            return False
        name = found["name"].strip("[]").lower().rstrip(".")
        return name == "localhost" or name in {n.lower() for n in self.names} or _address(name) is not None

    def origin_of(self, header: str) -> str:
        """Return the Origin that a page of ours has when it was asked for under this Host header."""
        return f"{'https' if self.tls else 'http'}://{header}".lower()


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a host name or address."""
    found = _address(host.strip("[]"))
    return host.lower() == "localhost" if found is None else found.is_loopback


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def new_token() -> str:
    """Return a fresh token of 192 random bits."""
    return secrets.token_urlsafe(24)


def token_from(path: Path) -> str:
    """Return the token on the first line of a file; UsageError when it cannot be read, is short, or others may read."""
    try:
        mode = path.stat().st_mode
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the token cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8 text'})",
                         where=str(path), expected="a file with the token on its first line") from None
    token = lines[0].strip()
    if len(token) < TOKEN_LETTERS:
        raise UsageError(f"the token has {len(token)} letters", where=str(path), expected=f"at least {TOKEN_LETTERS}",
                         remedy="make one: openssl rand -base64 24")
    if mode & 0o077:
        raise UsageError("other users can read the token", where=str(path), remedy=f"chmod 600 {path}")
    return token


@dataclass
class Sessions:
    """Logged-in browsers: a random id each, bounded in number and time; and a brake on guessing the token."""

    token: str
    clock: Callable[[], float] = time.monotonic
    _until: dict[str, float] = field(default_factory=dict)
    _failed: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def open(self, token: str, client: str) -> str:
        """Return the id of a new session for the right token, or "" for a wrong one; client is where it came from."""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            self._failed.append((self.clock(), client))
            return ""
        while len(self._until) >= _SESSIONS:
            self._until.pop(next(iter(self._until)))
        session = secrets.token_urlsafe(32)
        self._until[session] = self.clock() + SESSION_SECONDS
        return session

    def knows(self, session: str) -> bool:
        """Return whether a session is open."""
        return self._until.get(session, 0.0) > self.clock()

    def close(self, session: str) -> None:
        """Log a browser out."""
        self._until.pop(session, None)

    def braked(self, client: str) -> bool:
        """Return whether a client gave too many wrong tokens in the last minute."""
        since = self.clock() - _FAILURE_SECONDS
        return sum(moment > since and who == client for moment, who in self._failed) >= _FAILURES
