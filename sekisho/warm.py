"""Have every kernel ready before packets flow: loaded from the cache, or compiled on the first run.

A first run compiles for half a minute. Detectors and all else do not need one another's kernels, so where there is a
second core another process compiles those of the detectors meanwhile; both meet in the cache on disk.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np

from columns import FLOW, PACKET
from columns.address import address_int
from columns.app import AppProto
from columns.codes import FlowEvent, Outcome
from columns.gather import gather
from columns.kernel import is_cold
from columns.protocols.http import HTTP
from columns.said import NO_STRETCHES, NOTHING_SAID, FlowFacts, Moment, Said, Step
from detectors.mynumber.markup import text_of_xml
from detectors.mynumber.masking import Masking
from detectors.mynumber.wraps import base64_in, wrapped_in
from sekisho.detection import build_chain, build_judge
from sekisho.digest import ResultDigest
from sekisho.settings import default_settings
from sensor.capture import open_capture
from sensor.decode import Decoder
from sensor.flow import FlowTable
from sensor.flow.index import rebuild
from sensor.frames import frame_block, read_only
from sensor.streams import Streams
from zones import EXAMPLE, load_policy

_SYN, _PATIENCE_S = 2, 300
_ENDS = {"src_ip": address_int("10.10.1.1"), "dst_ip": address_int("192.0.2.1"), "src_port": 40000, "dst_port": 443}
_OPENED = {"packet_number": 1, "proto": 6, "ip_version": 4, "frames": 1, "tcp_flags": _SYN, "flow_id": 1,
           "to_server": 1, "flow_event": int(FlowEvent.OPENED), **_ENDS}
_LIMITED = {"src_ip": address_int("10.20.1.10"), "dst_ip": address_int("10.30.8.10"), "dst_port": 3389}
"""A flow whose bytes count against the limit of its conduit in the example policy."""
_PCAP_HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_QUESTION = bytes.fromhex("000001000001000000000000" "0000020001")
_NO_BYTES = read_only(b"")
_NUMBER = "My Number 0123 4567 8903"  # its check digit is right, and it is nobody's
_SAID = Said(spoken=[Step(FlowFacts(1, 0, 0, 0, 0, 6, 0), Moment(0, 1), AppProto.HTTP, 0, True,
                          (("file.data", _NUMBER.encode()),))], buffers=(_NO_BYTES, _NO_BYTES))
_FRAME = bytes.fromhex(  # Ethernet, IPv4, TCP SYN, all but the layers' marks zero
    "0200000000020200000000010800" "4500002800010000400600000000000000000000"
    "0000000000000000000000005002000000000000")


@cache
def load_kernels(payload: bool = True, rules: bool = False) -> None:
    """Call every stage once on a packet that nobody sends, so that each kernel is in memory; once per process.

    Without payload those of streams and protocols are left out, without rules those of the signature engine.
    """
    helper = _compile_detectors_meanwhile(payload) if is_cold() and len(os.sched_getaffinity(0)) > 1 else None
    _use_capture()
    _use_decode()
    _use_flow_table()
    if payload:
        _use_streams()
        use_protocols()
        _use_masking()
    if helper is not None:
        try:
            helper.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            helper.kill()
    use_detectors(payload)
    if rules:
        _use_signatures()


def _compile_detectors_meanwhile(payload: bool) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", f"from sekisho import warm; warm.use_detectors({payload})"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def _use_capture() -> None:
    """Read a capture of one frame; where no file can be written, its kernel is loaded with the first real one."""
    with suppress(OSError), tempfile.TemporaryDirectory(prefix="sekisho-") as folder:
        path = Path(folder) / "one.pcap"
        path.write_bytes(_PCAP_HEAD + struct.pack("<IIII", 0, 0, len(_FRAME), len(_FRAME)) + _FRAME)
        with open_capture(path) as capture:
            for _ in capture.blocks(1):
                pass


def _use_decode() -> None:
    decoder = Decoder()
    for _ in decoder.decode(frame_block([_FRAME])):
        pass
    decoder.finish()


def _use_flow_table() -> None:
    table = FlowTable()
    for _ in table.update(PACKET.from_rows([_OPENED])):
        pass
    for _ in table.finish():
        pass
    rebuild(np.zeros(2, np.uint64), np.zeros(4, np.uint64))


def use_protocols() -> None:
    """Use the kernels of the protocols: a question for the root of the domain names."""
    from sensor.protocols import DATAGRAM_WANTS, Dissector
    from sensor.protocols.dns.reader import reader_for

    reader_for(default_settings().dns.text_bytes).read_one(_QUESTION, 0)  # behind the others it compiles slower by 2 s
    asked = {"proto": 17, "dst_port": 53, "payload_captured_bytes": len(_QUESTION)}
    Dissector(Streams(None, 1), (), DATAGRAM_WANTS).update(
        PACKET.from_rows([_OPENED | asked]), FLOW.none, (), (read_only(_QUESTION), _NO_BYTES))
    nothing = np.zeros(0, np.int64)
    gather(_NO_BYTES, nothing, nothing)  # many rows of protocols are put in order by it


def _use_streams() -> None:
    for _ in Streams(None, 1).update(PACKET.from_rows([_OPENED]), FLOW.none, _NO_BYTES, _NO_BYTES):
        pass


def _use_signatures() -> None:
    """Use the kernels of the signature engine: one packet, one stretch of a stream, one search."""
    from detectors.signatures.engine.grams import GramFilter, Pattern
    from detectors.signatures.engine.plan import Plan
    from detectors.signatures.engine.runner import Runner
    from detectors.signatures.engine.settings import SignatureSettings
    from detectors.signatures.language.ruleset import RuleSet

    columns = {name: np.zeros(1, column.dtype) for name, column in NO_STRETCHES._asdict().items()
               if isinstance(column, np.ndarray)}
    said = Said(stretches=NO_STRETCHES._replace(flows=[FlowFacts(0, 0, 0, 0, 0, 6, 0)], **columns))
    Runner(Plan(RuleSet()), SignatureSettings()).take(PACKET.from_rows([_OPENED]), FLOW.none, said, lambda match: None)
    one = np.zeros(1, np.int64)
    GramFilter([Pattern(b"sekisho")]).find(read_only(b"sekisho"), one, one + 7)


def use_detectors(payload: bool = True) -> None:
    """Use the kernels of zones, detectors and digest; without payload not those that read it."""
    settings, policy = default_settings(), load_policy(EXAMPLE)
    flow = {"flow_id": 1, "proto": 6, "pkts_toserver": 1, "emitted_before": 2, "outcome": int(Outcome.ATTEMPTED),
            **_ENDS}
    packets, flows = PACKET.from_rows([_OPENED]), FLOW.from_rows([flow])
    build_judge(settings, policy).judge(FLOW.from_rows([flow, flow | _LIMITED]))
    chain, digest = build_chain(settings, policy), ResultDigest()
    digest.add_flows(flows)
    digest.add_alerts(chain.update(packets, FLOW.none, _SAID if payload else NOTHING_SAID))
    digest.add_alerts(chain.update(PACKET.none, flows))
    digest.add_alerts(chain.finish())
    digest.hexdigest()
    if payload:
        text_of_xml(b"<p/>")
        list(base64_in(b"="))
        wrapped_in(b"=")


def _use_masking() -> None:
    """Use the kernels that mask stored text."""
    Masking().masked(HTTP, HTTP.from_rows([{"url": _NUMBER}, {"url": _NUMBER.replace(" ", "%20")}]))
