"""Individual Numbers of nobody, naive oracles for finding them, and documents with and without them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from detectors.mynumber.text import CANDIDATE, ROOM, most_candidates, new_tables, scan_texts
from detectors.mynumber.wraps import SEXTETS

WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
ENCODINGS = ("utf-8", "cp932", "euc_jp", "iso2022_jp", "utf-16-le")
TABLES = new_tables((3, 5))
WIDE = str.maketrans("0123456789 .-", "０１２３４５６７８９　．－")
KIND = {**dict.fromkeys(" 　", "space"), **dict.fromkeys(".．", "dot"), **dict.fromkeys("-－−‐‑–ー", "hyphen")}


def check_digit(eleven: str) -> str:
    """The twelfth digit, as the ordinance words it."""
    rest = sum(int(d) * w for d, w in zip(eleven, WEIGHTS, strict=True)) % 11
    return str(0 if rest <= 1 else 11 - rest)


def is_valid(twelve: str) -> bool:
    """Whether twelve digits pass; those that are all the same and those that read as a time are left out."""
    return len(set(twelve)) > 1 and twelve[11] == check_digit(twelve[:11]) and not is_time(twelve)


def is_time(twelve: str) -> bool:
    """Whether twelve digits read as a year, month, day, hour and minute of two centuries."""
    return bool(re.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d", twelve))


def number(rng: np.random.Generator) -> str:
    """A number with a right check digit."""
    eleven = "".join(map(str, rng.integers(0, 10, 11)))
    return eleven + check_digit(eleven)


def wrong_number(rng: np.random.Generator) -> str:
    """Twelve digits whose last is not their check digit."""
    right = number(rng)
    return right[:11] + str((int(right[11]) + int(rng.integers(1, 10))) % 10)


def encoded(text: str, encoding: str) -> bytes:
    """Text in an encoding; where the full-width hyphen is another character in Unicode, that one."""
    return text.replace("－", "−" if encoding in ("euc_jp", "iso2022_jp") else "－").encode(encoding)


def scan(data: bytes) -> np.ndarray:
    """The candidates of one text, with their numbers."""
    out, none = np.zeros(most_candidates(len(data)) + ROOM, CANDIDATE), np.zeros(1, np.int64)
    count, *_ = scan_texts(np.frombuffer(data, np.uint8), np.array([0, len(data)]), none, np.zeros(1, np.uint8), 0, 0,
                           SEXTETS, TABLES, out, np.zeros(1, np.uint8), True)
    return out[:count]


def naive_candidates(text: str) -> Iterator[tuple[int, str]]:
    """(place, digits) of every candidate in text, by a look at one run of digits after another."""
    for digits, word in ((r"[0-9]", r"[0-9A-Za-z]"), (r"[０-９]", r"[0-9A-Za-zＡ-Ｚａ-ｚ]")):
        runs = [m.span() for m in re.finditer(f"{digits}+", text)]
        starts, ends = dict(runs), {e: s for s, e in runs}
        found = {(s, e) for s, e in runs if e - s == 12}
        for s, e in runs:
            for kind in ("space", "dot", "hyphen"):
                found |= set(_grouped(text, s, e, kind, starts, ends))
        for s, e in sorted(found):
            if _alone(text, s, e, digits, word):
                yield s, "".join(str(int(c)) for c in text[s:e] if c.isdigit())


def _grouped(text: str, s: int, e: int, kind: str, starts: dict[int, int],
             ends: dict[int, int]) -> list[tuple[int, int]]:
    if e - s != 4:
        return []
    groups = 1
    while s > 0 and KIND.get(text[s - 1]) == kind and s - 1 in ends and s - 1 - ends[s - 1] == 4:
        s, groups = ends[s - 1], groups + 1
    while e < len(text) and KIND.get(text[e]) == kind and e + 1 in starts and starts[e + 1] - e - 1 == 4:
        e, groups = starts[e + 1], groups + 1
    more = kind != "space" and e < len(text) and KIND.get(text[e]) == kind and e + 1 in starts
    return [(s, e)] if groups == 3 and not more else []


def _alone(text: str, s: int, e: int, digits: str, word: str) -> bool:
    before, after = text[:s], text[e:]
    if re.search(rf"{word}\Z", before) or re.match(word, after):
        return False
    marks = "[-－−‐‑–ー.．]"
    if re.search(rf"{digits}{marks}\Z", before) or re.search(r"[0-9A-Fa-f][-－−‐‑–ー]\Z", before):
        return False
    return not re.match(f"[.．]{digits}", after)
