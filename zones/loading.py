"""load_policy and check_policy: one reading of a policy file, all of its problems."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from columns.errors import PolicyError
from zones.checks import check_conduits, check_file, check_sensors, check_zones
from zones.checks_municipal import check_inbound, check_municipal
from zones.checks_pairs import check_pairs
from zones.editions import ALWAYS, Edition
from zones.hours import time_zone
from zones.model import Draft
from zones.policy import Policy, build_policies
from zones.problems import Level, Problem, Report
from zones.reader import read_draft

MOST_BYTES = 16 << 20


def load_policy(path: Path | str, *, today: dt.date | None = None, new: bool = False) -> Policy:
    """Return the policy of a TOML file, or of a folder of them; its warnings stand in Policy.warnings.

    Of a folder every file ``*.toml`` is an edition of the policy, in force from its valid_from until that of the next.
    today (default: the day in the policy's time zone) decides E005, E407, W408 and W409; new makes an expired conduit
    an error. Only the newest edition is warned of. PolicyError names every error found, one per line.
    """
    editions, problems = _editions(path, today=today, new=new)
    errors = [p for p in problems if p.level is Level.ERROR]
    if errors:
        listing = "".join(f"\n  {p}" for p in errors)
        raise PolicyError(f"{len(errors)} error{'s' * (len(errors) != 1)} in the zone policy{listing}", where=str(path))
    return build_policies(editions, tuple(problems))


def check_policy(path: Path | str, new: bool = False, *, today: dt.date | None = None) -> list[Problem]:
    """Return every problem of a policy file or folder, errors and warnings, in the order of the file's parts.

    PolicyError only when something cannot be read at all.
    """
    return _editions(path, today=today, new=new)[1]


def _editions(path: Path | str, *, today: dt.date | None, new: bool) -> tuple[list[Edition], list[Problem]]:
    """Return the sound editions, oldest first, and every problem; in a folder its place begins with the file's name."""
    if not Path(path).is_dir():
        data = _read(path)
        draft, problems = examine(data, today=today, new=new)
        return [Edition(draft, hashlib.sha256(data).hexdigest(), str(path))] if draft else [], problems
    files = sorted(Path(path).glob("*.toml"))
    if not files:
        raise PolicyError("holds no policy", where=str(path), expected="files *.toml, one for each edition",
                          remedy="name a policy file, or put the editions there")
    found: list[tuple[Edition, list[Problem]]] = []
    problems: list[Problem] = []
    for file in files:
        data = _read(file)
        draft, faults = examine(data, today=today)
        if draft is None or any(p.level is Level.ERROR for p in faults):
            problems += _within(file, faults)
        else:
            found.append((Edition(draft, hashlib.sha256(data).hexdigest(), file.name), faults))
    found.sort(key=lambda one: one[0].since_ns)
    problems += _out_of_order([edition for edition, _ in found])
    if found:
        newest = found[-1][0]
        problems += _within(Path(newest.source), examine(_read(Path(path) / newest.source), today=today, new=new)[1])
    return [edition for edition, _ in found], problems


def _within(file: Path, problems: list[Problem]) -> list[Problem]:
    return [replace(p, where=f"{file.name}: {p.where}") for p in problems]


def _out_of_order(editions: list[Edition]) -> list[Problem]:
    report = Report()
    for before, after in pairwise(editions):
        if before.since_ns == after.since_ns:
            when = "no valid_from" if after.since_ns == ALWAYS else f"the same valid_from as {before.source}"
            report.add("E006", f"{after.source}: valid_from", f"{when}, so which of both holds is not told")
    return report.problems


def examine(data: bytes, *, today: dt.date | None = None, new: bool = False) -> tuple[Draft | None, list[Problem]]:
    """Return what the bytes of a policy file say, as far as it can be read, and every problem in it."""
    report = Report()
    draft = read_draft(data, report)
    if draft is None:
        return None, report.problems
    today = today or _today(draft.timezone)
    check_file(draft, today, report)
    check_zones(draft, report)
    check_sensors(draft, report)
    check_conduits(draft, today, report, new=new)
    check_inbound(draft, report)
    if draft.model not in ("free", ""):
        check_municipal(draft, report)
    check_pairs(draft, today, report)
    return draft, report.problems


def _today(timezone: str) -> dt.date:
    try:
        return dt.datetime.now(time_zone(timezone)).date()
    except ValueError:  # already noted as E001
        return dt.datetime.now(dt.UTC).date()


def _read(path: Path | str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise PolicyError(f"cannot be read: {error.strerror or error}", where=str(path),
                          remedy="name a readable TOML file") from error
    if len(data) > MOST_BYTES:
        raise PolicyError(f"larger than {MOST_BYTES >> 20} MiB", where=str(path), expected="a policy in TOML")
    return data
