"""One conversation: what was said until its protocol is known, then the parser that follows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from columns.app import AppProto
from sensor.protocols.agreement import PROBE_BYTES, agreement
from sensor.protocols.ahead import LONG_BYTES, Ahead
from sensor.protocols.parser import Context, FlowFacts, Handover, Moment, Wants
from sensor.protocols.recognising import Recogniser

HANDOVERS = 4
"""So often may one protocol turn into another within a flow."""


Contexts = Callable[[FlowFacts, AppProto, AppProto], Context]
"""Makes what the parser of a protocol is given; the last is the protocol that handed the conversation over."""
_BOTH = frozenset((True, False))


class Conversation:
    """Recognises the protocol of one flow and hands its bytes to the parser.

    app_proto is UNKNOWN until it is decided; decisions are (packet, protocol), one more each time the conversation is
    handed over. ``done`` is True when nobody wants the rest: nothing was recognised, or the parser has all it needs.
    ahead: what the parser is still to be told, once anything could wait.
    """

    __slots__ = ("_agreement", "_contexts", "_datagrams", "_foresees", "_from_proto", "_handovers", "_heads",
                 "_over_udp", "_room", "_said", "_wants", "ahead", "app_proto", "decisions", "done", "flow", "parser",
                 "unheard")

    def __init__(self, flow: FlowFacts, contexts: Contexts, wants: Recogniser, room: int, datagrams: int) -> None:
        self.flow, self._contexts, self._wants, self.done, self._handovers = flow, contexts, wants, False, HANDOVERS
        self._over_udp, self._from_proto = flow.proto == 17, AppProto.UNKNOWN
        self.parser: Any = None
        self._foresees = False  # whether the parser says what can wait
        self._agreement: Any = None
        self.app_proto = AppProto.UNKNOWN
        self.decisions: tuple[tuple[int, int], ...] = ()
        self.unheard = _BOTH  # directions that have not spoken since the protocol is known
        self._heads = [b"", b""]
        self._said: list[tuple[bool, bytes, int, Moment]] = []
        self._room, self._datagrams = room, datagrams
        self.ahead: Ahead | None = None

    def say(self, to_server: bool, data: bytes, gap: int, at: Moment) -> None:
        """Take the next bytes of one direction (one datagram of UDP) after gap bytes that were lost."""
        if self.done:
            return
        parser = self.parser
        if parser is None:
            self._listen(to_server, data, gap, at)
            return
        if self._agreement is not None:
            self._agreement.hear(to_server, data, at)
            if self._agreement.done:
                self._agreement = None
        if self._over_udp:
            parser.datagram(to_server, data, at)
        else:
            if gap:
                parser.gap(to_server, gap, at)
            if not parser.done:
                parser.data(to_server, data, at)
        if parser.done and not self.done:
            parser.end(at)
            self._go_on(getattr(parser, "successor", None), at)

    def _listen(self, to_server: bool, data: bytes, gap: int, at: Moment) -> None:
        """Take bytes while it is not known what is spoken."""
        side = 0 if to_server else 1
        if len(self._heads[side]) < PROBE_BYTES:
            self._heads[side] = (self._heads[side] + data)[:PROBE_BYTES]
        self._said.append((to_server, data, gap, at))
        self._room -= len(data)
        self._datagrams -= self._over_udp
        found, undecided = self._wants.ask(self._heads[0], self._heads[1], self.flow)
        if found is not None:
            self._decide(found, at)
        elif not undecided or self._room <= 0 or self._datagrams <= 0:
            self._call_it(AppProto.FAILED, at)
            self.done = True
            self._said.clear()

    def look_ahead(self, side: int, count: bool = True) -> bool:
        """Ask the parser which next bytes of a side can wait; return True where they need only be counted.

        count: these are to be told as mere counts.
        """
        parser = self.parser
        if not self._foresees or self.done or self._agreement is not None:
            return False
        if self.ahead is None:
            self.ahead = Ahead()
        if count and (passable := parser.passable(side == 0)) >= LONG_BYTES:
            self.ahead.promise(side, passable, True)
            return True
        if (patient := parser.patient(side == 0)) >= LONG_BYTES:
            self.ahead.promise(side, patient, False)
        return False

    def catch_up(self, at: Moment) -> None:
        """Tell the parser what has waited."""
        assert self.ahead is not None
        for side, passed, held in self.ahead.told():
            if self.done:
                return
            if passed:
                self.parser.skip(side == 0, passed, at)
            if held:
                self.say(side == 0, held, 0, at)

    def adopt(self, follow: Callable[[Context], Any], at: Moment) -> None:
        """Let a parser follow it that was announced by another conversation."""
        self.parser = follow(self._contexts(self.flow, AppProto.UNKNOWN, AppProto.UNKNOWN))
        self._foresees = hasattr(self.parser, "passable")
        self._call_it(self.parser.app_proto, at)

    def _decide(self, found: Wants, at: Moment) -> None:
        self._call_it(found.app_proto, at)
        context = self._contexts(self.flow, found.app_proto, self._from_proto)
        self.parser = found.parser(context)
        self._foresees = hasattr(self.parser, "passable")
        self._agreement = agreement(context, found, self._wants, *self._heads)
        said, self._said, self._heads = self._said, [], [b"", b""]
        for to_server, data, gap, when in said:
            if not self.done:
                self.say(to_server, data, gap, when)

    def _call_it(self, app_proto: AppProto, at: Moment) -> None:
        self.app_proto, self.unheard = app_proto, _BOTH
        self.decisions = (*self.decisions, (at.packet_number, int(app_proto)))

    def _go_on(self, handover: Handover | None, at: Moment) -> None:
        """Let another parser follow the flow, or nobody; what was taken of its bytes already it is given first."""
        if handover is None or self._handovers == 0:
            self.done = True
            return
        self._handovers -= 1
        self.leave()
        self._from_proto, self._foresees = self.app_proto, False
        named = [w for w in self._wants.wants if w.app_proto == handover.app_proto]
        if named:
            self._decide(named[0], at)
        for to_server, data in ((True, handover.to_server), (False, handover.to_client)):
            if data and not self.done:
                self.say(to_server, data, 0, at)

    def leave(self) -> None:
        """Take a parser apart that nobody calls any more.

        Its parts know it as it knows them, so that it would wait for Python's search for cyclic garbage otherwise.
        """
        if self.parser is not None and hasattr(self.parser, "__dict__"):
            vars(self.parser).clear()
        self.parser = None

    def end(self, at: Moment) -> None:
        """Nothing comes any more."""
        if self.parser is not None and not self.done:
            self.parser.end(at)
        self.done = True
