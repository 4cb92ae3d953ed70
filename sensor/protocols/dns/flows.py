"""All flows of DNS over UDP at once: the messages of a portion become columns of the table without a call for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from columns.app import AppProto
from columns.protocols.dns import DNS, rcode_name
from columns.schema import Text, chosen_text
from sensor.protocols.datagrams import Events
from sensor.protocols.dns.matching import Matched, Matching
from sensor.protocols.dns.message import Field
from sensor.protocols.dns.parser import FLAWS, PORTS, VARIANTS, type_name
from sensor.protocols.dns.probe import probe_all
from sensor.protocols.dns.reader import Messages, reader_for
from sensor.protocols.dns.settings import DnsSettings
from sensor.protocols.parser import ToldAtOnce

_MULTICAST = 1
_VARIANTS = np.zeros(65536, np.uint8)
for _port, _variant in PORTS.items():
    _VARIANTS[_port] = _variant
_NUMBERS = {"id": Field.ID, "flags": Field.FLAGS, "queries_said": Field.QUERIES_SAID,
            "answers_said": Field.ANSWERS_SAID, "authorities_said": Field.AUTHORITIES_SAID,
            "additionals_said": Field.ADDITIONALS_SAID}
_TEXTS = {"rrname": Field.QUERY, "queries": Field.QUERIES, "answers": Field.ANSWERS, "grouped": Field.GROUPED,
          "authorities": Field.AUTHORITIES, "additionals": Field.ADDITIONALS}
_RCODES, _KINDS = [rcode_name(code) for code in range(16)], ("request", "response")


class DnsFlows:
    """Tells what a DnsDatagrams for each flow would tell, see FlowsAtOnce."""

    app_proto: ClassVar[AppProto] = AppProto.DNS
    table = DNS

    def __init__(self, settings: Any, conversations: int) -> None:
        settings = settings if isinstance(settings, DnsSettings) else DnsSettings()
        self._reader = reader_for(settings.text_bytes)
        self._matching = Matching(settings.pending_requests, conversations)

    @property
    def counts(self) -> Counter[str]:
        """What was nonsense, cut off, or beyond a limit."""
        return self._matching.counts

    def begins(self, data: np.ndarray, starts: np.ndarray, stops: np.ndarray, facts: np.ndarray) -> np.ndarray:
        """Tell which first datagrams, each with who speaks in its flow, are DNS."""
        return probe_all(data, starts, stops, facts["src_port"], facts["dst_port"])

    def begin(self, seats: np.ndarray, room: int) -> None:
        """Follow the flows on these seats from now on."""
        self._matching.begin(seats, room)

    def end(self, seats: np.ndarray) -> np.ndarray:
        """Follow them no longer; return how many transactions each had."""
        self._matching.end(seats)
        return self._matching.told[seats]

    def take(self, events: Events, seats: np.ndarray, facts: np.ndarray, buffers: Sequence[np.ndarray]) -> ToldAtOnce:
        """Take the next datagrams and return what they tell."""
        dst, src = _VARIANTS[facts["dst_port"]], _VARIANTS[facts["src_port"]]
        variants = np.where(dst, dst, src)  # see parser.variant_of
        messages = self._read(events, variants, buffers)
        told = self._matching.match(messages.numbers, seats, events.ts_ns, variants != _MULTICAST)
        which = told.which
        columns = _columns(messages.some(which), variants[which], told)
        columns |= {"to_server": events.to_server[which], "message_bytes": events.size[which].astype(np.uint16)}
        return ToldAtOnce(which, told.tx_id, columns)

    def _read(self, events: Events, variants: np.ndarray, buffers: Sequence[np.ndarray]) -> Messages:
        numbers, texts, held = np.zeros((len(Field), variants.size), np.int64), [], 0
        for buffer in np.unique(events.buffer).tolist():
            which = np.flatnonzero(events.buffer == buffer)
            starts = events.start[which]
            read = self._reader.read(buffers[buffer], starts, starts + events.size[which], variants[which])
            read.numbers[Field.QUERY :] += held
            numbers[:, which] = read.numbers
            texts.append(read.text)
            held += len(read.text)
        return Messages(numbers, b"".join(texts))


def _columns(messages: Messages, variants: np.ndarray, told: Matched) -> dict[str, Any]:
    """Return the columns of DNS alone; see parser for one message."""
    n = messages.numbers
    flags, classes = n[Field.FLAGS], n[Field.CLASS]
    return {
        "variant": chosen_text(VARIANTS, variants), "message_type": chosen_text(_KINDS, flags >> 15),
        "opcode": flags >> 11 & 15, "rcode": chosen_text(_RCODES, flags & 15),
        "rrtype": _type_names(n[Field.TYPE], variants, n[Field.QUERIES_SAID] > 0),
        "rrclass": np.where(variants == _MULTICAST, classes & 0x7FFF, classes),
        "matched": told.matched, "rtt_ns": told.rtt_ns, "flaw": chosen_text(FLAWS, n[Field.FLAW]),
    } | {name: n[field] for name, field in _NUMBERS.items()} | {
        name: messages.part(field) for name, field in _TEXTS.items()}


def _type_names(kinds: np.ndarray, variants: np.ndarray, asked: np.ndarray) -> Text:
    """Name the types of first questions."""
    known, which = np.unique(np.where(asked, kinds << 8 | variants, -1), return_inverse=True)
    return chosen_text([type_name(key >> 8, key & 255) if key >= 0 else "" for key in known.tolist()], which)
