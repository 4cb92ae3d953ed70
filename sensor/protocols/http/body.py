"""Body: the bytes of one message on their way from the framing through the codings to files and detectors."""

from __future__ import annotations

from typing import Any

from sensor.protocols.beginning import Beginning
from sensor.protocols.files import CLOSED, ERROR, TRUNCATED
from sensor.protocols.http.coding import Decoder
from sensor.protocols.parser import NO_END, Context


def inspected_bytes(context: Context, most: int, of_files: int) -> int:
    """Return how many bytes of a body that is a file are shown as body, of at most so many.

    Who wants contents alone is shown the file: the same bytes, up to the limit of files.
    """
    return most if context.show or (context.contents and most > of_files) else 0


class Body:
    """One body. wire_bytes: as framed, still coded; entity_bytes: decoded; shown: the first of these, to inspect."""

    __slots__ = ("_decoders", "_inflate", "_lost", "_sink", "entity_bytes", "odd", "shown", "wire_bytes")

    def __init__(self, codings: list[bytes], inspect_bytes: int, inflate_bytes: int, sink: Any) -> None:
        """inspect_bytes: so many are kept to be inspected. sink: takes data, skip, gap and over; None for none.

        sink.passable: for so many next bytes skip is enough.
        """
        self._decoders = [Decoder(c) for c in reversed(codings)] if codings else ()
        self._inflate, self._sink = inflate_bytes, sink
        self.shown = Beginning(inspect_bytes)
        self._lost = False  # what comes can no longer be decoded
        self.wire_bytes = self.entity_bytes = 0
        self.odd: list[str] = []

    @property
    def passable(self) -> int:
        """For so many next bytes ``skip`` is enough: they themselves do not matter."""
        if self._decoders:
            return NO_END if self._lost else 0
        if self.shown.left > 0:
            return 0
        return self._sink.passable if self._sink is not None else NO_END

    @property
    def patient(self) -> bool:
        """Whether nothing is told before the end of the body."""
        return self._sink is None or self._sink.patient

    def data(self, data: bytes) -> None:
        """Take the next bytes as framed."""
        self.wire_bytes += len(data)
        if not self._decoders:
            self._decoded(data)
        elif not self._lost:
            self._through(data, 0)

    def skip(self, size: int) -> None:
        """Count bytes that nobody wants to see."""
        self.wire_bytes += size
        if not self._decoders:
            self.entity_bytes += size
            if self._sink is not None:
                self._sink.skip(size)

    def gap(self, size: int) -> None:
        """Count bytes that were never captured; nothing coded can be decoded behind them."""
        self.wire_bytes += size
        self._lost = bool(self._decoders)
        self.shown.skip(size)
        if self._sink is not None:
            self._sink.gap(0 if self._decoders else size)

    def _through(self, data: bytes, first: int) -> None:
        """Decode, layer by layer; all layers together may give what inflate allows."""
        for decoder in self._decoders[first:]:
            if not data:
                return
            data = decoder.data(data, self._inflate)
            self._inflate -= 0 if decoder.passing else len(data)
            self._judge(decoder)
        self._decoded(data)

    def _judge(self, decoder: Decoder) -> None:
        if decoder.passing and "not_as_coded" not in self.odd:
            self.odd.append("not_as_coded")
        if (decoder.failed or decoder.full) and not self._lost:
            self._lost = True
            self.odd.append("inflate_limit" if decoder.full else "bad_coding")

    def _decoded(self, data: bytes) -> None:
        """What the end host sees of the body passes here, and nowhere else."""
        self.entity_bytes += len(data)
        if self.shown.left > 0:
            self.shown.add(data)
        if data and self._sink is not None:
            self._sink.data(data)

    def end(self, whole: bool) -> None:
        """The body is over; whole: its end was seen."""
        for i, decoder in enumerate(self._decoders):
            data = decoder.finish(self._inflate)
            self._judge(decoder)
            if data:
                self._inflate -= 0 if decoder.passing else len(data)
                self._through(data, i + 1)
        if self._sink is not None:
            failed = "bad_coding" in self.odd
            cut = not whole or self._lost
            self._sink.over(ERROR if failed else TRUNCATED if cut else CLOSED)
            self._sink = None  # it knows the transaction that knows this body
