"""load_policy and check_policy: one reading of a policy file, all of its problems."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

from columns.errors import PolicyError
from zones.checks import check_conduits, check_file, check_sensors, check_zones
from zones.checks_municipal import check_inbound, check_municipal
from zones.checks_pairs import check_pairs
from zones.hours import time_zone
from zones.model import Draft
from zones.policy import Policy, build_policy
from zones.problems import Level, Problem, Report
from zones.reader import read_draft

MOST_BYTES = 16 << 20


def load_policy(path: Path | str, *, today: dt.date | None = None, new: bool = False) -> Policy:
    """Return the policy of a TOML file; its warnings stand in Policy.warnings.

    today (default: the day in the policy's time zone) decides E005, E407, W408 and W409; new makes an expired
    conduit an error. PolicyError names every error found, one per line.
    """
    data = _read(path)
    draft, problems = examine(data, today=today, new=new)
    errors = [p for p in problems if p.level is Level.ERROR]
    if errors or draft is None:
        listing = "".join(f"\n  {p}" for p in errors)
        raise PolicyError(f"{len(errors)} error{'s' * (len(errors) != 1)} in the zone policy{listing}", where=str(path))
    return build_policy(draft, hashlib.sha256(data).hexdigest(), tuple(problems))


def check_policy(path: Path | str, new: bool = False, *, today: dt.date | None = None) -> list[Problem]:
    """Return every problem of a policy file, errors and warnings, in the order of the file's parts.

    PolicyError only when the file cannot be read at all.
    """
    return examine(_read(path), today=today, new=new)[1]


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
