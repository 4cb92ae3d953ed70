"""The whole data flow, from captures to sinks, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from columns import ALERT, PACKET, Alerts, Coverages, Flows, Health, Packets, Table, rows_in, slice_rows, text_values
from columns.codes import Severity
from columns.said import NOTHING_SAID, Said
from detectors.contract import Detector
from detectors.mynumber.masking import Masking
from sekisho.answered import Unanswered
from sekisho.coverage import LOSSES, CoverageReport
from sekisho.detection import build_chain, build_coverage, build_judge, rules_detector
from sekisho.digest import ResultDigest
from sekisho.frames import frames_of
from sekisho.garbage import rare_collections
from sekisho.payload import Counts, Payload, asked_by
from sekisho.report import Progress, ReplayReport, health_rows, refused_by_cause
from sekisho.settings import Settings
from sekisho.stopwatch import Stopwatch
from sekisho.traffic import Traffic
from sekisho.warm import load_kernels
from sensor.decode import Decoder, DecodeSettings
from sensor.flow import FlowTable
from sensor.frames import FrameBlock, read_only
from sensor.streams import Acknowledged
from zones import Policy

if TYPE_CHECKING:
    from detectors.signatures.language.ruleset import RuleSet
    from sekisho.workers.crew import Crew

Vocabularies = dict[str, Sequence[str]]
NO_BUFFERS = (read_only(b""), read_only(b""))


class Sink(Protocol):
    """A place for results. Batches are views that the next batch overwrites: a sink copies what it keeps.

    acknowledged, where a sink has it, is True for one that is given transactions only once they were acknowledged.
    """

    def write_flows(self, flows: Flows, vocabularies: Vocabularies) -> None:
        """Take the next flow rows; vocabularies hold the names behind the zone and conduit numbers."""

    def write_alerts(self, alerts: Alerts) -> None:
        """Take the next alert revisions."""

    def write_transactions(self, table: Table, batch: Any, vocabularies: Vocabularies) -> None:
        """Take the next rows of a protocol's table."""

    def write_health(self, health: Health) -> None:
        """Take the counters of all stages, once, at the end."""

    def finish(self, report: ReplayReport) -> None:
        """All is written: make it durable."""

    def abort(self) -> None:
        """The replay failed: release what is held, keep what was written."""


@dataclass(frozen=True)
class ReplayOptions:
    """What to replay and how; batch is in frames and never changes a result. payload: look into what is said, too.

    profile_rules: the time that each rule takes is measured, for report.rule_costs.
    """

    captures: Sequence[Path | str]
    settings: Settings
    policy: Policy | None = None
    batch: int = 65536
    sensor: str = "local"
    payload: bool = True
    ruleset: RuleSet | None = None
    profile_rules: bool = False

    @property
    def decoding(self) -> DecodeSettings:
        """Rules look into what other sensors look into: only TCP with a bad checksum is refused, unless it is said."""
        settings = self.settings.decode
        rules = self.ruleset is not None and settings.refuse_by == "auto"
        return replace(settings, refuse_by="tcp") if rules else settings


def replay(
    options: ReplayOptions, *, sinks: Sequence[Sink] = (), progress: Callable[[Progress], None] | None = None,
    stopped: Callable[[], bool] = lambda: False, crew: Crew | None = None,
) -> ReplayReport:
    """Replay captures one after another as one stream and return the report.

    stopped is asked between batches; when it says True, what was read so far is finished in order and the report
    says interrupted. A capture that cannot be read raises CaptureError before anything of it is taken. crew: workers
    that look into what is said, of the same captures; without, it is done here.
    """
    with rare_collections():
        run = _Run(options, sinks, crew)
        with run.seconds.watch("kernels"):
            load_kernels(options.payload, options.ruleset is not None)
    try:
        with rare_collections():
            for packets, buffers in run.decoded(progress, stopped):
                for start, stop, flows in run.seconds.timed("flow", run.table.update(packets)):
                    some = slice_rows(packets, start, stop)
                    run.judge(some, flows, run.dissect(some, flows, buffers))
            for flows in run.seconds.timed("flow", run.table.finish()):
                run.judge(PACKET.none, flows, run.dissect(PACKET.none, flows, NO_BUFFERS))
            run.deliver_alerts(run.chain.finish())
            return run.close()
    except BaseException:
        for sink in sinks:
            sink.abort()
        raise


class _Run:
    """The stages of one replay, with a stopwatch on each."""

    def __init__(self, options: ReplayOptions, sinks: Sequence[Sink], crew: Crew | None) -> None:
        self.options, self.sinks = options, sinks
        self.report, self.seconds = ReplayReport(), Stopwatch()
        self.decoder, self.table = Decoder(options.decoding), FlowTable(options.settings.flow)
        self.later = [sink for sink in sinks if getattr(sink, "acknowledged", False)]
        self.answers = bool(self.later) and options.settings.eve.answered_alerts
        self.chain = build_chain(options.settings, options.policy, self._rules(crew))
        self.unanswered = Unanswered(self.chain.detectors)
        self.payload: Payload | Crew | None = None
        if options.payload:
            asked = asked_by(self.chain)
            self.payload = (crew.begin(asked, self.chain.contents, self.seconds) if crew is not None else
                            Payload(options.settings, options.policy, asked, self.seconds))
        self.looks = options.payload or options.settings.mynumber.inspect == "on"  # else nobody looks at any bytes
        self.masking = Masking() if options.settings.mynumber.mask and self.looks else None
        self.acknowledged = Acknowledged(options.settings.flow.max_flows)
        self.digest, self.traffic = ResultDigest(), Traffic()
        policy = options.policy
        self.zones = build_judge(options.settings, policy)
        self.coverage = build_coverage(options.settings, policy)
        self.vocabularies: Vocabularies = {
            "zone": policy.zone_names if policy else ("",), "conduit": policy.conduit_names if policy else ("",)}

    def _rules(self, crew: Crew | None) -> Callable[[], Detector] | None:
        """Return what makes the detector of rules: one of the crew may judge them elsewhere."""
        options = self.options
        if options.ruleset is None:
            return None
        aside = crew.rules_aside(self.answers) if crew is not None else None
        return lambda: aside or rules_detector(options.settings, options.ruleset, profile=options.profile_rules,
                                               answers=self.answers)

    def decoded(self, progress: Callable[[Progress], None] | None,
                stopped: Callable[[], bool]) -> Iterator[tuple[Packets, Sequence[np.ndarray]]]:
        """Yield the packets of all captures with the buffers that hold their bytes, where anybody looks at these."""
        options = self.options
        blocks = self.seconds.timed("capture", self._until(stopped, frames_of(
            options.captures, options.batch, self.report, self.traffic, progress, passing=not self.looks)))
        if self.looks:
            for block in blocks:
                yield from self.seconds.timed("decode", self.decoder.decode(block))
            return
        before = self.seconds["capture"]
        for packets in self.seconds.timed("decode", self.decoder.decode_passing(blocks, options.batch)):
            yield packets, NO_BUFFERS
        self.seconds["decode"] -= self.seconds["capture"] - before  # it asks for blocks while it is watched

    def _until(self, stopped: Callable[[], bool], blocks: Iterator[FrameBlock]) -> Iterator[FrameBlock]:
        left = None
        for block in blocks:
            if self.payload is not None:
                self.payload.go_on()
            yield block
            if left is None and stopped():
                self.report.interrupted = True
                left = self.payload.stop() if self.payload is not None else 0
            if left == 0:
                return
            left = left and left - 1

    def dissect(self, packets: Packets, flows: Flows, buffers: Sequence[np.ndarray]) -> Said:
        """Put streams in order, follow what is said in them, hand on what was said."""
        if self.payload is None:
            return Said(buffers=buffers) if self.looks else NOTHING_SAID
        said = self.payload.update(packets, flows, buffers)
        for table, batch in said.rows:
            if self.zones is not None:
                with self.seconds.watch("zones"):
                    self.zones.said(table, batch)
            self.report.transactions[table.name] = self.report.transactions.get(table.name, 0) + rows_in(batch)
            with self.seconds.watch("store"):
                for sink in self.sinks:
                    if sink not in self.later:
                        sink.write_transactions(table, batch, self.vocabularies)
        if self.later:
            self.write_later(self.acknowledged.update(packets, flows, said.rows))
        return said

    def write_later(self, rows: Sequence[tuple[Table, Any]]) -> None:
        """Hand on transactions that were acknowledged to the sinks that waited for it."""
        with self.seconds.watch("store"):
            for table, batch in rows:
                for sink in self.later:
                    sink.write_transactions(table, batch, self.vocabularies)

    def judge(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Label the flows, show all to the detectors, hand on what comes out."""
        if self.zones is not None and rows_in(flows):
            with self.seconds.watch("zones"):
                self.zones.judge(flows)
        if self.coverage is not None:
            with self.seconds.watch("coverage"):
                self.coverage.see(packets, flows)
        with self.seconds.watch("detect"):
            alerts = self.chain.update(packets, flows, said)
        self.deliver_alerts(alerts)  # before their flows, so that a sink can mark a flow as alerted
        if self.answers and (answered := self.unanswered.answered()) is not None:
            self.write_alerts(self.masked(answered), self.later)
        if rows_in(flows):
            self.deliver_flows(flows)

    def deliver_flows(self, flows: Flows) -> None:
        """Count flow rows and hand them to every sink."""
        self.report.flows += int(np.count_nonzero(flows.part == 0))
        self.traffic.add(flows)
        with self.seconds.watch("digest"):
            self.digest.add_flows(flows)
        with self.seconds.watch("store"):
            for sink in self.sinks:
                sink.write_flows(flows, self.vocabularies)

    def deliver_alerts(self, alerts: Alerts) -> None:
        """Count alerts (an update of a known one is not a new one) and hand them to every sink."""
        if not rows_in(alerts):
            return
        alerts = self.masked(alerts)
        with self.seconds.watch("digest"):
            self.digest.add_alerts(alerts)
        report = self.report
        detectors = text_values(alerts.detector)
        severity = Severity(int(alerts.severity.min()))
        report.highest_severity = min(report.highest_severity or severity, severity)
        for detector, signature_id, revision in zip(
                detectors, alerts.signature_id.tolist(), alerts.revision.tolist(), strict=True):
            if revision == 1:
                report.alerts += 1
                report.alerts_by_detector[detector] = report.alerts_by_detector.get(detector, 0) + 1
                report.alerts_by_signature[signature_id] = report.alerts_by_signature.get(signature_id, 0) + 1
        self.write_alerts(alerts, [sink for sink in self.sinks if not (self.answers and sink in self.later)])
        if self.answers:
            self.write_alerts(self.unanswered.pass_on(alerts), self.later)

    def masked(self, alerts: Alerts) -> Alerts:
        """Return alerts with the Individual Numbers masked in them: their context says what was said."""
        if self.masking is None:
            return alerts
        options = self.options.settings.signatures
        with self.seconds.watch("mask"):
            if options.payload or options.packet:
                alerts = alerts._replace(context=self.masking.evidence(alerts.context))
            return self.masking.masked(ALERT, alerts)

    def write_alerts(self, alerts: Alerts, sinks: Sequence[Sink]) -> None:
        """Hand alerts to sinks."""
        with self.seconds.watch("store"):
            for sink in sinks if rows_in(alerts) else ():
                sink.write_alerts(alerts)

    def close(self) -> ReplayReport:
        """Gather the counters and let the sinks make everything durable."""
        self.decoder.finish()
        self.write_later(self.acknowledged.flush())
        report = self.report
        report.counters |= {"decoder": self.traffic.counters(report.packets, report.bytes),
                            "decode": self.decoder.counters, "flow": self.table.counters(),
                            **(self._of_payload(self.payload) if self.payload is not None else {}),
                            **({"zones": self.zones.counters()} if self.zones is not None else {}),
                            **self.chain.counters()}
        masked = report.counters.setdefault("mask", {"numbers_masked": 0})
        masked["numbers_masked"] += self.masking.counted if self.masking else 0
        report.refused = refused_by_cause(report.counters)
        if self.options.profile_rules:
            report.rule_costs = [cost for d in self.chain.detectors if hasattr(d, "costs") for cost in d.costs()]
        if self.coverage is not None:
            report.coverage = CoverageReport(self._coverage(), self.vocabularies["zone"])
        report.digest, report.last_ns = self.digest.hexdigest(), self.table.clock_ns
        report.notes += self.decoder.notes + self.chain.notes
        with self.seconds.watch("store"):
            for sink in self.sinks:
                sink.write_health(health_rows(report))
            report.seconds = dict(self.seconds)
            for sink in self.sinks:
                sink.finish(report)
        report.seconds = dict(self.seconds)
        return report

    def _of_payload(self, payload: Payload | Crew) -> Counts:
        """Return the counters of the stages that look into what is said."""
        counters, sums = payload.finish()
        self.digest.add_sums(sums)
        counters["streams"]["unacknowledged"] = self.acknowledged.forgotten
        return counters

    def _coverage(self) -> Coverages:
        """Return what was looked at; a capture that ends early or is damaged has lost frames, nobody knows when."""
        assert self.coverage is not None
        if any(self.report.counters.get("capture", {}).get(cause) for cause in LOSSES):
            self.coverage.lose()
        self.report.counters["coverage"] = self.coverage.counters()
        return self.coverage.rows()
