"""Answers that are not what was asked for: what is wrong, and what to do; one shape for all."""

from __future__ import annotations

from typing import Any

from columns.errors import SekishoError, UsageError

_WORDS = {
    "wrong_host": ("this console is not known by that host name", "use its address, or start it with --name HOST"),
    "too_long": ("the address is too long", "use fewer filters"),
    "too_large": ("the request is too large", "send at most 16 KiB"),
    "cut_off": ("the request ended too early", "send it again"),
    "other_site": ("the request came from another site", "use the console's own page"),
    "no_csrf": ("the page is older than the console", "reload the page"),
    "login": ("log in first", "open /login"),
    "too_slow": ("the answer took too long", "ask for a shorter range"),
    "not_found": ("there is no such thing", "go back to the overview"),
    "method": ("that cannot be done here", "use the console's own page"),
    "internal": ("internal error", "the terminal of the console says more"),
}


class Refusal(Exception):
    """A request that is not answered; code names the reason, which the page says in its language."""

    def __init__(self, status: int, code: str, **told: str) -> None:
        super().__init__(code)
        self.status, self.code, self.told = status, code, told


def told_of(error: SekishoError) -> Refusal:
    """Return the refusal that tells an error of the product."""
    status = 400 if isinstance(error, UsageError) else 503
    return Refusal(status, "usage" if status == 400 else "store", what=error.what, where=error.where,
                   expected=error.expected, remedy=error.remedy)


def refusal_response(refusal: Refusal, scope: Any) -> Any:
    """Return the answer to a refused request: JSON, or for a page without a session the way to the login."""
    from starlette.responses import JSONResponse, RedirectResponse

    if refusal.code == "login" and not scope["path"].startswith("/api/"):
        return RedirectResponse("/login", status_code=303)
    what, remedy = _WORDS.get(refusal.code, (refusal.code, ""))
    told = {"code": refusal.code, "what": what, "where": "", "expected": "", "remedy": remedy} | refusal.told
    return JSONResponse({"error": told}, status_code=refusal.status)
