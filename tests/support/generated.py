"""Parts of documentation pages that tests generate, between marks."""

from __future__ import annotations


def brought_up_to_date(text: str, mark: str, made: str) -> str:
    """Return a page with what stands between ``<!-- mark -->`` and ``<!-- end of mark -->`` replaced."""
    start, end = f"<!-- {mark}: made by the tests -->", f"<!-- end of {mark} -->"
    before, rest = text.split(start)
    return f"{before}{start}\n{made}\n{end}{rest.split(end)[1]}"
