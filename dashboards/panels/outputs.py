"""Which columns a question answers with, read off its SELECT list; tests hold this to what the engine answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|\w+|\s+|.", re.DOTALL)


def output_columns(sql: str) -> list[str]:
    """Return the names of a statement's columns, in order.

    The statement is one of our panels: SELECT (after WITH perhaps) with a list of expressions, each named by AS or by
    being a column.
    """
    select = _select_list(sql)
    return [_name(item) for item in _split(select)]


def _select_list(sql: str) -> list[str]:
    """Return the tokens between the outermost SELECT and its FROM."""
    depth, taken, inside = 0, [], False
    for token in _TOKEN.findall(sql):
        word = token.upper()
        if depth == 0 and word == "FROM" and inside:
            return taken
        if inside:
            taken.append(token)
        if depth == 0 and word == "SELECT":
            inside = True
        depth += (token in "([{") - (token in ")]}") if len(token) == 1 else 0
    return taken


def _split(tokens: list[str]) -> Iterator[list[str]]:
    """Yield the items of a list separated by commas outside of brackets, without white space."""
    depth, item = 0, []
    for token in tokens:
        if token == "," and depth == 0:
            yield item
            item = []
            continue
        depth += (token in "([{") - (token in ")]}") if len(token) == 1 else 0
        if not token.isspace():
            item.append(token)
    yield item


def _name(item: list[str]) -> str:
    return item[-1]
