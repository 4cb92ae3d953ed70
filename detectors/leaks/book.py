"""The open alerts of one leak detector: evidence becomes alerts that start, escalate, go quiet and end; all bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from columns.codes import AlertState, Certainty, Outcome, Property, Verdict
from detectors.alerts import alert_id, alert_row
from detectors.leaks.leak import Leak, severity_of
from detectors.leaks.settings import LeakSettings
from zones import Policy

_OUTCOME = {Outcome.UNKNOWN: ("outcome unknown", "成否不明"), Outcome.ATTEMPTED: ("attempted only", "試行（遮断）"),
            Outcome.ESTABLISHED: ("established", "成立")}
_ONE_BY_ONE, _OF_SOURCE, _OF_ALL = 0, 1, 2


class Ends(NamedTuple):
    """Who is concerned: addresses as 128-bit ints, 0 where there is none; zones by number."""

    src: int = 0
    dst: int = 0
    src_zone: int = 0
    dst_zone: int = 0
    src_port: int = 0
    dst_port: int = 0
    proto: int = 0
    vlan: int = 0
    flow_id: int = 0


class Evidence(NamedTuple):
    """One piece of evidence of a leak.

    key: what makes two pieces of evidence the same alert, beside the signature. words: called for what was seen, in
    English and Japanese, without the closing outcome and count; only the first evidence of an alert is put into words.
    events: how many packets, flows or messages it stands for.
    """

    leak: Leak
    key: tuple[Any, ...]
    ends: Ends
    ts_ns: int
    packet_number: int
    words: Callable[[], tuple[str, str]]
    outcome: int = int(Outcome.UNKNOWN)
    certainty: int = int(Certainty.GUESSED)
    verdict: int = int(Verdict.NOT_JUDGED)
    conduit: int = 0
    measured: float = 1.0
    threshold: float = 1.0
    measure: str = "events"
    events: int = 1


class _Open:
    """An alert that is open."""

    __slots__ = ("certainty", "clock_ns", "end_ns", "events", "first", "level", "next_events", "outcome", "peak",
                 "peak_ns", "revision", "severity", "why", "why_ja")

    def __init__(self, first: Evidence, level: int) -> None:
        self.first, self.level, self.revision, self.events, self.next_events = first, level, 0, 0, 10
        self.outcome, self.certainty, self.severity = 0, 0, 9
        self.peak, self.peak_ns, self.end_ns, self.clock_ns = 0.0, 0, first.ts_ns, 0
        self.why, self.why_ja = first.words()


class LeakBook:
    """Takes evidence in the one true order of events and gives rows of alerts.

    One alert per signature and key; past ``per_initiator`` open ones of an initiator, one for all others of it; past
    ``findings`` open ones of a signature, one for all others. An alert ends when it was quiet for ``quiet_s``.
    """

    def __init__(self, policy: Policy, detector: str, settings: LeakSettings) -> None:
        self.policy, self.detector, self.settings = policy, detector, settings
        self.open: OrderedDict[tuple[Any, ...], _Open] = OrderedDict()
        self.by_source: dict[tuple[int, int], int] = {}
        self.by_leak: dict[int, int] = {}
        self.rows: list[dict[str, Any]] = []
        self.counts = {"alerts_open_peak": 0, "events_summarised": 0}
        self._severities: dict[tuple[int, ...], int] = {}

    def take(self, evidence: Evidence, clock_ns: int) -> None:
        """Take one piece of evidence at an event clock to which ``sweep`` has been called."""
        key, level = self._place(evidence)
        found = self.open.get(key)
        if found is None:
            found = self.open[key] = _Open(evidence, level)
            self._count(evidence, level, 1)
            self.counts["alerts_open_peak"] = max(self.counts["alerts_open_peak"], len(self.open))
        self.open.move_to_end(key)
        found.clock_ns, found.end_ns = clock_ns, max(found.end_ns, evidence.ts_ns)
        found.events += evidence.events
        outcome, certainty = max(found.outcome, evidence.outcome), max(found.certainty, evidence.certainty)
        if evidence.measured > found.peak:
            found.peak, found.peak_ns = evidence.measured, evidence.ts_ns
        if level != _ONE_BY_ONE:
            self.counts["events_summarised"] += evidence.events
        severity = found.severity
        if found.revision == 0 or outcome != found.outcome or certainty != found.certainty:
            found.outcome, found.certainty = outcome, certainty
            severity = self._severity(found)
        if found.revision == 0 or severity < found.severity or found.events >= found.next_events:
            while found.next_events <= found.events:
                found.next_events *= 10
            found.severity = min(severity, found.severity)
            state = AlertState.STARTED if found.revision == 0 else AlertState.ONGOING
            self._say(found, state, max(evidence.ts_ns, found.first.ts_ns))

    def sweep(self, clock_ns: int) -> None:
        """End what was quiet for the whole gap at an event time."""
        quiet_ns = self.settings.quiet_s * 10**9
        while self.open:
            found = next(iter(self.open.values()))
            if found.clock_ns + quiet_ns >= clock_ns:
                return
            self._end(found.clock_ns + quiet_ns)

    def drain(self, clock_ns: int) -> None:
        """End everything that is open at an event time."""
        while self.open:
            self._end(clock_ns)

    def taken(self) -> list[dict[str, Any]]:
        """Return the rows since the last call."""
        rows, self.rows = self.rows, []
        return rows

    def _end(self, ts_ns: int) -> None:
        _, found = self.open.popitem(last=False)
        self._count(found.first, found.level, -1)
        self._say(found, AlertState.ENDED, max(ts_ns, found.end_ns))

    def _place(self, evidence: Evidence) -> tuple[tuple[Any, ...], int]:
        number, src = evidence.leak.signature_id, evidence.ends.src
        key = (number, _ONE_BY_ONE, *evidence.key)
        if key in self.open:
            return key, _ONE_BY_ONE
        if self.by_leak.get(number, 0) >= self.settings.findings:
            return (number, _OF_ALL), _OF_ALL
        if self.by_source.get((number, src), 0) >= self.settings.per_initiator:
            return (number, _OF_SOURCE, src), _OF_SOURCE
        return key, _ONE_BY_ONE

    def _count(self, evidence: Evidence, level: int, by: int) -> None:
        if level == _OF_ALL:
            return
        number, source = evidence.leak.signature_id, (evidence.leak.signature_id, evidence.ends.src)
        self.by_leak[number] = self.by_leak.get(number, 0) + by
        if level == _ONE_BY_ONE:
            self.by_source[source] = self.by_source.get(source, 0) + by
            if not self.by_source[source]:
                del self.by_source[source]

    def _severity(self, found: _Open) -> int:
        leak, ends = found.first.leak, found.first.ends
        key = (leak.signature_id, ends.src_zone, ends.dst_zone, found.outcome, found.certainty)
        if key not in self._severities:
            self._severities[key] = int(severity_of(self.policy, leak, key[1:3], *key[3:]))
        return self._severities[key]

    def _say(self, found: _Open, state: AlertState, ts_ns: int) -> None:
        found.revision += 1
        first, leak, ends, one = found.first, found.first.leak, found.first.ends, found.level == _ONE_BY_ONE
        zones, ranks, many = self.policy.zone_names, self.policy.ranks, found.level == _OF_ALL
        key = "|".join(map(str, (leak.signature_id, found.level, *first.key, first.packet_number)))
        why, why_ja = self._why(found)
        down = ranks[ends.src_zone] >= ranks[ends.dst_zone]
        self.rows.append(alert_row(
            self.detector, leak, alert_id=alert_id(self.detector, key, first.ts_ns), revision=found.revision,
            state=int(state), ts_ns=ts_ns, start_ns=first.ts_ns, end_ns=found.end_ns, peak_ns=found.peak_ns,
            severity=int(found.severity),
            property=int(leak.property if down else Property.INTEGRITY),
            src_ip=0 if many else ends.src, dst_ip=ends.dst if one else 0,
            src_port=ends.src_port if one else 0, dst_port=ends.dst_port, proto=ends.proto, vlan=ends.vlan,
            src_zone="" if many or not (ends.src or ends.src_zone) else zones[ends.src_zone],
            dst_zone=zones[ends.dst_zone] if one and (ends.dst or ends.dst_zone) else "", flow_id=ends.flow_id,
            packet_number=first.packet_number, direction_certainty=found.certainty, verdict=first.verdict,
            outcome=found.outcome, conduit=self.policy.conduit_names[first.conduit] if one else "",
            measured=first.measured, peak=found.peak, threshold=first.threshold, measure=first.measure,
            events=found.events, why=why, why_ja=why_ja, policy_digest=self.policy.digest))

    def _why(self, found: _Open) -> tuple[str, str]:
        leak, (en, ja) = found.first.leak, _OUTCOME[Outcome(found.outcome)]
        tail, tail_ja = f"; {en}, events: {found.events}", f"（{ja}、{found.events}件）"
        if found.level == _ONE_BY_ONE:
            return found.why + tail, found.why_ja + tail_ja
        limit = self.settings.per_initiator if found.level == _OF_SOURCE else self.settings.findings
        who, who_ja = (("this initiator", "この開始側") if found.level == _OF_SOURCE else ("this kind", "この種別"))
        return (f"{leak.signature}: more than the {limit} alerts of {who} that are told one by one, the first "
                f"of them: {found.why}{tail}",
                f"{leak.signature_ja}：{who_ja}の個別通知の上限{limit}件を超過。最初の例：{found.why_ja}{tail_ja}")
