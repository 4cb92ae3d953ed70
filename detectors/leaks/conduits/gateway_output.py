"""Active content out of the sanitizing gateway (scenario 18)."""

from __future__ import annotations

from typing import Any

import numpy as np

from columns import Flows, Packets
from columns.codes import Outcome, Property, Severity
from columns.said import Said
from detectors.leaks.base import LeakDetector
from detectors.leaks.book import Ends
from detectors.leaks.leak import Leak
from detectors.leaks.rows import said_rows
from detectors.leaks.text import printable
from zones.contents import words_of_file

ACTIVE_OUTPUT = Leak(
    901181, "Active content out of the sanitizing gateway", "無害化ゲートウェイの出力に実行可能な内容", "Policy "
                                                                                    "Violation",
    Severity.HIGH, Property.INTEGRITY, "T1027", "２(13)", "leak-gateway-output", scenario=18,
    evidence="a file that leaves a zone of the tier `sanitizer` for a better protected one is a program, a script, has "
             "macros or is encrypted, by its content; what comes by mail is the verdict unsanitized (900108)",
    blind="TLS between gateway and terminal, which is the rule; active content inside containers that are not opened: "
          "send a known test file through the gateway every week; needs payload")
_ACTIVE = frozenset({"executable", "script", "macro", "encrypted"})


class GatewayOutput(LeakDetector):
    """Looks at the files that leave a gateway, whichever side fetches or sends them."""

    name = "gateway_output"
    signatures = (ACTIVE_OUTPUT,)

    def gather(self, packets: Packets, flows: Flows, said: Said) -> None:
        """Files on their way from a gateway inwards."""
        for ends, ts_ns, number, (app, name, kind, mime, hints) in said_rows(
                said, "fileinfo", "app_proto", "filename", "file_type", "mime_type", "hints", where=self._leaves):
            active = _ACTIVE & words_of_file(kind, mime, hints, app)
            if active and app != "smtp":
                self.at_said([number], self._file, [(ends, ts_ns, app, name, kind, ", ".join(sorted(active)))])

    def _leaves(self, batch: Any) -> np.ndarray:
        """Return which files pass from a gateway to a better protected zone."""
        upwards, src, dst = batch.to_server != 0, batch.src_zone, batch.dst_zone
        return self.ground.gateway[np.where(upwards, src, dst)] & self.ground.inner[np.where(upwards, dst, src)]

    def _file(self, ends: Ends, ts_ns: int, app: str, name: str, kind: str, active: str) -> None:
        shown = printable(name, 60) or "-"
        self.tell(ACTIVE_OUTPUT, (ends.src, ends.dst, shown), ends,
                  f"{self.en(ends.src, ends.src_zone)} and {self.en(ends.dst, ends.dst_zone)}: file {shown} of type "
                  f"{kind} "
                  f"({active}) left the gateway by {app}",
                  f"{self.ja(ends.src, ends.src_zone)}と{self.ja(ends.dst, ends.dst_zone)}：ゲートウェイの出力{shown}が"
                  f"{kind}（{active}、{app}）", ts_ns, outcome=int(Outcome.ESTABLISHED), certainty=1, measure="files")
