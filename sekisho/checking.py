"""What `sekisho check` looks at: versions, kernels, tshark, configuration, policy, store."""

from __future__ import annotations

import datetime
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from columns.errors import SekishoError, StoreMissing
from columns.kernel import cache_folder, is_cold
from sekisho.config import config_digest, load_settings
from sekisho.settings import Settings, default_settings
from sekisho.store_place import StorePlace, store_place
from sekisho.summary import versions

OK, MISSING, WRONG = "ok", "missing", "wrong"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; exit_code is not 0 where a replay could not run."""

    name: str
    result: str
    detail: str
    exit_code: int = 0


def check_all(config: Path | None, zones: Path | None, store: str | None) -> list[Finding]:
    """Return a finding for everything that a replay needs or can use."""
    findings = [Finding(part, OK if number else MISSING, number) for part, number in versions().items()]
    findings += [_kernels(), _parsers(), _tshark(), _pyshark()]
    policy_path, settings = str(zones or ""), default_settings()
    try:
        settings = load_settings(config)
        findings.append(Finding("configuration", OK, f"{config or 'defaults'}, digest {config_digest(settings)[:16]}"))
        policy_path = policy_path or settings.replay.zones
    except SekishoError as error:
        findings.append(Finding("configuration", WRONG, str(error), error.exit_code))
    return [*findings, _lists(settings), _policy(policy_path), _store(store_place(store, settings))]


def _lists(settings: Settings) -> Finding:
    """The lists of the leak detectors: how many, of which day the oldest is, and whether that is too long ago."""
    from detectors.leaks.lists import load_lists

    try:
        lists = load_lists(settings.leaks.lists)
    except SekishoError as error:
        return Finding("lists", WRONG, str(error), error.exit_code)
    old = lists.notes(datetime.date.today())
    oldest = min(known.date for known in lists.files.values())
    detail = f"{len(lists.files)} lists, the oldest of {oldest}, digest {lists.digest[:16]}"
    return Finding("lists", OK, "; ".join([detail, *old]))


def _kernels() -> Finding:
    folder = cache_folder()
    if is_cold():
        return Finding("kernels", MISSING, f"not compiled yet: the first replay does it, into {folder}")
    return Finding("kernels", OK, f"compiled, in {folder}")


def parsers_compiled() -> bool:
    """Return whether the parsers of protocols run as machine code."""
    found = find_spec("sensor.protocols.conversation")
    return found is not None and not (found.origin or "").endswith(".py")


def _parsers() -> Finding:
    return Finding("parsers", OK, "compiled to machine code" if parsers_compiled()  # a slower way is no fault
                   else "interpreted; SEKISHO_COMPILED=1 pip install builds faster ones")


def _tshark() -> Finding:
    path = shutil.which("tshark")
    return Finding("tshark", OK if path else MISSING, path or "explain shows packets by our own decoder only")


def _pyshark() -> Finding:
    there = find_spec("pyshark") is not None
    return Finding("pyshark", OK if there else MISSING,
                   "dissects the packets of an alert" if there else "pip install 'sekisho[dissect]' adds it")


def _policy(path: str) -> Finding:
    if not path:
        return Finding("policy", MISSING, "none given: zones are not judged")
    from zones import load_policy

    try:
        policy = load_policy(path)
    except SekishoError as error:
        return Finding("policy", WRONG, str(error), error.exit_code)
    return Finding("policy", OK, f"{path}: {len(policy.zones)} zones, {len(policy.conduits)} conduits, "
                                 f"{len(policy.warnings)} warnings, digest {policy.digest[:16]}")


def _store(place: StorePlace) -> Finding:
    try:
        store = place.open(create=False)
        try:
            runs = store.runs()
        finally:
            store.close()
    except StoreMissing:
        return Finding("store", MISSING, f"none at {place} yet: the first replay makes it")
    except SekishoError as error:
        return Finding("store", WRONG, str(error), error.exit_code)
    return Finding("store", OK, f"{place}: {len(runs)} runs")
