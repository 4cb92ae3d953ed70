"""The pack: fifteen sections, the queries behind them, and a manifest of digests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sekisho import __version__
from sekisho.audit import conduits, crossing, findings, keeping, scope
from sekisho.audit.annotations import Annotations
from sekisho.audit.asking import Asked, Asker, digest_of
from sekisho.audit.context import Context
from sekisho.audit.model import Say, Section
from sekisho.audit.period import Period
from sekisho.language import Lang

if TYPE_CHECKING:
    from storage import Store
    from zones import Policy

SECTIONS = (
    scope.scope,
    scope.coverage,
    scope.clock,
    conduits.register,
    crossing.matrix,
    conduits.specific,
    conduits.sanitization,
    findings.performance,
    findings.incidents,
    findings.exceptions,
    findings.tests,
    keeping.retention,
    keeping.access,
    keeping.previous,
    keeping.limits,
)


@dataclass(frozen=True)
class Pack:
    """Everything that HTML and PDF say; manifest holds the digests, digest is that of the manifest."""

    lang: Lang
    period: Period
    title: str
    head: list[tuple[str, str]]
    sections: list[Section]
    queries: list[Asked]
    manifest: dict[str, Any]
    digest: str


def make_pack(
    store: Store, period: Period, lang: Lang, policy: Policy | None = None, notes: Annotations | None = None
) -> Pack:
    """Return the pack of a period. The same store and arguments give the same pack: no clock is read."""
    notes, say, asker = notes or Annotations(), Say(lang), Asker(store, period)
    context = Context(period, asker, policy, notes, say)
    sections = [make(context) for make in SECTIONS]
    rules = ", ".join(d[:16] for d in context.facts["rulesets"]) or say("記録なし", "not recorded")
    head = [
        (say("期間", "Period"), f"{period} ({period.zone})"),
        (
            say("方針", "Policy"),
            f"{_version(policy, say)}, SHA-256 {policy.digest}" if policy else say("指定なし", "none given"),
        ),
        (say("検知ルール", "Rule set"), rules),
        (say("作成プログラム", "Generator"), f"sekisho {__version__}"),
    ]
    manifest = {
        "generator": f"sekisho {__version__}",
        "lang": str(lang),
        "from": period.since.isoformat(),
        "to": period.until.isoformat(),
        "zone": period.zone,
        "policy_sha256": policy.digest if policy else "",
        "annotations_sha256": notes.digest,
        "rulesets": context.facts["rulesets"],
        "sections": {str(s.number): digest_of([s.title, [repr(b) for b in s.blocks]]) for s in sections},
        "queries": [
            {"number": q.number, "sql": q.sql, "params": dict(q.params), "rows": q.rows, "sha256": q.digest}
            for q in asker.asked
        ],
    }
    return Pack(
        lang,
        period,
        say("情報セキュリティ監査・自己点検資料", "Information security audit pack"),
        head,
        sections,
        asker.asked,
        manifest,
        digest_of(manifest),
    )


def _version(policy: Policy, say: Say) -> str:
    draft = policy.newest.draft
    since = draft.valid_from or draft.approved_on
    return say(f"{since}版（承認 {draft.approved_by}）", f"edition of {since} (approved by {draft.approved_by})")
