"""What the spool counts, from its opening on."""

from __future__ import annotations

from dataclasses import asdict, dataclass

_LEFT = ("acknowledged", "present", "superseded", "shed", "refused", "damaged")


@dataclass
class Counters:
    """Blocks and rows by what became of them.

    found: in the spool when it was opened. spooled: handed to the spool. sent: handed to the server, resent: more than
    once. acknowledged: stored there.
    present: not sent, because the server has the whole run already, or another process writes it now. superseded: not
    sent, because a later attempt of the same run writes these rows again. confirmed: found at the server after an
    unknown outcome. shed, refused, damaged: given up for want of room, because the server will never take them, because
    the disk returned other bytes.
    What was found and spooled is acknowledged, present, superseded, shed, refused, damaged or still waiting.
    """

    found_blocks: int = 0
    found_rows: int = 0
    spooled_blocks: int = 0
    spooled_rows: int = 0
    sent_blocks: int = 0
    sent_rows: int = 0
    acknowledged_blocks: int = 0
    acknowledged_rows: int = 0
    resent_blocks: int = 0
    resent_rows: int = 0
    present_blocks: int = 0
    present_rows: int = 0
    superseded_blocks: int = 0
    superseded_rows: int = 0
    confirmed_blocks: int = 0
    confirmed_rows: int = 0
    shed_blocks: int = 0
    shed_rows: int = 0
    refused_blocks: int = 0
    refused_rows: int = 0
    damaged_blocks: int = 0
    damaged_rows: int = 0

    def add(self, what: str, rows: int) -> None:
        """Count one block of that many rows."""
        for name, number in ((f"{what}_blocks", 1), (f"{what}_rows", rows)):
            setattr(self, name, getattr(self, name) + number)

    def waiting(self) -> tuple[int, int]:
        """Return the blocks and rows of which nothing has become yet."""
        counts = self.counts()
        blocks, rows = (sum(counts[f"{name}_{unit}"] for name in ("found", "spooled"))
                        - sum(counts[f"{name}_{unit}"] for name in _LEFT) for unit in ("blocks", "rows"))
        return blocks, rows

    def counts(self) -> dict[str, int]:
        """Return every counter by name."""
        return asdict(self)
