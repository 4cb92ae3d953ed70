"""The login: a token once, a session cookie from then on."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anyio
from starlette.responses import FileResponse, RedirectResponse, Response

from dashboards.console.access import SESSION_SECONDS, Access, Sessions
from dashboards.console.guard import COOKIE
from dashboards.console.refusals import Refusal

_PAGE = Path(__file__).parent / "static" / "login.html"
_WRONG_SECONDS = 0.5


class Login:
    """The three endpoints of the login."""

    def __init__(self, access: Access, sessions: Sessions) -> None:
        self._access, self._sessions = access, sessions

    async def page(self, request: Any) -> Response:
        """Show the form; where no login is needed, the console."""
        if not self._access.token:
            return RedirectResponse("/", status_code=303)
        return FileResponse(_PAGE, media_type="text/html; charset=utf-8")

    async def enter(self, request: Any) -> Response:
        """Take the token; a wrong one waits, and too many of them are not even looked at."""
        client = request.client.host if request.client else ""
        if self._sessions.braked(client):
            raise Refusal(429, "braked")
        given = parse_qs((await request.body()).decode("utf-8", "replace")).get("token", [""])[0].strip()
        session = self._sessions.open(given, client) if self._access.token else ""
        if not session:
            await anyio.sleep(_WRONG_SECONDS)
            return RedirectResponse("/login?wrong", status_code=303)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(COOKIE, session, max_age=SESSION_SECONDS, httponly=True, samesite="strict",
                          secure=self._access.tls, path="/")
        return answer

    async def leave(self, request: Any) -> Response:
        """Close the session."""
        self._sessions.close(request.state.session)
        answer = Response(status_code=204)
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict", secure=self._access.tls)
        return answer
