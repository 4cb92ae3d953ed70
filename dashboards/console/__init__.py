"""The built-in console: the panels, the alert queue and the flow search as a local web page over any store.

``Console`` says what is served, ``build_app`` makes the ASGI application of it, ``serve`` listens. Starlette and
uvicorn are imported with this package, so import it only to serve.
"""

from dashboards.console.access import Access, is_loopback, new_token, token_from
from dashboards.console.app import Console, build_app
from dashboards.console.serving import PORT, listening_socket, open_browser, serve, url_of

__all__ = ["PORT", "Access", "Console", "build_app", "is_loopback", "listening_socket", "new_token", "open_browser",
           "serve", "token_from", "url_of"]
