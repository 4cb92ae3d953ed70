"""DNS conversations: rows of messages, responses matched to requests within the flow."""

from __future__ import annotations

from typing import Any, ClassVar

from columns.app import AppProto
from columns.protocols.dns import DNS, rcode_name
from columns.protocols.dns_names import NETBIOS_TYPES, RECORD_TYPES
from sensor.protocols.dns.matching import GIVE_UP, wait
from sensor.protocols.dns.message import Field, Flaw
from sensor.protocols.dns.reader import reader_for
from sensor.protocols.dns.settings import DnsSettings
from sensor.protocols.dns.showing import message_buffers
from sensor.protocols.parser import Context, FlowFacts, Moment

MDNS_PORT, LLMNR_PORT, NETBIOS_PORT = 5353, 5355, 137
VARIANTS = ("dns", "mdns", "llmnr", "nbns")
PORTS = {MDNS_PORT: 1, LLMNR_PORT: 2, NETBIOS_PORT: 3}
RESPONSE = 0x8000
FLAWS = [flaw.name.lower() if flaw else "" for flaw in Flaw]
"""What column flaw says, by Flaw."""

_FLAW, _QUERIES = int(Field.FLAW), int(Flaw.QUERIES)


def variant_of(flow: FlowFacts) -> int:
    """Return which of VARIANTS is spoken; they differ by their ports alone."""
    return PORTS.get(flow.dst_port) or PORTS.get(flow.src_port) or 0


def type_name(kind: int, variant: int) -> str:
    """Return the name of a record type, or its number."""
    if variant == 3 and kind in NETBIOS_TYPES:
        return NETBIOS_TYPES[kind]
    return RECORD_TYPES.get(kind) or str(kind)


class _Messages:
    """What both transports share."""

    app_proto: ClassVar[AppProto] = AppProto.DNS

    def __init__(self, context: Context) -> None:
        settings = context.settings if isinstance(context.settings, DnsSettings) else DnsSettings()
        self.done = False
        self._context, self._most_pending = context, settings.pending_requests
        self._read = reader_for(settings.text_bytes).read_one
        self._variant = variant_of(context.flow)
        self._pending: dict[int, int] = {}
        self._strange, self._shown = 0, 0

    def end(self, at: Moment) -> None:
        """Forget what was asked."""
        self._pending.clear()

    def _message(self, to_server: bool, data: bytes, at: Moment, framed: int = 0) -> None:
        """Take a message; framed: so many bytes of length came before it."""
        if len(data) < 12:
            self._nonsense("dns_header")
            return
        numbers, text = self._read(data, self._variant)
        flaw = numbers[_FLAW]
        if flaw == _QUERIES:
            self._nonsense("dns_queries")
            return
        if flaw:
            self._context.count(f"dns_{FLAWS[flaw]}")
        self._strange = -1
        if self._context.show:
            pdu = len(data).to_bytes(framed, "big") + data if framed else data
            self._context.show(at, self._shown, to_server, [
                ("frame:dns.pdu", pdu), *message_buffers(data, self._variant == 1)], True)
            self._shown += 1
        row = self._row(to_server, numbers, text, at)
        row["message_bytes"] = len(data)
        self._context.emit(DNS, at, row)

    def _nonsense(self, cause: str) -> None:
        self._context.count(cause)
        if self._strange >= 0:
            self._strange += 1
            self.done = self._strange >= GIVE_UP

    def _row(self, to_server: bool, n: list[int], text: bytes, at: Moment) -> dict[str, Any]:
        (flaw, number, flags, asked, answers_said, authorities_said, additionals_said, kind, class_, query, queries,
         answers, grouped, authorities, additionals, end) = n  # in the order of Field, whose look-ups would cost more
        row = {
            "variant": VARIANTS[self._variant], "message_type": "response" if flags & RESPONSE else "request",
            "to_server": int(to_server), "id": number, "flags": flags, "opcode": flags >> 11 & 15,
            "rcode": rcode_name(flags & 15), "rrname": text[query:queries], "queries": text[queries:answers],
            "answers": text[answers:grouped], "grouped": text[grouped:authorities],
            "authorities": text[authorities:additionals], "additionals": text[additionals:end], "queries_said": asked,
            "answers_said": answers_said, "authorities_said": authorities_said, "additionals_said": additionals_said,
            "flaw": FLAWS[flaw],
        }
        if asked:
            row["rrtype"] = type_name(kind, self._variant)
            # multicast DNS has a flag of its own in the upper bit
            row["rrclass"] = class_ & 0x7FFF if self._variant == 1 else class_
        if self._variant != 1:
            self._match(row, at)
        return row

    def _match(self, row: dict[str, Any], at: Moment) -> None:
        if not row["flags"] & RESPONSE:
            if wait(self._pending, row["id"], at.ts_ns, self._most_pending):
                self._context.count("dns_request_forgotten")
            return
        asked = self._pending.pop(row["id"], None)
        if asked is None:
            self._context.count("dns_response_alone")
        else:
            row["matched"], row["rtt_ns"] = 1, max(0, at.ts_ns - asked)


class DnsDatagrams(_Messages):
    """DNS over UDP: one message per datagram."""

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next message."""
        if not self.done:
            self._message(to_server, data, at)


class DnsStream(_Messages):
    """DNS over TCP: each message has its length before it (RFC 7766)."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._held = (bytearray(), bytearray())
        self._skip = [0, 0]
        self._lost = [False, False]

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction; at most one message of each is held."""
        side = 0 if to_server else 1
        if self.done or self._lost[side]:
            return
        skipped = min(self._skip[side], len(data))
        self._skip[side] -= skipped
        held, pos = self._held[side], 0
        held += data[skipped:] if skipped else data
        while not self.done and len(held) - pos >= 2:
            stop = pos + 2 + (held[pos] << 8 | held[pos + 1])
            if stop > len(held):
                break
            self._message(to_server, bytes(held[pos + 2 : stop]), at, 2)
            pos = stop
        del held[:pos]

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Pass over the rest of the message that was cut; where that is not known, this direction is given up."""
        side = 0 if to_server else 1
        held = self._held[side]
        self._context.count("dns_gap")
        if self._skip[side] >= size:
            self._skip[side] -= size
        elif len(held) >= 2 and 2 + (held[0] << 8 | held[1]) - len(held) >= size:
            self._skip[side] = 2 + (held[0] << 8 | held[1]) - len(held) - size
        else:
            self._lost[side] = True
            self.done = all(self._lost)
        held.clear()
