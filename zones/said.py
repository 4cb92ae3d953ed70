"""What is said over a conduit: the application, the name of the server and the contents, from protocol transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from columns import Table, text_values
from columns.app import AppProto
from columns.codes import Certainty, Verdict
from zones.applications import DIRECT_TLS
from zones.contents import forbidden_words, words_of_channels, words_of_file, words_of_mail
from zones.judge import Differs, FlowKeys, Judgement
from zones.judging import judge
from zones.policy import Policy

_PROTOCOLS = {p.name.lower(): int(p) for p in AppProto}
_FITTING = [int(v) for v in (Verdict.PERMITTED, Verdict.OUT_OF_HOURS, Verdict.EXPIRED_CONDUIT)]


class Unpermitted(NamedTuple):
    """Transactions that their conduit does not permit: rows of the batch, keys and judgement of each, and the name, the
    words or the file that it does not permit, as a text."""

    rows: np.ndarray
    keys: FlowKeys
    found: Judgement
    texts: list[str]


class SaidJudge:
    """Judges protocol transactions by the policy; keeps nothing between calls.

    A transaction of a pair of zones between which no conduit asks for an application, a name or contents costs a
    look-up. What no conduit is near at all is left to the flow's own verdict.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.forbidden_ = [{number: words for number, c in t.by_number.items()
                            if (words := forbidden_words(c.sanitization, c.forbid))} for t in policy.tables]
        self.pairs_ = _asking_pairs(policy, self.forbidden_)
        self.any_ = bool(self.pairs_.any())

    def take(self, table: Table, batch: Any) -> Unpermitted | None:
        """Return what is not permitted of a batch whose ends are labelled, or None where nothing is."""
        if not self.any_:
            return None
        rows = np.flatnonzero(self.pairs_[batch.src_zone, batch.dst_zone])
        if not rows.size:
            return None
        keys, names = _keys(table, batch, rows)
        found = judge(self.policy, keys, names)
        texts = [names[k] if k >= 0 else "" for k in keys.name.tolist()]
        self._forbid(table, batch, rows, keys, found, texts)
        chosen = np.flatnonzero((found.verdict == int(Verdict.WRONG_APP)) | (found.verdict == int(Verdict.UNSANITIZED)))
        if not chosen.size:
            return None
        return Unpermitted(rows[chosen], FlowKeys(*[c[chosen] for c in keys]), Judgement(*[c[chosen] for c in found]),
                    [texts[k] for k in chosen.tolist()])

    def _forbid(self, table: Table, batch: Any, rows: np.ndarray, keys: FlowKeys, found: Judgement,
                texts: list[str]) -> None:
        """Turn what holds forbidden contents into UNSANITIZED."""
        tell = _CONTENTS.get(table.name)
        if tell is None or not any(self.forbidden_):
            return
        editions = self.policy.edition_at(keys.ts_ns).tolist()
        fitting = np.isin(found.verdict, _FITTING)
        for k in np.flatnonzero(fitting).tolist():
            forbidden = self.forbidden_[editions[k]].get(int(found.conduit[k]))
            if not forbidden:
                continue
            words, shown = tell(batch, int(rows[k]))
            if wrong := sorted(words & forbidden):
                found.verdict[k] = int(Verdict.UNSANITIZED)
                found.differs[k] |= int(Differs.CONTENT)
                texts[k] = ", ".join(wrong) + (f" ({shown})" if shown else "")


def _asking_pairs(policy: Policy, forbidden: list[dict[int, frozenset[str]]]) -> np.ndarray:
    """Return bool[zones, zones]: do conduits between them, either way, ask what is said; unattributed is row 0."""
    pairs = np.zeros((len(policy.zone_names),) * 2, bool)
    for tables, words in zip(policy.tables, forbidden, strict=True):
        for number, conduit in tables.by_number.items():
            if conduit.apps or conduit.sni or number in words:
                a, b = policy.zone_names.index(conduit.source), policy.zone_names.index(conduit.target)
                pairs[a, b] = pairs[b, a] = True
    return pairs


def _keys(table: Table, batch: Any, rows: np.ndarray) -> tuple[FlowKeys, list[str]]:
    """Return what is judged of these rows, and the different names that they tell."""
    told = _names(table, batch, rows)
    names = list(dict.fromkeys(n for n in told if n is not None))
    number = {name: k for k, name in enumerate(names)}
    zeros = np.zeros(rows.size, np.uint64)
    return FlowKeys(
        *[getattr(batch, c)[rows] for c in ("src_ip_hi", "src_ip_lo", "dst_ip_hi", "dst_ip_lo", "src_port", "dst_port",
                                            "proto")],
        zeros.astype(np.uint8), batch.ts_ns[rows], np.full(rows.size, int(Certainty.BIFLOW), np.uint8), zeros,
        _applications(table, batch, rows),
        np.array([-1 if n is None else number[n] for n in told], np.int32),
    ), names


def _applications(table: Table, batch: Any, rows: np.ndarray) -> np.ndarray:
    if table.name == "fileinfo":
        return np.array([_PROTOCOLS.get(v, 0) for v in text_values(batch.app_proto, rows)], np.uint8)
    if table.name == "tls":
        before = text_values(batch.from_proto, rows)
        return np.array([_PROTOCOLS.get(v, 0) if v else DIRECT_TLS for v in before], np.uint8)
    return np.full(rows.size, _PROTOCOLS.get(table.name, 0), np.uint8)


def _names(table: Table, batch: Any, rows: np.ndarray) -> list[str | None]:
    """Return the server's name that each row tells: "" where the client asked without one, None where it is not told.
    """
    if table.name == "tls":
        seen = text_values(batch.hellos_seen, rows)
        return [name if name or who in ("both", "client") else None
                for name, who in zip(text_values(batch.sni, rows), seen, strict=True)]
    if table.name == "quic":
        names, senders = text_values(batch.sni, rows), text_values(batch.sender, rows)
        return [name if who == "client" else None for name, who in zip(names, senders, strict=True)]
    if table.name == "http":
        return [name or None for name in text_values(batch.hostname, rows)]
    return [None] * rows.size


def _one(text: Any, row: int) -> str:
    return text_values(text, np.array([row]))[0]


def _file(batch: Any, row: int) -> tuple[Iterable[str], str]:
    kind, name = _one(batch.file_type, row), _one(batch.filename, row)
    words = words_of_file(kind, _one(batch.mime_type, row), _one(batch.hints, row), _one(batch.app_proto, row))
    return words, " ".join(filter(None, (kind, name)))


def _mail(batch: Any, row: int) -> tuple[Iterable[str], str]:
    return words_of_mail(_one(batch.content_type, row), _one(batch.attachment, row)), _one(batch.attachment, row)


def _remote_desktop(batch: Any, row: int) -> tuple[Iterable[str], str]:
    return words_of_channels(_one(batch.channels, row)), ""


_CONTENTS: dict[str, Callable[[Any, int], tuple[Any, str]]] = {
    "fileinfo": _file, "smtp": _mail, "rdp": _remote_desktop,
}
"""Tables that tell what is carried."""
