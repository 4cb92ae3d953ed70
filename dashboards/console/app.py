"""The console as a web application: a page, its assets, and an interface in JSON over a store that is passed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from columns.errors import SekishoError
from dashboards.console.access import Access, Sessions
from dashboards.console.guard import Guard
from dashboards.console.interface import Interface
from dashboards.console.login import Login
from dashboards.console.refusals import Refusal, refusal_response, told_of
from dashboards.console.shared import SharedStore

STATIC = Path(__file__).parent / "static"
Explain = Callable[[Any, str, int, str, int], dict[str, Any]]


@dataclass(frozen=True)
class Console:
    """What a console serves: a store, how an alert is explained, and how it presents itself.

    explain(store, run, alert_id, lang, packets) returns all that is known of an alert as plain values.
    zone_names: Japanese name of each zone, where the policy is at hand. page_values: parameters of panels that come
    from the policy and not from a reader (``policy_zones``, ``policy_conduits``).
    """

    store: Any
    explain: Explain
    access: Access = field(default_factory=Access)
    version: str = ""
    lang: str = "en"
    zone_names: Mapping[str, str] = field(default_factory=dict)
    page_values: Mapping[str, Any] = field(default_factory=dict)
    actor: str = ""


def build_app(console: Console) -> Any:
    """Return the ASGI application."""
    sessions = Sessions(console.access.token)
    interface = Interface(SharedStore(console.store), console)
    login = Login(console.access, sessions)
    routes = [
        Route("/login", login.page, methods=["GET"]), Route("/login", login.enter, methods=["POST"]),
        Route("/logout", login.leave, methods=["POST"]),
        *(Route(path, _answering(answer), methods=[method]) for method, path, answer in interface.routes()),
        Route("/api/{rest:path}", _nothing), Mount("/static", StaticFiles(directory=STATIC)),
        Route("/favicon.ico", _icon), Route("/{rest:path}", _page, methods=["GET"]),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _http_error, Refusal: _refused,
                                                       SekishoError: _told, Exception: _internal})
    return Guard(app, console.access, sessions)


def _answering(answer: Callable[[Any], Any]) -> Any:
    """Return an endpoint that answers in a thread: the store and the explanation block."""
    async def endpoint(request: Any) -> Response:
        request.state.raw_body = await request.body()
        return await anyio.to_thread.run_sync(answer, request, abandon_on_cancel=True)

    return endpoint


async def _page(request: Any) -> Response:
    return FileResponse(STATIC / "index.html", media_type="text/html; charset=utf-8")


async def _icon(request: Any) -> Response:
    return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")


async def _nothing(request: Any) -> Response:
    raise Refusal(404, "not_found")


async def _http_error(request: Any, error: HTTPException) -> Response:
    code = {404: "not_found", 405: "method"}.get(error.status_code, "internal")
    return refusal_response(Refusal(error.status_code, code), request.scope)


async def _refused(request: Any, refusal: Refusal) -> Response:
    return refusal_response(refusal, request.scope)


async def _told(request: Any, error: SekishoError) -> Response:
    return refusal_response(told_of(error), request.scope)


async def _internal(request: Any, error: Exception) -> Response:
    return refusal_response(Refusal(500, "internal", where=type(error).__name__), request.scope)
