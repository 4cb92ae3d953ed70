"""What `sekisho audit` does."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from sekisho.audit.annotations import read_annotations
from sekisho.audit.html import pack_html
from sekisho.audit.pack import make_pack
from sekisho.audit.period import period_of
from sekisho.config import load_settings
from sekisho.language import Lang, chosen_language
from sekisho.reading import existing_store
from sekisho.terminal import Screen

if TYPE_CHECKING:
    from zones import Policy

_ZONE = "Asia/Tokyo"


def write_pack(
    since: str,
    until: str,
    zones: Path | None,
    annotations: Path | None,
    out: Path | None,
    pdf: bool,
    store: str | None,
    config: Path | None,
    as_json: bool,
    lang: Lang | None,
) -> None:
    """Make the pack, write the files and say what they are."""
    screen, policy = Screen(lang), _policy(zones, config)
    period = period_of(since, until, policy.timezone if policy else _ZONE)
    notes = read_annotations(annotations)
    with existing_store(store, config) as opened:
        pack = make_pack(opened, period, chosen_language(lang), policy, notes)
    html = out or Path(f"audit-{period.since:%Y%m%d}-{period.last_day:%Y%m%d}.html")
    files = {html: pack_html(pack).encode("utf-8")}
    if pdf:
        from sekisho.audit.pdf import pack_pdf

        files[html.with_suffix(".pdf")] = pack_pdf(pack)
    for path, data in files.items():
        part = path.with_name(path.name + ".part")
        part.write_bytes(data)
        part.replace(path)
    written = {str(path): hashlib.sha256(data).hexdigest() for path, data in files.items()}
    if as_json:
        screen.json({"files": written, "digest": pack.digest, "manifest": pack.manifest})
        return
    for path, digest in written.items():
        screen.line(f"{path}  {len(files[Path(path)]):,} B  SHA-256 {digest}")
    missing = sum(getattr(b, "missing", False) for s in pack.sections for b in s.blocks)
    screen.line(
        f"{len(pack.sections)} {screen.words('sections')}, {len(pack.queries)} {screen.words('queries')}, "
        f"{screen.words('not recorded')}: {missing}; {screen.words('digest')} {pack.digest}"
    )


def _policy(zones: Path | None, config: Path | None) -> Policy | None:
    """Return the policy that was named, or None: the pack then says that there is none."""
    from zones import load_policy

    named = str(zones) if zones is not None else load_settings(config).replay.zones
    return load_policy(named) if named else None
